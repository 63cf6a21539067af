//! What rmcp hands over is served only under its own permit.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, CompleteRequestParams, CustomRequest, ErrorCode,
    InitializeRequestParams, JsonObject, PaginatedRequestParams, ReadResourceDirectoryRequestParams,
    ReadResourceRequestParams, ReadResourceResponse, Reference as RmcpReference,
};
use rmcp::{ErrorData, ServerHandler as _};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::*;
use crate::authn::principal_of;
use crate::authz::{Connect, Permit, Policy, Ran, Settings, Verdict, Visibility};
use crate::call::Call;
use crate::call::build;
use crate::call::handler::{About, CallFuture, Handler, Operations, Route};
use crate::call::served::Serving;
use crate::call::support::context;
use crate::declared::Rule;
use crate::envelope::{Message, Reference};
use crate::owned::{RequestStates, Tasks};
use mcp_auth_core::Hierarchy;
use mcp_auth_core::ambient::{Ambient, SystemClock};
use mcp_auth_store::{Caps, Store};

/// Counts what ran.
#[derive(Clone, Default)]
struct Server(Arc<AtomicUsize>);

fn answer(server: &Server, call: Call) -> CallFuture<'_, CallToolResponse> {
    server.0.fetch_add(1, Ordering::SeqCst);
    Box::pin(async move {
        assert_ne!(call.name, "panics", "a tool that panics");
        let who = call.caller.map(|caller| caller.subject().to_owned()).unwrap_or_default();
        Ok(CallToolResult::success(vec![rmcp::model::ContentBlock::text(who)]).into())
    })
}

fn read(server: &Server, call: Call) -> CallFuture<'_, ReadResourceResponse> {
    server.0.fetch_add(1, Ordering::SeqCst);
    let text = format!("{:?}", call.variables);
    Box::pin(async move {
        Ok(rmcp::model::ReadResourceResult::new(vec![rmcp::model::ResourceContents::text(text, "x")]).into())
    })
}

fn empty(server: &Server, _: Call) -> CallFuture<'_, Value> {
    server.0.fetch_add(1, Ordering::SeqCst);
    Box::pin(async { Ok(Value::Null) })
}

fn directory(server: &Server, _: Call) -> CallFuture<'_, Value> {
    server.0.fetch_add(1, Ordering::SeqCst);
    Box::pin(async { Ok(json!({ "resources": [] })) })
}

impl Handler for Server {
    fn about() -> About {
        About { name: "test".to_owned(), ..About::default() }
    }

    fn operations() -> Operations<Self> {
        let tool = |name: &'static str| rmcp::model::Tool::new_with_raw(name, None, JsonObject::new());
        Operations::default()
            .with(build::tool(Rule::PUBLIC, tool("read")), Route::Tool(answer))
            .with(build::tool(build::all(&["admin"]), tool("admin")), Route::Tool(answer))
            .with(build::tool(Rule::PUBLIC, tool("panics")), Route::Tool(answer))
            .with(
                build::resource_template(
                    Rule::PUBLIC,
                    rmcp::model::ResourceTemplate::new("note://{id}", "one"),
                ),
                Route::Resource(read),
            )
            .with(build::method(Rule::PUBLIC, "acme/report"), Route::Method(empty))
            .with(build::method(Rule::PUBLIC, "completion/complete"), Route::Method(empty))
            .with(build::method(Rule::PUBLIC, "resources/directory/read"), Route::Method(directory))
            .with(build::method(Rule::PUBLIC, "skills/list"), Route::Method(empty))
            .with(build::method(Rule::PUBLIC, "tasks/result"), Route::Method(empty))
    }
}

fn dispatch() -> Dispatch {
    dispatch_of(Server::default())
}

fn dispatch_of(server: Server) -> Dispatch {
    let (registry, routes) = Server::operations().build().unwrap();
    let (connect, visibility) = (Connect::Anonymous, Visibility::All);
    let settings = Settings { connect, visibility, ..Settings::default() };
    let store = Store::memory(Caps::default());
    let tasks = Tasks::new(store.clone(), Arc::new(SystemClock));
    let policy = Policy::compile(registry.rules(), &Hierarchy::default(), settings);
    let rules = Arc::new(Rulebook::new(registry, policy, tasks));
    let limits =
        CallLimits { timeout: Duration::from_secs(60), guard: Duration::from_secs(5), answer: 1 << 20 };
    let ambient = Ambient::system();
    let states = RequestStates::new(store, &ambient, false);
    let served = Box::new(Serving::new(server, routes));
    Dispatch::new((served, Server::about()), rules, &ambient, states, limits, CancellationToken::new())
}

