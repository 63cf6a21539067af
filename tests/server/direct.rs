//! What the gate answers without rmcp's transport is what rmcp would have answered: the same request goes both ways,
//! and everything that comes back is compared. A weight in `Accept` changes nothing of what is asked for, and is
//! unusual enough for the gate to hand the request on.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use mcp_auth::extract::{Call, FromCall};
use mcp_auth::model::{CallToolResult, ContentBlock, ErrorCode, InputRequiredResult};
use mcp_auth::prelude::*;
use mcp_auth::testing::TestServer;
use mcp_auth::{ErrorData, schemars, serde, serde_json};
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;

use crate::everything::Everything;
use crate::wire::{Reply, Wire, meta};

const DIRECT: &str = "application/json, text/event-stream";
const BY_RMCP: &str = "application/json, text/event-stream;q=0.9";

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

fn body(method: &str, params: &Value, meta: &Value) -> String {
    let mut params = params.clone();
    params["_meta"] = meta.clone();
    json!({ "jsonrpc": "2.0", "id": "an id \"with\" quotes", "method": method, "params": params }).to_string()
}

fn lines(host: &str, accept: &str, method: &str, params: &Value) -> String {
    let name = match params["name"].as_str() {
        Some(name) => format!("Mcp-Name: {name}\r\n"),
        None => String::new(),
    };
    format!(
        "Host: {host}\r\nContent-Type: application/json\r\nAccept: {accept}\r\n\
         MCP-Protocol-Version: 2026-07-28\r\nMcp-Method: {method}\r\n{name}"
    )
}

async fn ask(wire: Wire, accept: &str, method: &str, params: &Value, extra: &str) -> Reply {
    let lines = lines(&wire.host(), accept, method, params) + extra;
    wire.post("/mcp", &lines, body(method, params, &meta())).await
}

/// Everything but when it came.
fn whole(reply: &Reply) -> String {
    let kept = reply.text().split("\r\n").filter(|line| !line.to_lowercase().starts_with("date:"));
    kept.collect::<Vec<_>>().join("\n")
}

/// Asks both ways and compares.
async fn assert_same(wire: Wire, method: &str, params: &Value, extra: &str) -> Reply {
    let direct = ask(wire, DIRECT, method, params, extra).await;
    let by_rmcp = ask(wire, BY_RMCP, method, params, extra).await;
    assert_eq!(whole(&direct), whole(&by_rmcp), "{method} {params} {extra}");
    assert_ne!(direct.status(), 0);
    direct
}

fn text(reply: &Reply) -> String {
    reply.json()["result"]["content"][0]["text"].as_str().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn usual_calls_go_direct_and_unusual_ones_by_rmcp() {
    let server = TestServer::start(Ways::default()).await.expect("a server");
    let wire = Wire::of(&server);
    let way = json!({ "name": "way", "arguments": {} });
    assert_eq!(text(&ask(wire, DIRECT, "tools/call", &way, "").await), "direct");
    assert_eq!(text(&ask(wire, BY_RMCP, "tools/call", &way, "").await), "by rmcp");
    let unusual = json!({ "name": "way", "arguments": {}, "inputResponses": {} });
    assert_eq!(text(&ask(wire, DIRECT, "tools/call", &unusual, "").await), "by rmcp");
    let client = json!({ "name": "client", "arguments": {} });
    assert_eq!(text(&ask(wire, DIRECT, "tools/call", &client, "").await), "by rmcp", "it wants the client");
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
async fn both_ways_answer_every_call_alike() {
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
    for tool in ["fails", "breaks", "content", "structured"] {
        let params = json!({ "name": tool, "arguments": {} });
        assert_eq!(assert_same(Wire::of(&ways), "tools/call", &params, "").await.status(), 200, "{tool}");
    }
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
    let whole = lines(&wire.host(), DIRECT, "tools/call", &params);
    for (header, status) in [
        ("MCP-Protocol-Version", 400),
        ("Mcp-Method", 400),
        ("Mcp-Name", 400),
        ("Accept", 406),
        ("Content-Type", 415),
    ] {
        let left: String =
            whole.split_inclusive("\r\n").filter(|line| !line.starts_with(&format!("{header}:"))).collect();
        let reply = wire.post("/mcp", &left, body("tools/call", &params, &meta())).await;
        assert_eq!(reply.status(), status, "without {header}: {}", reply.text());
    }
    let without_capabilities = json!({ "io.modelcontextprotocol/protocolVersion": "2026-07-28" });
    let reply = wire.post("/mcp", &whole, body("tools/call", &params, &without_capabilities)).await;
    assert_eq!((reply.status(), &reply.json()["error"]["code"]), (400, &json!(-32602)));
}

#[tokio::test]
async fn a_client_that_goes_away_drops_its_call() {
    let ways = Ways::default();
    let server = TestServer::start(ways.clone()).await.expect("a server");
    let wire = Wire::of(&server);
    let params = json!({ "name": "waits", "arguments": {} });
    let body = body("tools/call", &params, &meta());
    let head = lines(&wire.host(), DIRECT, "tools/call", &params);
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
