//! rmcp reads the same bytes afterwards: it must find the same message in them, or we must have refused.
#![allow(deprecated)]

use bytes::Bytes;
use rmcp::model::{
    ClientJsonRpcMessage, ClientNotification, ClientRequest, JsonObject, Reference as RmcpReference,
};
use serde_json::{Value, json};

use super::super::*;

/// What rmcp would do with the message, in our words.
fn as_rmcp_reads(message: ClientJsonRpcMessage) -> (Option<RequestIdValue>, Option<String>, Message) {
    match message {
        ClientJsonRpcMessage::Request(request) => {
            let method = request.request.method().to_owned();
            (Some(request.id), Some(method.clone()), message_of(request.request, method))
        }
        ClientJsonRpcMessage::Notification(notification) => {
            let method = match notification.notification {
                ClientNotification::CancelledNotification(_) => "notifications/cancelled".to_owned(),
                ClientNotification::ProgressNotification(_) => "notifications/progress".to_owned(),
                ClientNotification::InitializedNotification(_) => "notifications/initialized".to_owned(),
                ClientNotification::RootsListChangedNotification(_) => {
                    "notifications/roots/list_changed".to_owned()
                }
                ClientNotification::CustomNotification(custom) => custom.method,
                _ => panic!("a notification this test does not know: give it a rule"),
            };
            (None, Some(method.clone()), Message::Other { method })
        }
        ClientJsonRpcMessage::Response(_) | ClientJsonRpcMessage::Error(_) => (None, None, Message::Reply),
    }
}

fn message_of(request: ClientRequest, method: String) -> Message {
    match request {
        ClientRequest::CallToolRequest(r) => {
            Message::Tool { name: r.params.name.into_owned(), arguments: r.params.arguments }
        }
        ClientRequest::GetPromptRequest(r) => {
            Message::Prompt { name: r.params.name, arguments: r.params.arguments }
        }
        ClientRequest::ReadResourceRequest(r) => Message::Resource { uri: r.params.uri },
        ClientRequest::CompleteRequest(r) => Message::Complete {
            reference: match r.params.r#ref {
                RmcpReference::Prompt(prompt) => Reference::Prompt(prompt.name),
                RmcpReference::Resource(resource) => Reference::Resource(resource.uri),
                _ => panic!("a reference this test does not know: give it a rule"),
            },
            chosen: r.params.context.and_then(|context| context.arguments).into_iter().flatten().collect(),
        },
        ClientRequest::SubscribeRequest(r) => Message::Subscribe { uri: r.params.uri },
        ClientRequest::UnsubscribeRequest(r) => Message::Unsubscribe { uri: r.params.uri },
        ClientRequest::SubscriptionsListenRequest(r) => {
            Message::Listen { uris: r.params.notifications.resource_subscriptions.unwrap_or_default() }
        }
        ClientRequest::GetTaskRequest(r) => Message::Task { method, task_id: r.params.task_id },
        ClientRequest::UpdateTaskRequest(r) => Message::Task { method, task_id: r.params.task_id },
        ClientRequest::CancelTaskRequest(r) => Message::Task { method, task_id: r.params.task_id },
        ClientRequest::InitializeRequest(r) => {
            Message::Initialize { protocol_version: r.params.protocol_version.to_string() }
        }
        ClientRequest::PingRequest(_)
        | ClientRequest::DiscoverRequest(_)
        | ClientRequest::SetLevelRequest(_)
        | ClientRequest::ListPromptsRequest(_)
        | ClientRequest::ListResourcesRequest(_)
        | ClientRequest::ListResourceTemplatesRequest(_)
        | ClientRequest::ListToolsRequest(_)
        | ClientRequest::ListSkillsRequest(_)
        | ClientRequest::GetSkillRequest(_)
        | ClientRequest::ReadResourceDirectoryRequest(_) => Message::Other { method },
        ClientRequest::CustomRequest(custom) => match custom_task_id(&method, custom.params) {
            Some(task_id) => Message::Task { method, task_id },
            // A method that has a type in rmcp must never end as a custom one; this name equals none of our messages.
            None if message::needs_id(&method) => Message::Other { method: format!("{method} as custom") },
            None => Message::Other { method },
        },
        _ => panic!("a request this test does not know: give it a rule"),
    }
}

