//! The revisions that have sessions, and what a session that is not the caller's is answered.

use mcp_auth::testing::{Answer, Era};
use serde_json::json;

use crate::streams::Wire;

pub const LEGACY: [Era; 3] =
    [Era::Legacy("2025-11-25"), Era::Legacy("2025-06-18"), Era::Legacy("2025-03-26")];
pub const LATEST_LEGACY: Era = LEGACY[0];

pub fn is_unknown_session(answer: &Answer) {
    assert_eq!(answer.status(), 404, "{}", answer.body());
    assert_eq!(answer.error_code(), Some(404), "{}", answer.body());
    assert!(answer.challenge().is_none());
}

/// Says every kind of message in a session that is not this client's, and is told each time that there is none.
pub async fn is_refused_everywhere(wire: &Wire) {
    let messages = [
        json!({ "jsonrpc": "2.0", "id": 7, "method": "tools/call", "params": { "name": "ping", "arguments": {} } }),
        json!({ "jsonrpc": "2.0", "id": 7, "method": "tools/list" }),
        json!({ "jsonrpc": "2.0", "id": 7, "method": "acme/unheard-of" }),
        json!({ "jsonrpc": "2.0", "method": "notifications/cancelled", "params": { "requestId": 1 } }),
        json!({ "jsonrpc": "2.0", "id": 7, "result": { "action": "accept" } }),
        json!({ "jsonrpc": "2.0", "id": 7, "error": { "code": 1, "message": "no" } }),
    ];
    for message in messages {
        let mut answer = wire.post(message.clone()).await;
        assert_eq!(answer.status, 404, "{message}");
        assert_eq!(answer.response().await["error"]["code"], 404, "{message}");
    }
    for mut answer in [wire.get().await, wire.delete().await] {
        assert_eq!(answer.status, 404);
        assert_eq!(answer.response().await["error"]["code"], 404);
    }
}
