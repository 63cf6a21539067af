//! JSON-RPC and MCP, rows J01 to J32 and J39: what the gate and dispatch answer to a message that is broken,
//! ambiguous, contradicted by its headers, or names something that is not there.

use std::sync::Arc;
use std::time::Duration;

use mcp_auth::prelude::*;
use mcp_auth::testing::{Era, TestServer};
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;
use tokio::sync::Notify;
use tokio::time::timeout;

use crate::everything::Everything;
use crate::wire::{Reply, Wire};

/// -32700, -32600, -32602, -32020, -32022, -32601 (JSON-RPC 2.0 §5.1, MCP 2026-07-28).
const PARSE_ERROR: i64 = -32700;
const INVALID_REQUEST: i64 = -32600;
const INVALID_PARAMS: i64 = -32602;
const HEADER_MISMATCH: i64 = -32020;
const UNSUPPORTED_VERSION: i64 = -32022;
const METHOD_NOT_FOUND: i64 = -32601;

/// A server and three callers: nobody, alice without scopes, and alice with `write`.
struct Bench {
    everything: Everything,
    server: TestServer,
    wire: Wire,
    without: String,
    with: String,
}

async fn start(toml: &str) -> Bench {
    let everything = Everything::default();
    let server = everything.start_with(toml).await;
    let wire = Wire::of(&server);
    let (without, with) = (server.token("alice").mint(), server.token("alice").scope("write").mint());
    Bench { everything, server, wire, without, with }
}

/// One request to be: everything its era wants, until a test takes something away.
#[derive(Clone)]
struct Ask {
    headers: Vec<(String, String)>,
    message: Value,
}