fn allowed(dispatch: &Dispatch, message: Message) -> Permit {
    allowed_for_task(dispatch, message, None)
}

/// The same; `task` made the task that `message` names.
fn allowed_for_task(dispatch: &Dispatch, message: Message, task: Option<Ran>) -> Permit {
    let alice = principal_of("https://issuer.test", "alice", None, "admin");
    let message = Arc::new(message);
    let now = dispatch.rules.now();
    match now.policy().decide(&now.named(&message, task), &alice) {
        Verdict::Allowed(permit) => permit,
        Verdict::Denied(denied) => panic!("{denied}"),
        Verdict::Recent(recent) => panic!("{recent:?}"),
        Verdict::Templated(templated) => panic!("{templated:?}"),
        Verdict::Guarded(guarded) => panic!("{guarded:?}"),
    }
}

fn tool(name: &str, arguments: Option<Value>) -> Message {
    let arguments = arguments.map(|arguments| arguments.as_object().unwrap().clone());
    Message::Tool { name: name.to_owned(), arguments }
}

async fn call(
    dispatch: &Dispatch,
    permit: Option<Permit>,
    name: &'static str,
    arguments: Option<Value>,
) -> Result<CallToolResponse, ErrorData> {
    let mut context = context().await;
    if let Some(permit) = permit {
        context.extensions.insert(permit);
    }
    let mut request = CallToolRequestParams::new(name);
    request.arguments = arguments.map(|arguments| arguments.as_object().unwrap().clone());
    dispatch.call_tool(request, context).await
}

#[tokio::test]
async fn j04_a_call_is_refused_unless_its_permit_names_exactly_that_call() {
    let server = Server::default();
    let dispatch = dispatch_of(server.clone());
    let own = allowed(&dispatch, tool("admin", Some(json!({ "a": 1 }))));
    for (permit, name, arguments) in [
        (None, "admin", Some(json!({ "a": 1 }))),
        (Some(allowed(&dispatch, tool("read", Some(json!({ "a": 1 }))))), "admin", Some(json!({ "a": 1 }))),
        (Some(own.clone()), "read", Some(json!({ "a": 1 }))),
        (Some(own.clone()), "admin", Some(json!({ "a": 2 }))),
        (Some(own.clone()), "admin", Some(json!({ "a": 1, "b": 1 }))),
        (Some(own.clone()), "admin", None),
        (
            Some(allowed(&dispatch, Message::Other { method: "tools/list".to_owned() })),
            "admin",
            Some(json!({ "a": 1 })),
        ),
    ] {
        let refused = call(&dispatch, permit, name, arguments).await.unwrap_err();
        assert_eq!((refused.code.0, &*refused.message), (403, "this message was not authorized"));
    }
    assert_eq!(server.0.load(Ordering::SeqCst), 0, "nothing ran");

    let served = call(&dispatch, Some(own), "admin", Some(json!({ "a": 1 }))).await.unwrap();
    assert!(matches!(served, CallToolResponse::Complete(result) if format!("{result:?}").contains("alice")));
}

#[tokio::test]
async fn every_other_message_needs_its_own_permit_too() {
    let dispatch = dispatch();
    let permit = allowed(&dispatch, tool("read", None));
    let with = async |permit: &Permit| {
        let mut context = context().await;
        context.extensions.insert(permit.clone());
        context
    };
    let refused = |result: Option<ErrorData>| assert_eq!(result.unwrap().code.0, 403);
    refused(dispatch.list_tools(None, with(&permit).await).await.err());
    refused(dispatch.list_prompts(None, with(&permit).await).await.err());
    refused(dispatch.list_resources(None, with(&permit).await).await.err());
    refused(dispatch.list_resource_templates(None, with(&permit).await).await.err());
    refused(dispatch.discover(with(&permit).await).await.err());
    refused(dispatch.ping(with(&permit).await).await.err());
    refused(dispatch.initialize(InitializeRequestParams::default(), with(&permit).await).await.err());
    refused(
        dispatch.read_resource(ReadResourceRequestParams::new("note://1"), with(&permit).await).await.err(),
    );
    refused(
        dispatch.on_custom_request(CustomRequest::new("acme/report", None), with(&permit).await).await.err(),
    );

    let list = allowed(&dispatch, Message::Other { method: "tools/list".to_owned() });
    assert_eq!(dispatch.list_tools(None, with(&list).await).await.unwrap().tools.len(), 3);
    let report = allowed(&dispatch, Message::Other { method: "acme/report".to_owned() });
    let custom = CustomRequest::new("acme/report", None);
    assert_eq!(dispatch.on_custom_request(custom, with(&report).await).await.unwrap().0, json!({}));
}

