#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::io::{BufRead, BufReader, PipeReader, PipeWriter, Write as _};
use std::sync::mpsc::RecvTimeoutError;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::future::BoxFuture;
use mcp_auth_core::{Hierarchy, ScopeSet};
use rmcp::RoleServer;
use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, CustomNotification, JsonObject,
    Tool,
};
use rmcp::service::{NotificationContext, RequestContext};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::*;
use crate::authn::holder;
use crate::authz::{Connect, Policy, Settings, Visibility};
use crate::declared::registry::Registry;
use crate::declared::{Rule, build};
use crate::envelope::Message;
use crate::observe::buffer::Buffer;
use crate::owned::Rulebook;

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    fn note(&self, what: impl Into<String>) {
        self.0.lock().unwrap().push(what.into());
    }

    fn has(&self, what: &str) -> bool {
        self.0.lock().unwrap().iter().any(|noted| noted == what)
    }
}

/// Tools named for how long they take.
struct Handler(Log);

/// The tool or method that the permit is for.
fn permitted(extensions: &Extensions) -> Option<&str> {
    match extensions.get::<Permit>()?.message() {
        Message::Tool { name, .. } => Some(name),
        Message::Other { method } => Some(method),
        _ => None,
    }
}

impl ServerHandler for Handler {
    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        self.0.note(request.name.clone());
        if permitted(&context.extensions) != Some(&*request.name) {
            return Err(ErrorData::internal_error("no permit", None));
        }
        match &*request.name {
            "slow" => tokio::time::sleep(Duration::from_millis(300)).await,
            "until cancelled" => context.ct.cancelled().await,
            "stubborn" => std::future::pending().await,
            _ => {}
        }
        Ok(CallToolResult::success(vec![ContentBlock::text(request.name)]).into())
    }

    async fn on_custom_notification(
        &self,
        notification: CustomNotification,
        context: NotificationContext<RoleServer>,
    ) {
        let granted = permitted(&context.extensions) == Some(&*notification.method);
        self.0.note(format!("{} {granted}", notification.method));
    }
}

/// What is named `secret` needs a scope that the caller does not hold.
fn gate() -> Arc<Gate> {
    let tool = |rule, name| build::tool(rule, Tool::new_with_raw(name, None, JsonObject::new()));
    let open = ["a", "b", "c", "after", "open", "slow", "until cancelled", "stubborn"];
    let mut declared: Vec<_> = open.into_iter().map(|name| tool(Rule::Public, name)).collect();
    declared.push(tool(build::all(&["todos.write"]), "secret"));
    declared.push(build::method(build::all(&["todos.write"]), "notifications/secret"));
    let registry = Registry::new(declared).unwrap();
    let (connect, visibility) = (Connect::Authenticated, Visibility::All);
    let settings = Settings { connect, visibility, base_scopes: ScopeSet::new() };
    let policy = Policy::compile(registry.rules(), &Hierarchy::default(), settings);
    Arc::new(Gate::new(None, Arc::new(Rulebook::new(registry, policy))))
}

/// What comes of asking who speaks.
#[derive(Clone, Copy)]
enum Mood {
    SomebodyKnown,
    Anonymous,
    Panics,
    Waits,
}

type Who = Box<dyn Fn() -> BoxFuture<'static, Result<Identity, Rejection>> + Send + Sync>;

fn walk(mood: &Arc<Mutex<Mood>>, limits: StdioLimits) -> Walk<Who> {
    let mood = Arc::clone(mood);
    let who = move || -> BoxFuture<'static, Result<Identity, Rejection>> {
        let mood = *mood.lock().unwrap();
        Box::pin(async move {
            match mood {
                Mood::SomebodyKnown => Ok(holder("")),
                Mood::Anonymous => Ok(Identity::Anonymous),
                Mood::Panics => panic!("a gate with a bug"),
                Mood::Waits => std::future::pending().await,
            }
        })
    };
    Walk { gate: gate(), who: Box::new(who), limits }
}

struct Client {
    input: Option<PipeWriter>,
    answers: std::sync::mpsc::Receiver<Value>,
    log: Log,
    mood: Arc<Mutex<Mood>>,
    shutdown: CancellationToken,
    served: tokio::task::JoinHandle<Result<(), StdioError>>,
}