fn custom_task_id(method: &str, params: Option<Value>) -> Option<String> {
    if message::needs_id(method) || !method.starts_with("tasks/") {
        return None;
    }
    params?.get("taskId")?.as_str().map(str::to_owned)
}

/// Every client message rmcp knows, one of each at least, with what it asks for.
pub(crate) fn every_message() -> Vec<(Value, Message)> {
    let arguments: JsonObject =
        json!({ "n": 1, "f": 0.1, "s": "é", "l": [1, [2]], "o": { "k": null } }).as_object().unwrap().clone();
    let other = |method: &str| Message::Other { method: method.into() };
    let uri = || "todo://1".to_owned();
    let requests = vec![
        ("ping", json!(null), other("ping")),
        (
            "initialize",
            json!({ "protocolVersion": "2025-06-18", "capabilities": { "roots": {} },
                    "clientInfo": { "name": "c", "version": "1" } }),
            Message::Initialize { protocol_version: "2025-06-18".into() },
        ),
        ("server/discover", json!({}), other("server/discover")),
        (
            "completion/complete",
            json!({ "ref": { "type": "ref/prompt", "name": "p" }, "argument": { "name": "a", "value": "v" },
                    "context": { "arguments": { "b": "c" } } }),
            Message::Complete {
                reference: Reference::Prompt("p".into()),
                chosen: [("b".into(), "c".into())].into(),
            },
        ),
        (
            "completion/complete",
            json!({ "ref": { "type": "ref/resource", "uri": "todo://{id}" },
                    "argument": { "name": "id", "value": "" } }),
            Message::Complete {
                reference: Reference::Resource("todo://{id}".into()),
                chosen: Default::default(),
            },
        ),
        ("logging/setLevel", json!({ "level": "debug" }), other("logging/setLevel")),
        (
            "prompts/get",
            json!({ "name": "p", "arguments": { "a": "b" } }),
            Message::Prompt { name: "p".into(), arguments: json!({ "a": "b" }).as_object().cloned() },
        ),
        ("prompts/list", json!({ "cursor": "c" }), other("prompts/list")),
        ("resources/list", json!({}), other("resources/list")),
        ("resources/templates/list", json!({ "cursor": null }), other("resources/templates/list")),
        ("resources/read", json!({ "uri": "todo://1" }), Message::Resource { uri: uri() }),
        (
            "subscriptions/listen",
            json!({ "notifications": { "toolsListChanged": true, "resourceSubscriptions": ["todo://1", "a:b"] } }),
            Message::Listen { uris: vec![uri(), "a:b".into()] },
        ),
        ("subscriptions/listen", json!({ "notifications": {} }), Message::Listen { uris: vec![] }),
        ("resources/subscribe", json!({ "uri": "todo://1" }), Message::Subscribe { uri: uri() }),
        ("resources/unsubscribe", json!({ "uri": "todo://1" }), Message::Unsubscribe { uri: uri() }),
        (
            "tools/call",
            json!({ "name": "t", "arguments": arguments, "inputResponses": { "q": { "x": 1 } },
                    "requestState": "s", "task": { "ttl": 1 } }),
            Message::Tool { name: "t".into(), arguments: Some(arguments.clone()) },
        ),
        (
            "tools/call",
            json!({ "name": "t", "arguments": null }),
            Message::Tool { name: "t".into(), arguments: None },
        ),
        ("tools/list", json!({ "cursor": "x" }), other("tools/list")),
        (
            "tasks/get",
            json!({ "taskId": "k" }),
            Message::Task { method: "tasks/get".into(), task_id: "k".into() },
        ),
        (
            "tasks/update",
            json!({ "taskId": "k", "inputResponses": {} }),
            Message::Task { method: "tasks/update".into(), task_id: "k".into() },
        ),
        (
            "tasks/cancel",
            json!({ "taskId": "k" }),
            Message::Task { method: "tasks/cancel".into(), task_id: "k".into() },
        ),
        ("skills/list", json!({}), other("skills/list")),
        ("skills/get", json!({ "uri": "skill://a" }), other("skills/get")),
        ("resources/directory/read", json!({ "uri": "file:///" }), other("resources/directory/read")),
        ("vendor/custom", json!({ "name": "t" }), other("vendor/custom")),
        (
            "tasks/result",
            json!({ "taskId": "k" }),
            Message::Task { method: "tasks/result".into(), task_id: "k".into() },
        ),
    ];
    let meta = json!({
        "progressToken": 3,
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientInfo": { "name": "c", "version": "1" },
        "io.modelcontextprotocol/clientCapabilities": {},
    });
    let mut messages = Vec::new();
    for (method, params, asked) in requests {
        let bare = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        let mut modern = bare.clone();
        modern["id"] = json!("seven");
        if !modern["params"].is_object() {
            modern["params"] = json!({});
        }
        modern["params"]["_meta"] = meta.clone();
        messages.push((bare, asked.clone()));
        if !message::is_removed(method, Some("2026-07-28")) {
            messages.push((modern, asked));
        }
    }
    for (method, params) in [
        ("notifications/cancelled", json!({ "requestId": 1, "reason": "r" })),
        ("notifications/progress", json!({ "progressToken": 1, "progress": 0.5 })),
        ("notifications/initialized", json!(null)),
        ("notifications/roots/list_changed", json!({})),
        ("vendor/notification", json!({ "name": "t" })),
    ] {
        messages.push((json!({ "jsonrpc": "2.0", "method": method, "params": params }), other(method)));
    }
    for reply in [
        json!({ "jsonrpc": "2.0", "id": 1, "result": { "action": "accept" } }),
        json!({ "jsonrpc": "2.0", "id": 1, "error": { "code": -1, "message": "m" } }),
    ] {
        messages.push((reply, Message::Reply));
    }
    messages
}

