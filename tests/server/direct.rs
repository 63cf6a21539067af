//! What the gate answers without rmcp's transport is what rmcp would have answered: the same request goes both ways,
//! and everything that comes back is compared. A weight in `Accept` changes nothing of what is asked for, and is
//! unusual enough for the gate to hand the request on.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use mcp_auth::extract::{Call, FromCall};
use mcp_auth::model::{
    CallToolResult, ContentBlock, CreateTaskResult, ErrorCode, InputRequiredResult, Task, TaskStatus,
};
use mcp_auth::prelude::*;
use mcp_auth::testing::{Era, TestServer};
use mcp_auth::{ErrorData, schemars, serde, serde_json};
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;

use crate::everything::Everything;
use crate::wire::{Reply, Wire, meta};

const DIRECT: &str = "application/json, text/event-stream";
const BY_RMCP: &str = "application/json, text/event-stream;q=0.9";

/// Every revision, and a client of the oldest one that does not name it.
const REVISIONS: [Option<&str>; 5] =
    [Some(MODERN), Some("2025-11-25"), Some("2025-06-18"), Some("2025-03-26"), None];

const MODERN: &str = "2026-07-28";

/// Says which way its call came.
struct Way(&'static str);

impl FromCall for Way {
    const NEEDS_TRANSPORT: bool = false;

    fn from_call(call: &mut Call) -> Result<Self, ErrorData> {
        Ok(Self(if call.peer().is_ok() { "by rmcp" } else { "direct" }))
    }
}

/// The same, in a method that wants the client itself.
struct Client;

impl FromCall for Client {
    fn from_call(call: &mut Call) -> Result<Self, ErrorData> {
        call.peer().map(|_| Self)
    }
}

#[derive(Debug, serde::Deserialize, schemars::JsonSchema)]
#[serde(crate = "mcp_auth::serde")]
#[schemars(crate = "mcp_auth::schemars")]
struct Region {
    #[schemars(extend("x-mcp-header" = "Region"))]
    region: String,
}

const NOW: &str = "2026-07-28T00:00:00Z";

#[derive(Clone, Default)]
struct Ways {
    dropped: Arc<AtomicUsize>,
}

/// Counts when it is dropped.
struct Dropped(Arc<AtomicUsize>);

impl Drop for Dropped {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

#[server(name = "ways")]
impl Ways {
    /// Which way.
    #[tool(public)]
    async fn way(&self, way: Way) -> &'static str {
        way.0
    }

    /// Which way, with the client at hand.
    #[tool(public)]
    async fn client(&self, way: Way, _client: Client) -> &'static str {
        way.0
    }

    /// Which way, with an argument that is repeated in a header.
    #[tool(public)]
    async fn regional(&self, way: Way, Parameters(region): Parameters<Region>) -> String {
        format!("{} {}", region.region, way.0)
    }

    /// Fails for the model to read.
    #[tool(public)]
    async fn fails(&self) -> Result<String, ToolError> {
        Err(ToolError::new("no \"luck\""))
    }

    /// Fails without a word.
    #[tool(public)]
    async fn breaks(&self) -> Result<String, ToolError> {
        Err(std::io::Error::other("a secret").into())
    }

    /// Fails as JSON-RPC does, with the code it is told.
    #[tool(public)]
    async fn refuses(&self, Parameters(code): Parameters<Code>) -> Result<String, ToolError> {
        Err(ToolError::protocol(ErrorData::new(ErrorCode(code.code), "no", Some(json!({ "why": [1] })))))
    }

    /// Content of several kinds.
    #[tool(public)]
    async fn content(&self) -> CallToolResult {
        CallToolResult::success(vec![ContentBlock::text("é\n"), ContentBlock::image("AAAA", "image/png")])
    }

    /// Structured content.
    #[tool(public)]
    async fn structured(&self) -> Json<Value> {
        Json(json!({ "z": 1, "a": [null, 1.5] }))
    }

    /// Structured content that is not an object.
    #[tool(public)]
    async fn several(&self) -> Json<Vec<u8>> {
        Json(vec![1, 2])
    }

    /// A task.
    #[tool(public)]
    async fn starts(&self) -> CreateTaskResult {
        CreateTaskResult::new(Task::new("t", TaskStatus::Working, NOW, NOW))
    }

    /// A further round.
    #[tool(public)]
    async fn asks(&self) -> InputRequiredResult {
        InputRequiredResult::from_request_state("state")
    }

    /// Waits for ever.
    #[tool(public)]
    async fn waits(&self) -> &'static str {
        let _dropped = Dropped(Arc::clone(&self.dropped));
        std::future::pending().await
    }
}