impl Client {
    fn connect() -> Self {
        Self::connect_with(StdioLimits { line_bytes: 1000, ..StdioLimits::default() })
    }

    fn connect_with(limits: StdioLimits) -> Self {
        let (server_in, input) = std::io::pipe().unwrap();
        let (output, server_out) = std::io::pipe().unwrap();
        let (log, shutdown) = (Log::default(), CancellationToken::new());
        let mood = Arc::new(Mutex::new(Mood::SomebodyKnown));
        let served = tokio::spawn(serve_streams(
            Handler(log.clone()),
            walk(&mood, limits),
            shutdown.clone(),
            server_in,
            server_out,
        ));
        Self { input: Some(input), answers: read_answers(output), log, mood, shutdown, served }
    }

    /// A client that has shaken hands the way revisions before 2026-07-28 do.
    async fn legacy() -> Self {
        let mut client = Self::connect();
        client.send(initialize());
        let answer = client.answer().await;
        assert_eq!(answer["result"]["protocolVersion"], "2025-06-18");
        client.send(json!({ "jsonrpc": "2.0", "method": "notifications/initialized" }));
        client
    }

    /// The same, once what it said has been worked on.
    async fn settled() -> Self {
        let mut client = Self::legacy().await;
        client.send(call(0, "a"));
        assert_eq!(text_of(&client.answer().await), "a");
        client
    }

    fn is_in(&self, mood: Mood) {
        *self.mood.lock().unwrap() = mood;
    }

    fn send(&mut self, message: Value) {
        self.send_text(&message.to_string());
    }

    fn send_text(&mut self, line: &str) {
        self.send_bytes(format!("{line}\n").as_bytes());
    }

    fn send_bytes(&mut self, bytes: &[u8]) {
        self.input.as_mut().unwrap().write_all(bytes).unwrap();
    }

    async fn answer(&mut self) -> Value {
        self.answer_within(Duration::from_secs(5)).await.expect("an answer")
    }

    async fn answer_within(&mut self, patience: Duration) -> Option<Value> {
        let start = Instant::now();
        loop {
            match self.answers.try_recv() {
                Ok(answer) => return Some(answer),
                Err(_) if start.elapsed() > patience => return None,
                Err(_) => tokio::time::sleep(Duration::from_millis(5)).await,
            }
        }
    }

    async fn is_silent(&mut self) {
        let answer = self.answer_within(Duration::from_millis(150)).await;
        assert!(answer.is_none(), "{answer:?}");
    }

    /// Hangs up, and says what serving ended with and how long that took.
    async fn hang_up(&mut self) -> Duration {
        self.input = None;
        self.ended().await
    }

    async fn ended(&mut self) -> Duration {
        let start = Instant::now();
        tokio::time::timeout(Duration::from_secs(5), &mut self.served)
            .await
            .expect("an end")
            .unwrap()
            .unwrap();
        start.elapsed()
    }
}

fn read_answers(output: PipeReader) -> std::sync::mpsc::Receiver<Value> {
    let (sender, answers) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        for line in BufReader::new(output).lines() {
            let answer = serde_json::from_str(&line.unwrap()).expect("every line is one JSON text");
            if sender.send(answer).is_err() {
                return;
            }
        }
    });
    answers
}

fn initialize() -> Value {
    json!({ "jsonrpc": "2.0", "id": 0, "method": "initialize", "params": { "protocolVersion": "2025-06-18",
        "capabilities": {}, "clientInfo": { "name": "test", "version": "1" } } })
}

fn call(id: impl Into<Value>, tool: &str) -> Value {
    json!({ "jsonrpc": "2.0", "id": id.into(), "method": "tools/call", "params": { "name": tool } })
}

fn modern(mut message: Value) -> Value {
    message["params"]["_meta"] = json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": {},
    });
    message
}

fn text_of(answer: &Value) -> &str {
    answer["result"]["content"][0]["text"].as_str().unwrap_or_else(|| panic!("{answer}"))
}

