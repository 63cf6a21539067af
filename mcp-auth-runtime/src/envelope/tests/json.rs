//! JSON with one reading only: rows J01 to J06 of docs/src/threats.md.

use bytes::Bytes;
use rmcp::model::ErrorCode;
use serde_json::json;

use super::support::*;

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
    for bad in [&b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"\xff\"}"[..], b"\xff\xfe{\0}\0", b"\0", b"[1,"]
    {
        assert_eq!(refusal(bad), "-32700 -");
    }
}

#[test]
fn j01_surrogate_pairs_are_read() {
    let text = request("tools/call", json!({ "name": "@" })).replace('@', "\\ud83d\\ude00");
    assert_eq!(read_text(&text).unwrap().message.as_ref(), &tool("😀"));
}

#[test]
fn j02_batches_and_bare_values_are_invalid_requests() {
    let one = request("ping", json!({}));
    for bad in
        [format!("[{one}]"), format!("[{one},{one}]"), "[]".into(), "1".into(), "null".into(), "\"x\"".into()]
    {
        assert_eq!(refusal(&bad), "-32600 -", "{bad}");
    }
}

#[test]
fn j03_two_methods_are_an_invalid_request_in_either_order() {
    for (a, b) in [("tools/list", "tools/call"), ("tools/call", "tools/list"), ("ping", "ping")] {
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
        (r#"{"jsonrpc":"2.0","method":"tools/call","params":{"name":"a","name":"b"},"id":7}"#, "-32600 7"),
        (
            r#"{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"a","arguments":{},"arguments":{}}}"#,
            "-32600 7",
        ),
        (
            r#"{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"a","arguments":{"x":{"y":[{"z":1,"z":2}]}}}}"#,
            "-32600 7",
        ),
        (r#"{"jsonrpc":"2.0","id":7,"method":"ping","params":{"_meta":{},"_meta":{}}}"#, "-32600 7"),
        (r#"{"jsonrpc":"2.0","id":7,"method":"ping","params":{"_meta":{"a":1,"a":1}}}"#, "-32600 7"),
        (r#"{"jsonrpc":"2.0","jsonrpc":"2.0","id":7,"method":"ping"}"#, "-32600 7"),
        (r#"{"jsonrpc":"2.0","id":7,"method":"ping","\u006dethod":"tools/list"}"#, "-32600 7"),
        (r#"{"jsonrpc":"2.0","id":7,"method":"ping","x":{"":1,"":1}}"#, "-32600 7"),
        (r#"{"jsonrpc":"2.0","id":7,"id":8,"method":"ping"}"#, "-32600 -"),
        (r#"{"jsonrpc":"2.0","id":7,"id":7,"method":"ping"}"#, "-32600 -"),
    ] {
        assert_eq!(refusal(body), expected, "{body}");
    }
}

#[test]
fn the_same_key_in_two_objects_is_not_a_duplicate() {
    let params = json!({ "name": "name", "arguments": { "name": { "name": ["name"] }, "arguments": {} } });
    assert!(read_text(&request("tools/call", params)).is_ok());
}

#[test]
fn j05_nesting_of_every_kind_is_bounded() {
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
    let limits = EnvelopeLimits { max_depth: 3, ..EnvelopeLimits::default() };
    let four = Bytes::from(nested(4, "[", "]"));
    assert_eq!(read(&four, limits).unwrap_err().code(), ErrorCode::INVALID_REQUEST);
}

#[test]
fn j06_escapes_decode_before_anything_is_compared() {
    let plain = read_text(&request("tools/call", json!({ "name": "admin" }))).unwrap();
    let text = "{\"jsonrpc\":\"\\u0032.0\",\"id\":1,\"m\\u0065thod\":\"\\u0074ools\\/call\",\
                \"par\\u0061ms\":{\"n\\u0061me\":\"\\u0061dmin\"}}";
    let escaped = read_text(text).unwrap();
    assert_eq!(escaped.message, plain.message);
    assert_eq!(escaped.method, plain.method);
}

#[test]
fn keys_that_serde_json_reserves_are_refused() {
    for key in ["$serde_json::private::Number", "$serde_json::private::RawValue", "$serde_json::private::x"] {
        let text = request("tools/call", json!({ "name": "a", "arguments": { "x": { key: "1" } } }));
        assert_eq!(refusal(text), "-32600 1");
    }
}

#[test]
fn a_message_of_too_many_values_is_an_invalid_request_with_its_id() {
    let limits = EnvelopeLimits { max_values: 1000, ..EnvelopeLimits::default() };
    let with = |numbers: usize| {
        let params = json!({ "name": "t", "arguments": { "numbers": vec![0; numbers] } });
        Bytes::from(request("tools/call", params))
    };
    assert!(read(&with(900), limits).is_ok());
    let error = read(&with(1000), limits).err().unwrap();
    assert_eq!((error.code(), error.id()), (ErrorCode::INVALID_REQUEST, Some(&RequestIdValue::Number(1))));
    assert_eq!(error.to_string(), "message holds more than 1000 values (limits.envelope_values)");
}
