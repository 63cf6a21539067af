//! What the gate grants and refuses, line by line.

use serde_json::json;

use super::support::{Client, Mood, call, modern, text_of};
use crate::observe::support::Buffer;

#[tokio::test]
async fn the_permit_reaches_the_handler_on_both_lifecycles() {
    let mut client = Client::legacy().await;
    client.send(call(1, "a"));
    assert_eq!(text_of(&client.answer().await), "a");

    let mut client = Client::connect();
    client.send(modern(call(1, "b")));
    assert_eq!(text_of(&client.answer().await), "b");
    client.send(modern(call("two", "c")));
    let answer = client.answer().await;
    assert_eq!((text_of(&answer), &answer["id"]), ("c", &json!("two")));
    client.send(json!({ "jsonrpc": "2.0", "method": "notifications/custom" }));
    client.send(modern(call(3, "after")));
    client.answer().await;
    assert!(client.log.has("notifications/custom true"));
}

#[tokio::test]
async fn a_refused_call_is_answered_with_the_refusal_and_never_runs() {
    for open in [true, false] {
        let mut client = if open { Client::legacy().await } else { Client::connect() };
        client.send(modern(call("x", "secret")));
        assert_eq!(
            client.answer().await,
            json!({ "jsonrpc": "2.0", "id": "x", "error": { "code": 403,
                "message": "this needs the scope todos.write",
                "data": { "error": "insufficient_scope", "scope": "todos.write", "required": ["todos.write"],
                    "held": [] } } })
        );
        client.send(modern(call(2, "open")));
        assert_eq!(text_of(&client.answer().await), "open");
        assert!(client.log.has("open") && !client.log.has("secret"));
    }
}

#[tokio::test]
async fn a_refused_notification_is_neither_answered_nor_delivered() {
    let mut client = Client::legacy().await;
    client.send(json!({ "jsonrpc": "2.0", "method": "notifications/secret" }));
    client.send(json!({ "jsonrpc": "2.0", "method": "notifications/open" }));
    client.send(call(1, "a"));
    assert_eq!(client.answer().await["id"], 1);
    client.is_silent().await;
    assert!(client.log.has("notifications/open true"));
    assert!(!client.log.has("notifications/secret true") && !client.log.has("notifications/secret false"));
}

#[tokio::test]
async fn a_gate_that_panics_refuses_and_the_next_message_is_decided() {
    let mut client = Client::settled().await;
    client.is_in(Mood::Panics);
    client.send(call(1, "b"));
    let answer = client.answer().await;
    assert_eq!((&answer["id"], &answer["error"]["code"]), (&json!(1), &json!(-32603)));
    client.send_text("{");
    assert_eq!(client.answer().await["error"]["code"], -32603);
    client.is_in(Mood::SomebodyKnown);
    client.send(call(2, "c"));
    assert_eq!(client.answer().await["id"], 2);
    assert!(client.log.has("c") && !client.log.has("b"));
}

#[tokio::test]
async fn every_line_is_audited_unreadable_ones_and_responses_too() {
    let buffer = Buffer::default();
    let writer = buffer.clone();
    let log = tracing_subscriber::fmt().with_ansi(false).with_writer(move || writer.clone()).finish();
    let _listening = tracing::subscriber::set_default(log);
    let mut client = Client::legacy().await;
    client.send(json!({ "jsonrpc": "2.0", "id": 5, "result": {} }));
    client.send_text("{");
    client.answer().await;
    client.send(call(1, &"n".repeat(2000)));
    client.answer().await;
    client.hang_up().await;
    let text = buffer.text();
    let audited: Vec<_> = text
        .lines()
        .filter_map(|line| line.split_once("mcp_auth::audit: ")?.1.split_once(" name="))
        .map(|(event, _)| event.replace('"', ""))
        .filter_map(|event| {
            let (decision, rest) = event.split_once(" request_id=")?;
            Some(format!("{decision}{}", &rest[rest.find(' ')?..]))
        })
        .collect();
    assert_eq!(
        audited,
        [
            "decision=allow operation=initialize",
            "decision=allow operation=notifications/initialized",
            "decision=allow operation=reply",
            "decision=deny operation=unreadable",
            "decision=deny operation=unreadable",
        ],
        "{text}"
    );
}
