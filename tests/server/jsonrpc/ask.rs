//! One request to be, the server it is sent to, and what a refusal must look like.

use mcp_auth::testing::{Era, TestServer};
use serde_json::{Value, json};

use crate::everything::Everything;
use crate::wire::{Reply, Wire};

/// -32700, -32600, -32602, -32020, -32022, -32601 (JSON-RPC 2.0 §5.1, MCP 2026-07-28).
pub const PARSE_ERROR: i64 = -32700;
pub const INVALID_REQUEST: i64 = -32600;
pub const INVALID_PARAMS: i64 = -32602;
pub const HEADER_MISMATCH: i64 = -32020;
pub const UNSUPPORTED_VERSION: i64 = -32022;
pub const METHOD_NOT_FOUND: i64 = -32601;

/// A server and three callers: an anonymous one, alice without scopes, and alice with `write`.
pub struct Bench {
    pub everything: Everything,
    pub server: TestServer,
    pub wire: Wire,
    pub without: String,
    pub with: String,
}

pub async fn start(toml: &str) -> Bench {
    let everything = Everything::default();
    let server = everything.start_with(toml).await;
    let wire = Wire::of(&server);
    let (without, with) = (server.token("alice").mint(), server.token("alice").scope("write").mint());
    Bench { everything, server, wire, without, with }
}

/// One request to be: everything its era wants, until a test takes something away.
#[derive(Clone)]
pub struct Ask {
    pub headers: Vec<(String, String)>,
    pub message: Value,
}

impl Ask {
    pub fn new(era: Era, method: &str, params: Value) -> Self {
        let mut message = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        let mut ask = Self { headers: Vec::new(), message: Value::Null };
        ask.set("Content-Type", "application/json");
        ask.set("Accept", "application/json, text/event-stream");
        if method != "initialize" {
            ask.set("MCP-Protocol-Version", era.version());
        }
        if era == Era::Stateless {
            message["params"]["_meta"] = json!({
                "io.modelcontextprotocol/protocolVersion": "2026-07-28",
                "io.modelcontextprotocol/clientCapabilities": {},
            });
            ask.set("Mcp-Method", method);
            let params = &message["params"];
            if let Some(name) = ["name", "uri"].iter().find_map(|key| params[*key].as_str()) {
                if name.is_ascii() && !name.contains(char::is_control) {
                    ask.set("Mcp-Name", name);
                } else {
                    use base64::Engine as _;
                    let encoded = base64::prelude::BASE64_STANDARD.encode(name);
                    ask.set("Mcp-Name", &format!("=?base64?{encoded}?="));
                }
            }
        }
        ask.message = message;
        ask
    }

    pub fn tool(era: Era, name: &str, arguments: Value) -> Self {
        Self::new(era, "tools/call", json!({ "name": name, "arguments": arguments }))
    }

    /// `write_note`, which runs for callers that hold `write`.
    pub fn write(era: Era) -> Self {
        Self::tool(era, "write_note", json!({ "text": "hello" }))
    }

    pub fn set(&mut self, name: &str, value: &str) -> &mut Self {
        self.remove(name);
        self.add(name, value)
    }

    pub fn add(&mut self, name: &str, value: &str) -> &mut Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn remove(&mut self, name: &str) -> &mut Self {
        self.headers.retain(|(header, _)| !header.eq_ignore_ascii_case(name));
        self
    }

    pub async fn send(&self, bench: &Bench, token: Option<&str>) -> Reply {
        self.send_text(bench, token, self.message.to_string()).await
    }

    /// The same headers over another body.
    pub async fn send_text(&self, bench: &Bench, token: Option<&str>, body: impl AsRef<[u8]>) -> Reply {
        let mut lines = format!("Host: {}\r\n", bench.wire.host());
        for (name, value) in &self.headers {
            lines.push_str(&format!("{name}: {value}\r\n"));
        }
        if let Some(token) = token {
            lines.push_str(&format!("Authorization: Bearer {token}\r\n"));
        }
        bench.wire.post("/mcp", &lines, body).await
    }
}

pub fn code(reply: &Reply) -> Option<i64> {
    reply.json()["error"]["code"].as_i64()
}

/// Refused as `expected` for verified callers, and 401 for anonymous ones: a stranger learns nothing from it.
pub async fn assert_refused(bench: &Bench, ask: &Ask, body: impl AsRef<[u8]>, expected: i64, id: Value) {
    let body = body.as_ref();
    let input = String::from_utf8_lossy(&body[..body.len().min(300)]);
    let before = bench.everything.ran();
    let reply = ask.send_text(bench, Some(&bench.with), body).await;
    assert_eq!(reply.status(), 400, "{input}: {}", reply.text());
    assert_eq!(code(&reply), Some(expected), "{input}: {}", reply.text());
    assert_eq!(reply.json()["id"], id, "{input}: {}", reply.text());
    let reply = ask.send_text(bench, None, body).await;
    assert_eq!(reply.status(), 401, "{input}: {}", reply.text());
    assert!(reply.challenge().is_some_and(|challenge| challenge.error().is_none()), "{input}");
    assert_eq!(bench.everything.ran(), before, "{input}: it ran");
}

pub async fn assert_served(bench: &Bench, ask: &Ask, body: impl AsRef<[u8]>) {
    let body = body.as_ref();
    let before = bench.everything.ran();
    let reply = ask.send_text(bench, Some(&bench.with), body).await;
    assert_eq!(reply.status(), 200, "{}", reply.text());
    assert_eq!(reply.json()["result"]["content"][0]["text"], "hello", "{}", reply.text());
    assert_eq!(bench.everything.ran(), before + 1);
}