#[derive(Debug, serde::Deserialize, schemars::JsonSchema)]
#[serde(crate = "mcp_auth::serde")]
#[schemars(crate = "mcp_auth::schemars")]
struct Code {
    code: i32,
}

fn body(revision: Option<&str>, method: &str, params: &Value, meta: &Value) -> String {
    let mut params = params.clone();
    if revision == Some(MODERN) {
        params["_meta"] = meta.clone();
    }
    json!({ "jsonrpc": "2.0", "id": "an id \"with\" quotes", "method": method, "params": params }).to_string()
}

fn lines(host: &str, revision: Option<&str>, accept: &str, method: &str, params: &Value) -> String {
    let mut lines = format!("Host: {host}\r\nContent-Type: application/json\r\nAccept: {accept}\r\n");
    if let Some(revision) = revision {
        lines += &format!("MCP-Protocol-Version: {revision}\r\n");
    }
    if revision == Some(MODERN) {
        lines += &format!("Mcp-Method: {method}\r\n");
        if let Some(name) = params["name"].as_str() {
            lines += &format!("Mcp-Name: {name}\r\n");
        }
    }
    lines
}

async fn ask_in(
    revision: Option<&str>,
    wire: Wire,
    accept: &str,
    method: &str,
    params: &Value,
    extra: &str,
) -> Reply {
    let lines = lines(&wire.host(), revision, accept, method, params) + extra;
    wire.post("/mcp", &lines, body(revision, method, params, &meta())).await
}

async fn ask(wire: Wire, accept: &str, method: &str, params: &Value, extra: &str) -> Reply {
    ask_in(Some(MODERN), wire, accept, method, params, extra).await
}

/// Everything but when it came, and as which request.
fn whole(reply: &Reply) -> String {
    let is_of_one =
        |line: &str| ["date:", "x-request-id:"].iter().any(|of_one| line.to_lowercase().starts_with(of_one));
    let kept = reply.text().split("\r\n").filter(|line| !is_of_one(line));
    kept.collect::<Vec<_>>().join("\n")
}

/// Asks both ways in every revision and compares; the answer in 2026-07-28.
async fn assert_same(wire: Wire, method: &str, params: &Value, extra: &str) -> Reply {
    let mut modern = None;
    for revision in REVISIONS {
        let direct = ask_in(revision, wire, DIRECT, method, params, extra).await;
        let by_rmcp = ask_in(revision, wire, BY_RMCP, method, params, extra).await;
        assert_eq!(whole(&direct), whole(&by_rmcp), "{method} {params} {extra} {revision:?}");
        assert_ne!(direct.status(), 0);
        modern.get_or_insert(direct);
    }
    modern.expect("the first revision")
}

