//! 401 and 403: what is answered, what the challenge names, on every protocol revision.

use mcp_auth::testing::Era;
use serde_json::json;

use crate::everything::Everything;

#[tokio::test]
async fn h01_a_call_without_a_token_gets_401_without_error_and_the_calls_own_scopes() {
    let everything = Everything::default();
    let server = everything.start().await;
    let answer = server.client().call_tool("write_note", json!({ "text": "x" })).await;
    assert_eq!(answer.status(), 401);
    let challenge = answer.challenge().expect("a challenge");
    assert_eq!(challenge.error(), None);
    assert_eq!(challenge.scopes(), ["base", "write"]);
    let metadata = challenge.resource_metadata().expect("resource_metadata");
    assert_eq!(metadata, server.at("/.well-known/oauth-protected-resource/mcp"));
    assert_eq!(answer.message()["id"], 1);
    assert_eq!(answer.error_code(), Some(401));
    assert_eq!(everything.ran(), 0);
}

#[tokio::test]
async fn missing_scope_gets_403_with_all_needed_and_the_declared_ones_held_on_every_revision() {
    let everything = Everything::default();
    let server = everything.start().await;
    for era in Era::ALL {
        let client = server.client().era(era).token(server.token("alice").scope("read unknown"));
        let answer = client.call_tool("write_note", json!({ "text": "x" })).await;
        assert_eq!(answer.status(), 403, "{era:?} {}", answer.body());
        let challenge = answer.challenge().expect("a challenge");
        assert_eq!(challenge.error(), Some("insufficient_scope"));
        assert_eq!(challenge.scopes(), ["read", "write"]);
        assert_eq!(answer.error_code(), Some(403));
        assert_eq!(answer.error().unwrap()["data"]["required"], json!(["write"]));
        assert_eq!(answer.error().unwrap()["data"]["held"], json!(["read"]));
    }
    assert_eq!(everything.ran(), 0);
}

#[tokio::test]
async fn a_token_with_the_scope_is_served_on_every_revision() {
    let everything = Everything::default();
    let server = everything.start().await;
    for era in Era::ALL {
        let client = server.client().era(era).token(server.token("alice").scope("write"));
        let answer = client.call_tool("write_note", json!({ "text": "hello" })).await;
        assert_eq!(answer.text(), Some("hello"), "{era:?} {}", answer.body());
    }
    assert_eq!(everything.ran(), 4);
}