impl Ask {
    fn new(era: Era, method: &str, params: Value) -> Self {
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

    fn tool(era: Era, name: &str, arguments: Value) -> Self {
        Self::new(era, "tools/call", json!({ "name": name, "arguments": arguments }))
    }

    /// `write_note`, which runs for whoever holds `write`.
    fn write(era: Era) -> Self {
        Self::tool(era, "write_note", json!({ "text": "hello" }))
    }

    fn set(&mut self, name: &str, value: &str) -> &mut Self {
        self.remove(name);
        self.add(name, value)
    }

    fn add(&mut self, name: &str, value: &str) -> &mut Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    fn remove(&mut self, name: &str) -> &mut Self {
        self.headers.retain(|(header, _)| !header.eq_ignore_ascii_case(name));
        self
    }

    async fn send(&self, bench: &Bench, token: Option<&str>) -> Reply {
        self.send_text(bench, token, self.message.to_string()).await
    }

    /// The same headers over another body.
    async fn send_text(&self, bench: &Bench, token: Option<&str>, body: impl AsRef<[u8]>) -> Reply {
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

fn code(reply: &Reply) -> Option<i64> {
    reply.json()["error"]["code"].as_i64()
}

/// Refused as `expected` for whoever is known, and 401 for everybody else: a stranger learns nothing from it.
async fn assert_refused(bench: &Bench, ask: &Ask, body: impl AsRef<[u8]>, expected: i64, id: Value) {
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

async fn assert_served(bench: &Bench, ask: &Ask, body: impl AsRef<[u8]>) {
    let body = body.as_ref();
    let before = bench.everything.ran();
    let reply = ask.send_text(bench, Some(&bench.with), body).await;
    assert_eq!(reply.status(), 200, "{}", reply.text());
    assert_eq!(reply.json()["result"]["content"][0]["text"], "hello", "{}", reply.text());
    assert_eq!(bench.everything.ran(), before + 1);
}

#[tokio::test]
async fn j01_what_is_not_one_json_text_is_a_parse_error() {
    let bench = start("").await;
    for era in Era::ALL {
        let ask = Ask::write(era);
        let good = ask.message.to_string();
        let spoiled = |from: &str, to: &str| {
            assert!(good.contains(from), "{from:?} is not in {good}");
            good.replacen(from, to, 1).into_bytes()
        };
        let mut bad_utf8 = good.clone().into_bytes();
        let at = good.find("hello").expect("the text");
        bad_utf8[at] = 0xff;
        for body in [
            Vec::new(),
            b" ".to_vec(),
            b"tools/call".to_vec(),
            good.as_bytes()[..good.len() - 1].to_vec(),
            [b"\xef\xbb\xbf", good.as_bytes()].concat(),
            [good.as_bytes(), b"x"].concat(),
            [good.as_bytes(), good.as_bytes()].concat(),
            [good.as_bytes(), b"\n", good.as_bytes()].concat(),
            [good.as_bytes(), b"\0"].concat(),
            spoiled("\"id\":1", "\"id\":NaN"),
            spoiled("\"id\":1", "\"id\":01"),
            spoiled("\"id\":1", "\"id\":1,"),
            spoiled("\"id\":1", "\"id\":1e999"),
            spoiled("\"id\":1", "'id':1"),
            spoiled("\"id\":1", "/* */\"id\":1"),
            spoiled("hello", "\\ud800"),
            spoiled("hello", "\\udc00\\ud800"),
            spoiled("hello", "a\nb"),
            spoiled("hello", "\\x41"),
            bad_utf8,
            good.encode_utf16().flat_map(u16::to_le_bytes).collect(),
        ] {
            assert_refused(&bench, &ask, body, PARSE_ERROR, Value::Null).await;
        }
        assert_served(&bench, &ask, format!(" \r\n\t{good}\n")).await;
    }
}

#[tokio::test]
async fn j02_a_batch_is_refused_whole() {
    let bench = start("").await;
    for era in Era::ALL {
        let ask = Ask::write(era);
        let good = ask.message.to_string();
        let ping = Ask::tool(era, "ping", json!({})).message.to_string();
        for body in
            ["[]".to_owned(), format!("[{good}]"), format!("[{ping},{good}]"), "\"x\"".to_owned(), "5".into()]
        {
            assert_refused(&bench, &ask, body, INVALID_REQUEST, Value::Null).await;
        }
    }
}

#[tokio::test]
async fn j03_j04_a_key_twice_is_refused_at_any_depth() {
    let bench = start("").await;
    for era in Era::ALL {
        let ask = Ask::write(era);
        let good = ask.message.to_string();
        let doubled = |key: &str, other: &str| {
            let key = format!("\"{key}\":");
            assert!(good.contains(&key), "{key} is not in {good}");
            [good.replacen(&key, &format!("{key}{other},{key}"), 1), {
                // The key once more, one of its letters written as an escape.
                let first = key.chars().nth(1).expect("a letter");
                let escaped = key.replacen(first, &format!("\\u{:04x}", u32::from(first)), 1);
                good.replacen(&key, &format!("{escaped}{other},{key}"), 1)
            }]
        };
        for (key, other) in [
            ("jsonrpc", "\"2.0\""),
            ("method", "\"tools/list\""),
            ("method", "\"tools/call\""),
            ("params", "{\"name\":\"ping\"}"),
            ("name", "\"ping\""),
            ("arguments", "{}"),
            ("text", "\"x\""),
        ] {
            for body in doubled(key, other) {
                assert_refused(&bench, &ask, body, INVALID_REQUEST, json!(1)).await;
            }
        }
        for body in doubled("id", "2") {
            assert_refused(&bench, &ask, body, INVALID_REQUEST, Value::Null).await;
        }
        if era == Era::Stateless {
            let version = "io.modelcontextprotocol/protocolVersion";
            for body in [doubled("_meta", "{}"), doubled(version, "\"2025-11-25\"")].concat() {
                assert_refused(&bench, &ask, body, INVALID_REQUEST, json!(1)).await;
            }
        }
        let nested = good.replace("\"hello\"", "{\"a\":[{\"b\":1,\"b\":1}]}");
        assert_refused(&bench, &ask, nested, INVALID_REQUEST, json!(1)).await;
        assert_served(&bench, &ask, &good).await;
    }
}

#[tokio::test]
async fn j05_a_message_nested_too_deep_is_refused_without_a_panic() {
    let bench = start("[limits]\nenvelope_depth = 16\n").await;
    for era in Era::ALL {
        let ask = Ask::write(era);
        let good = ask.message.to_string();
        let deep = |levels: usize| {
            let text = format!("{}1{}", "[".repeat(levels), "]".repeat(levels));
            good.replace("\"hello\"", &text)
        };
        assert_refused(&bench, &ask, deep(14), INVALID_REQUEST, json!(1)).await;
        for levels in [200, 20_000] {
            let reply = ask.send_text(&bench, Some(&bench.with), deep(levels)).await;
            assert_eq!(reply.status(), 400, "{levels}");
            assert!(
                [PARSE_ERROR, INVALID_REQUEST].contains(&code(&reply).expect("a code")),
                "{}",
                reply.text()
            );
        }
        // Twin: 13 levels within the message's own three pass the gate, and are no text for the tool.
        let reply = ask.send_text(&bench, Some(&bench.with), deep(13)).await;
        assert_ne!(reply.status(), 400, "{}", reply.text());
        assert_served(&bench, &ask, &good).await;
    }
}

#[tokio::test]
async fn j06_escapes_change_no_verdict() {
    let bench = start("").await;
    for era in Era::ALL {
        let ask = Ask::write(era);
        let good = ask.message.to_string();
        for (from, to) in [
            ("tools/call", "\\u0074ools/call"),
            ("tools/call", "tools\\/call"),
            ("write_note", "\\u0077rite_note"),
            ("\"method\"", "\"m\\u0065thod\""),
            ("\"name\"", "\"\\u006eame\""),
            ("\"params\"", "\"par\\u0061ms\""),
        ] {
            let body = good.replacen(from, to, 1);
            assert_ne!(body, good);
            let nobody = ask.send_text(&bench, None, &body).await;
            assert_eq!(nobody.challenge().expect("a challenge").scopes(), ["base", "write"], "{body}");
            let reply = ask.send_text(&bench, Some(&bench.without), &body).await;
            assert_eq!(reply.status(), 403, "{body}: {}", reply.text());
            assert_served(&bench, &ask, &body).await;
        }
    }
}

#[tokio::test]
async fn j07_a_header_that_names_another_operation_is_a_mismatch() {
    let bench = start("").await;
    for era in Era::ALL {
        let good = Ask::write(era);
        for (header, value) in [
            ("Mcp-Name", "ping"),
            ("Mcp-Name", "WRITE_NOTE"),
            ("Mcp-Name", ""),
            ("Mcp-Name", "write_note, ping"),
            ("Mcp-Method", "tools/list"),
            ("Mcp-Method", "TOOLS/CALL"),
            ("Mcp-Method", "prompts/get"),
            ("Mcp-Method", ""),
        ] {
            let mut ask = good.clone();
            ask.set(header, value);
            assert_refused(&bench, &ask, ask.message.to_string(), HEADER_MISMATCH, json!(1)).await;
            // No version header is no way around it.
            ask.remove("MCP-Protocol-Version");
            assert_refused(&bench, &ask, ask.message.to_string(), HEADER_MISMATCH, json!(1)).await;
        }
        // The body decides: a header that names a public tool buys nothing.
        let mut ask = good.clone();
        ask.set("Mcp-Name", "ping");
        let reply = ask.send(&bench, None).await;
        assert_eq!(reply.challenge().expect("a challenge").scopes(), ["base", "write"]);
        assert_served(&bench, &good, good.message.to_string()).await;
    }
}

#[tokio::test]
async fn j08_a_version_header_that_is_not_the_bodys_is_a_mismatch() {
    let bench = start("").await;
    for version in ["2025-11-25", "2025-03-26", "2024-11-05"] {
        let mut ask = Ask::write(Era::Stateless);
        ask.set("MCP-Protocol-Version", version);
        assert_refused(&bench, &ask, ask.message.to_string(), HEADER_MISMATCH, json!(1)).await;
        let mut ask = Ask::write(Era::Stateless);
        ask.message["params"]["_meta"]["io.modelcontextprotocol/protocolVersion"] = version.into();
        assert_refused(&bench, &ask, ask.message.to_string(), HEADER_MISMATCH, json!(1)).await;
    }
}

#[tokio::test]
async fn j09_a_base64_name_is_decoded_and_must_be_one() {
    let bench = start("").await;
    let good = Ask::write(Era::Stateless);
    for name in [
        "=?base64?!!!!?=",
        "=?base64?d3JpdGVfbm90ZQ?=",
        "=?base64?d3JpdGVfbm90ZR==?=",
        "=?base64?_w==?=",
        "=?base64?/w==?=",
        "=?base64??=",
        "=?base64?cGluZw==?=",
        "=?BASE64?d3JpdGVfbm90ZQ==?=",
        "=?Base64?d3JpdGVfbm90ZQ==?=",
        "=?base64?d3JpdGVfbm90ZQ==",
    ] {
        let mut ask = good.clone();
        ask.set("Mcp-Name", name);
        assert_refused(&bench, &ask, ask.message.to_string(), HEADER_MISMATCH, json!(1)).await;
    }
    let mut ask = good.clone();
    ask.set("Mcp-Name", "=?base64?d3JpdGVfbm90ZQ==?=");
    assert_served(&bench, &ask, ask.message.to_string()).await;
}

#[tokio::test]
async fn j10_j11_each_required_header_must_be_there_and_once() {
    let bench = start("").await;
    for header in ["MCP-Protocol-Version", "Mcp-Method", "Mcp-Name"] {
        let mut ask = Ask::write(Era::Stateless);
        let value = ask.headers.iter().find(|(name, _)| name == header).expect("it is sent").1.clone();
        ask.remove(header);
        assert_refused(&bench, &ask, ask.message.to_string(), HEADER_MISMATCH, json!(1)).await;
        for second in [value.as_str(), "ping", "2025-11-25"] {
            let mut ask = Ask::write(Era::Stateless);
            ask.add(header, second);
            assert_refused(&bench, &ask, ask.message.to_string(), HEADER_MISMATCH, json!(1)).await;
        }
    }
    // Before 2026-07-28 they may be absent; twice is ambiguous there too.
    for era in &Era::ALL[1..] {
        let mut ask = Ask::write(*era);
        assert_served(&bench, &ask, ask.message.to_string()).await;
        ask.add("Mcp-Name", "write_note").add("Mcp-Name", "write_note");
        assert_refused(&bench, &ask, ask.message.to_string(), HEADER_MISMATCH, json!(1)).await;
    }
}

#[tokio::test]
async fn j12_an_unknown_version_is_answered_with_those_we_speak() {
    let bench = start("").await;
    let long = "2".repeat(10 * 1024);
    for version in ["1900-01-01", "", "2026-07-29", "9999-12-31", "latest", " 2026-07-28 x", &long] {
        let mut ask = Ask::write(Era::Stateless);
        ask.set("MCP-Protocol-Version", version.trim());
        ask.message["params"]["_meta"]["io.modelcontextprotocol/protocolVersion"] = version.trim().into();
        assert_refused(&bench, &ask, ask.message.to_string(), UNSUPPORTED_VERSION, json!(1)).await;
        let reply = ask.send(&bench, Some(&bench.with)).await;
        let supported = reply.json()["error"]["data"]["supported"].clone();
        assert!(
            supported.as_array().is_some_and(|all| all.contains(&json!("2026-07-28"))),
            "{}",
            reply.text()
        );
        assert!(reply.text().len() < 2000, "an answer no longer than needed");
        let mut ask = Ask::write(Era::Legacy("2025-11-25"));
        ask.set("MCP-Protocol-Version", version.trim());
        assert_refused(&bench, &ask, ask.message.to_string(), UNSUPPORTED_VERSION, json!(1)).await;
    }
}

#[tokio::test]
async fn j13_meta_that_is_absent_or_of_the_wrong_type_is_invalid() {
    let bench = start("").await;
    let version = "io.modelcontextprotocol/protocolVersion";
    let capabilities = "io.modelcontextprotocol/clientCapabilities";
    let with_meta = |meta: Option<Value>| {
        let mut ask = Ask::write(Era::Stateless);
        let params = ask.message["params"].as_object_mut().expect("params");
        params.remove("_meta");
        params.extend(meta.map(|meta| ("_meta".to_owned(), meta)));
        ask
    };
    for meta in [
        None,
        Some(Value::Null),
        Some(json!({})),
        Some(json!([])),
        Some(json!("x")),
        Some(json!({ version: "2026-07-28" })),
        Some(json!({ capabilities: {} })),
        Some(json!({ version: 20260728, capabilities: {} })),
        Some(json!({ version: ["2026-07-28"], capabilities: {} })),
        Some(json!({ version: null, capabilities: {} })),
        Some(json!({ version: "2026-07-28", capabilities: "all" })),
        Some(json!({ version: "2026-07-28", capabilities: [] })),
        Some(json!({ version: "2026-07-28", capabilities: {}, "io.modelcontextprotocol/clientInfo": "me" })),
        Some(json!({ version: "2026-07-28", capabilities: {}, "progressToken": {} })),
    ] {
        let ask = with_meta(meta);
        assert_refused(&bench, &ask, ask.message.to_string(), INVALID_PARAMS, json!(1)).await;
    }
    let ask =
        with_meta(Some(json!({ version: "2026-07-28", capabilities: {}, "progressToken": 1, "x/y": [] })));
    assert_served(&bench, &ask, ask.message.to_string()).await;
}

#[tokio::test]
async fn j15_j16_what_is_no_request_is_refused() {
    let bench = start("").await;
    for era in Era::ALL {
        let ask = Ask::write(era);
        let with = |change: &dyn Fn(&mut Value)| {
            let mut message = ask.message.clone();
            change(&mut message);
            message.to_string()
        };
        let remove = |key: &'static str| {
            move |message: &mut Value| drop(message.as_object_mut().expect("an object").remove(key))
        };
        for (body, id) in [
            (with(&|m| m["jsonrpc"] = "1.0".into()), json!(1)),
            (with(&|m| m["jsonrpc"] = 2.0.into()), json!(1)),
            (with(&|m| m["jsonrpc"] = "2.0 ".into()), json!(1)),
            (with(&remove("jsonrpc")), json!(1)),
            (with(&|m| m["method"] = 5.into()), json!(1)),
            (with(&|m| m["method"] = Value::Null), json!(1)),
            (with(&remove("method")), json!(1)),
            (with(&|m| m["result"] = json!({})), json!(1)),
            (with(&|m| m["error"] = json!({ "code": 1, "message": "x" })), json!(1)),
            (with(&|m| m["id"] = Value::Null), Value::Null),
            (with(&|m| m["id"] = 1.5.into()), Value::Null),
            (with(&|m| m["id"] = true.into()), Value::Null),
            (with(&|m| m["id"] = json!({})), Value::Null),
            (with(&|m| m["id"] = json!([1])), Value::Null),
            (with(&|m| m["id"] = u64::MAX.into()), Value::Null),
            // A request that forgot its id is no notification.
            (with(&remove("id")), Value::Null),
            // A reply to a request nobody made, outside of any session.
            (
                json!({ "jsonrpc": "2.0", "id": 1, "result": {}, "error": { "code": 1, "message": "x" } })
                    .to_string(),
                Value::Null,
            ),
            (json!({ "jsonrpc": "2.0", "id": 1, "error": "x" }).to_string(), Value::Null),
            (json!({ "jsonrpc": "2.0", "id": null, "result": {} }).to_string(), Value::Null),
        ] {
            let mut bare = ask.clone();
            bare.remove("Mcp-Method").remove("Mcp-Name");
            assert_refused(&bench, &bare, body, INVALID_REQUEST, id).await;
        }
        for id in [json!("a"), json!(""), json!(0), json!(-7), json!(i64::MAX), json!("\u{1F980}\n\"")] {
            let reply = ask.send_text(&bench, Some(&bench.with), with(&|m| m["id"] = id.clone())).await;
            assert_eq!(reply.json()["id"], id, "{}", reply.text());
            assert_eq!(reply.json()["result"]["content"][0]["text"], "hello");
        }
    }
}

#[tokio::test]
async fn j18_an_unknown_method_is_401_for_nobody_and_not_found_for_the_rest() {
    let bench = start("").await;
    for era in Era::ALL {
        for method in [
            "acme/unknown",
            "tools/Call",
            "tools/call ",
            "TOOLS/CALL",
            "rpc.discover",
            "",
            "tools/call\0",
            "\u{202e}",
        ] {
            let mut ask =
                Ask::new(era, method, json!({ "name": "write_note", "arguments": { "text": "x" } }));
            // Such methods do not go into a header; without one, 2026-07-28 cannot name them.
            let sendable =
                method.trim() == method && method.is_ascii() && !method.contains('\0') && !method.is_empty();
            if !sendable && era == Era::Stateless {
                continue;
            }
            ask.remove("Mcp-Name");
            let reply = ask.send(&bench, None).await;
            assert_eq!(reply.status(), 401, "{method:?}: {}", reply.text());
            assert_eq!(reply.challenge().expect("a challenge").scopes(), ["base"]);
            for token in [&bench.without, &bench.with] {
                let reply = ask.send(&bench, Some(token)).await;
                assert_eq!(code(&reply), Some(METHOD_NOT_FOUND), "{method:?}: {}", reply.text());
                assert_eq!(reply.status() == 404, era == Era::Stateless, "{method:?}: {}", reply.text());
            }
        }
        let ask = Ask::new(era, "acme/report", json!({}));
        assert_eq!(
            ask.send(&bench, None).await.challenge().expect("a challenge").scopes(),
            ["base", "write"]
        );
        assert_eq!(ask.send(&bench, Some(&bench.without)).await.status(), 403);
        assert_eq!(ask.send(&bench, Some(&bench.with)).await.json()["result"]["report"], "fine");
    }
    assert_eq!(bench.everything.ran(), Era::ALL.len());
}

/// Every kind of thing that has a name, one that exists and one that does not.
fn things(era: Era) -> [(Ask, Ask); 4] {
    let pair = |method: &str, there: Value, absent: Value| {
        (Ask::new(era, method, there), Ask::new(era, method, absent))
    };
    let complete = |name: &str| json!({ "ref": { "type": "ref/prompt", "name": name }, "argument": { "name": "a", "value": "" } });
    [
        pair("tools/call", json!({ "name": "export_notes" }), json!({ "name": "no_such_tool" })),
        pair("prompts/get", json!({ "name": "summarize" }), json!({ "name": "no_such_prompt" })),
        pair("resources/read", json!({ "uri": "note://all" }), json!({ "uri": "nothing://all" })),
        pair("completion/complete", complete("summarize"), complete("no_such_prompt")),
    ]
}

#[tokio::test]
async fn j19_with_visibility_all_a_forbidden_operation_is_403_and_an_unknown_one_is_not() {
    let bench = start("").await;
    for era in Era::ALL {
        for (there, absent) in things(era) {
            let reply = there.send(&bench, Some(&bench.without)).await;
            assert_eq!(reply.status(), 403, "{}: {}", there.message, reply.text());
            assert_eq!(reply.challenge().expect("a challenge").error(), Some("insufficient_scope"));
            let reply = absent.send(&bench, Some(&bench.without)).await;
            assert_eq!((reply.status(), code(&reply)), (200, Some(INVALID_PARAMS)), "{}", reply.text());
            assert_eq!(reply.json()["id"], 1);
        }
    }
    assert_eq!(bench.everything.ran(), 0);
}

#[tokio::test]
async fn j19_with_visibility_granted_a_forbidden_operation_answers_like_an_unknown_one() {
    let bench = start("[auth]\nvisibility = \"granted\"\n").await;
    for era in Era::ALL {
        for (there, absent) in things(era) {
            let forbidden = there.send(&bench, Some(&bench.without)).await;
            let unknown = absent.send(&bench, Some(&bench.without)).await;
            assert_eq!(
                (forbidden.status(), code(&forbidden)),
                (200, Some(INVALID_PARAMS)),
                "{}",
                forbidden.text()
            );
            assert_eq!(forbidden.challenge(), None);
            // Nothing but the name differs.
            let name = |ask: &Ask| {
                let params = &ask.message["params"];
                let named =
                    params["name"].as_str().or(params["uri"].as_str()).or(params["ref"]["name"].as_str());
                named.expect("a name").to_owned()
            };
            let (one, other) = (forbidden.json().to_string(), unknown.json().to_string());
            assert_eq!(one.replace(&name(&there), "…"), other.replace(&name(&absent), "…"));
        }
    }
    assert_eq!(bench.everything.ran(), 0);
    let token = bench.server.token("alice").scope("export read").mint();
    let (there, _) = &things(Era::Stateless)[0];
    assert_eq!(there.send(&bench, Some(&token)).await.status(), 200);
    assert_eq!(bench.everything.ran(), 1);
}

#[tokio::test]
async fn j19_nobody_gets_401_for_what_is_there_and_what_is_not() {
    for connect in ["authenticated", "anonymous"] {
        for visibility in ["all", "granted"] {
            let bench = start(&format!("[auth]\nconnect = {connect:?}\nvisibility = {visibility:?}\n")).await;
            for era in Era::ALL {
                for (there, absent) in things(era) {
                    for ask in [there, absent] {
                        let reply = ask.send(&bench, None).await;
                        assert_eq!(reply.status(), 401, "{connect} {visibility}: {}", reply.text());
                        assert_eq!(reply.challenge().expect("a challenge").error(), None);
                    }
                }
                assert_eq!(Ask::tool(era, "ping", json!({})).send(&bench, None).await.status(), 200);
            }
            assert_eq!(bench.everything.ran(), Era::ALL.len(), "the public tool alone");
        }
    }
}

#[tokio::test]
async fn j21_names_match_exactly_or_not_at_all() {
    let bench = start("").await;
    let admin = bench.server.token("alice").scope("admin export audit").mint();
    let long = "x".repeat(10 * 1024);
    for era in Era::ALL {
        for name in [
            "READ_NOTE",
            "Read_note",
            " read_note",
            "read_note ",
            "read_note\0",
            "read_note\n",
            "read_not\u{65}\u{301}",
            "r\u{435}ad_note",
            "read-note",
            "read_note/",
            "read_note,ping",
            "./read_note",
            "%72ead_note",
            "",
            "*",
            &long,
        ] {
            let mut ask = Ask::tool(era, name, json!({}));
            if era == Era::Stateless && (name.trim() != name || name.is_empty()) {
                use base64::Engine as _;
                let encoded = base64::prelude::BASE64_STANDARD.encode(name);
                ask.set("Mcp-Name", &format!("=?base64?{encoded}?="));
            }
            let reply = ask.send(&bench, Some(&admin)).await;
            assert_eq!(code(&reply), Some(INVALID_PARAMS), "{name:?}: {}", &reply.text()[..200]);
            assert_eq!(ask.send(&bench, None).await.status(), 401, "{name:?}");
        }
        for name in [json!(5), json!(["read_note"]), json!({ "name": "read_note" }), Value::Null, json!(true)]
        {
            let mut ask = Ask::tool(era, "read_note", json!({}));
            ask.message["params"]["name"] = name;
            assert_refused(&bench, &ask, ask.message.to_string(), INVALID_PARAMS, json!(1)).await;
        }
    }
    assert_eq!(bench.everything.ran(), 0);
    assert_eq!(
        Ask::tool(Era::Stateless, "read_note", json!({})).send(&bench, Some(&admin)).await.status(),
        200
    );
    assert_eq!(bench.everything.ran(), 1);
}

#[tokio::test]
async fn j22_a_tool_does_not_run_on_arguments_its_schema_forbids() {
    let bench = start("").await;
    for era in Era::ALL {
        for arguments in [
            json!({}),
            json!({ "text": 5 }),
            json!({ "text": null }),
            json!({ "text": ["x"] }),
            json!({ "Text": "x" }),
            json!({ "text": "x", "extra": 1 }),
            Value::Null,
        ] {
            let ask = Ask::tool(era, "write_note", arguments.clone());
            let reply = ask.send(&bench, Some(&bench.with)).await;
            let failed = code(&reply) == Some(INVALID_PARAMS) || reply.json()["result"]["isError"] == true;
            assert!(failed, "{arguments}: {}", reply.text());
            assert_eq!(ask.send(&bench, Some(&bench.without)).await.status(), 403, "the scope comes first");
        }
        for arguments in [json!([]), json!("text"), json!(1), json!(true)] {
            let ask = Ask::tool(era, "write_note", arguments);
            assert_refused(&bench, &ask, ask.message.to_string(), INVALID_PARAMS, json!(1)).await;
        }
        for params in [json!([]), json!("write_note"), json!(["write_note", {}])] {
            let mut ask = Ask::write(era);
            ask.message["params"] = params;
            assert_refused(&bench, &ask, ask.message.to_string(), INVALID_PARAMS, json!(1)).await;
        }
    }
    assert_eq!(bench.everything.ran(), 0);
}

#[tokio::test]
async fn j25_what_a_client_says_of_itself_grants_nothing() {
    let bench = start("").await;
    for era in Era::ALL {
        let mut ask = Ask::write(era);
        ask.message["scope"] = "write admin".into();
        ask.message["params"]["scope"] = "write admin".into();
        ask.message["params"]["caller"] = json!({ "sub": "root", "scope": "admin" });
        ask.message["params"]["_meta"]["io.modelcontextprotocol/clientInfo"] =
            json!({ "name": "admin", "version": "1", "scope": "write" });
        ask.message["params"]["_meta"]["scope"] = "write admin".into();
        ask.message["params"]["_meta"]["authorization"] = format!("Bearer {}", bench.with).into();
        if era != Era::Stateless {
            let meta = ask.message["params"]["_meta"].as_object_mut().expect("_meta");
            meta.remove("io.modelcontextprotocol/clientInfo");
        }
        ask.add("X-Scope", "write").add("X-User", "root").add("X-Roles", "admin").add("Scope", "write");
        assert_eq!(ask.send(&bench, None).await.status(), 401);
        let reply = ask.send(&bench, Some(&bench.without)).await;
        assert_eq!(reply.status(), 403, "{}", reply.text());
        assert_eq!(reply.json()["error"]["data"]["held"], json!([]));
    }
    assert_eq!(bench.everything.ran(), 0);
}

const LISTS: [&str; 4] = ["tools/list", "prompts/list", "resources/list", "resources/templates/list"];

#[tokio::test]
async fn j27_a_cursor_we_never_gave_out_is_invalid() {
    let bench = start("").await;
    for era in Era::ALL {
        for list in LISTS {
            for cursor in [json!("forged"), json!(""), json!("MQ=="), json!("0"), json!("x".repeat(10_000))] {
                let reply =
                    Ask::new(era, list, json!({ "cursor": cursor })).send(&bench, Some(&bench.with)).await;
                assert_eq!(code(&reply), Some(INVALID_PARAMS), "{list} {cursor}: {}", reply.text());
            }
            for cursor in [json!(1), json!({}), json!(["a"])] {
                let ask = Ask::new(era, list, json!({ "cursor": cursor }));
                assert_refused(&bench, &ask, ask.message.to_string(), INVALID_PARAMS, json!(1)).await;
            }
            let reply = Ask::new(era, list, json!({ "cursor": null })).send(&bench, Some(&bench.with)).await;
            assert_eq!(reply.json()["result"].get("nextCursor"), None, "{}", reply.text());
            assert!(reply.json()["result"].is_object(), "{}", reply.text());
        }
    }
}

/// The names or URIs a list shows, in order.
async fn shown(bench: &Bench, era: Era, list: &str, token: Option<&str>) -> (Vec<String>, Value) {
    let reply = Ask::new(era, list, json!({})).send(bench, token).await;
    assert_eq!(reply.status(), 200, "{list}: {}", reply.text());
    let result = reply.json()["result"].clone();
    let items =
        ["tools", "prompts", "resources", "resourceTemplates"].iter().find_map(|key| result[*key].as_array());
    let name = |item: &Value| {
        let name = item.get("uri").or(item.get("uriTemplate")).or(item.get("name"));
        name.and_then(Value::as_str).expect("a name").to_owned()
    };
    let mut names: Vec<String> = items.expect("a list").iter().map(name).collect();
    names.sort();
    (names, result["cacheScope"].clone())
}

#[tokio::test]
async fn j28_with_visibility_granted_lists_show_what_the_caller_may_call_and_are_private() {
    let bench = start("[auth]\nvisibility = \"granted\"\nconnect = \"anonymous\"\n").await;
    let open = ["panics", "ping", "who"];
    let known = ["panics", "ping", "request_parts", "who", "whoami", "works"];
    let read = ["panics", "ping", "read_note", "request_parts", "who", "whoami", "works"];
    let write = ["panics", "ping", "read_note", "request_parts", "who", "whoami", "works", "write_note"];
    let reader = bench.server.token("alice").scope("read").mint();
    let none: [&str; 0] = [];
    for era in Era::ALL {
        for (token, tools, prompts, resources, templates) in [
            (None, &open[..], &none[..], &["about://server"][..], &none[..]),
            (Some(&bench.without), &known[..], &none[..], &["about://server"][..], &none[..]),
            (
                Some(&reader),
                &read[..],
                &["summarize"][..],
                &["about://server", "note://all"][..],
                &["note://{id}"][..],
            ),
            (
                Some(&bench.with),
                &write[..],
                &["summarize"][..],
                &["about://server", "note://all"][..],
                &["note://{id}"][..],
            ),
        ] {
            for (list, expected) in LISTS.into_iter().zip([tools, prompts, resources, templates]) {
                let (found, cache) = shown(&bench, era, list, token.map(String::as_str)).await;
                assert_eq!(found, expected, "{list} {era:?}");
                if era == Era::Stateless {
                    assert_eq!(cache, "private", "{list}");
                }
            }
        }
    }
}

#[tokio::test]
async fn j28_with_visibility_all_lists_show_a_caller_everything_and_nobody_what_is_public() {
    let bench = start("[auth]\nconnect = \"anonymous\"\n").await;
    for era in Era::ALL {
        let (all, cache) = shown(&bench, era, "tools/list", Some(&bench.without)).await;
        assert_eq!(all.len(), 11, "{all:?}");
        let (open, _) = shown(&bench, era, "tools/list", None).await;
        assert_eq!(open, ["panics", "ping", "who"]);
        if era == Era::Stateless {
            assert_eq!(cache, "private", "what nobody sees must not come from somebody's cache");
        }
    }
}

#[tokio::test]
async fn j30_a_uri_that_is_not_exactly_one_of_ours_is_unknown() {
    let bench = start("").await;
    for era in Era::ALL {
        for uri in [
            "note://..",
            "note://../all",
            "note://%2e%2e",
            "note://%2e%2e%2fall",
            "note://1/../2",
            "note://1%2f2",
            "note://1\\2",
            "note://1\0",
            "note://1%00",
            "note://all/",
            "note://ALL",
            "NOTE://all",
            "note://all?x=1",
            "note://all#x",
            "note:///all",
            "note:all",
            "note://",
            "note://x",
            "note://-1",
            "note://1.0",
            "note://\u{661}",
            "note://99999999999999999999",
            "file:///etc/passwd",
            "note://{id}",
            "",
        ] {
            let mut ask = Ask::new(era, "resources/read", json!({ "uri": uri }));
            if era == Era::Stateless && uri.is_empty() {
                ask.set("Mcp-Name", "=?base64??=");
            }
            let reply = ask.send(&bench, Some(&bench.with)).await;
            assert_eq!(code(&reply), Some(INVALID_PARAMS), "{uri:?}: {}", reply.text());
            assert_eq!(ask.send(&bench, None).await.status(), 401, "{uri:?}");
        }
        for uri in [json!(5), json!(null), json!(["note://all"])] {
            let mut ask = Ask::new(era, "resources/read", json!({ "uri": "note://all" }));
            ask.message["params"]["uri"] = uri;
            assert_refused(&bench, &ask, ask.message.to_string(), INVALID_PARAMS, json!(1)).await;
        }
    }
    assert_eq!(bench.everything.ran(), 0);
    for (uri, text) in
        [("note://all", "every note"), ("note://7", "note 7"), ("about://server", "a test server")]
    {
        let reply = Ask::new(Era::Stateless, "resources/read", json!({ "uri": uri }))
            .send(&bench, Some(&bench.with))
            .await;
        assert_eq!(reply.json()["result"]["contents"][0]["text"], text, "{}", reply.text());
        assert_eq!(reply.json()["result"]["contents"][0]["uri"], uri);
    }
}

#[tokio::test]
async fn j31_a_log_level_nobody_knows_is_invalid() {
    let bench = start("").await;
    for level in [json!("bogus"), json!("DEBUG"), json!(""), json!(7), json!({}), Value::Null] {
        let mut ask = Ask::write(Era::Stateless);
        ask.message["params"]["_meta"]["io.modelcontextprotocol/logLevel"] = level.clone();
        assert_refused(&bench, &ask, ask.message.to_string(), INVALID_PARAMS, json!(1)).await;
        // 2026-07-28 has no such method any more.
        for era in Era::ALL.into_iter().filter(|era| *era != Era::Stateless) {
            let ask = Ask::new(era, "logging/setLevel", json!({ "level": level }));
            assert_refused(&bench, &ask, ask.message.to_string(), INVALID_PARAMS, json!(1)).await;
        }
    }
    let mut ask = Ask::write(Era::Stateless);
    ask.message["params"]["_meta"]["io.modelcontextprotocol/logLevel"] = "debug".into();
    assert_served(&bench, &ask, ask.message.to_string()).await;
}

#[tokio::test]
async fn j32_a_notification_is_accepted_without_a_body_and_runs_nothing() {
    let bench = start("").await;
    for era in Era::ALL {
        for method in
            ["notifications/initialized", "notifications/cancelled", "notifications/acme", "acme/unknown"]
        {
            let mut ask = Ask::new(era, method, json!({ "requestId": 1 }));
            ask.message.as_object_mut().expect("an object").remove("id");
            let reply = ask.send(&bench, Some(&bench.without)).await;
            assert_eq!(reply.status(), 202, "{method} {era:?}: {}", reply.text());
            assert!(reply.text().ends_with("\r\n\r\n"), "{}", reply.text());
            assert_eq!(ask.send(&bench, None).await.status(), 401, "{method}");
        }
        // A declared method without an id keeps its rule, and still runs nothing.
        let mut ask = Ask::new(era, "acme/report", json!({}));
        ask.message.as_object_mut().expect("an object").remove("id");
        assert_eq!(ask.send(&bench, Some(&bench.without)).await.status(), 403);
        assert_eq!(ask.send(&bench, Some(&bench.with)).await.status(), 202);
        // A method that MCP knows as a request does not become a notification by losing its id.
        for method in ["tools/call", "resources/read", "tools/list", "ping"] {
            let mut ask = Ask::new(era, method, json!({ "name": "write_note", "uri": "note://all" }));
            ask.message.as_object_mut().expect("an object").remove("id");
            assert_refused(&bench, &ask, ask.message.to_string(), INVALID_REQUEST, Value::Null).await;
        }
    }
    assert_eq!(bench.everything.ran(), 0);
}

#[tokio::test]
async fn c6_sessions_mean_nothing_on_2026_07_28() {
    let bench = start("").await;
    for header in ["Mcp-Session-Id", "Last-Event-ID"] {
        let mut ask = Ask::write(Era::Stateless);
        ask.set(header, "somebody-elses");
        assert_served(&bench, &ask, ask.message.to_string()).await;
        assert_eq!(ask.send(&bench, Some(&bench.with)).await.header("mcp-session-id"), None);
        let mut ask = Ask::new(Era::Stateless, "notifications/cancelled", json!({ "requestId": 1 }));
        ask.message.as_object_mut().expect("an object").remove("id");
        ask.set(header, "somebody-elses");
        assert_eq!(ask.send(&bench, Some(&bench.with)).await.status(), 202, "{header}");
        // A notification need not say its revision in the body: the header does.
        ask.message["params"].as_object_mut().expect("params").remove("_meta");
        assert_eq!(ask.send(&bench, Some(&bench.with)).await.status(), 202, "{header}");
    }
}

#[tokio::test]
async fn j39_a_tool_that_panics_fails_its_own_call_only() {
    let bench = start("").await;
    for era in Era::ALL {
        let panicked = Ask::tool(era, "panics", json!({})).send(&bench, Some(&bench.with)).await;
        assert_eq!(code(&panicked), Some(-32603), "{}", panicked.text());
        assert!(!panicked.text().contains("a tool that panics"), "what it said stays here");
        assert_eq!(panicked.json()["id"], 1);
        let ask = Ask::write(era);
        assert_served(&bench, &ask, ask.message.to_string()).await;
    }
    // In a session too, and the session lives on.
    for era in Era::ALL {
        let client = bench.server.client().era(era).token(bench.with.clone());
        assert_eq!(client.call_tool("panics", json!({})).await.error_code(), Some(-32603), "{era:?}");
        assert_eq!(
            client.call_tool("write_note", json!({ "text": "on" })).await.text(),
            Some("on"),
            "{era:?}"
        );
    }
}

/// A server one of whose tools never answers.
#[derive(Debug, Clone, Default)]
struct Patient {
    started: Arc<Notify>,
    dropped: Arc<Notify>,
}

struct OnDrop(Arc<Notify>);

impl Drop for OnDrop {
    fn drop(&mut self) {
        self.0.notify_one();
    }
}

/// Patient.
#[server(name = "patient")]
impl Patient {
    /// Never answers.
    #[tool(authenticated)]
    async fn hangs(&self, cancelled: CancellationToken) -> &'static str {
        let _told = OnDrop(Arc::clone(&self.dropped));
        self.started.notify_one();
        cancelled.cancelled().await;
        "cancelled"
    }

    /// Answers with as many megabytes as it is asked for.
    #[tool(authenticated)]
    fn large(&self, Parameters(size): Parameters<Size>) -> String {
        "x".repeat(size.megabytes << 20)
    }
}

#[derive(Debug, mcp_auth::serde::Deserialize, mcp_auth::schemars::JsonSchema)]
#[serde(crate = "mcp_auth::serde")]
#[schemars(crate = "mcp_auth::schemars")]
struct Size {
    megabytes: usize,
}

#[tokio::test]
async fn j38_j39_a_tool_that_hangs_holds_nobody_up_and_ends_with_its_client() {
    let patient = Patient::default();
    let server = TestServer::start(patient.clone()).await.expect("it starts");
    let wire = Wire::of(&server);
    let bearer = format!("Authorization: Bearer {}\r\n", server.token("alice").mint());
    let mut hanging = wire.connect().await;
    let body = crate::wire::call_body("hangs");
    let request = format!(
        "POST /mcp HTTP/1.1\r\nHost: {}\r\n{}{bearer}Content-Length: {}\r\n\r\n{body}",
        wire.host(),
        crate::wire::call_headers("hangs"),
        body.len()
    );
    hanging.write_all(request.as_bytes()).await.expect("sent");
    timeout(Duration::from_secs(10), patient.started.notified()).await.expect("it runs");
    let client = server.client().token(server.token("bob"));
    for _ in 0..3 {
        assert!(client.call_tool("large", json!({ "megabytes": 0 })).await.is_success());
    }
    drop(hanging);
    timeout(Duration::from_secs(10), patient.dropped.notified()).await.expect("a disconnect cancels it");
    // A large answer arrives whole.
    let large = client.call_tool("large", json!({ "megabytes": 32 })).await;
    assert_eq!(large.text().map(str::len), Some(32 << 20));
    server.stop().await;
}
