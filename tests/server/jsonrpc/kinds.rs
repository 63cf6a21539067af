//! Requests, notifications and replies: which messages there are, and what each kind is answered.

use mcp_auth::testing::Era;
use serde_json::{Value, json};

use super::ask::{
    Ask, INVALID_PARAMS, INVALID_REQUEST, METHOD_NOT_FOUND, assert_refused, assert_served, code, start,
};

#[tokio::test]
async fn j15_j16_a_message_that_is_not_a_request_is_refused() {
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
            // A request without its id is not a notification.
            (with(&remove("id")), Value::Null),
            // A reply to a request that was never made, outside of any session.
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
async fn j18_an_unknown_method_is_401_without_a_token_and_not_found_with_one() {
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

#[tokio::test]
async fn j31_an_unknown_log_level_is_invalid() {
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
        let gone = Ask::new(Era::Stateless, "logging/setLevel", json!({ "level": level }));
        let reply = gone.send(&bench, Some(&bench.with)).await;
        assert_eq!((reply.status(), code(&reply)), (404, Some(-32601)), "{}", reply.text());
        assert_eq!(gone.send(&bench, None).await.status(), 401);
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
