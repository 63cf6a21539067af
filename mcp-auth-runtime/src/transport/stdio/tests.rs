#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::io::{BufRead, BufReader, PipeReader, PipeWriter};
use std::sync::mpsc::RecvTimeoutError;
use std::sync::{Arc, Mutex};

use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, CustomNotification, ErrorCode,
};
use rmcp::service::{NotificationContext, RequestContext};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::*;
use crate::envelope::{Message, MessageKind};

/// What the gate of these tests grants: the tool's name.
#[derive(Clone)]
struct Granted(String);

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

impl ServerHandler for Handler {
    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        self.0.note(request.name.clone());
        let granted = context.extensions.get::<Granted>().map(|granted| granted.0.clone());
        if granted.as_deref() != Some(&*request.name) {
            return Err(ErrorData::internal_error("no grant", None));
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
        let granted = context.extensions.get::<Granted>().is_some();
        self.0.note(format!("{} {granted}", notification.method));
    }
}

/// Refuses whatever is named `secret`.
struct Gate;

impl LineGate for Gate {
    fn admit(&self, envelope: Envelope) -> BoxFuture<'_, Result<Admission, JsonRpcRefusal>> {
        Box::pin(async move {
            let name = match &*envelope.message {
                Message::Tool { name, .. } => name.clone(),
                Message::Other { method } => method.clone(),
                _ => String::new(),
            };
            match &*name {
                "secret" | "notifications/secret" => {
                    let data = json!({ "required": ["todos.write"], "held": [] });
                    Err(JsonRpcRefusal(ErrorData::new(ErrorCode(403), "insufficient scope", Some(data))))
                }
                "panic" => panic!("a guard with a bug"),
                "wait" => std::future::pending().await,
                _ => Ok(Box::new(move |extensions: &mut Extensions| {
                    extensions.insert(Granted(name));
                }) as Admission),
            }
        })
    }
}

struct Client {
    input: Option<PipeWriter>,
    answers: std::sync::mpsc::Receiver<Value>,
    log: Log,
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
        let served = tokio::spawn(serve_streams(
            Handler(log.clone()),
            Arc::new(Gate),
            limits,
            shutdown.clone(),
            server_in,
            server_out,
        ));
        Self { input: Some(input), answers: read_answers(output), log, shutdown, served }
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
async fn what_the_gate_grants_reaches_the_handler_on_both_lifecycles() {
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
            json!({ "jsonrpc": "2.0", "id": "x", "error": { "code": 403, "message": "insufficient scope",
                "data": { "required": ["todos.write"], "held": [] } } })
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
    let mut client = Client::legacy().await;
    client.send(call(1, "panic"));
    let answer = client.answer().await;
    assert_eq!((&answer["id"], &answer["error"]["code"]), (&json!(1), &json!(-32603)));
    client.send(call(2, "a"));
    assert_eq!(client.answer().await["id"], 2);
    assert!(!client.log.has("panic"));
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
    for tool in ["stubborn", "wait"] {
        let mut client = Client::legacy().await;
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
        Arc::new(Gate),
        StdioLimits::default(),
        CancellationToken::new(),
        server_in,
        server_out,
    );
    input.write_all(format!("{}\n", initialize()).as_bytes()).unwrap();
    let ended = tokio::time::timeout(Duration::from_secs(2), serving).await.expect("an end");
    assert!(ended.is_ok(), "{ended:?}");
}

#[tokio::test]
async fn responses_reach_the_gate_and_then_rmcp() {
    struct Kinds(Arc<Mutex<Vec<MessageKind>>>);
    impl LineGate for Kinds {
        fn admit(&self, envelope: Envelope) -> BoxFuture<'_, Result<Admission, JsonRpcRefusal>> {
            self.0.lock().unwrap().push(envelope.kind);
            Box::pin(async { Ok(Box::new(|_: &mut Extensions| ()) as Admission) })
        }
    }
    let kinds = Arc::new(Mutex::new(Vec::new()));
    let (server_in, mut input) = std::io::pipe().unwrap();
    let (_output, server_out) = std::io::pipe().unwrap();
    let reply = json!({ "jsonrpc": "2.0", "id": 5, "result": {} });
    input.write_all(format!("{}\n{reply}\n", initialize()).as_bytes()).unwrap();
    drop(input);
    let gate = Arc::new(Kinds(kinds.clone()));
    let (limits, shutdown) = (StdioLimits::default(), CancellationToken::new());
    serve_streams(Handler(Log::default()), gate, limits, shutdown, server_in, server_out).await.unwrap();
    assert_eq!(*kinds.lock().unwrap(), [MessageKind::Request, MessageKind::Response]);
}
