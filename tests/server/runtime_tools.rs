//! Tools that are added and removed while the server runs: the same gate, the same lists and the same challenges as for declared
//! ones, and clients that are told.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use mcp_auth::declared::LoginTerms;
use mcp_auth::extract::RequestState;
use mcp_auth::model::{
    CallToolResponse, CreateTaskResult, DetailedTask, GetTaskResult, Task, TaskPayload, TaskStatus, Tool,
};
use mcp_auth::prelude::*;
use mcp_auth::serde_json::{Value, json};
use mcp_auth::testing::{Client, Era, TestServer};
use mcp_auth::{Rule, ToolNotAdded, Tools};

use crate::launch::{self, Issuer};
use crate::streams::Wire;

/// A server with one declared tool, and those that come.
#[derive(Clone, Default)]
struct Wrapping {
    tools: Tools,
}

#[server]
impl Wrapping {
    /// Declared.
    #[tool(scope = "fixed")]
    fn fixed(&self) -> &'static str {
        "fixed"
    }

    #[method("tasks/get", authenticated)]
    fn task(&self, params: JsonObject) -> GetTaskResult {
        let id = params["taskId"].as_str().unwrap_or_default();
        let task = Task::new(id, TaskStatus::Completed, "2026-07-28T00:00:00Z", "2026-07-28T00:00:00Z");
        let result = json!({ "content": [{ "type": "text", "text": "done" }] });
        let result = result.as_object().cloned().unwrap_or_default();
        GetTaskResult::new(DetailedTask::new(task, TaskPayload::Completed { result }))
    }
}

fn tool(name: &'static str) -> Tool {
    let schema =
        json!({ "type": "object", "properties": { "id": { "type": "integer" } }, "required": ["id"] });
    Tool::new(name, "One of them.", schema.as_object().cloned().unwrap())
}

fn needs(scope: &str) -> Rule {
    Rule::all_of([scope]).unwrap()
}

impl Wrapping {
    async fn start(&self, toml: &str) -> TestServer {
        let tools = self.tools.clone();
        let builder = TestServer::builder(self.clone()).toml(toml).unwrap();
        builder.with(|server| server.tools(tools)).start().await.unwrap()
    }

    /// Adds a tool that says who called it, and with what.
    fn add(&self, name: &'static str, rule: Rule) -> Result<(), ToolNotAdded> {
        self.tools.add(rule, tool(name), |arguments, caller: Option<Caller>| async move {
            let who = caller.map_or_else(|| "anyone".to_owned(), |caller| caller.subject().to_owned());
            format!("{} for {who}", arguments["id"])
        })
    }
}

fn client(server: &TestServer, era: Era, scopes: &str) -> Client {
    server.client().era(era).token(server.token("alice").scope(scopes))
}

/// What is answered, all of it but for the id of the request.
async fn answered(client: &Client, name: &str) -> (u16, Option<String>, String) {
    let answer = client.call_tool(name, json!({ "id": 7 })).await;
    let id = format!("\"id\":{}", answer.message()["id"]);
    let body = answer.body().replacen(&id, "\"id\":0", 1);
    (answer.status(), answer.header("www-authenticate").map(str::to_owned), body)
}