fn text(reply: &Reply) -> String {
    reply.json()["result"]["content"][0]["text"].as_str().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn usual_calls_go_direct_and_unusual_ones_by_rmcp() {
    let server = TestServer::start(Ways::default()).await.expect("a server");
    let wire = Wire::of(&server);
    let way = json!({ "name": "way", "arguments": {} });
    let unusual = json!({ "name": "way", "arguments": {}, "inputResponses": {} });
    let client = json!({ "name": "client", "arguments": {} });
    for revision in REVISIONS {
        let said =
            async |accept, params| text(&ask_in(revision, wire, accept, "tools/call", params, "").await);
        assert_eq!(said(DIRECT, &way).await, "direct", "{revision:?}");
        assert_eq!(said(BY_RMCP, &way).await, "by rmcp", "{revision:?}");
        assert_eq!(said(DIRECT, &unusual).await, "by rmcp", "{revision:?}");
        assert_eq!(said(DIRECT, &client).await, "by rmcp", "it wants the client: {revision:?}");
    }
}

#[tokio::test]
async fn what_belongs_to_a_session_or_mixes_revisions_does_not_go_direct() {
    let server = TestServer::start(Ways::default()).await.expect("a server");
    let wire = Wire::of(&server);
    let client = server.client().token(server.token("alice")).era(Era::Legacy("2025-11-25"));
    assert_eq!(client.call_tool("way", json!({})).await.text(), Some("by rmcp"), "in a session");

    let way = json!({ "name": "way", "arguments": {} });
    let unknown = "Mcp-Session-Id: nobodys\r\n";
    let reply = ask_in(Some("2025-11-25"), wire, DIRECT, "tools/call", &way, unknown).await;
    assert_eq!(reply.status(), 404, "{}", reply.text());
    // A revision in the body that the header does not name, and the other way round.
    let legacy_lines = lines(&wire.host(), Some("2025-11-25"), DIRECT, "tools/call", &way);
    let modern_body = body(Some(MODERN), "tools/call", &way, &meta());
    assert_eq!(wire.post("/mcp", &legacy_lines, modern_body).await.status(), 400);
    let modern_lines = lines(&wire.host(), Some(MODERN), DIRECT, "tools/call", &way);
    let legacy_body = body(None, "tools/call", &way, &meta());
    assert_eq!(wire.post("/mcp", &modern_lines, legacy_body).await.status(), 400);
    // A legacy revision in the body is negotiated by request, which is rmcp's to do.
    let named = json!({ "io.modelcontextprotocol/protocolVersion": "2025-11-25" });
    let named = json!({ "name": "way", "arguments": {}, "_meta": named });
    let reply = ask_in(Some("2025-11-25"), wire, DIRECT, "tools/call", &named, "").await;
    assert_eq!(text(&reply), "by rmcp", "{}", reply.text());
}

#[tokio::test]
async fn arguments_repeated_in_headers_are_still_compared() {
    let server = TestServer::start(Ways::default()).await.expect("a server");
    let wire = Wire::of(&server);
    let params = json!({ "name": "regional", "arguments": { "region": "eu" } });
    let right = ask(wire, DIRECT, "tools/call", &params, "Mcp-Param-Region: eu\r\n").await;
    assert_eq!(text(&right), "eu by rmcp");
    let wrong = ask(wire, DIRECT, "tools/call", &params, "Mcp-Param-Region: us\r\n").await;
    assert_eq!((wrong.status(), &wrong.json()["error"]["code"]), (400, &json!(-32020)));
}

#[tokio::test]
async fn j41_both_ways_answer_every_call_alike() {
    let everything = Everything::default().start().await;
    let ways = TestServer::start(Ways::default()).await.expect("a server");
    let token = String::from(everything.token("alice").scope("base admin audit export"));
    let reader = String::from(everything.token("bob").scope("read"));
    let bearers = [
        String::new(),
        format!("Authorization: Bearer {token}\r\n"),
        format!("Authorization: Bearer {reader}\r\n"),
    ];
    for bearer in &bearers {
        for (tool, arguments) in [
            ("ping", json!({})),
            ("ping", json!({ "more": [1, { "deep": null }] })),
            ("who", json!({})),
            ("whoami", json!({})),
            ("based", json!({})),
            ("read_note", json!({})),
            ("write_note", json!({ "text": "hello\u{7} \"é\"" })),
            ("write_note", json!({})),
            ("write_note", json!({ "text": "hello", "more": 1 })),
            ("export_notes", json!({})),
            ("audit_log", json!({})),
            ("panics", json!({})),
            ("works", json!({})),
            ("no_such_tool", json!({})),
            ("READ_NOTE", json!({})),
        ] {
            let params = json!({ "name": tool, "arguments": arguments });
            assert_same(Wire::of(&everything), "tools/call", &params, bearer).await;
        }
        assert_same(Wire::of(&everything), "tools/call", &json!({ "name": "ping" }), bearer).await;
        for list in ["tools/list", "prompts/list", "resources/list", "resources/templates/list"] {
            assert_same(Wire::of(&everything), list, &json!({}), bearer).await;
            assert_same(Wire::of(&everything), list, &json!({ "cursor": "x" }), bearer).await;
        }
    }
    for tool in ["fails", "breaks", "content", "structured", "several"] {
        let params = json!({ "name": tool, "arguments": {} });
        assert_eq!(assert_same(Wire::of(&ways), "tools/call", &params, "").await.status(), 200, "{tool}");
    }
    for tool in ["asks", "starts"] {
        // What is sealed is sealed anew each time, so only the refusals of older revisions can be compared.
        let params = json!({ "name": tool, "arguments": {} });
        for revision in &REVISIONS[1..] {
            let direct = ask_in(*revision, Wire::of(&ways), DIRECT, "tools/call", &params, "").await;
            let by_rmcp = ask_in(*revision, Wire::of(&ways), BY_RMCP, "tools/call", &params, "").await;
            assert_eq!(whole(&direct), whole(&by_rmcp), "{tool} {revision:?}");
            assert!(direct.json().get("error").is_some(), "{}", direct.text());
        }
    }
    let starts = json!({ "name": "starts", "arguments": {} });
    let refused = assert_same(Wire::of(&ways), "tools/call", &starts, "").await;
    assert_eq!((refused.status(), &refused.json()["error"]["code"]), (400, &json!(-32021)));
    for code in [1, 401, 403, 404, -32002, -32020, -32021, -32022, -32600, -32601, -32602, -32603, -32700] {
        let params = json!({ "name": "refuses", "arguments": { "code": code } });
        assert_same(Wire::of(&ways), "tools/call", &params, "").await;
    }
}

#[tokio::test]
async fn state_is_sealed_on_the_direct_way_too() {
    let server = TestServer::start(Ways::default()).await.expect("a server");
    let params = json!({ "name": "asks", "arguments": {} });
    for accept in [DIRECT, BY_RMCP] {
        let answer = ask(Wire::of(&server), accept, "tools/call", &params, "").await.json();
        assert_eq!(answer["result"]["resultType"], "input_required", "{answer}");
        let state = answer["result"]["requestState"].as_str().expect("state");
        assert!(!state.contains("state") && state.len() > 20, "{state}");
    }
}

#[tokio::test]
async fn headers_that_rmcp_would_refuse_are_refused() {
    let server = TestServer::start(Ways::default()).await.expect("a server");
    let wire = Wire::of(&server);
    let params = json!({ "name": "way", "arguments": {} });
    let whole = lines(&wire.host(), Some(MODERN), DIRECT, "tools/call", &params);
    for (header, status) in
        [("MCP-Protocol-Version", 400), ("Mcp-Method", 400), ("Mcp-Name", 400), ("Content-Type", 415)]
    {
        let left: String =
            whole.split_inclusive("\r\n").filter(|line| !line.starts_with(&format!("{header}:"))).collect();
        let reply = wire.post("/mcp", &left, body(Some(MODERN), "tools/call", &params, &meta())).await;
        assert_eq!(reply.status(), status, "without {header}: {}", reply.text());
    }
    let without_capabilities = json!({ "io.modelcontextprotocol/protocolVersion": "2026-07-28" });
    let reply =
        wire.post("/mcp", &whole, body(Some(MODERN), "tools/call", &params, &without_capabilities)).await;
    assert_eq!((reply.status(), &reply.json()["error"]["code"]), (400, &json!(-32602)));
}

#[tokio::test]
async fn a_client_that_goes_away_drops_its_call() {
    let ways = Ways::default();
    let server = TestServer::start(ways.clone()).await.expect("a server");
    let wire = Wire::of(&server);
    let params = json!({ "name": "waits", "arguments": {} });
    let body = body(Some(MODERN), "tools/call", &params, &meta());
    let head = lines(&wire.host(), Some(MODERN), DIRECT, "tools/call", &params);
    let mut stream = wire.connect().await;
    let request = format!("POST /mcp HTTP/1.1\r\n{head}Content-Length: {}\r\n\r\n{body}", body.len());
    stream.write_all(request.as_bytes()).await.expect("sent");
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(ways.dropped.load(Ordering::SeqCst), 0, "it waits");
    drop(stream);
    for _ in 0..200 {
        if ways.dropped.load(Ordering::SeqCst) == 1 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("the call still runs");
}