#[tokio::test]
async fn the_permit_reaches_the_handler_on_both_lifecycles() {
    let mut client = Client::legacy().await;
    client.send(call(1, "a"));
    assert_eq!(text_of(&client.answer().await), "a");

    let mut client = Client::connect();
    client.send(modern(call(1, "b")));
    assert_eq!(text_of(&client.answer().await), "b");
    client.send(modern(call("two", "c")));
    let answer = client.answer().await;
    assert_eq!((text_of(&answer), &answer["id"]), ("c", &json!("two")));
    client.send(json!({ "jsonrpc": "2.0", "method": "notifications/custom" }));
    client.send(modern(call(3, "after")));
    client.answer().await;
    assert!(client.log.has("notifications/custom true"));
}

#[tokio::test]
async fn a_refused_call_is_answered_with_the_refusal_and_never_runs() {
    for open in [true, false] {
        let mut client = if open { Client::legacy().await } else { Client::connect() };
        client.send(modern(call("x", "secret")));
        assert_eq!(
            client.answer().await,
            json!({ "jsonrpc": "2.0", "id": "x", "error": { "code": 403,
                "message": "this needs the scope todos.write",
                "data": { "error": "insufficient_scope", "scope": "todos.write", "required": ["todos.write"],
                    "held": [] } } })
        );
        client.send(modern(call(2, "open")));
        assert_eq!(text_of(&client.answer().await), "open");
        assert!(client.log.has("open") && !client.log.has("secret"));
    }
}

#[tokio::test]
async fn a_refused_notification_is_neither_answered_nor_delivered() {
    let mut client = Client::legacy().await;
    client.send(json!({ "jsonrpc": "2.0", "method": "notifications/secret" }));
    client.send(json!({ "jsonrpc": "2.0", "method": "notifications/open" }));
    client.send(call(1, "a"));
    assert_eq!(client.answer().await["id"], 1);
    client.is_silent().await;
    assert!(client.log.has("notifications/open true"));
    assert!(!client.log.has("notifications/secret true") && !client.log.has("notifications/secret false"));
}

