//! What is declared is what runs: each kind of operation called through its route, as dispatch calls it.

use std::sync::Mutex;

use mcp_auth::extract::{Call, RequestContext, RequestState, RoleServer};
use mcp_auth::model::{
    CallToolResponse, CompleteResult, CompletionInfo, ErrorCode, GetPromptResponse, NumberOrString,
    ProtocolVersion, ReadResourceResponse,
};
use mcp_auth::prelude::*;
use mcp_auth::{Handler, Scope, rmcp};
use mcp_auth_runtime::facade::{Item, OperationId, Registry, Route, Routes};
use serde_json::{Value, json};

#[derive(serde::Deserialize, serde::Serialize, schemars::JsonSchema)]
struct Todo {
    /// What to do.
    title: String,
    #[serde(default)]
    done: bool,
}

#[derive(Default)]
struct Todos {
    added: Mutex<Vec<String>>,
}

/// Todos, for tests.
#[server(parts = [admin])]
impl Todos {
    /// Adds a todo.
    #[tool(scopes = ["todos.write", "todos.read"], destructive = false)]
    async fn add(&self, Parameters(new): Parameters<Todo>) -> Result<Json<Todo>, ToolError> {
        if new.title.is_empty() {
            return Err(ToolError::new("a todo has a title"));
        }
        let number: usize = new.title.len();
        u8::try_from(number)?;
        self.added.lock().expect("no test panics here").push(new.title.clone());
        Ok(Json(new))
    }

    #[tool(any_scope = ["todos.read", "todos.write"], output_schema = std::sync::Arc::default())]
    fn list(&self) -> Json<Vec<Todo>> {
        Json(vec![])
    }

    #[tool(authenticated, name = "who.am-i")]
    async fn who(&self, caller: Caller) -> String {
        caller.id()
    }

    #[tool(public)]
    async fn rounds(&self, RequestState(state): RequestState) -> Result<InputRequiredResult, ErrorData> {
        match state {
            Some(state) => Err(ErrorData::invalid_params(state, None)),
            None => Ok(InputRequiredResult::from_request_state("one")),
        }
    }

    /// One todo.
    #[resource(uri = "todo://{list}/{id}", scope = "todos.read", mime_type = "text/markdown")]
    async fn todo(&self, id: u32, list: String) -> Option<String> {
        (id < 10).then(|| format!("# {list} {id}"))
    }

    /// Plans a day.
    #[prompt(authenticated, title = "Plan")]
    fn plan(&self, Parameters(todo): Parameters<Todo>) -> Vec<PromptMessage> {
        vec![PromptMessage::new_text(Role::Assistant, todo.title)]
    }

    #[method("completion/complete", scope = "todos.read")]
    fn complete(&self, params: JsonObject) -> Result<CompleteResult, ToolError> {
        let values = params.keys().cloned().collect();
        Ok(CompleteResult::new(CompletionInfo::new(values)?))
    }
}

mod admin {
    use mcp_auth::prelude::*;

    #[server(part, scope = "admin")]
    impl super::Todos {
        #[tool(read_only)]
        async fn count(&self) -> String {
            self.added.lock().expect("no test panics here").len().to_string()
        }
    }
}

struct Silent;
impl rmcp::ServerHandler for Silent {}

/// A 2026-07-28 request; its peer's other end is never read.
fn context() -> RequestContext<RoleServer> {
    let (ours, _) = tokio::io::duplex(64);
    let serving = rmcp::service::serve_directly::<RoleServer, _, _, std::io::Error, _>(Silent, ours, None);
    let mut context = RequestContext::new(NumberOrString::Number(1), serving.peer().clone());
    context.meta.set_protocol_version(ProtocolVersion::V_2026_07_28);
    context
}

fn built() -> (Registry, Routes<Todos>) {
    Todos::operations().build().expect("no duplicates")
}

fn call(name: &str, arguments: Value) -> Call {
    let mut call = Call::new(name, context());
    call.arguments = arguments.as_object().cloned();
    call
}