#[test]
fn every_client_message_rmcp_knows_is_read_as_rmcp_reads_it() {
    let mut methods = std::collections::BTreeSet::new();
    for (message, expected) in every_message() {
        let bytes = Bytes::from(message.to_string());
        let envelope = read(&bytes, EnvelopeLimits::default()).unwrap();
        assert_eq!(*envelope.message, expected, "{message}");
        let theirs = as_rmcp_reads(serde_json::from_slice(&bytes).unwrap());
        assert_eq!((envelope.id, envelope.method.clone(), (*envelope.message).clone()), theirs, "{message}");
        methods.extend(envelope.method);
    }
    for method in message::REQUESTS {
        assert!(methods.contains(*method), "{method} is in no message of this test");
    }
}

/// rmcp has no list of its requests to walk, but a method it knows by name is not a custom request.
#[test]
fn the_requests_that_need_an_id_are_those_rmcp_has_a_type_for() {
    for (message, _) in every_message() {
        let Ok(ClientJsonRpcMessage::Request(request)) = serde_json::from_value(message.clone()) else {
            continue;
        };
        let typed = !matches!(request.request, ClientRequest::CustomRequest(_));
        assert_eq!(message::needs_id(request.request.method()), typed, "{message}");
    }
}

/// xorshift64*: the same mutations on every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) as usize % sides
    }
}

/// Pieces that change what a message means, put in anywhere.
const PIECES: &[&str] = &[
    "\"",
    "\\",
    "\\u0074",
    "\\ud800",
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "null",
    "true",
    "1",
    "1.0",
    "-1",
    "1e5",
    "{}",
    "[]",
    "\"x\"",
    "[\"x\"]",
    " ",
    "\u{feff}",
    "\"name\":\"admin\",",
    "\"method\":\"tools/call\",",
    "\"id\":2,",
    "\"params\":{},",
    "\"params\":[],",
    "\"result\":{},",
    "\"error\":null,",
    "\"_meta\":{},",
    "\"_meta\":[],",
    "\"arguments\":{},",
    "\"arguments\":[1],",
    "\"uri\":\"secret://1\",",
    "\"taskId\":\"t\",",
    "\"type\":\"ref/prompt\",",
    "\"$serde_json::private::Number\":\"1\",",
    "\"notifications\":[true],",
];

