//! What params ask for, and which do not fit: J13, J21.

use serde_json::{Value, json};

use super::support::*;

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
    let Message::Tool { name, arguments } = &*envelope.message else { panic!("a tool") };
    assert_eq!(name, "add");
    assert_eq!(
        Value::Object(arguments.clone().unwrap()),
        json!({ "n": 1.5, "big": 18446744073709551615u64, "deep": [{ "a": null }] })
    );
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
        key("clientCapabilities", json!({ "elicitation": {}, "experimental": { "x": {} } })),
        key("logLevel", json!("info")),
        with(json!({ "progressToken": "t" })),
        with(json!({ "progressToken": 5 })),
    ] {
        assert!(read_text(&good).is_ok(), "{good}");
    }
}

#[test]
fn params_are_an_object_or_nothing() {
    for bad in [json!([]), json!(["name", "admin"]), json!("x"), json!(1), json!(true)] {
        for method in ["ping", "tools/list", "tools/call", "custom/method"] {
            assert_eq!(refusal(request(method, bad.clone())), "-32602 1");
        }
    }
    assert!(read_text(&request("ping", json!(null))).is_ok());
    assert!(read_text(r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#).is_ok());
    assert_eq!(refusal(r#"{"jsonrpc":"2.0","id":1,"method":"tools/call"}"#), "-32602 1");
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
        request("subscriptions/listen", json!({ "notifications": [true, true, true, ["secret://1"]] })),
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
        request("completion/complete", json!({ "ref": reference, "argument": { "name": "a", "value": "v" } }))
    };
    let of = |reference| read_text(&complete(reference)).map(|envelope| (*envelope.message).clone());
    assert_eq!(
        of(json!({ "type": "ref/prompt", "name": "p", "uri": "a:b" })).unwrap(),
        Message::Complete { reference: Reference::Prompt("p".into()), chosen: Default::default() }
    );
    assert_eq!(
        of(json!({ "type": "ref/resource", "uri": "todo://{id}", "name": "p" })).unwrap(),
        Message::Complete {
            reference: Reference::Resource("todo://{id}".into()),
            chosen: Default::default()
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
    let of = |method: &str, params| read_text(&request(method, params)).unwrap().message.as_ref().clone();
    for method in ["tasks/get", "tasks/cancel", "tasks/result", "tasks/later"] {
        let expected = Message::Task { method: method.into(), task_id: "t".into() };
        assert_eq!(of(method, json!({ "taskId": "t" })), expected);
    }
    assert_eq!(of("tasks/list", json!({})), Message::Other { method: "tasks/list".into() });
}

#[test]
fn j21_names_are_kept_exactly() {
    for name in ["READ", " read", "read ", "read\0", "re\u{301}ad", "", &"n".repeat(10_000)] {
        let envelope = read_text(&request("tools/call", json!({ "name": name }))).unwrap();
        assert_eq!(*envelope.message, tool(name));
    }
}

#[test]
fn a_method_that_2026_07_28_removed_is_unknown_there_with_all_params() {
    let uri = json!({ "uri": "a:b" });
    let initialize = json!({
        "protocolVersion": "2026-07-28", "capabilities": {}, "clientInfo": { "name": "a", "version": "1" },
    });
    for (method, params) in [
        ("initialize", json!({})),
        ("initialize", initialize),
        ("ping", json!({})),
        ("logging/setLevel", json!({})),
        ("logging/setLevel", json!({ "level": "info" })),
        ("resources/subscribe", json!({})),
        ("resources/subscribe", uri.clone()),
        ("resources/unsubscribe", uri),
    ] {
        let at = |version: &str| {
            let mut params = params.clone();
            params["_meta"] = json!({ "io.modelcontextprotocol/protocolVersion": version });
            request(method, params)
        };
        let gone = read_text(&at("2026-07-28")).unwrap();
        assert!(gone.removed, "{method}");
        assert_eq!(*gone.message, Message::Other { method: method.to_owned() });
        for elsewhere in ["2025-11-25", "2999-01-01"] {
            assert!(read_text(&at(elsewhere)).map_or(true, |envelope| !envelope.removed), "{method}");
        }
    }
    let still = json!({ "_meta": { "io.modelcontextprotocol/protocolVersion": "2026-07-28" } });
    assert!(!read_text(&request("tools/list", still)).unwrap().removed);
}

#[test]
fn a_client_declares_tasks_by_the_extension_and_nothing_else() {
    let declares = |capabilities: Value| {
        let meta = json!({ "io.modelcontextprotocol/clientCapabilities": capabilities });
        read_text(&request("tools/list", json!({ "_meta": meta }))).unwrap().declares_tasks
    };
    assert!(declares(json!({ "extensions": { "io.modelcontextprotocol/tasks": {} } })));
    for others in [json!({}), json!({ "extensions": {} }), json!({ "extensions": { "acme/tasks": {} } })] {
        assert!(!declares(others));
    }
    assert!(!read_text(&request("tools/list", json!({}))).unwrap().declares_tasks);
}
