//! The table holds every message that rmcp knows.

use std::collections::BTreeSet;

use mcp_auth::model::{ClientJsonRpcMessage, ClientNotification, ClientRequest, ClientResult};
use serde_json::Value;

use super::table::{REPLY, Row, TABLE};

/// The methods of a union of rmcp's, from its schema; a variant whose method is any string is `*`.
fn methods_of<T: schemars::JsonSchema>() -> Vec<String> {
    let schema = schemars::schema_for!(T).to_value();
    let resolve = |value: &Value| match value["$ref"].as_str() {
        Some(reference) => schema.pointer(reference.trim_start_matches('#')).cloned().expect("a definition"),
        None => value.clone(),
    };
    let variants = schema["anyOf"].as_array().expect("a union").iter().map(resolve);
    let method = |variant: Value| {
        let method = resolve(&variant["properties"]["method"]);
        method["const"].as_str().unwrap_or("*").to_owned()
    };
    variants.map(method).collect()
}

/// What rmcp reads a row as: the variant's name.
fn variant_of(row: &Row) -> String {
    let body = row.body(true, "t").expect("a message");
    let message: ClientJsonRpcMessage = serde_json::from_value(body).expect("rmcp reads it");
    let debug = match message {
        ClientJsonRpcMessage::Request(request) => format!("{:?}", request.request),
        ClientJsonRpcMessage::Notification(notification) => format!("{:?}", notification.notification),
        ClientJsonRpcMessage::Response(response) => format!("{:?}", response.result),
        ClientJsonRpcMessage::Error(_) => "error".to_owned(),
    };
    debug.split('(').next().unwrap_or_default().to_owned()
}

#[test]
fn the_table_has_every_request_and_notification_rmcp_knows() {
    let in_table = |is: fn(&str) -> bool| -> BTreeSet<String> {
        let rows = TABLE.iter().filter(|row| row.0 != REPLY && !row.1.is_empty() && is(row.0));
        rows.map(|row| if variant_of(row).starts_with("Custom") { "*" } else { row.0 }.to_owned()).collect()
    };
    let notifications = methods_of::<ClientNotification>();
    assert_eq!(
        in_table(|method| method.starts_with("notifications/")),
        notifications.iter().cloned().collect()
    );
    assert_eq!(notifications.len(), 5);
    let requests = methods_of::<ClientRequest>();
    assert_eq!(in_table(|method| !method.starts_with("notifications/")), requests.iter().cloned().collect());
    assert_eq!(requests.len(), 22);
}

#[test]
fn the_table_has_every_kind_of_reply_rmcp_knows() {
    let schema = schemars::schema_for!(ClientResult).to_value();
    let replies: BTreeSet<String> = TABLE.iter().filter(|row| row.0 == REPLY).map(variant_of).collect();
    let expected =
        ["CreateMessageResult", "CustomResult", "ElicitResult", "EmptyResult", "ListRootsResult", "error"];
    assert_eq!(replies.iter().map(String::as_str).collect::<Vec<_>>(), expected);
    assert_eq!(schema["anyOf"].as_array().expect("a union").len(), expected.len() - 1);
}
