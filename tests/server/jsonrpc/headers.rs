//! What stands beside the call, in headers and in `_meta`: it agrees with the body, or the call is refused.

use mcp_auth::testing::Era;
use serde_json::{Value, json};

use super::ask::{
    Ask, HEADER_MISMATCH, INVALID_PARAMS, UNSUPPORTED_VERSION, assert_refused, assert_served, start,
};

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
            // Leaving out the version header does not avoid the check.
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

#[tokio::test]
async fn j35_sessions_mean_nothing_on_2026_07_28() {
    let bench = start("").await;
    for header in ["Mcp-Session-Id", "Last-Event-ID"] {
        let mut ask = Ask::write(Era::Stateless);
        ask.set(header, "another-callers");
        assert_served(&bench, &ask, ask.message.to_string()).await;
        assert_eq!(ask.send(&bench, Some(&bench.with)).await.header("mcp-session-id"), None);
        let mut ask = Ask::new(Era::Stateless, "notifications/cancelled", json!({ "requestId": 1 }));
        ask.message.as_object_mut().expect("an object").remove("id");
        ask.set(header, "another-callers");
        assert_eq!(ask.send(&bench, Some(&bench.with)).await.status(), 202, "{header}");
        // A notification need not say its revision in the body: the header does.
        ask.message["params"].as_object_mut().expect("params").remove("_meta");
        assert_eq!(ask.send(&bench, Some(&bench.with)).await.status(), 202, "{header}");
    }
}
