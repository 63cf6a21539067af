//! Requests, notifications and responses: J15, J16, ids, and what refusals say.

use rmcp::model::ErrorCode;
use serde_json::json;

use super::support::*;

#[test]
fn the_bytes_are_kept_as_they_came() {
    let text = "  {\"id\":\"x\" ,\"method\":\"ping\",\"jsonrpc\":\"2.0\"}\r\n";
    assert_eq!(read_text(text).unwrap().bytes(), text.as_bytes());
}

#[test]
fn j15_jsonrpc_must_be_2_0() {
    let good = request("ping", json!({}));
    for bad in ["\"1.0\"", "\"2\"", "2.0", "2", "null", "[\"2.0\"]", "\" 2.0\""] {
        assert_eq!(refusal(good.replace("\"2.0\"", bad)), "-32600 1");
    }
    assert_eq!(refusal(r#"{"id":1,"method":"ping"}"#), "-32600 1");
    assert_eq!(refusal(r#"{"JSONRPC":"2.0","id":1,"method":"ping"}"#), "-32600 1");
}

#[test]
fn j16_requests_mixed_with_results_are_invalid() {
    for (mixed, id) in [
        (json!({ "jsonrpc": "2.0", "id": 1, "method": "ping", "result": {} }), "1"),
        (json!({ "jsonrpc": "2.0", "id": 1, "method": "ping", "error": null }), "1"),
        (json!({ "jsonrpc": "2.0", "method": "ping", "result": null }), "-"),
        (json!({ "jsonrpc": "2.0", "id": 1, "result": {}, "error": { "code": 1, "message": "" } }), "-"),
        (json!({ "jsonrpc": "2.0", "id": 1 }), "1"),
        (json!({ "jsonrpc": "2.0", "id": 1, "Method": "ping" }), "1"),
        (json!({ "jsonrpc": "2.0" }), "-"),
        (json!({}), "-"),
    ] {
        assert_eq!(refusal(mixed.to_string()), format!("-32600 {id}"), "{mixed}");
    }
}

#[test]
fn j16_responses_are_replies_and_carry_no_id() {
    for good in [
        json!({ "jsonrpc": "2.0", "id": 1, "result": { "name": "admin" }, "params": { "name": "x" } }),
        json!({ "jsonrpc": "2.0", "id": "s", "result": null }),
        json!({ "jsonrpc": "2.0", "id": 1, "error": { "code": -1, "message": "no" } }),
        json!({ "jsonrpc": "2.0", "id": null, "error": { "code": -1, "message": "no", "data": 1 } }),
        json!({ "jsonrpc": "2.0", "error": { "code": -1, "message": "no" } }),
    ] {
        let envelope = read_text(&good.to_string()).unwrap();
        assert_eq!(*envelope.message, Message::Reply);
        assert_eq!((envelope.kind, envelope.id, envelope.method), (MessageKind::Response, None, None));
    }
}

#[test]
fn j16_malformed_responses_are_never_answered() {
    for bad in [
        json!({ "jsonrpc": "2.0", "result": {} }),
        json!({ "jsonrpc": "2.0", "id": null, "result": {} }),
        json!({ "jsonrpc": "2.0", "id": 1.5, "error": { "code": -1, "message": "no" } }),
        json!({ "jsonrpc": "2.0", "id": 1, "error": "no" }),
        json!({ "jsonrpc": "2.0", "id": 1, "error": [-1, "no"] }),
        json!({ "jsonrpc": "2.0", "id": 1, "error": { "code": "x", "message": "no" } }),
        json!({ "jsonrpc": "1.0", "id": 1, "result": {} }),
    ] {
        let error = read_text(&bad.to_string()).unwrap_err();
        assert_eq!(error.code(), ErrorCode::INVALID_REQUEST, "{bad}");
        assert!(!error.may_be_answered(), "{bad}");
        assert_eq!(error.id(), None);
    }
}

#[test]
fn ids_are_strings_or_64_bit_integers() {
    let with = |id: &str| format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"ping"}}"#);
    for bad in ["null", "1.5", "1.0", "1e2", "-0.0", "true", "[]", "{}", "9223372036854775808", "1e30", "[1]"]
    {
        assert_eq!(refusal(with(bad)), "-32600 -", "{bad}");
    }
    for (good, id) in [
        ("0", RequestIdValue::Number(0)),
        ("-1", RequestIdValue::Number(-1)),
        ("9223372036854775807", RequestIdValue::Number(i64::MAX)),
        ("\"\"", RequestIdValue::String("".into())),
        ("\"1\"", RequestIdValue::String("1".into())),
    ] {
        assert_eq!(read_text(&with(good)).unwrap().id, Some(id));
    }
}

#[test]
fn an_id_over_256_bytes_is_refused_and_not_repeated() {
    let with = |id: &str| json!({ "jsonrpc": "2.0", "id": id, "method": "ping" }).to_string();
    assert!(read_text(&with(&"x".repeat(256))).is_ok());
    for long in ["x".repeat(257), "é".repeat(129), "x".repeat(3_000_000)] {
        let error = read_text(&with(&long)).unwrap_err();
        assert_eq!((error.code(), error.id()), (ErrorCode::INVALID_REQUEST, None));
        assert_eq!(error.to_string(), "`id` must have at most 256 bytes");
        assert!(error.may_be_answered());
        // Whatever else is wrong with the message.
        let misfit = json!({ "jsonrpc": "2.0", "id": long, "method": "tools/call", "params": [] });
        assert_eq!(refusal(misfit.to_string()), "-32600 -");
        assert_eq!(refusal(json!({ "id": long, "method": "ping" }).to_string()), "-32600 -");
    }
}

#[test]
fn what_rmcp_would_repeat_is_short() {
    let long = "2".repeat(300);
    let meta = |key: &str| json!({ "_meta": { (key): long } });
    assert_eq!(refusal(request("tools/list", meta("progressToken"))), "-32602 1");
    let unspeakable =
        read_text(&request("tools/list", meta("io.modelcontextprotocol/protocolVersion"))).unwrap();
    let said = unspeakable.unspeakable().unwrap().to_error_data();
    assert_eq!((said.code, said.data.unwrap()["requested"].as_str().unwrap().len()), (ErrorCode(-32022), 64));
    let spoken = request(
        "tools/list",
        json!({ "_meta": { "io.modelcontextprotocol/protocolVersion": "2026-07-28" } }),
    );
    assert!(read_text(&spoken).unwrap().unspeakable().is_none());
    let info =
        json!({ "protocolVersion": long, "capabilities": {}, "clientInfo": { "name": "c", "version": "0" } });
    assert_eq!(refusal(request("initialize", info)), "-32602 1");
    let uri = format!("skill://{}", "a".repeat(3000));
    assert_eq!(refusal(request("skills/get", json!({ "uri": uri }))), "-32602 1");
}

#[test]
fn methods_are_strings() {
    for bad in ["null", "1", "[\"ping\"]", "{}"] {
        assert_eq!(refusal(format!(r#"{{"jsonrpc":"2.0","id":1,"method":{bad}}}"#)), "-32600 1");
    }
}

#[test]
fn requests_without_an_id_are_not_notifications() {
    for method in ["tools/call", "tools/list", "initialize", "tasks/get", "ping"] {
        let text = json!({ "jsonrpc": "2.0", "method": method, "params": { "name": "admin" } }).to_string();
        assert_eq!(refusal(text), "-32600 -");
    }
}

#[test]
fn notifications_are_only_their_method_and_malformed_ones_are_not_answered() {
    let text = json!({ "jsonrpc": "2.0", "method": "x/y", "params": { "name": "admin" } }).to_string();
    let envelope = read_text(&text).unwrap();
    assert_eq!(envelope.kind, MessageKind::Notification);
    assert_eq!(*envelope.message, Message::Other { method: "x/y".into() });

    let text = json!({ "jsonrpc": "2.0", "method": "x/y", "params": [] }).to_string();
    let error = read_text(&text).unwrap_err();
    assert_eq!(error.code(), ErrorCode::INVALID_PARAMS);
    assert!(!error.may_be_answered());
}

#[test]
fn refusals_say_what_is_wrong_and_echo_no_values() {
    let secret = "hunter2";
    for text in [
        request("tools/call", json!({ "name": [secret] })),
        request("logging/setLevel", json!({ "level": secret })),
        request("ping", json!({ "_meta": secret })),
        format!("{{\"a\":\"{secret}\" x"),
    ] {
        let answer = serde_json::to_string(&read_text(&text).unwrap_err().to_json_rpc()).unwrap();
        assert!(!answer.contains(secret), "{answer}");
    }
    let answer =
        read_text(r#"{"jsonrpc":"2.0","id":"x","method":"a","method":"b"}"#).unwrap_err().to_json_rpc();
    assert_eq!(
        serde_json::to_value(answer).unwrap(),
        json!({ "jsonrpc": "2.0", "id": "x", "error": { "code": -32600,
            "message": "an object has the key \"method\" twice; parsers would differ on which one counts" } })
    );
}

#[test]
fn debug_shows_neither_arguments_nor_bytes() {
    let text = request("tools/call", json!({ "name": "a", "arguments": { "pin": "hunter2" } }));
    assert!(!format!("{:?}", read_text(&text).unwrap()).contains("hunter2"));
}