#[tokio::test]
async fn malformed_lines_are_answered_and_the_connection_goes_on() {
    let mut client = Client::legacy().await;
    for (line, code, id) in [
        ("{", -32700, None),
        ("hello", -32700, None),
        ("\u{feff}{}", -32700, None),
        ("[]", -32600, None),
        ("{}", -32600, None),
        (r#"{"jsonrpc":"2.0","id":7,"method":"ping","method":"tools/call"}"#, -32600, Some(7)),
        (r#"{"jsonrpc":"2.0","id":null,"method":"ping"}"#, -32600, None),
        (r#"{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":1}}"#, -32602, Some(7)),
        (r#"{"jsonrpc":"2.0","method":"tools/call","params":{"name":"secret"}}"#, -32600, None),
    ] {
        client.send_text(line);
        let answer = client.answer().await;
        assert_eq!(answer["error"]["code"], code, "{line}");
        assert_eq!(answer.get("id").and_then(Value::as_i64), id, "{line}");
    }
    client.send_bytes(b"\xff\xfe\n");
    assert_eq!(client.answer().await["error"]["code"], -32700);
    client.send(call(1, "a"));
    assert_eq!(text_of(&client.answer().await), "a");
}

#[tokio::test]
async fn malformed_notifications_responses_and_blank_lines_are_not_answered() {
    let mut client = Client::legacy().await;
    for line in [
        "",
        "   ",
        "\r",
        r#"{"jsonrpc":"2.0","method":"notifications/x","params":[]}"#,
        r#"{"jsonrpc":"2.0","id":1,"result":{},"error":{"code":1,"message":""}}"#,
        r#"{"jsonrpc":"2.0","id":1,"error":"no"}"#,
        r#"{"jsonrpc":"2.0","error":{"code":-32700,"message":"an answer of ours, echoed"}}"#,
    ] {
        client.send_text(line);
    }
    client.is_silent().await;
    client.send(call(1, "a"));
    assert_eq!(client.answer().await["id"], 1);
}

#[tokio::test]
async fn a_line_over_the_limit_is_refused_and_the_next_one_read() {
    let mut client = Client::legacy().await;
    client.send(call(1, &"n".repeat(2000)));
    let answer = client.answer().await;
    assert_eq!(answer["error"]["code"], -32600);
    assert_eq!(answer["error"]["message"], "message is longer than 1000 bytes");
    client.send(call(2, "a"));
    assert_eq!(client.answer().await["id"], 2);
}

#[tokio::test]
async fn messages_before_the_first_request_do_not_end_the_connection() {
    let early = [
        json!({ "jsonrpc": "2.0", "method": "notifications/initialized" }),
        json!({ "jsonrpc": "2.0", "method": "notifications/cancelled", "params": { "requestId": 1 } }),
        json!({ "jsonrpc": "2.0", "id": 1, "result": {} }),
        json!({ "jsonrpc": "2.0", "id": 1, "error": { "code": 1, "message": "no" } }),
    ];
    let mut unsupported = modern(call(8, "a"));
    unsupported["params"]["_meta"]["io.modelcontextprotocol/protocolVersion"] = json!("1900-01-01");
    let mut incomplete = modern(call(9, "a"));
    let meta = incomplete["params"]["_meta"].as_object_mut().unwrap();
    meta.remove("io.modelcontextprotocol/clientCapabilities");
    let requests = [
        (json!({ "jsonrpc": "2.0", "id": 5, "method": "ping" }), json!(null)),
        (call(6, "a"), json!(-32602)),
        (
            modern(json!({ "jsonrpc": "2.0", "id": 7, "method": "server/discover", "params": {} })),
            json!(null),
        ),
        (unsupported, json!(-32022)),
        (incomplete, json!(-32602)),
    ];
    for first in [initialize(), modern(call(0, "a"))] {
        let mut client = Client::connect();
        for message in &early {
            client.send(message.clone());
        }
        for (request, code) in &requests {
            client.send(request.clone());
            let answer = client.answer().await;
            assert_eq!((&answer["id"], &answer["error"]["code"]), (&request["id"], code), "{answer}");
            for message in &early {
                client.send(message.clone());
            }
        }
        assert!(!client.log.has("a"), "nothing ran before the connection was open");
        client.send(first);
        assert!(client.answer().await["result"].is_object());
        for message in &early {
            client.send(message.clone());
        }
        client.send(modern(call(9, "b")));
        assert_eq!(text_of(&client.answer().await), "b");
    }
}

#[tokio::test]
async fn a_gate_that_panics_refuses_and_the_next_message_is_decided() {
    let mut client = Client::settled().await;
    client.is_in(Mood::Panics);
    client.send(call(1, "b"));
    let answer = client.answer().await;
    assert_eq!((&answer["id"], &answer["error"]["code"]), (&json!(1), &json!(-32603)));
    client.send_text("{");
    assert_eq!(client.answer().await["error"]["code"], -32603);
    client.is_in(Mood::SomebodyKnown);
    client.send(call(2, "c"));
    assert_eq!(client.answer().await["id"], 2);
    assert!(client.log.has("c") && !client.log.has("b"));
}

#[tokio::test]
async fn whom_nothing_is_served_learns_nothing_of_an_unreadable_line() {
    let mut client = Client::settled().await;
    let long = call(1, &"n".repeat(2000)).to_string();
    for (mood, code) in [(Mood::Anonymous, [401, 401]), (Mood::SomebodyKnown, [-32700, -32600])] {
        client.is_in(mood);
        for (line, code) in ["{", &long].into_iter().zip(code) {
            client.send_text(line);
            assert_eq!(client.answer().await["error"]["code"], code);
        }
        client.send_text(r#"{"jsonrpc":"2.0","method":"notifications/x","params":[]}"#);
        client.is_silent().await;
    }
}

#[tokio::test]
async fn end_of_input_ends_at_once_when_nothing_is_in_flight() {
    assert!(Client::connect().hang_up().await < StdioLimits::default().drain);
    assert!(Client::legacy().await.hang_up().await < StdioLimits::default().drain);
}

#[tokio::test]
async fn a_call_in_flight_at_the_end_of_input_is_still_answered() {
    let mut client = Client::legacy().await;
    client.send(call(1, "slow"));
    // Without a line break, as the last line may be.
    client.send_bytes(call(2, "a").to_string().as_bytes());
    assert!(client.hang_up().await < Duration::from_secs(1));
    let mut ids = [client.answer().await["id"].as_i64(), client.answer().await["id"].as_i64()];
    ids.sort_unstable();
    assert_eq!(ids, [Some(1), Some(2)]);
    assert_eq!(client.answers.recv_timeout(Duration::from_secs(1)), Err(RecvTimeoutError::Disconnected));
}

#[tokio::test]
async fn half_a_message_at_the_end_of_input_does_not_run() {
    let mut client = Client::legacy().await;
    let text = call(1, "a").to_string();
    client.send_bytes(&text.as_bytes()[..text.len() - 1]);
    client.hang_up().await;
    assert_eq!(client.answer().await["error"]["code"], -32700);
    assert!(!client.log.has("a"));
}

#[tokio::test]
async fn calls_that_wait_to_be_cancelled_get_their_answer_out_within_two_seconds() {
    let mut client = Client::legacy().await;
    client.send(call(1, "until cancelled"));
    assert!(client.hang_up().await < Duration::from_secs(2));
    assert_eq!(text_of(&client.answer().await), "until cancelled");
}

#[tokio::test]
async fn neither_a_stubborn_call_nor_a_waiting_gate_outlives_the_input_by_two_seconds() {
    for (tool, mood) in [("stubborn", Mood::SomebodyKnown), ("b", Mood::Waits)] {
        let mut client = Client::settled().await;
        client.is_in(mood);
        client.send(call(1, tool));
        client.is_silent().await;
        assert!(client.hang_up().await < Duration::from_secs(2), "{tool}");
    }
}

#[tokio::test]
async fn shutdown_ends_the_same_way_while_the_input_stays_open() {
    let mut client = Client::connect();
    client.shutdown.cancel();
    assert!(client.ended().await < StdioLimits::default().drain);

    let mut client = Client::legacy().await;
    client.send(call(1, "slow"));
    while !client.log.has("slow") {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    client.shutdown.cancel();
    assert!(client.ended().await < Duration::from_secs(2));
    assert_eq!(text_of(&client.answer().await), "slow");
}

#[tokio::test]
async fn a_client_that_no_longer_reads_ends_the_connection() {
    let (server_in, mut input) = std::io::pipe().unwrap();
    let (output, server_out) = std::io::pipe().unwrap();
    drop(output);
    let serving = serve_streams(
        Handler(Log::default()),
        walk(&Arc::new(Mutex::new(Mood::SomebodyKnown)), StdioLimits::default()),
        CancellationToken::new(),
        server_in,
        server_out,
    );
    input.write_all(format!("{}\n", initialize()).as_bytes()).unwrap();
    let ended = tokio::time::timeout(Duration::from_secs(2), serving).await.expect("an end");
    assert!(ended.is_ok(), "{ended:?}");
}

#[tokio::test]
async fn every_line_is_audited_unreadable_ones_and_responses_too() {
    let buffer = Buffer::default();
    let writer = buffer.clone();
    let log = tracing_subscriber::fmt().with_ansi(false).with_writer(move || writer.clone()).finish();
    let _listening = tracing::subscriber::set_default(log);
    let mut client = Client::legacy().await;
    client.send(json!({ "jsonrpc": "2.0", "id": 5, "result": {} }));
    client.send_text("{");
    client.answer().await;
    client.send(call(1, &"n".repeat(2000)));
    client.answer().await;
    client.hang_up().await;
    let text = buffer.text();
    let audited: Vec<_> = text
        .lines()
        .filter_map(|line| line.split_once("mcp_auth::audit: ")?.1.split_once(" name="))
        .map(|(event, _)| event.replace('"', ""))
        .collect();
    assert_eq!(
        audited,
        [
            "decision=allow operation=initialize",
            "decision=allow operation=notifications/initialized",
            "decision=allow operation=reply",
            "decision=deny operation=unreadable",
            "decision=deny operation=unreadable",
        ],
        "{text}"
    );
}
