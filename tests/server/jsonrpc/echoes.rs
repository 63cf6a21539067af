//! What a caller sent comes back short, wherever it comes back.

use mcp_auth::testing::Era;
use serde_json::{Value, json};

use super::ask::{Ask, INVALID_REQUEST, assert_refused, code, start};

/// An answer is not longer than this, however long the request was.
const SHORT: usize = 2_000;

const LEGACY: Era = Era::Legacy("2025-11-25");

#[tokio::test]
async fn an_answer_is_short_however_long_what_it_names_is() {
    let bench = start("").await;
    let long = "é\u{202e}".repeat(600_000);
    let named = [
        ("tools/call", json!({ "name": long })),
        ("prompts/get", json!({ "name": long })),
        ("resources/read", json!({ "uri": format!("nothing://{long}") })),
        ("resources/read", json!({ "uri": format!("note://{long}") })), // fits a template, and is not a number
        ("resources/subscribe", json!({ "uri": format!("nothing://{long}") })),
        (
            "completion/complete",
            json!({ "ref": { "type": "ref/prompt", "name": long }, "argument": { "name": "a", "value": "" } }),
        ),
        (
            "completion/complete",
            json!({ "ref": { "type": "ref/resource", "uri": long }, "argument": { "name": "a", "value": "" } }),
        ),
        ("tasks/get", json!({ "taskId": long })),
        ("tools/list", json!({ "cursor": long })),
        ("tools/list", json!({ "_meta": { "progressToken": long } })),
        ("tools/list", json!({ "_meta": { "io.modelcontextprotocol/protocolVersion": long } })),
        ("tools/list", json!({ "_meta": { (&long): long } })),
        (
            "initialize",
            json!({ "protocolVersion": long, "capabilities": {}, "clientInfo": { "name": long, "version": long } }),
        ),
        ("logging/setLevel", json!({ "level": long })),
        ("tools/call", json!({ "name": "write_note", "arguments": { "text": [long] } })),
        ("tools/call", json!({ "name": "write_note", "arguments": { "text": "x", (&long): 1 } })),
        ("tools/call", json!({ "name": "ping", "requestState": long })),
        ("tools/call", json!({ "name": "ping", "inputResponses": long })),
        (long.as_str(), json!({})),
    ];
    for (method, params) in named {
        let ask = Ask::new(LEGACY, method, params);
        for token in [Some(&*bench.with), Some(&bench.without)] {
            let reply = ask.send(&bench, token).await;
            let said = reply.text();
            assert!(said.len() < SHORT, "{}: {} bytes: {}", &method[..4], said.len(), &said[..300]);
        }
    }
    assert!(Ask::write(LEGACY).send(&bench, Some(&bench.with)).await.text().contains("hello"));
}

#[tokio::test]
async fn header_values_come_back_short() {
    let bench = start("[limits]\nheader_bytes = \"64 KiB\"\n").await;
    let long = "v".repeat(12_000);
    for header in [
        "MCP-Protocol-Version",
        "Mcp-Method",
        "Mcp-Name",
        "Accept",
        "Content-Type",
        "Origin",
        "Mcp-Session-Id",
    ] {
        for era in [LEGACY, Era::Stateless] {
            let mut ask = Ask::write(era);
            ask.set(header, &long);
            let reply = ask.send(&bench, Some(&bench.with)).await;
            assert!(reply.text().len() < SHORT, "{header} {era:?}: {}", reply.text());
        }
    }
    let mut opening = Ask::new(
        LEGACY,
        "initialize",
        json!({ "protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": { "name": "c", "version": "0" } }),
    );
    for header in ["MCP-Protocol-Version", "Mcp-Method"] {
        opening.set(header, &long);
        let reply = opening.send(&bench, Some(&bench.with)).await;
        assert!(reply.text().len() < SHORT, "{header}: {}", reply.text());
        opening.remove(header);
    }
}

#[tokio::test]
async fn an_id_over_256_bytes_is_an_invalid_request_with_id_null() {
    let bench = start("").await;
    for era in [LEGACY, Era::Stateless] {
        let mut ask = Ask::write(era);
        for (id, is_served) in
            [("x".repeat(256), true), ("x".repeat(257), false), ("x".repeat(3_000_000), false)]
        {
            ask.message["id"] = Value::from(id);
            if is_served {
                assert_eq!(
                    ask.send(&bench, Some(&bench.with)).await.json()["result"]["content"][0]["text"],
                    "hello"
                );
            } else if ask.message["id"].as_str().is_some_and(|id| id.len() < 1000) {
                assert_refused(&bench, &ask, ask.message.to_string(), INVALID_REQUEST, Value::Null).await;
            } else {
                let reply = ask.send(&bench, Some(&bench.with)).await;
                assert_eq!((code(&reply), reply.text().len() < SHORT), (Some(INVALID_REQUEST), true));
            }
        }
    }
}