async fn names(client: &Client) -> Vec<String> {
    let listed = client.list_tools().await;
    let tools = listed.result().unwrap()["tools"].as_array().unwrap().clone();
    tools.iter().map(|tool| tool["name"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_tool_is_unknown_then_behind_its_rule_then_unknown_again() {
    for era in Era::ALL {
        let wrapping = Wrapping::default();
        let server = wrapping.start("").await;
        let callers = [
            server.client().era(era),
            client(&server, era, ""),
            client(&server, era, "fixed"),
            client(&server, era, "pets.read"),
        ];
        let mut before = Vec::new();
        for caller in &callers {
            before.push(answered(caller, "get_pet").await);
        }
        let unknown = callers[1].call_tool("get_pet", json!({ "id": 7 })).await;
        assert_eq!(unknown.error().unwrap()["message"], "unknown tool: get_pet");

        wrapping.add("get_pet", needs("pets.read")).unwrap();
        for (caller, status) in callers.iter().zip([401, 403, 403, 200]) {
            let answer = caller.call_tool("get_pet", json!({ "id": 7 })).await;
            assert_eq!(answer.status(), status, "{era:?}");
            // Before 2026-07-28 a caller without a token is refused when it opens its session, which names no tool.
            if status == 403 || (status == 401 && era == Era::Stateless) {
                assert!(answer.challenge().unwrap().scopes().contains(&"pets.read"), "{era:?}");
            }
        }
        assert_eq!(callers[3].call_tool("get_pet", json!({ "id": 7 })).await.text(), Some("7 for alice"));
        let misfit = callers[3].call_tool("get_pet", json!({ "id": "x" })).await;
        assert_eq!(misfit.result().unwrap()["isError"], true, "held against its schema");
        assert_eq!(callers[2].call_tool("fixed", json!({})).await.text(), Some("fixed"));

        assert!(wrapping.tools.remove("get_pet"));
        for (caller, before) in callers.iter().zip(before) {
            assert_eq!(answered(caller, "get_pet").await, before, "byte for byte, {era:?}");
        }
        assert!(!wrapping.tools.remove("fixed"), "what is declared stays");
        assert_eq!(callers[2].call_tool("fixed", json!({})).await.text(), Some("fixed"));
    }
}

#[tokio::test]
async fn lists_and_metadata_show_the_tools_that_there_are() {
    let wrapping = Wrapping::default();
    let server = wrapping.start("").await;
    let metadata = |server: &TestServer| {
        let url = server.at("/.well-known/oauth-protected-resource");
        async move { crate::wire::http().get(url).send().await.unwrap().json::<Value>().await.unwrap() }
    };
    let clients = Era::ALL.map(|era| client(&server, era, ""));
    for client in &clients {
        assert_eq!(names(client).await, ["fixed"]);
    }
    assert_eq!(metadata(&server).await["scopes_supported"], json!(["fixed"]));
    wrapping.add("get_pet", needs("pets.read")).unwrap();
    for client in &clients {
        assert_eq!(names(client).await, ["fixed", "get_pet"]);
        let listed = client.list_tools().await;
        let schemes = json!([{ "type": "oauth2", "scopes": ["pets.read"] }]);
        assert_eq!(listed.result().unwrap()["tools"][1]["securitySchemes"], schemes);
    }
    assert_eq!(metadata(&server).await["scopes_supported"], json!(["fixed", "pets.read"]));
    assert!(wrapping.tools.remove("get_pet"));
    for client in &clients {
        assert_eq!(names(client).await, ["fixed"]);
    }
    assert_eq!(metadata(&server).await["scopes_supported"], json!(["fixed"]));
}

#[tokio::test]
async fn lists_differ_by_caller_where_only_what_is_granted_is_visible() {
    let wrapping = Wrapping::default();
    let server = wrapping.start("[auth]\nvisibility = \"granted\"\nbase_scopes = []\n").await;
    wrapping.add("get_pet", needs("pets.read")).unwrap();
    wrapping.add("anyone", Rule::PUBLIC).unwrap();
    for era in Era::ALL {
        assert_eq!(names(&client(&server, era, "pets.read")).await, ["get_pet", "anyone"]);
        assert_eq!(names(&client(&server, era, "fixed")).await, ["fixed", "anyone"]);
        let hidden = client(&server, era, "").call_tool("get_pet", json!({ "id": 1 })).await;
        assert_eq!(hidden.error().unwrap()["message"], "unknown tool: get_pet");
    }
}

#[tokio::test]
async fn a_page_goes_on_where_the_tools_changed_meanwhile() {
    let wrapping = Wrapping::default();
    let server = wrapping.start("limits.page_size = 2\n").await;
    for name in ["a", "b", "c", "d"] {
        wrapping.add(name, Rule::AUTHENTICATED).unwrap();
    }
    let alice = client(&server, Era::Stateless, "");
    let first = alice.request("tools/list", json!({})).await;
    let first = first.result().unwrap();
    let cursor = first["nextCursor"].clone();
    assert!(wrapping.tools.remove("b") && wrapping.tools.remove("c"));
    let second = alice.request("tools/list", json!({ "cursor": cursor })).await;
    let shown = second.result().unwrap()["tools"].as_array().unwrap().clone();
    assert_eq!(shown.iter().map(|tool| tool["name"].as_str().unwrap()).collect::<Vec<_>>(), ["d", "fixed"]);
}

#[tokio::test]
async fn j44_a_tool_of_the_same_name_is_judged_by_its_own_rule() {
    for era in Era::ALL {
        let wrapping = Wrapping::default();
        let server = wrapping.start("").await;
        wrapping.add("pet", needs("old")).unwrap();
        let (old, new) = (client(&server, era, "old"), client(&server, era, "new"));
        assert_eq!((answered(&old, "pet").await.0, answered(&new, "pet").await.0), (200, 403));
        let again = |rule| {
            wrapping.tools.replace(rule, tool("pet"), |_, caller: Caller| async move {
                format!("the other one for {}", caller.subject())
            })
        };
        again(needs("new")).unwrap();
        assert_eq!((answered(&old, "pet").await.0, answered(&new, "pet").await.0), (403, 200));
        assert_eq!(new.call_tool("pet", json!({ "id": 1 })).await.text(), Some("the other one for alice"));
        assert!(wrapping.tools.remove("pet"));
        wrapping.add("pet", needs("old")).unwrap();
        assert_eq!((answered(&old, "pet").await.0, answered(&new, "pet").await.0), (200, 403));
    }
}

#[tokio::test]
async fn j44_a_task_of_a_removed_tool_is_unknown_and_of_one_with_another_rule_judged_by_that() {
    let wrapping = Wrapping::default();
    let server = wrapping.start("").await;
    let starts = |rule: Rule| {
        wrapping.tools.replace(rule, tool("starts"), |_, _: Caller| async {
            let (at, working) = ("2026-07-28T00:00:00Z", TaskStatus::Working);
            CreateTaskResult::new(Task::new("t", working, at, at))
        })
    };
    starts(needs("old")).unwrap();
    let with = |scopes: &str| {
        let tasks = json!({ "extensions": { "io.modelcontextprotocol/tasks": {} } });
        Wire::new(server.url(), Era::Stateless).capabilities(tasks).token(server.token("alice").scope(scopes))
    };
    let started = with("old").call_tool(1, "starts", json!({ "id": 1 })).await.response().await;
    let id = json!({ "taskId": started["result"]["taskId"] });
    assert!(id["taskId"].is_string(), "{started}");
    let status = |scopes: &'static str| {
        let (wire, id) = (with(scopes), id.clone());
        async move {
            let mut answer = wire.request(2, "tasks/get", id).await;
            let status = answer.status;
            (status, answer.next().await.unwrap_or_default()["error"]["code"].clone())
        }
    };
    assert_eq!(status("old").await, (200, Value::Null));
    assert!(wrapping.tools.remove("starts"));
    assert_eq!(status("old").await, (200, json!(-32602)), "unknown");
    starts(needs("new")).unwrap();
    assert_eq!(status("old").await.0, 403);
    assert_eq!(status("old new").await, (200, Value::Null));
}

#[tokio::test]
async fn a_call_that_runs_goes_on_when_its_tool_is_removed() {
    for era in Era::ALL {
        let wrapping = Wrapping::default();
        let server = wrapping.start("").await;
        let (started, go_on) = (Arc::new(tokio::sync::Notify::new()), Arc::new(tokio::sync::Notify::new()));
        let (begun, waits) = (Arc::clone(&started), Arc::clone(&go_on));
        let run = move |_, _: Caller| {
            let (begun, waits) = (Arc::clone(&begun), Arc::clone(&waits));
            async move {
                begun.notify_one();
                waits.notified().await;
                "the end"
            }
        };
        wrapping.tools.add(Rule::AUTHENTICATED, tool("slow"), run).unwrap();
        let alice = client(&server, era, "");
        let running = tokio::spawn(async move { alice.call_tool("slow", json!({ "id": 1 })).await });
        started.notified().await;
        assert!(wrapping.tools.remove("slow"));
        wrapping.add("slow", needs("other")).unwrap();
        assert_eq!(answered(&client(&server, era, ""), "slow").await.0, 403);
        go_on.notify_one();
        assert_eq!(running.await.unwrap().text(), Some("the end"), "{era:?}");
    }
}

#[tokio::test]
async fn sessions_and_listening_streams_are_told_that_the_tools_changed() {
    const CHANGED: &str = "notifications/tools/list_changed";
    let wrapping = Wrapping::default();
    let server = wrapping.start("").await;
    let session = Wire::new(server.url(), Era::Legacy("2025-11-25")).token(server.token("alice"));
    let session = session.connected().await;
    let opened = session.initialize().await.response().await;
    assert_eq!(opened["result"]["capabilities"]["tools"]["listChanged"], true, "{opened}");
    let mut stream = session.get().await;
    let alice = client(&server, Era::Stateless, "");
    let discovered = alice.request("server/discover", json!({})).await;
    let capabilities = &discovered.result().unwrap()["capabilities"];
    assert_eq!(capabilities["tools"]["listChanged"], true);
    assert_eq!(capabilities.get("resources"), None, "nothing else changes: {capabilities}");
    let listen = |what: Value| alice.stream("subscriptions/listen", json!({ "notifications": what }));
    let mut listening = listen(json!({ "toolsListChanged": true })).await;
    let acknowledged = listening.next().await.unwrap();
    assert_eq!(acknowledged["params"]["notifications"], json!({ "toolsListChanged": true }));
    let mut other = listen(json!({ "promptsListChanged": true })).await;
    assert_eq!(other.next().await.unwrap()["params"]["notifications"], json!({}));

    for _ in 0..2 {
        wrapping.add("get_pet", needs("pets.read")).unwrap();
        assert_eq!(stream.next().await.unwrap()["method"], CHANGED);
        assert_eq!(listening.next().await.unwrap()["method"], CHANGED);
        assert!(wrapping.tools.remove("get_pet"));
        assert_eq!(stream.next().await.unwrap()["method"], CHANGED);
        assert_eq!(listening.next().await.unwrap()["method"], CHANGED);
    }
    let nothing = tokio::time::timeout(Duration::from_millis(300), other.next()).await;
    assert!(nothing.is_err(), "it did not ask: {nothing:?}");
    let stranger = server.client().request("subscriptions/listen", json!({ "notifications": {} })).await;
    assert_eq!(stranger.status(), 401);
}

#[tokio::test]
async fn j44_a_session_in_which_a_removed_tool_ran_is_read_by_who_could_call_it() {
    let wrapping = Wrapping::default();
    let server = wrapping.start("").await;
    wrapping.add("secret", needs("pets.read")).unwrap();
    let with = |scopes: &str| {
        let wire = Wire::new(server.url(), Era::Legacy("2025-11-25"));
        wire.token(server.token("alice").scope(scopes))
    };
    let session = with("pets.read").connected().await;
    let answer = session.call_tool(1, "secret", json!({ "id": 1 })).await.response().await;
    assert_eq!(answer["result"]["content"][0]["text"], "1 for alice");
    let poorer = with("").in_session(session.session());
    assert_eq!(poorer.get().await.status, 403);
    assert!(wrapping.tools.remove("secret"));
    wrapping.add("secret", Rule::AUTHENTICATED).unwrap();
    assert_eq!(poorer.get().await.status, 403, "the new rule says nothing of what the old tool answered");
    assert_eq!(session.get().await.status, 200);
}

#[tokio::test]
async fn the_operator_narrows_a_tool_that_is_not_there_yet() {
    let wrapping = Wrapping::default();
    let overlay =
        "[tools.get_pet]\nscopes = [\"audited\"]\ndescription = \"Ours.\"\n[tools.gone]\ndisabled = true\n";
    let server = wrapping.start(overlay).await;
    wrapping.add("get_pet", needs("pets.read")).unwrap();
    wrapping.add("gone", Rule::PUBLIC).unwrap();
    let alice = client(&server, Era::Stateless, "pets.read");
    let refused = alice.call_tool("get_pet", json!({ "id": 1 })).await;
    assert_eq!(refused.challenge().unwrap().scopes(), ["audited", "pets.read"]);
    assert_eq!(names(&alice).await, ["fixed", "get_pet"]);
    let gone = alice.call_tool("gone", json!({ "id": 1 })).await;
    assert_eq!(gone.error().unwrap()["message"], "unknown tool: gone");
    // Without a handle the same configuration stops the start.
    let start = TestServer::builder(Wrapping::default()).toml(overlay).unwrap().start().await;
    assert!(start.unwrap_err().to_string().contains("this server has no tool \"get_pet\""));
}

#[tokio::test]
async fn what_would_stop_a_start_refuses_a_tool_and_nothing_changes() {
    let wrapping = Wrapping::default();
    let server =
        wrapping.start("[roles.keeper]\nwhen = { claim = \"department\", equals = \"zoo\" }\n").await;
    wrapping.add("get_pet", needs("pets.read")).unwrap();
    let role = |name: &str| Rule::AUTHENTICATED.with_any_role(vec![name.parse().unwrap()]);
    for (name, rule, expected) in [
        ("fixed", Rule::PUBLIC, "tool `fixed` is declared twice"),
        ("get_pet", Rule::PUBLIC, "tool `get_pet` is declared twice"),
        ("x", role("keepr"), "needs the role \"keepr\", which has no [roles] entry"),
        ("x", Rule::all_of([]).unwrap(), "lets in nobody"),
        ("x", Rule::PUBLIC.with_guard("may"), "names a guard"),
        ("x", needs("pets:{name}"), "can never be filled"),
    ] {
        let error = wrapping.add(name, rule).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
    let mut unusable = tool("x");
    unusable.input_schema = Arc::new(json!({ "type": "nothing" }).as_object().cloned().unwrap());
    let error = wrapping.tools.add(Rule::PUBLIC, unusable, |_, _: Option<Caller>| async {}).unwrap_err();
    assert!(error.to_string().contains("the input schema of tool `x` cannot be used"), "{error}");
    assert_eq!(names(&client(&server, Era::Stateless, "")).await, ["fixed", "get_pet"]);
    wrapping.add("x", role("keeper")).unwrap();
    let login = LoginTerms::NONE.within(Duration::from_secs(60));
    wrapping.add("y", Rule::AUTHENTICATED.with_login(login)).unwrap();
    let old = client(&server, Era::Stateless, "").call_tool("y", json!({ "id": 1 })).await;
    assert_eq!(old.challenge().unwrap().error(), Some("insufficient_user_authentication"));
    let other = TestServer::builder(Wrapping::default()).with(|server| server.tools(wrapping.tools.clone()));
    assert!(other.start().await.unwrap_err().to_string().contains("belong to another server"));
    server.stop().await;
    assert!(matches!(wrapping.add("z", Rule::PUBLIC), Err(ToolNotAdded::Ended(_))));
}

#[tokio::test]
async fn where_nobody_is_verified_only_public_tools_are_added() {
    let tools = Tools::new();
    let open = Open.served_with(&tools).await;
    let refused = tools.add(needs("x"), tool("x"), |_, _: Caller| async {}).unwrap_err().to_string();
    assert!(refused.contains("auth.verify"), "{refused}");
    tools.add(Rule::PUBLIC, tool("x"), |_, _: Option<Caller>| async { "x" }).unwrap();
    assert_eq!(open.client().call_tool("x", json!({ "id": 1 })).await.text(), Some("x"));
    let mut listening = open
        .client()
        .stream("subscriptions/listen", json!({ "notifications": { "toolsListChanged": true } }))
        .await;
    assert!(listening.next().await.is_some());
    assert!(tools.remove("x"));
    assert_eq!(listening.next().await.unwrap()["method"], "notifications/tools/list_changed");
}

#[tokio::test]
async fn j44_what_an_old_tool_asked_is_not_an_answer_to_another_of_its_name() {
    let wrapping = Wrapping::default();
    let server = wrapping.start("").await;
    let asks = |description: &'static str, rule: Rule| {
        let mut tool = tool("ask");
        tool.description = Some(description.into());
        wrapping.tools.replace(rule, tool, |_, state: RequestState| async move {
            match state.0 {
                Some(state) => {
                    CallToolResponse::from(CallToolResult::success(vec![ContentBlock::text(state)]))
                }
                None => InputRequiredResult::new(None, Some("begun".to_owned())).into(),
            }
        })
    };
    let alice = Wire::new(server.url(), Era::Stateless).token(server.token("alice").scope("new"));
    let call = |state: Option<Value>| {
        let mut params = json!({ "name": "ask", "arguments": { "id": 1 } });
        if let Some(state) = state {
            params["requestState"] = state;
        }
        alice.request(1, "tools/call", params)
    };
    asks("Asks.", Rule::AUTHENTICATED).unwrap();
    let state = call(None).await.response().await["result"]["requestState"].clone();
    assert!(state.is_string());
    let answer = call(Some(state.clone())).await.response().await;
    assert_eq!(answer["result"]["content"][0]["text"], "begun", "{answer}");
    for (description, rule) in [("Asks.", needs("new")), ("Deletes.", Rule::AUTHENTICATED)] {
        asks(description, rule).unwrap();
        let answer = call(Some(state.clone())).await.response().await;
        assert_eq!(answer["error"]["code"], -32602, "{answer}");
    }
    asks("Asks.", Rule::AUTHENTICATED).unwrap();
    let answer = call(Some(state)).await.response().await;
    assert_eq!(answer["result"]["content"][0]["text"], "begun", "the same tool again: {answer}");
}

#[tokio::test]
async fn over_stdio_the_same_comes_and_goes() {
    let issuer = Issuer::start().await;
    for era in [Era::Stateless, Era::Legacy("2025-11-25")] {
        for (scopes, is_allowed) in [("pets", true), ("", false)] {
            let launch = launch::trusting_only(&issuer).variable("TEST_SERVER", "wraps");
            let launch = launch.variable("MCP_AUTH__BASE_SCOPES", "[]");
            let launch = launch.variable("MCP_STDIO__CREDENTIAL", "env:NOTES_TOKEN");
            let token = issuer.token("alice").scope(scopes).mint();
            let mut pipe = launch.variable("NOTES_TOKEN", &token).stdio().era(era);
            let opened = pipe.open().await;
            assert_eq!(opened["result"]["capabilities"]["tools"]["listChanged"], true, "{opened}");
            if era == Era::Stateless {
                let what = json!({ "notifications": { "toolsListChanged": true } });
                pipe.post("subscriptions/listen", what).await;
                assert_eq!(pipe.receive().await["method"], "notifications/subscriptions/acknowledged");
            }
            let unknown = pipe.call_tool("pet", json!({})).await["error"].clone();
            for (change, text) in [("wrap", "wrapped"), ("unwrap", "true")] {
                pipe.post("tools/call", json!({ "name": change, "arguments": {} })).await;
                // The answer and the message come in either order.
                let both = [pipe.receive().await, pipe.receive().await];
                let is_told = |message: &&Value| message["method"] == "notifications/tools/list_changed";
                assert_eq!(both.iter().filter(is_told).count(), 1, "{both:?}");
                let answer = both.iter().find(|message| message.get("result").is_some()).unwrap();
                assert_eq!(answer["result"]["content"][0]["text"], text);
                let called = pipe.call_tool("pet", json!({})).await;
                match (change, is_allowed) {
                    ("wrap", true) => assert_eq!(called["result"]["content"][0]["text"], "alice"),
                    ("wrap", false) => assert_eq!(called["error"]["data"]["required"], json!(["pets"])),
                    _ => assert_eq!(called["error"], unknown),
                }
            }
        }
    }
}

#[derive(Clone)]
struct Open;

#[server]
impl Open {
    /// For anyone.
    #[tool(public)]
    fn ping(&self) -> &'static str {
        "pong"
    }
}

impl Open {
    async fn served_with(self, tools: &Tools) -> TestServer {
        let builder = TestServer::builder(self).toml("auth.verify = \"none\"\n").unwrap();
        builder.with(|server| server.tools(tools.clone())).start().await.unwrap()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_changes_under_calls_give_no_wrong_answer() {
    let wrapping = Wrapping::default();
    let server = Arc::new(wrapping.start("").await);
    let ended = Arc::new(AtomicBool::new(false));
    let mut calling = Vec::new();
    for (scopes, era) in
        [("a", Era::Stateless), ("b", Era::Stateless), ("a", Era::ALL[1]), ("", Era::Stateless)]
    {
        let (server, ended) = (Arc::clone(&server), Arc::clone(&ended));
        calling.push(tokio::spawn(async move {
            let (caller, mut counts) = (client(&server, era, scopes), [0_usize; 3]);
            while !ended.load(Ordering::Relaxed) {
                let answer = caller.call_tool("it", json!({ "id": 1 })).await;
                let at = match answer.text() {
                    // Who is answered by a tool holds the scope of that very tool.
                    Some(text) => {
                        assert_eq!(text, scopes, "{}", answer.body());
                        0
                    }
                    None if answer.status() == 403 => 1,
                    None => {
                        assert_eq!(
                            answer.error().unwrap()["message"],
                            "unknown tool: it",
                            "{}",
                            answer.body()
                        );
                        2
                    }
                };
                counts[at] += 1;
            }
            counts
        }));
    }
    for turn in 0..1000 {
        let scope = if turn % 2 == 0 { "a" } else { "b" };
        let run = move |_, _: Caller| async move { scope };
        wrapping.tools.add(needs(scope), tool("it"), run).unwrap();
        if turn % 10 == 0 {
            tokio::time::sleep(Duration::from_millis(2)).await;
        } else {
            tokio::task::yield_now().await;
        }
        assert!(wrapping.tools.remove("it"));
    }
    ended.store(true, Ordering::Relaxed);
    for calling in calling {
        let counts = calling.await.unwrap();
        assert!(counts.iter().sum::<usize>() > 0, "{counts:?}");
    }
}
