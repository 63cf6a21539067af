#![allow(clippy::unwrap_used, clippy::expect_used)]

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};
use rmcp::model::ErrorCode;
use serde_json::{Value, json};

use super::*;

fn read_text(text: &str) -> Result<Envelope, EnvelopeError> {
    read_bytes(text.as_bytes())
}

fn read_bytes(bytes: &[u8]) -> Result<Envelope, EnvelopeError> {
    read(&Bytes::copy_from_slice(bytes), EnvelopeLimits::default())
}

fn request(method: &str, params: Value) -> String {
    json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params }).to_string()
}

/// The refusal's code and id, as text: `-32600 1`, or `-32700 -` without an id.
fn refusal(text: impl AsRef<[u8]>) -> String {
    let error = read_bytes(text.as_ref()).expect_err("must be refused");
    let id = error.id().map_or("-".to_owned(), ToString::to_string);
    format!("{} {id}", error.code().0)
}

fn tool(name: &str) -> Operation {
    Operation::Tool {
        name: name.to_owned(),
        arguments: None,
    }
}

#[test]
fn tool_call_is_read_with_its_arguments() {
    let envelope = read_text(&request(
        "tools/call",
        json!({ "name": "add", "arguments": { "n": 1.5, "big": 18446744073709551615u64, "deep": [{ "a": null }] },
                "_meta": { "io.modelcontextprotocol/protocolVersion": "2026-07-28" } }),
    ))
    .unwrap();
    assert_eq!(envelope.kind, MessageKind::Request);
    assert_eq!(envelope.id, Some(RequestIdValue::Number(1)));
    assert_eq!(envelope.method.as_deref(), Some("tools/call"));
    assert_eq!(envelope.protocol_version.as_deref(), Some("2026-07-28"));
    let Operation::Tool { name, arguments } = envelope.operation else {
        panic!("a tool")
    };
    assert_eq!(name, "add");
    assert_eq!(
        Value::Object(arguments.unwrap()),
        json!({ "n": 1.5, "big": 18446744073709551615u64, "deep": [{ "a": null }] })
    );
}

#[test]
fn the_bytes_are_kept_as_they_came() {
    let text = "  {\"id\":\"x\" ,\"method\":\"ping\",\"jsonrpc\":\"2.0\"}\r\n";
    assert_eq!(read_text(text).unwrap().bytes(), text.as_bytes());
}

#[test]
fn j01_what_is_not_one_json_text_is_a_parse_error() {
    let good = request("ping", json!({}));
    for bad in [
        String::new(),
        " ".to_owned(),
        "{".to_owned(),
        good.replace('}', ""),
        good.replace(':', "="),
        format!("\u{feff}{good}"),
        format!("{good}x"),
        format!("{good}{good}"),
        format!("{good},"),
        good.replace(":1", ":NaN"),
        good.replace(":1", ":Infinity"),
        good.replace(":1", ":01"),
        good.replace(":1", ":1e999"),
        good.replace("{}", "{\"a\":\"\\ud800\"}"),
        good.replace("{}", "{\"a\":\"\\udc00\\ud800\"}"),
        good.replace("{}", "{\"\\ud800\":1}"),
        good.replace("{}", "{'a':1}"),
        good.replace("{}", "{\"a\":1,}"),
        good.replace("{}", "{/* */}"),
        good.replace("{}", "{\"a\":\"\n\"}"),
    ] {
        assert_eq!(refusal(&bad), "-32700 -", "{bad}");
    }
    for bad in [
        &b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"\xff\"}"[..],
        b"\xff\xfe{\0}\0",
        b"\0",
        b"[1,",
    ] {
        assert_eq!(refusal(bad), "-32700 -");
    }
}

#[test]
fn j01_surrogate_pairs_are_read() {
    let text = request("tools/call", json!({ "name": "@" })).replace('@', "\\ud83d\\ude00");
    assert_eq!(read_text(&text).unwrap().operation, tool("😀"));
}

#[test]
fn j02_batches_and_bare_values_are_invalid_requests() {
    let one = request("ping", json!({}));
    for bad in [
        format!("[{one}]"),
        format!("[{one},{one}]"),
        "[]".into(),
        "1".into(),
        "null".into(),
        "\"x\"".into(),
    ] {
        assert_eq!(refusal(&bad), "-32600 -", "{bad}");
    }
}