fn mutate(text: &str, others: &[String], dice: &mut Dice) -> Vec<u8> {
    let mut bytes = text.as_bytes().to_vec();
    for _ in 0..=dice.roll(3) {
        let at = dice.roll(bytes.len() + 1);
        let until = (at + dice.roll(12)).min(bytes.len());
        match dice.roll(6) {
            0 => drop(bytes.drain(at..until)),
            1 => bytes.splice(at..at, PIECES[dice.roll(PIECES.len())].bytes()).for_each(drop),
            2 => bytes.splice(at..until, PIECES[dice.roll(PIECES.len())].bytes()).for_each(drop),
            3 => {
                let copy = bytes[at..until].to_vec();
                let to = dice.roll(bytes.len() + 1);
                bytes.splice(to..to, copy).for_each(drop);
            }
            4 if at < bytes.len() => bytes[at] ^= 1 << dice.roll(8),
            _ => {
                // Two messages crossed: the beginning of one, the end of another.
                let other = others[dice.roll(others.len())].as_bytes();
                bytes.truncate(at);
                bytes.extend_from_slice(&other[dice.roll(other.len())..]);
            }
        }
    }
    bytes
}

/// Replaces, drops or doubles whole members, so that the text stays JSON and only its meaning changes.
fn mutate_value(value: &mut Value, dice: &mut Dice) {
    const VALUES: &[fn() -> Value] = &[
        || json!(null),
        || json!(true),
        || json!(1),
        || json!(1.5),
        || json!("x"),
        || json!([]),
        || json!(["x"]),
        || json!({}),
        || json!([true, null, null, ["a:b"]]),
        || json!({ "name": "admin" }),
        || json!("tools/call"),
    ];
    match value {
        Value::Object(object) if !object.is_empty() && dice.roll(5) != 0 => {
            let key = object.keys().nth(dice.roll(object.len())).unwrap().clone();
            match dice.roll(6) {
                0 => drop(object.remove(&key)),
                1 => {
                    let moved = object.remove(&key).unwrap();
                    let names =
                        ["name", "uri", "taskId", "params", "method", "_meta", "arguments", "ref", "id"];
                    object.insert(names[dice.roll(names.len())].to_owned(), moved);
                }
                _ => mutate_value(&mut object[&key], dice),
            }
        }
        Value::Array(array) if !array.is_empty() && dice.roll(3) != 0 => {
            let at = dice.roll(array.len());
            mutate_value(&mut array[at], dice);
        }
        _ => *value = VALUES[dice.roll(VALUES.len())](),
    }
}

#[derive(Default)]
struct Tally {
    accepted: usize,
    refused: usize,
}

impl Tally {
    fn judge(&mut self, bytes: Vec<u8>) {
        let bytes = Bytes::from(bytes);
        let Ok(envelope) = read(&bytes, EnvelopeLimits::default()) else {
            self.refused += 1;
            return;
        };
        self.accepted += 1;
        let text = String::from_utf8_lossy(&bytes);
        let theirs = serde_json::from_slice(&bytes).unwrap_or_else(|_| panic!("rmcp cannot read {text}"));
        let theirs = as_rmcp_reads(theirs);
        assert_eq!((envelope.id, envelope.method, (*envelope.message).clone()), theirs, "{text}");
    }
}

#[test]
fn mutated_bytes_that_are_accepted_are_the_same_message_for_rmcp() {
    let texts: Vec<String> = every_message().into_iter().map(|(message, _)| message.to_string()).collect();
    let mut dice = Dice(0x6d63_705f_6175_7468);
    let mut tally = Tally::default();
    for round in 0..60_000 {
        tally.judge(mutate(&texts[round % texts.len()], &texts, &mut dice));
    }
    assert!(tally.accepted > 1_000 && tally.refused > 1_000, "{} {}", tally.accepted, tally.refused);
}

#[test]
fn mutated_members_that_are_accepted_are_the_same_message_for_rmcp() {
    let messages: Vec<Value> = every_message().into_iter().map(|(message, _)| message).collect();
    let mut dice = Dice(0x7374_7269_6374_6c79);
    let mut tally = Tally::default();
    for round in 0..60_000 {
        let mut message = messages[round % messages.len()].clone();
        for _ in 0..=dice.roll(2) {
            mutate_value(&mut message, &mut dice);
        }
        tally.judge(message.to_string().into_bytes());
    }
    assert!(tally.accepted > 1_000 && tally.refused > 1_000, "{} {}", tally.accepted, tally.refused);
}