#[tokio::test]
async fn completion_is_for_the_reference_that_was_decided() {
    let dispatch = dispatch();
    let decided = Reference::Resource("note://{id}".to_owned());
    let permit = allowed(&dispatch, Message::Complete { reference: decided, chosen: Default::default() });
    let other = RmcpReference::for_resource("secret://{id}");
    let prompt = RmcpReference::for_prompt("note://{id}");
    for reference in [other, prompt] {
        let mut context = context().await;
        context.extensions.insert(permit.clone());
        let argument = rmcp::model::ArgumentInfo::new("id", "");
        let refused = dispatch.complete(CompleteRequestParams::new(reference, argument), context).await;
        assert_eq!(refused.unwrap_err().code.0, 403);
    }
}

#[tokio::test]
async fn j39_a_tool_that_panics_fails_its_own_call_only() {
    let dispatch = dispatch();
    let permit = allowed(&dispatch, tool("panics", None));
    let failed = call(&dispatch, Some(permit), "panics", None).await.unwrap_err();
    assert_eq!((failed.code, &*failed.message), (ErrorCode::INTERNAL_ERROR, "internal error"));
    let permit = allowed(&dispatch, tool("read", None));
    assert!(call(&dispatch, Some(permit), "read", None).await.is_ok());
}

#[tokio::test]
async fn j27_a_cursor_is_never_ours() {
    let dispatch = dispatch();
    let mut context = context().await;
    context.extensions.insert(allowed(&dispatch, Message::Other { method: "tools/list".to_owned() }));
    let request = PaginatedRequestParams::default().with_cursor(Some("forged".to_owned()));
    let refused = dispatch.list_tools(Some(request), context).await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::INVALID_PARAMS);
}

#[tokio::test]
async fn a_resource_is_read_with_the_variables_of_the_uri_that_was_decided() {
    let dispatch = dispatch();
    let mut context = context().await;
    context.extensions.insert(allowed(&dispatch, Message::Resource { uri: "note://a%20b".to_owned() }));
    let answer =
        dispatch.read_resource(ReadResourceRequestParams::new("note://a%20b"), context).await.unwrap();
    assert!(format!("{answer:?}").contains("a b"), "{answer:?}");
}

#[tokio::test]
async fn a_declared_directory_read_is_served_and_announced() {
    let dispatch = dispatch();
    let mut context = context().await;
    let message = Message::Other { method: "resources/directory/read".to_owned() };
    context.extensions.insert(allowed(&dispatch, message));
    let request = ReadResourceDirectoryRequestParams::new("note://");
    assert!(dispatch.read_resource_directory(request, context).await.unwrap().resources.is_empty());
    assert!(dispatch.get_info().capabilities.supports_directory_read());
}

#[tokio::test]
async fn a_task_method_rmcp_has_no_type_for_is_served_for_the_task_that_was_decided() {
    let server = Server::default();
    let dispatch = dispatch_of(server.clone());
    let alice = principal_of("https://issuer.test", "alice", None, "admin");
    dispatch.rules.tasks().record("t1", "read", Default::default(), &alice).await.unwrap();
    let message = Message::Task { method: "tasks/result".into(), task_id: "t1".into() };
    let now = dispatch.rules.now();
    let task = now.task_of(dispatch.rules.tasks(), &message, &alice).await.unwrap();
    assert_eq!(task.as_ref().map(|made| made.operation), now.registry().tool("read"));
    let permit = allowed_for_task(&dispatch, message, task);
    for (method, task, code) in
        [("tasks/result", "t1", None), ("tasks/result", "t2", Some(403)), ("tasks/other", "t1", Some(403))]
    {
        let mut context = context().await;
        context.extensions.insert(permit.clone());
        let request = CustomRequest::new(method, Some(json!({ "taskId": task })));
        let answer = dispatch.on_custom_request(request, context).await;
        assert_eq!(answer.err().map(|error| error.code.0), code, "{method} {task}");
    }
    assert_eq!(server.0.load(Ordering::SeqCst), 1);
}
