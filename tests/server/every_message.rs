//! **Every message has a rule.** One table holds each message a client can send, and walks through the running
//! server with every kind of caller, on both protocol eras, with both values of `auth.connect`. A message that
//! rmcp learns and the table does not have fails the last tests of this file.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use mcp_auth::extract::SubscriptionContext;
use mcp_auth::model::{
    ClientJsonRpcMessage, ClientNotification, ClientRequest, ClientResult, CreateTaskResult, Task, TaskStatus,
};
use mcp_auth::prelude::*;
use mcp_auth::testing::{ReceivedChallenge, TestServer};
use reqwest::Method;
use reqwest::header::HeaderMap;
use serde_json::{Value, json};

use Rule::{Connect, Operation, OperationBefore, OwnTask, Token, Unknown, UnknownBefore};

/// Which rule a message has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rule {
    /// The rule of the operation it names; here that operation needs the scope `use`.
    Operation,
    /// The same before 2026-07-28, which has no such message: `auth.connect` there.
    OperationBefore,
    /// The rule of the operation that created the task, for the caller that created it; unknown to any other.
    OwnTask,
    /// A `#[method]` declared `authenticated`: any token, whatever `auth.connect` says.
    Token,
    /// `auth.connect`.
    Connect,
    /// It names an operation that does not exist.
    Unknown,
    /// The same before 2026-07-28, which has no such message: `auth.connect` there.
    UnknownBefore,
}