#[test]
fn j03_two_methods_are_an_invalid_request_in_either_order() {
    for (a, b) in [
        ("tools/list", "tools/call"),
        ("tools/call", "tools/list"),
        ("ping", "ping"),
    ] {
        let text = format!(
            r#"{{"jsonrpc":"2.0","id":7,"method":"{a}","method":"{b}","params":{{"name":"admin"}}}}"#
        );
        assert_eq!(refusal(&text), "-32600 7");
    }
}

#[test]
fn j04_duplicate_keys_are_refused_at_any_depth() {
    for (body, expected) in [
        (
            r#"{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"a"},"params":{"name":"b"}}"#,
            "-32600 7",
        ),
        (
            r#"{"jsonrpc":"2.0","method":"tools/call","params":{"name":"a","name":"b"},"id":7}"#,
            "-32600 7",
        ),
        (
            r#"{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"a","arguments":{},"arguments":{}}}"#,
            "-32600 7",
        ),
        (
            r#"{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"a","arguments":{"x":{"y":[{"z":1,"z":2}]}}}}"#,
            "-32600 7",
        ),
        (
            r#"{"jsonrpc":"2.0","id":7,"method":"ping","params":{"_meta":{},"_meta":{}}}"#,
            "-32600 7",
        ),
        (
            r#"{"jsonrpc":"2.0","id":7,"method":"ping","params":{"_meta":{"a":1,"a":1}}}"#,
            "-32600 7",
        ),
        (
            r#"{"jsonrpc":"2.0","jsonrpc":"2.0","id":7,"method":"ping"}"#,
            "-32600 7",
        ),
        (
            r#"{"jsonrpc":"2.0","id":7,"method":"ping","\u006dethod":"tools/list"}"#,
            "-32600 7",
        ),
        (
            r#"{"jsonrpc":"2.0","id":7,"method":"ping","x":{"":1,"":1}}"#,
            "-32600 7",
        ),
        (r#"{"jsonrpc":"2.0","id":7,"id":8,"method":"ping"}"#, "-32600 -"),
        (r#"{"jsonrpc":"2.0","id":7,"id":7,"method":"ping"}"#, "-32600 -"),
    ] {
        assert_eq!(refusal(body), expected, "{body}");
    }
}

#[test]
fn the_same_key_in_two_objects_is_no_duplicate() {
    let params = json!({ "name": "name", "arguments": { "name": { "name": ["name"] }, "arguments": {} } });
    assert!(read_text(&request("tools/call", params)).is_ok());
}

#[test]
fn j05_nesting_is_bounded_whatever_it_is_made_of() {
    // The message, its params and the arguments are three levels.
    let nested = |levels: usize, open: &str, close: &str| {
        let inner = format!("{}1{}", open.repeat(levels - 3), close.repeat(levels - 3));
        format!(
            r#"{{"jsonrpc":"2.0","method":"tools/call","params":{{"name":"a","arguments":{{"x":{inner}}}}},"id":7}}"#
        )
    };
    for (open, close) in [("[", "]"), ("{\"a\":", "}"), ("[{\"a\":", "}]")] {
        let per = if open == "[{\"a\":" { 2 } else { 1 };
        assert!(read_text(&nested(3 + 61 / per, open, close)).is_ok());
        assert_eq!(refusal(nested(4 + 61 / per + 1, open, close)), "-32600 7");
        // serde_json itself stops at 128; below our bound nothing recurses.
        assert_eq!(refusal(nested(20_000, open, close)), "-32600 7");
    }
    assert_eq!(refusal("[".repeat(20_000)), "-32700 -");
    let limits = EnvelopeLimits { max_depth: 3 };
    let four = Bytes::from(nested(4, "[", "]"));
    assert_eq!(
        read(&four, limits).unwrap_err().code(),
        ErrorCode::INVALID_REQUEST
    );
}

#[test]
fn j06_escapes_decode_before_anything_is_compared() {
    let plain = read_text(&request("tools/call", json!({ "name": "admin" }))).unwrap();
    let text = "{\"jsonrpc\":\"\\u0032.0\",\"id\":1,\"m\\u0065thod\":\"\\u0074ools\\/call\",\
                \"par\\u0061ms\":{\"n\\u0061me\":\"\\u0061dmin\"}}";
    let escaped = read_text(text).unwrap();
    assert_eq!(escaped.operation, plain.operation);
    assert_eq!(escaped.method, plain.method);
}

#[test]
fn j13_meta_and_its_reserved_keys_have_their_types() {
    let with = |meta: Value| request("tools/call", json!({ "name": "a", "_meta": meta }));
    let key = |key: &str, value: Value| with(json!({ format!("io.modelcontextprotocol/{key}"): value }));
    for bad in [
        with(json!([])),
        with(json!("x")),
        with(json!(1)),
        with(json!(true)),
        key("protocolVersion", json!(20260728)),
        key("protocolVersion", json!(null)),
        key("protocolVersion", json!(["2026-07-28"])),
        key("clientInfo", json!("claude")),
        key("clientInfo", json!({ "name": "x" })),
        key("clientInfo", json!(["name", "1.0"])),
        key("clientCapabilities", json!("all")),
        key("clientCapabilities", json!([])),
        key("clientCapabilities", json!(null)),
        key("logLevel", json!(3)),
        with(json!({ "progressToken": {} })),
        with(json!({ "progressToken": 1.5 })),
    ] {
        assert_eq!(refusal(&bad), "-32602 1", "{bad}");
    }
    for good in [
        with(json!({})),
        with(json!(null)),
        with(json!({ "anything": ["else"] })),
        key("protocolVersion", json!("1900-01-01")),
        key("clientInfo", json!({ "name": "x", "version": "1" })),
        key(
            "clientCapabilities",
            json!({ "elicitation": {}, "experimental": { "x": {} } }),
        ),
        key("logLevel", json!("info")),
        with(json!({ "progressToken": "t" })),
        with(json!({ "progressToken": 5 })),
    ] {
        assert!(read_text(&good).is_ok(), "{good}");
    }
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
        (
            json!({ "jsonrpc": "2.0", "id": 1, "method": "ping", "result": {} }),
            "1",
        ),
        (
            json!({ "jsonrpc": "2.0", "id": 1, "method": "ping", "error": null }),
            "1",
        ),
        (json!({ "jsonrpc": "2.0", "method": "ping", "result": null }), "-"),
        (
            json!({ "jsonrpc": "2.0", "id": 1, "result": {}, "error": { "code": 1, "message": "" } }),
            "-",
        ),
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
        assert_eq!(envelope.operation, Operation::Reply);
        assert_eq!(
            (envelope.kind, envelope.id, envelope.method),
            (MessageKind::Response, None, None)
        );
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
    for bad in [
        "null",
        "1.5",
        "1.0",
        "1e2",
        "-0.0",
        "true",
        "[]",
        "{}",
        "9223372036854775808",
        "1e30",
        "[1]",
    ] {
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
fn methods_are_strings() {
    for bad in ["null", "1", "[\"ping\"]", "{}"] {
        assert_eq!(
            refusal(format!(r#"{{"jsonrpc":"2.0","id":1,"method":{bad}}}"#)),
            "-32600 1"
        );
    }
}

#[test]
fn params_are_an_object_or_nothing() {
    for bad in [
        json!([]),
        json!(["name", "admin"]),
        json!("x"),
        json!(1),
        json!(true),
    ] {
        for method in ["ping", "tools/list", "tools/call", "custom/method"] {
            assert_eq!(refusal(request(method, bad.clone())), "-32602 1");
        }
    }
    assert!(read_text(&request("ping", json!(null))).is_ok());
    assert!(read_text(r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#).is_ok());
    assert_eq!(
        refusal(r#"{"jsonrpc":"2.0","id":1,"method":"tools/call"}"#),
        "-32602 1"
    );
}

/// rmcp turns each of these into a custom request of the same method.
#[test]
fn params_that_rmcp_cannot_parse_are_invalid_params() {
    let call = |params: Value| request("tools/call", params);
    for bad in [
        call(json!({})),
        call(json!({ "name": null })),
        call(json!({ "name": 1 })),
        call(json!({ "name": ["admin"] })),
        call(json!({ "Name": "admin" })),
        call(json!({ "name": "admin", "arguments": [] })),
        call(json!({ "name": "admin", "arguments": "{}" })),
        call(json!({ "name": "admin", "arguments": false })),
        call(json!({ "name": "admin", "inputResponses": [] })),
        call(json!({ "name": "admin", "requestState": {} })),
        request("prompts/get", json!({ "name": 1 })),
        request("prompts/get", json!({ "name": "p", "arguments": [] })),
        request("resources/read", json!({ "uri": null })),
        request("resources/read", json!({ "uri": "a:b", "requestState": 1 })),
        request("resources/subscribe", json!({})),
        request("resources/unsubscribe", json!({ "uri": 5 })),
        request("tasks/get", json!({})),
        request("tasks/cancel", json!({ "taskId": 5 })),
        request("tasks/update", json!({ "taskId": "t" })),
        request("tasks/update", json!({ "taskId": "t", "inputResponses": [] })),
        request("tasks/result", json!({ "taskId": 5 })),
        request("server/discover", json!(null)),
        r#"{"jsonrpc":"2.0","id":1,"method":"server/discover"}"#.to_owned(),
        request("tools/list", json!({ "cursor": 5 })),
        request("logging/setLevel", json!({ "level": "loud" })),
        request("logging/setLevel", json!({})),
        request("skills/get", json!({})),
        request("resources/directory/read", json!({ "uri": 1 })),
        request("initialize", json!({ "protocolVersion": "2025-11-25" })),
        request(
            "initialize",
            json!({ "protocolVersion": 1, "capabilities": {}, "clientInfo": { "name": "a", "version": "1" } }),
        ),
    ] {
        assert_eq!(refusal(&bad), "-32602 1", "{bad}");
    }
}

/// serde reads structs from arrays too, so rmcp would accept these and mean something by them.
#[test]
fn arrays_in_place_of_objects_are_invalid_params() {
    for bad in [
        request(
            "subscriptions/listen",
            json!({ "notifications": [true, true, true, ["secret://1"]] }),
        ),
        request(
            "completion/complete",
            json!({ "ref": ["ref/prompt", "admin"], "argument": { "name": "a", "value": "" } }),
        ),
        request(
            "completion/complete",
            json!({ "ref": { "type": "ref/prompt", "name": "p" }, "argument": ["a", ""] }),
        ),
        request(
            "initialize",
            json!({ "protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": ["a", null, null, "1"] }),
        ),
    ] {
        assert_eq!(refusal(&bad), "-32602 1", "{bad}");
    }
}

#[test]
fn completion_is_of_its_reference() {
    let complete = |reference: Value| {
        request(
            "completion/complete",
            json!({ "ref": reference, "argument": { "name": "a", "value": "v" } }),
        )
    };
    let of = |reference| read_text(&complete(reference)).map(|envelope| envelope.operation);
    assert_eq!(
        of(json!({ "type": "ref/prompt", "name": "p", "uri": "a:b" })).unwrap(),
        Operation::Complete {
            reference: Reference::Prompt("p".into())
        }
    );
    assert_eq!(
        of(json!({ "type": "ref/resource", "uri": "todo://{id}", "name": "p" })).unwrap(),
        Operation::Complete {
            reference: Reference::Resource("todo://{id}".into())
        }
    );
    for bad in [
        json!({ "type": "ref/tool", "name": "t" }),
        json!({ "type": "ref/prompt", "uri": "a:b" }),
        json!({ "type": "ref/resource", "name": "p" }),
        json!({ "name": "p" }),
        json!("p"),
        json!(null),
    ] {
        assert_eq!(refusal(complete(bad)), "-32602 1");
    }
}

#[test]
fn tasks_that_name_a_task_are_tasks_and_others_are_not() {
    let of = |method: &str, params| read_text(&request(method, params)).unwrap().operation;
    for method in ["tasks/get", "tasks/cancel", "tasks/result", "tasks/later"] {
        let expected = Operation::Task {
            method: method.into(),
            task_id: "t".into(),
        };
        assert_eq!(of(method, json!({ "taskId": "t" })), expected);
    }
    assert_eq!(
        of("tasks/list", json!({})),
        Operation::Other {
            method: "tasks/list".into()
        }
    );
}

#[test]
fn requests_without_an_id_are_no_notifications() {
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
    assert_eq!(envelope.operation, Operation::Other { method: "x/y".into() });

    let text = json!({ "jsonrpc": "2.0", "method": "x/y", "params": [] }).to_string();
    let error = read_text(&text).unwrap_err();
    assert_eq!(error.code(), ErrorCode::INVALID_PARAMS);
    assert!(!error.may_be_answered());
}

#[test]
fn j21_names_are_kept_exactly() {
    for name in [
        "READ",
        " read",
        "read ",
        "read\0",
        "re\u{301}ad",
        "",
        &"n".repeat(10_000),
    ] {
        let envelope = read_text(&request("tools/call", json!({ "name": name }))).unwrap();
        assert_eq!(envelope.operation, tool(name));
    }
}

#[test]
fn keys_that_serde_json_reserves_are_refused() {
    for key in [
        "$serde_json::private::Number",
        "$serde_json::private::RawValue",
        "$serde_json::private::x",
    ] {
        let text = request(
            "tools/call",
            json!({ "name": "a", "arguments": { "x": { key: "1" } } }),
        );
        assert_eq!(refusal(text), "-32600 1");
    }
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
    let answer = read_text(r#"{"jsonrpc":"2.0","id":"x","method":"a","method":"b"}"#)
        .unwrap_err()
        .to_json_rpc();
    assert_eq!(
        serde_json::to_value(answer).unwrap(),
        json!({ "jsonrpc": "2.0", "id": "x", "error": { "code": -32600,
            "message": "an object has the key \"method\" twice; parsers would differ on which one counts" } })
    );
}

#[test]
fn debug_shows_neither_arguments_nor_bytes() {
    let text = request(
        "tools/call",
        json!({ "name": "a", "arguments": { "pin": "hunter2" } }),
    );
    assert!(!format!("{:?}", read_text(&text).unwrap()).contains("hunter2"));
}

fn headers(pairs: &[(&str, &str)]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in pairs {
        headers.append(
            HeaderName::from_bytes(name.as_bytes()).unwrap(),
            HeaderValue::from_bytes(value.as_bytes()).unwrap(),
        );
    }
    headers
}

fn call_of(name: &str) -> Envelope {
    read_text(&request("tools/call", json!({ "name": name }))).unwrap()
}

fn call_on(version: &str, name: &str) -> Envelope {
    let meta = json!({ "io.modelcontextprotocol/protocolVersion": version });
    read_text(&request("tools/call", json!({ "name": name, "_meta": meta }))).unwrap()
}

#[test]
fn j07_headers_that_contradict_the_body_are_refused_on_every_revision() {
    let envelope = call_of("admin");
    for version in [
        None,
        Some("2025-03-26"),
        Some("2025-06-18"),
        Some("2025-11-25"),
        Some("2026-07-28"),
    ] {
        let with = |more: &[(&str, &str)]| {
            let mut headers = headers(more);
            if let Some(version) = version {
                headers.insert("mcp-protocol-version", HeaderValue::from_str(version).unwrap());
            }
            check_headers(&envelope, &headers)
        };
        assert_eq!(with(&[("mcp-name", "read")]), Err(HeaderMismatch::Name));
        assert_eq!(with(&[("mcp-name", "ADMIN")]), Err(HeaderMismatch::Name));
        assert_eq!(with(&[("mcp-name", "")]), Err(HeaderMismatch::Name));
        assert_eq!(with(&[("mcp-method", "tools/list")]), Err(HeaderMismatch::Method));
        assert_eq!(
            with(&[("mcp-method", "TOOLS/CALL"), ("mcp-name", "admin")]),
            Err(HeaderMismatch::Method)
        );
        assert_eq!(
            with(&[("mcp-method", "tools/call"), ("mcp-name", "admin")]),
            Ok(())
        );
        assert_eq!(with(&[]), Ok(()));
    }
}

#[test]
fn j07_every_method_with_a_name_is_held_against_it() {
    for (method, params) in [
        ("prompts/get", json!({ "name": "x" })),
        ("resources/read", json!({ "uri": "x" })),
        ("resources/subscribe", json!({ "uri": "x" })),
        ("resources/unsubscribe", json!({ "uri": "x" })),
        ("tasks/get", json!({ "taskId": "x" })),
        ("tasks/cancel", json!({ "taskId": "x" })),
    ] {
        let envelope = read_text(&request(method, params)).unwrap();
        assert_eq!(check_headers(&envelope, &headers(&[("mcp-name", "x")])), Ok(()));
        assert_eq!(
            check_headers(&envelope, &headers(&[("mcp-name", "y")])),
            Err(HeaderMismatch::Name)
        );
    }
}

#[test]
fn j08_headers_sent_twice_are_refused_even_if_equal() {
    let envelope = call_of("admin");
    for (header, value) in [
        ("MCP-Protocol-Version", "2025-11-25"),
        ("Mcp-Method", "tools/call"),
        ("Mcp-Name", "admin"),
    ] {
        let twice = headers(&[(header, value), (header, value)]);
        assert_eq!(
            check_headers(&envelope, &twice),
            Err(HeaderMismatch::Repeated { header })
        );
        assert_eq!(check_headers(&envelope, &headers(&[(header, value)])), Ok(()));
        let latin1 = headers(&[(header, "\u{e9}")]);
        assert_eq!(
            check_headers(&envelope, &latin1),
            Err(HeaderMismatch::Characters { header })
        );
    }
}

#[test]
fn j09_the_base64_sentinel_is_decoded_exactly() {
    let name = |value| check_headers(&call_of("añb"), &headers(&[("mcp-name", value)]));
    assert_eq!(name("=?base64?YcOxYg==?="), Ok(()));
    assert_eq!(name("=?base64?YWRtaW4=?="), Err(HeaderMismatch::Name));
    for bad in [
        "=?base64?YcOxYg?=",
        "=?base64?YcOxYg=?=",
        "=?base64?!!!!?=",
        "=?base64?YcOxYh==?=",
        "=?base64?/w==?=",
    ] {
        assert_eq!(name(bad), Err(HeaderMismatch::NameEncoding), "{bad}");
    }
    // Upper case is no sentinel, so it is a name like any other.
    for bad in [
        "=?BASE64?YcOxYg==?=",
        "=?Base64?YcOxYg==?=",
        "=?base64?YcOxYg==",
        "YcOxYg==",
    ] {
        assert_eq!(name(bad), Err(HeaderMismatch::Name), "{bad}");
    }
    // A name that looks like the sentinel travels wrapped in it.
    let looks = call_of("=?base64?literal?=");
    let wrapped = headers(&[("mcp-name", "=?base64?PT9iYXNlNjQ/bGl0ZXJhbD89?=")]);
    assert_eq!(check_headers(&looks, &wrapped), Ok(()));
    let bare = headers(&[("mcp-name", "=?base64?literal?=")]);
    assert_eq!(check_headers(&looks, &bare), Err(HeaderMismatch::NameEncoding));
}

#[test]
fn j12_unknown_versions_are_unsupported_and_the_supported_ones_listed() {
    let long = "9".repeat(10_000);
    for version in [
        "1900-01-01",
        "",
        "2026-07-28 ",
        "2026-07-2",
        "9999-12-31",
        "2026-07-28,2025-11-25",
        &long,
    ] {
        let headers = headers(&[("mcp-protocol-version", version)]);
        for envelope in [call_of("a"), call_on(version, "a")] {
            let error = check_headers(&envelope, &headers).unwrap_err().to_error_data();
            assert_eq!(error.code, ErrorCode::UNSUPPORTED_PROTOCOL_VERSION);
            let data = error.data.unwrap();
            assert!(
                data["supported"]
                    .as_array()
                    .unwrap()
                    .contains(&json!("2026-07-28"))
            );
            assert!(version.starts_with(data["requested"].as_str().unwrap()));
            assert!(data.to_string().len() < 300);
        }
        assert_eq!(
            check_headers(&call_on("2026-07-28", "a"), &headers),
            Err(HeaderMismatch::ProtocolVersion)
        );
    }
}

#[test]
fn responses_have_no_method_for_a_header_to_name() {
    let reply = read_text(r#"{"jsonrpc":"2.0","id":1,"result":{}}"#).unwrap();
    assert_eq!(
        check_headers(&reply, &headers(&[("mcp-method", "ping")])),
        Err(HeaderMismatch::Method)
    );
    assert_eq!(check_headers(&reply, &headers(&[])), Ok(()));
}