/// Calls a tool the way dispatch does.
async fn tool(todos: &Todos, call: Call) -> Result<Value, ErrorData> {
    let (registry, routes) = built();
    let Route::Tool(run) = routes.get(registry.tool(&call.name).expect("declared")) else {
        panic!("not a tool")
    };
    match run(todos, call).await? {
        CallToolResponse::Complete(result) => Ok(serde_json::to_value(result).expect("JSON")),
        CallToolResponse::InputRequired(result) => Ok(serde_json::to_value(result).expect("JSON")),
        other => panic!("{other:?}"),
    }
}

async fn read(uri: &str) -> Result<Value, ErrorData> {
    let (registry, routes) = built();
    let (id, variables): (OperationId, _) = registry.resource_and_variables(uri).expect("declared");
    let Route::Resource(run) = routes.get(id) else { panic!("not a resource") };
    let mut call = call("todo", json!({}));
    call.uri = Some(uri.to_owned());
    call.variables = variables;
    match run(&Todos::default(), call).await? {
        ReadResourceResponse::Complete(result) => {
            Ok(serde_json::to_value(&result.contents[0]).expect("JSON"))
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn tool_runs_with_its_arguments_and_answers_structured() {
    let todos = Todos::default();
    let answer = tool(&todos, call("add", json!({"title": "rest"}))).await.expect("answers");
    assert_eq!(answer["structuredContent"], json!({"title": "rest", "done": false}));
    assert_eq!(answer["isError"], false);
    assert_eq!(*todos.added.lock().expect("no test panics here"), ["rest"]);
    assert_eq!(tool(&todos, call("count", json!({}))).await.expect("answers")["content"][0]["text"], "1");
}

#[tokio::test]
async fn j22_arguments_that_do_not_fit_run_no_tool() {
    let todos = Todos::default();
    for wrong in [json!({}), json!({"title": 5}), json!({"title": "a", "done": "no"})] {
        let answer =
            tool(&todos, call("add", wrong)).await.expect("a result, for the model to read (SEP-1303)");
        assert_eq!(answer["isError"], true);
        let text = answer["content"][0]["text"].as_str().expect("text");
        assert!(text.starts_with("invalid argument"), "{text}");
    }
    assert!(todos.added.lock().expect("no test panics here").is_empty());
}

#[tokio::test]
async fn tool_error_is_told_and_every_other_error_is_not() {
    let told = tool(&Todos::default(), call("add", json!({"title": ""}))).await.expect("answers");
    assert_eq!((&told["isError"], &told["content"][0]["text"]), (&json!(true), &json!("a todo has a title")));
    let long = json!({"title": "x".repeat(300)});
    let other = tool(&Todos::default(), call("add", long)).await.expect("answers");
    assert_eq!((&other["isError"], &other["content"][0]["text"]), (&json!(true), &json!("internal error")));
}

#[tokio::test]
async fn operation_of_a_caller_without_one_is_401_not_a_panic() {
    let error = tool(&Todos::default(), call("who.am-i", json!({}))).await.expect_err("no caller");
    assert_eq!(error.code, ErrorCode(401));
}

#[tokio::test]
async fn mrtr_rounds_carry_their_state() {
    let first = tool(&Todos::default(), call("rounds", json!({}))).await.expect("answers");
    assert_eq!((&first["resultType"], &first["requestState"]), (&json!("input_required"), &json!("one")));
    let mut second = call("rounds", json!({}));
    second.request_state = Some("one".to_owned());
    let error = tool(&Todos::default(), second).await.expect_err("a protocol error");
    assert_eq!(error.message, "one");
}

#[tokio::test]
async fn variables_reach_their_parameters_by_name() {
    let contents = read("todo://at%20home/3").await.expect("answers");
    let expected = json!({"uri": "todo://at%20home/3", "mimeType": "text/markdown", "text": "# at home 3"});
    assert_eq!(contents, expected);
}

#[tokio::test]
async fn variable_that_does_not_parse_is_32602_and_named() {
    let error = read("todo://home/three").await.expect_err("not a number");
    assert_eq!(error.code, ErrorCode::INVALID_PARAMS);
    assert_eq!(error.message, "invalid `id` in the URI: expected u32: invalid digit found in string");
}

#[tokio::test]
async fn resource_that_answers_none_is_not_found() {
    assert_eq!(read("todo://home/11").await.expect_err("not there").code, ErrorCode::RESOURCE_NOT_FOUND);
}

#[tokio::test]
async fn prompt_and_method_run_with_their_parameters() {
    let (registry, routes) = built();
    let Route::Prompt(run) = routes.get(registry.prompt("plan").expect("declared")) else {
        panic!("not a prompt")
    };
    let answer = run(&Todos::default(), call("plan", json!({"title": "rest"}))).await.expect("answers");
    let GetPromptResponse::Complete(answer) = answer else { panic!("not complete") };
    assert_eq!(answer.messages, [PromptMessage::new_text(Role::Assistant, "rest")]);

    let complete = registry.method("completion/complete").expect("declared");
    let Route::Method(run) = routes.get(complete) else { panic!("not a method") };
    let answer =
        run(&Todos::default(), call("completion/complete", json!({"ref": 1}))).await.expect("answers");
    assert_eq!(answer["completion"]["values"], json!(["ref"]));
}

#[test]
fn lists_show_what_the_attributes_say() {
    let (registry, _) = built();
    let item = |id| {
        serde_json::to_value(
            match &registry.get(id).item {
                Item::Tool(tool) => serde_json::to_value(tool),
                Item::Prompt(prompt) => serde_json::to_value(prompt),
                Item::ResourceTemplate(template, _) => serde_json::to_value(template),
                other => panic!("{other:?}"),
            }
            .expect("JSON"),
        )
        .expect("JSON")
    };

    let add = item(registry.tool("add").expect("declared"));
    assert_eq!(add["description"], "Adds a todo.");
    assert_eq!(add["annotations"], json!({"destructiveHint": false}));
    assert_eq!(add["inputSchema"]["required"], json!(["title"]));
    assert_eq!(add["inputSchema"]["properties"]["title"]["description"], "What to do.");
    assert_eq!(add["outputSchema"]["type"], "object");
    let list = item(registry.tool("list").expect("declared"));
    assert_eq!(
        (&list["inputSchema"], &list["outputSchema"]),
        (&json!({"type": "object", "properties": {}}), &json!({}))
    );
    let plan = item(registry.prompt("plan").expect("declared"));
    assert_eq!(plan["title"], "Plan");
    assert_eq!(
        plan["arguments"][1],
        json!({"name": "title", "description": "What to do.", "required": true})
    );
    let todo = item(registry.resource_template("todo://{list}/{id}").expect("declared"));
    let expected = json!({"uriTemplate": "todo://{list}/{id}", "name": "todo", "description": "One todo.", "mimeType": "text/markdown"});
    assert_eq!(todo, expected);
}

#[test]
fn rules_are_those_written_and_scopes_supported_follow() {
    let (registry, _) = built();
    let needs = |name| registry.get(registry.tool(name).expect("declared")).rule.to_string();
    assert_eq!(needs("add"), "todos.read and todos.write");
    assert_eq!(needs("list"), "todos.read or todos.write");
    assert_eq!(needs("who.am-i"), "authenticated");
    assert_eq!(needs("rounds"), "public");
    assert_eq!(needs("count"), "admin");
    let supported: Vec<String> = registry.scopes().iter().map(Scope::to_string).collect();
    assert_eq!(supported, ["admin", "todos.read", "todos.write"]);
    let about = Todos::about();
    assert_eq!((about.name.as_str(), about.version.as_str()), ("mcp-auth-tests", "0.0.0"));
    assert_eq!(about.instructions.as_deref(), Some("Todos, for tests."));
}

struct Twice;

#[server(parts = [second])]
impl Twice {
    #[tool(public)]
    fn same(&self) {}
}

mod second {
    use mcp_auth::prelude::*;

    #[server(part)]
    impl super::Twice {
        #[tool(authenticated, name = "same")]
        fn other(&self) {}
    }
}

#[test]
fn one_name_in_two_parts_refuses_to_start() {
    let duplicate = Twice::operations().build().err().expect("refused");
    assert!(duplicate.to_string().starts_with("tool `same` is declared twice"), "{duplicate}");
}