impl Rule {
    /// What the rule comes down to on one of the eras.
    fn at(self, modern: bool) -> Self {
        match self {
            OperationBefore | UnknownBefore if modern => Connect,
            OperationBefore => Operation,
            UnknownBefore => Unknown,
            rule => rule,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Who {
    Nobody,
    WithoutScopes,
    WithTheScope,
}

/// The verdict: a refusal, or [`SERVED`].
fn verdict(rule: Rule, connect: &str, who: Who) -> &'static str {
    match (rule, connect, who) {
        (Operation, _, Who::Nobody) => "401 base use",
        (Operation | OwnTask, _, Who::WithoutScopes) => "403 use",
        (OwnTask | Token | Unknown, _, Who::Nobody) => "401 base",
        (Connect, "authenticated", Who::Nobody) => "401 base",
        (Connect, "anonymous", Who::Nobody) => SERVED,
        (_, _, Who::WithTheScope) | (Token | Connect | Unknown, _, Who::WithoutScopes) => SERVED,
        (Connect, other, Who::Nobody) => unreachable!("connect = {other:?}"),
        (OperationBefore | UnknownBefore, ..) => unreachable!("a rule of one era: {rule:?}"),
    }
}

/// It passed the gate; what it is answered then stands in the table.
const SERVED: &str = "served";

/// One message: the method (or HTTP method), its params (or the reply), its rule, and what it is answered once it
/// passed the gate, on 2026-07-28 and in a session of 2025-11-25. rmcp answers a method that a revision does
/// not have, or that nobody declared, -32601.
struct Row(&'static str, &'static str, Rule, &'static str, &'static str);

const OK: &str = "200 result";
const NONE: &str = "404 -32601";
const OLD_NONE: &str = "200 -32601";

#[rustfmt::skip]
const TABLE: &[Row] = &[
    // message                            params                                                rule       2026-07-28    2025-11-25
    Row("tools/call",                     r#"{"name":"tool"}"#,                                 Operation, OK,           OK),
    Row("tools/call",                     r#"{"name":"nothing"}"#,                              Unknown,   "200 -32602", "200 -32602"),
    Row("prompts/get",                    r#"{"name":"prompt"}"#,                               Operation, OK,           OK),
    Row("prompts/get",                    r#"{"name":"nothing"}"#,                              Unknown,   "200 -32602", "200 -32602"),
    Row("resources/read",                 r#"{"uri":"thing://all"}"#,                           Operation, OK,           OK),
    Row("resources/read",                 r#"{"uri":"thing://1"}"#,                             Operation, OK,           OK),
    Row("resources/read",                 r#"{"uri":"nothing://1"}"#,                           Unknown,   "200 -32602", "200 -32602"),
    Row("completion/complete",            r#"{"ref":{"type":"ref/prompt","name":"prompt"},"argument":{"name":"a","value":""}}"#,
                                                                                                Operation, OK,           OK),
    Row("completion/complete",            r#"{"ref":{"type":"ref/resource","uri":"thing://{id}"},"argument":{"name":"id","value":""}}"#,
                                                                                                Operation, OK,           OK),
    Row("completion/complete",            r#"{"ref":{"type":"ref/prompt","name":"nothing"},"argument":{"name":"a","value":""}}"#,
                                                                                                Unknown,   "200 -32602", "200 -32602"),
    Row("resources/subscribe",            r#"{"uri":"thing://1"}"#,                       OperationBefore, NONE,         OK),
    Row("resources/unsubscribe",          r#"{"uri":"thing://1"}"#,                       OperationBefore, NONE,         OK),
    Row("resources/subscribe",            r#"{"uri":"nothing://1"}"#,                       UnknownBefore, NONE,         "200 -32602"),
    Row("subscriptions/listen",           r#"{"notifications":{"resourceSubscriptions":["thing://1","thing://all"]}}"#,
                                                                                                Operation, OK,           OLD_NONE),
    Row("subscriptions/listen",           r#"{"notifications":{"resourceSubscriptions":["thing://1","nothing://1"]}}"#,
                                                                                                Unknown,   "200 -32602", "200 -32602"),
    Row("subscriptions/listen",           r#"{"notifications":{"toolsListChanged":true}}"#,     Token,     OK,           OLD_NONE),
    Row("tasks/get",                      r#"{"taskId":"TASK"}"#,                               OwnTask,   OK,           OK),
    Row("tasks/update",                   r#"{"taskId":"TASK","inputResponses":{}}"#,           OwnTask,   OK,           OK),
    Row("tasks/cancel",                   r#"{"taskId":"TASK"}"#,                               OwnTask,   OK,           OK),
    Row("tasks/get",                      r#"{"taskId":"nothing"}"#,                            Unknown,   "200 -32602", "200 -32602"),
    Row("tasks/result",                   r#"{"taskId":"TASK"}"#,                               OwnTask,   OK,           OK),
    Row("tasks/acme",                     r#"{"taskId":"TASK"}"#,                               Connect,   NONE,         OLD_NONE),
    Row("acme/report",                    r#"{"any":1}"#,                                       Operation, OK,           OK),

    Row("initialize",                     r#"{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"c","version":"1"}}"#,
                                                                                                Connect,   OK,           OK),
    Row("server/discover",                r#"{}"#,                                              Connect,   OK,           "400 -32602"),
    Row("ping",                           r#"{}"#,                                              Connect,   NONE,         OK),
    Row("tools/list",                     r#"{}"#,                                              Connect,   OK,           OK),
    Row("prompts/list",                   r#"{}"#,                                              Connect,   OK,           OK),
    Row("resources/list",                 r#"{}"#,                                              Connect,   OK,           OK),
    Row("resources/templates/list",       r#"{}"#,                                              Connect,   OK,           OK),
    Row("logging/setLevel",               r#"{"level":"debug"}"#,                               Connect,   NONE,         OLD_NONE),
    Row("skills/list",                    r#"{}"#,                                              Connect,   NONE,         OLD_NONE),
    Row("skills/get",                     r#"{"uri":"skill://a/SKILL.md"}"#,                    Connect,   NONE,         OLD_NONE),
    Row("resources/directory/read",       r#"{"uri":"thing://"}"#,                              Connect,   NONE,         OLD_NONE),
    Row("tasks/list",                     r#"{}"#,                                              Connect,   NONE,         OLD_NONE),
    Row("acme/unknown",                   r#"{}"#,                                              Connect,   NONE,         OLD_NONE),
    Row("sampling/createMessage",         r#"{}"#,                                              Connect,   NONE,         OLD_NONE),

    Row("notifications/initialized",      r#"{}"#,                                              Connect,   "202",        "202"),
    Row("notifications/cancelled",        r#"{"requestId":7}"#,                                 Connect,   "202",        "202"),
    Row("notifications/progress",         r#"{"progressToken":1,"progress":1}"#,                Connect,   "202",        "202"),
    Row("notifications/roots/list_changed", r#"{}"#,                                            Connect,   "202",        "202"),
    Row("notifications/acme",             r#"{}"#,                                              Connect,   "202",        "202"),

    // A client's answers to requests of ours: the model's, its roots, the user's, none, anybody's.
    Row(REPLY, r#"{"result":{"model":"m","role":"assistant","content":{"type":"text","text":"t"}}}"#, Connect, "400 -32600", "202"),
    Row(REPLY, r#"{"result":{"roots":[]}}"#,                                                    Connect,   "400 -32600", "202"),
    Row(REPLY, r#"{"result":{"action":"accept","content":{}}}"#,                                Connect,   "400 -32600", "202"),
    Row(REPLY, r#"{"result":{}}"#,                                                              Connect,   "400 -32600", "202"),
    Row(REPLY, r#"{"result":{"any":"thing"}}"#,                                                 Connect,   "400 -32600", "202"),
    Row(REPLY, r#"{"error":{"code":-1,"message":"no"}}"#,                                       Connect,   "400 -32600", "202"),

    // The same endpoint without a message.
    Row("GET",                            "",                                                   Connect,   "405",        "200 stream"),
    Row("DELETE",                         "",                                                   Connect,   "405",        "202"),
    Row("PUT",                            "",                                                   Connect,   "405",        "405"),
    Row("PATCH",                          "",                                                   Connect,   "405",        "405"),
    Row("OPTIONS",                        "",                                                   Connect,   "405",        "405"),
];

const REPLY: &str = "(reply)";

impl Row {
    /// The message; `None` for an HTTP method without one.
    fn body(&self, modern: bool, task: &str) -> Option<Value> {
        let Row(method, params, ..) = self;
        if params.is_empty() {
            return None;
        }
        let mut params: Value =
            serde_json::from_str(&params.replace("TASK", task)).expect("JSON in the table");
        if *method == REPLY {
            params["jsonrpc"] = "2.0".into();
            params["id"] = 1.into();
            return Some(params);
        }
        // `initialize` is a message of the old era, whoever sends it.
        if modern && *method != "initialize" {
            params["_meta"] = json!({
                "io.modelcontextprotocol/protocolVersion": "2026-07-28",
                "io.modelcontextprotocol/clientCapabilities": capabilities(),
            });
        }
        let mut message = json!({ "jsonrpc": "2.0", "method": method, "params": params });
        if !method.starts_with("notifications/") {
            message["id"] = 1.into();
        }
        Some(message)
    }

    /// What a legacy caller is answered who has no session, as nobody in particular never has.
    fn without_session(&self) -> &'static str {
        match self.0 {
            "GET" | "DELETE" => "405",
            REPLY => "400 -32600",
            _ => self.4,
        }
    }
}

fn capabilities() -> Value {
    json!({ "extensions": { "io.modelcontextprotocol/tasks": {} } })
}

/// A server that has something behind every message there is.
#[derive(Debug, Clone, Default)]
struct OneOfEach {
    ran: Arc<AtomicUsize>,
}

impl OneOfEach {
    fn ran(&self) -> usize {
        self.ran.load(Ordering::SeqCst)
    }

    fn run(&self) -> &'static str {
        self.ran.fetch_add(1, Ordering::SeqCst);
        "ran"
    }
}

const NOW: &str = "2026-07-28T00:00:00Z";

/// One of each.
#[server(name = "one-of-each")]
impl OneOfEach {
    /// A tool.
    #[tool(scope = "use")]
    fn tool(&self) -> &'static str {
        self.run()
    }

    /// What `auth.base_scopes` is for.
    #[tool(scope = "base")]
    fn based(&self) -> &'static str {
        self.run()
    }

    /// A tool that goes on in the background.
    #[tool(scope = "use")]
    fn start(&self, caller: Caller) -> CreateTaskResult {
        self.run();
        CreateTaskResult::new(Task::new(
            format!("task-of-{}", caller.subject()),
            TaskStatus::Working,
            NOW,
            NOW,
        ))
    }

    /// A prompt.
    #[prompt(scope = "use")]
    fn prompt(&self) -> &'static str {
        self.run()
    }

    /// A resource.
    #[resource(uri = "thing://all", scope = "use")]
    fn things(&self) -> &'static str {
        self.run()
    }

    /// A template.
    #[resource(uri = "thing://{id}", scope = "use")]
    fn thing(&self, id: u32) -> String {
        format!("{} {id}", self.run())
    }

    #[method("completion/complete", authenticated)]
    fn complete(&self) -> Json<Value> {
        self.run();
        Json(json!({ "completion": { "values": [] } }))
    }

    #[method("resources/subscribe", authenticated)]
    fn subscribe(&self) {
        self.run();
    }

    #[method("resources/unsubscribe", authenticated)]
    fn unsubscribe(&self) {
        self.run();
    }

    #[method("subscriptions/listen", authenticated)]
    fn listen(&self, _subscription: SubscriptionContext) {
        self.run();
    }

    #[method("tasks/get", authenticated)]
    fn get_task(&self) -> Json<Value> {
        self.run();
        Json(json!({
            "resultType": "complete", "taskId": "t", "status": "working",
            "createdAt": NOW, "lastUpdatedAt": NOW, "ttlMs": null,
        }))
    }

    #[method("tasks/update", authenticated)]
    fn update_task(&self) {
        self.run();
    }

    #[method("tasks/cancel", authenticated)]
    fn cancel_task(&self) {
        self.run();
    }

    #[method("tasks/result", authenticated)]
    fn task_result(&self) -> Json<Value> {
        self.run();
        Json(json!({ "content": [] }))
    }

    #[method("acme/report", scope = "use")]
    fn report(&self) -> Json<Value> {
        self.run();
        Json(json!({ "report": "fine" }))
    }
}

/// One caller in one era, sending rows of the table.
struct Sender<'s> {
    server: &'s TestServer,
    http: &'s reqwest::Client,
    modern: bool,
    token: Option<String>,
    task: String,
}

impl<'s> Sender<'s> {
    fn new(http: &'s reqwest::Client, server: &'s TestServer, modern: bool, who: Who) -> Self {
        let token = match who {
            Who::Nobody => None,
            Who::WithoutScopes => Some(server.token("alice").mint()),
            Who::WithTheScope => Some(server.token("alice").scope("use").mint()),
        };
        Self { server, http, modern, token, task: "task-of-alice".to_owned() }
    }

    /// Sends a row and says what came back: `401 base use`, `200 result`, `404 -32601`, `202`.
    async fn send(&self, row: &Row) -> String {
        let has_session = !self.modern && self.token.is_some() && row.0 != "initialize";
        let session = if has_session { self.open_session().await } else { None };
        let method = Method::from_bytes(row.0.as_bytes()).ok().filter(|_| row.1.is_empty());
        let body = row.body(self.modern, &self.task);
        self.exchange(method.unwrap_or(Method::POST), body, session).await.1
    }

    async fn open_session(&self) -> Option<String> {
        let params = json!({
            "protocolVersion": "2025-11-25",
            "capabilities": capabilities(),
            "clientInfo": { "name": "c", "version": "1" },
        });
        let initialize = json!({ "jsonrpc": "2.0", "id": 0, "method": "initialize", "params": params });
        let (headers, outcome) = self.exchange(Method::POST, Some(initialize), None).await;
        assert_eq!(outcome, OK);
        let session = headers.get("mcp-session-id").expect("a session").to_str().expect("text").to_owned();
        let initialized = json!({ "jsonrpc": "2.0", "method": "notifications/initialized" });
        let (_, outcome) = self.exchange(Method::POST, Some(initialized), Some(session.clone())).await;
        assert_eq!(outcome, "202");
        Some(session)
    }

    async fn exchange(
        &self,
        method: Method,
        body: Option<Value>,
        session: Option<String>,
    ) -> (HeaderMap, String) {
        let mut request = self
            .http
            .request(method.clone(), self.server.url())
            .header("content-type", "application/json")
            .header("accept", "application/json, text/event-stream");
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let message = body.clone().unwrap_or_default();
        let sent = text(&message["method"]);
        if sent.as_deref() != Some("initialize") {
            let version = if self.modern { "2026-07-28" } else { "2025-11-25" };
            request = request.header("mcp-protocol-version", version);
        }
        if let Some(sent) = sent.filter(|sent| self.modern && sent != "initialize") {
            request = request.header("mcp-method", sent);
            let params = &message["params"];
            let name = ["name", "uri", "taskId"].iter().find_map(|key| text(&params[*key]));
            request = name.into_iter().fold(request, |request, name| request.header("mcp-name", name));
        }
        request = session.into_iter().fold(request, |request, id| request.header("mcp-session-id", id));
        request = self.token.iter().fold(request, |request, token| request.bearer_auth(token));
        if let Some(body) = body {
            request = request.body(body.to_string());
        }
        let response = request.send().await.expect("an answer");
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let outcome = match status {
            401 | 403 => {
                let challenge = ReceivedChallenge::parse(header("www-authenticate")).expect("a challenge");
                let error = (status == 403).then_some("insufficient_scope");
                assert_eq!(challenge.error(), error);
                assert!(challenge.resource_metadata().is_some());
                format!("{status} {}", challenge.scopes().join(" "))
            }
            200 if method == Method::GET && header("content-type").starts_with("text/event-stream") => {
                "200 stream".to_owned()
            }
            status => {
                let text = response.text().await.expect("a body");
                let messages = text.lines().map(|line| line.strip_prefix("data:").unwrap_or(line));
                let messages: Vec<Value> =
                    messages.filter_map(|line| serde_json::from_str(line).ok()).collect();
                let answer = messages.iter().rfind(|message| message.get("method").is_none());
                match answer {
                    Some(answer) if answer.get("result").is_some() => format!("{status} result"),
                    Some(answer) if answer["error"]["code"] != status => {
                        format!("{status} {}", answer["error"]["code"])
                    }
                    _ => status.to_string(),
                }
            }
        };
        (headers, outcome)
    }
}

async fn start(connect: &str) -> (OneOfEach, TestServer, reqwest::Client) {
    let http = reqwest::Client::builder().no_proxy().build().expect("a client");
    let each = OneOfEach::default();
    let toml = format!("[auth]\nconnect = {connect:?}\nbase_scopes = [\"base\"]\n");
    let server = TestServer::builder(each.clone()).toml(&toml).expect("the configuration");
    let server = server.start().await.expect("the server starts");
    let owner = Sender::new(&http, &server, true, Who::WithTheScope);
    let task = owner.send(&Row("tools/call", r#"{"name":"start"}"#, Operation, OK, OK)).await;
    assert_eq!(task, OK, "alice has a task");
    (each, server, http)
}

/// Walks the table; collects every difference, so that one run shows them all.
async fn walk(connect: &str, modern: bool) {
    let (each, server, http) = start(connect).await;
    let mut wrong = Vec::new();
    for row in TABLE {
        for who in [Who::Nobody, Who::WithoutScopes, Who::WithTheScope] {
            let sender = Sender::new(&http, &server, modern, who);
            let before = each.ran();
            let outcome = sender.send(row).await;
            let expected = match (verdict(row.2.at(modern), connect, who), modern, who) {
                (SERVED, true, _) => row.3,
                (SERVED, false, Who::Nobody) => row.without_session(),
                (SERVED, false, _) => row.4,
                (refused, ..) => refused,
            };
            if outcome != expected {
                wrong.push(format!("{} {} {who:?}: {outcome}, not {expected}", row.0, row.1));
            }
            if !outcome.starts_with("200 result") && each.ran() != before {
                wrong.push(format!("{} {} {who:?}: {outcome}, and it ran", row.0, row.1));
            }
        }
    }
    assert!(wrong.is_empty(), "connect = {connect:?}, modern = {modern}\n{}", wrong.join("\n"));
}

#[tokio::test]
async fn every_message_has_its_verdict_on_2026_07_28_when_connecting_needs_a_token() {
    walk("authenticated", true).await;
}

#[tokio::test]
async fn every_message_has_its_verdict_on_2025_11_25_when_connecting_needs_a_token() {
    walk("authenticated", false).await;
}

#[tokio::test]
async fn every_message_has_its_verdict_on_2026_07_28_when_anybody_may_connect() {
    walk("anonymous", true).await;
}

#[tokio::test]
async fn every_message_has_its_verdict_on_2025_11_25_when_anybody_may_connect() {
    walk("anonymous", false).await;
}

#[tokio::test]
async fn a_task_is_nobody_elses_and_answers_others_like_an_unknown_one() {
    let (each, server, http) = start("authenticated").await;
    let before = each.ran();
    for modern in [true, false] {
        let mut mallory = Sender::new(&http, &server, modern, Who::WithTheScope);
        mallory.token = Some(server.token("mallory").scope("use").mint());
        let mut other_client = Sender::new(&http, &server, modern, Who::WithTheScope);
        other_client.token = Some(server.token("alice").client("another").scope("use").mint());
        for row in TABLE.iter().filter(|row| row.2 == OwnTask) {
            assert_eq!(mallory.send(row).await, "200 -32602", "{}", row.0);
            assert_eq!(other_client.send(row).await, "200 -32602", "{}", row.0);
        }
    }
    assert_eq!(each.ran(), before);
}

/// The methods of a union of rmcp's, from its schema; a variant whose method is any string is `*`.
fn methods_of<T: schemars::JsonSchema>() -> Vec<String> {
    let schema = schemars::schema_for!(T).to_value();
    let resolve = |value: &Value| match value["$ref"].as_str() {
        Some(reference) => schema.pointer(reference.trim_start_matches('#')).cloned().expect("a definition"),
        None => value.clone(),
    };
    let variants = schema["anyOf"].as_array().expect("a union").iter().map(resolve);
    let method = |variant: Value| {
        let method = resolve(&variant["properties"]["method"]);
        method["const"].as_str().unwrap_or("*").to_owned()
    };
    variants.map(method).collect()
}

/// What rmcp reads a row as: the variant's name.
fn variant_of(row: &Row) -> String {
    let body = row.body(true, "t").expect("a message");
    let message: ClientJsonRpcMessage = serde_json::from_value(body).expect("rmcp reads it");
    let debug = match message {
        ClientJsonRpcMessage::Request(request) => format!("{:?}", request.request),
        ClientJsonRpcMessage::Notification(notification) => format!("{:?}", notification.notification),
        ClientJsonRpcMessage::Response(response) => format!("{:?}", response.result),
        ClientJsonRpcMessage::Error(_) => "error".to_owned(),
    };
    debug.split('(').next().unwrap_or_default().to_owned()
}

#[test]
fn the_table_has_every_request_and_notification_rmcp_knows() {
    let in_table = |is: fn(&str) -> bool| -> BTreeSet<String> {
        let rows = TABLE.iter().filter(|row| row.0 != REPLY && !row.1.is_empty() && is(row.0));
        rows.map(|row| if variant_of(row).starts_with("Custom") { "*" } else { row.0 }.to_owned()).collect()
    };
    let notifications = methods_of::<ClientNotification>();
    assert_eq!(
        in_table(|method| method.starts_with("notifications/")),
        notifications.iter().cloned().collect()
    );
    assert_eq!(notifications.len(), 5);
    let requests = methods_of::<ClientRequest>();
    assert_eq!(in_table(|method| !method.starts_with("notifications/")), requests.iter().cloned().collect());
    assert_eq!(requests.len(), 22);
}

#[test]
fn the_table_has_every_kind_of_reply_rmcp_knows() {
    let schema = schemars::schema_for!(ClientResult).to_value();
    let replies: BTreeSet<String> = TABLE.iter().filter(|row| row.0 == REPLY).map(variant_of).collect();
    let expected =
        ["CreateMessageResult", "CustomResult", "ElicitResult", "EmptyResult", "ListRootsResult", "error"];
    assert_eq!(replies.iter().map(String::as_str).collect::<Vec<_>>(), expected);
    assert_eq!(schema["anyOf"].as_array().expect("a union").len(), expected.len() - 1);
}
