//! Lines that are not messages, or come too early.

use serde_json::{Value, json};

use super::support::{Client, Mood, call, initialize, modern, text_of};

#[tokio::test]
async fn malformed_lines_are_answered_and_the_connection_goes_on() {
    let mut client = Client::legacy().await;
    for (line, code, id) in [
        ("{", -32700, None),
        ("hello", -32700, None),
        ("\u{feff}{}", -32700, None),
        ("[]", -32600, None),
        ("{}", -32600, None),
        (r#"{"jsonrpc":"2.0","id":7,"method":"ping","method":"tools/call"}"#, -32600, Some(7)),
        (r#"{"jsonrpc":"2.0","id":null,"method":"ping"}"#, -32600, None),
        (r#"{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":1}}"#, -32602, Some(7)),
        (r#"{"jsonrpc":"2.0","method":"tools/call","params":{"name":"secret"}}"#, -32600, None),
    ] {
        client.send_text(line);
        let answer = client.answer().await;
        assert_eq!(answer["error"]["code"], code, "{line}");
        assert_eq!(answer.get("id").and_then(Value::as_i64), id, "{line}");
    }
    client.send_bytes(b"\xff\xfe\n");
    assert_eq!(client.answer().await["error"]["code"], -32700);
    client.send(call(1, "a"));
    assert_eq!(text_of(&client.answer().await), "a");
}

#[tokio::test]
async fn malformed_notifications_responses_and_blank_lines_are_not_answered() {
    let mut client = Client::legacy().await;
    for line in [
        "",
        "   ",
        "\r",
        r#"{"jsonrpc":"2.0","method":"notifications/x","params":[]}"#,
        r#"{"jsonrpc":"2.0","id":1,"result":{},"error":{"code":1,"message":""}}"#,
        r#"{"jsonrpc":"2.0","id":1,"error":"no"}"#,
        r#"{"jsonrpc":"2.0","error":{"code":-32700,"message":"an answer of ours, echoed"}}"#,
    ] {
        client.send_text(line);
    }
    client.is_silent().await;
    client.send(call(1, "a"));
    assert_eq!(client.answer().await["id"], 1);
}

#[tokio::test]
async fn a_line_over_the_limit_is_refused_and_the_next_one_read() {
    let mut client = Client::legacy().await;
    client.send(call(1, &"n".repeat(2000)));
    let answer = client.answer().await;
    assert_eq!(answer["error"]["code"], -32600);
    assert_eq!(answer["error"]["message"], "message is longer than 1000 bytes");
    client.send(call(2, "a"));
    assert_eq!(client.answer().await["id"], 2);
}

#[tokio::test]
async fn messages_before_the_first_request_do_not_end_the_connection() {
    let early = [
        json!({ "jsonrpc": "2.0", "method": "notifications/initialized" }),
        json!({ "jsonrpc": "2.0", "method": "notifications/cancelled", "params": { "requestId": 1 } }),
        json!({ "jsonrpc": "2.0", "id": 1, "result": {} }),
        json!({ "jsonrpc": "2.0", "id": 1, "error": { "code": 1, "message": "no" } }),
    ];
    let mut unsupported = modern(call(8, "a"));
    unsupported["params"]["_meta"]["io.modelcontextprotocol/protocolVersion"] = json!("1900-01-01");
    let mut incomplete = modern(call(9, "a"));
    let meta = incomplete["params"]["_meta"].as_object_mut().unwrap();
    meta.remove("io.modelcontextprotocol/clientCapabilities");
    let requests = [
        (json!({ "jsonrpc": "2.0", "id": 5, "method": "ping" }), json!(null)),
        (call(6, "a"), json!(-32602)),
        (
            modern(json!({ "jsonrpc": "2.0", "id": 7, "method": "server/discover", "params": {} })),
            json!(null),
        ),
        (unsupported, json!(-32022)),
        (incomplete, json!(-32602)),
    ];
    for first in [initialize(), modern(call(0, "a"))] {
        let mut client = Client::connect();
        for message in &early {
            client.send(message.clone());
        }
        for (request, code) in &requests {
            client.send(request.clone());
            let answer = client.answer().await;
            assert_eq!((&answer["id"], &answer["error"]["code"]), (&request["id"], code), "{answer}");
            for message in &early {
                client.send(message.clone());
            }
        }
        assert!(!client.log.has("a"), "nothing ran before the connection was open");
        client.send(first);
        assert!(client.answer().await["result"].is_object());
        for message in &early {
            client.send(message.clone());
        }
        client.send(modern(call(9, "b")));
        assert_eq!(text_of(&client.answer().await), "b");
    }
}

#[tokio::test]
async fn whom_nothing_is_served_learns_nothing_of_an_unreadable_line() {
    let mut client = Client::settled().await;
    let long = call(1, &"n".repeat(2000)).to_string();
    for (mood, code) in [(Mood::Anonymous, [401, 401]), (Mood::SomebodyKnown, [-32700, -32600])] {
        client.is_in(mood);
        for (line, code) in ["{", &long].into_iter().zip(code) {
            client.send_text(line);
            assert_eq!(client.answer().await["error"]["code"], code);
        }
        client.send_text(r#"{"jsonrpc":"2.0","method":"notifications/x","params":[]}"#);
        client.is_silent().await;
    }
}
