//! A server on a socket, and what its answers must look like.

use mcp_auth::testing::TestServer;

use crate::everything::Everything;
use crate::wire::{Reply, Wire};

/// A server, its socket, and a header line with a good token of alice, who holds no scope.
pub async fn start(toml: &str) -> (Everything, TestServer, Wire, String) {
    let everything = Everything::default();
    let server = everything.start_with(toml).await;
    let wire = Wire::of(&server);
    let bearer = format!("Authorization: Bearer {}\r\n", server.token("alice").mint());
    (everything, server, wire, bearer)
}

/// 401 as for an anonymous caller: a challenge without `error`, the scopes, the metadata; the request's id in the body.
#[track_caller]
pub fn assert_unauthenticated(reply: &Reply, input: &str) {
    assert_eq!(reply.status(), 401, "{input:?}: {}", reply.text());
    let challenge = reply.challenge().expect("a challenge");
    assert_eq!(challenge.error(), None, "{input:?}");
    assert_eq!(challenge.scopes(), ["base"], "{input:?}");
    assert!(challenge.resource_metadata().is_some(), "{input:?}");
    assert_eq!(reply.json()["id"], 1, "{input:?}");
    assert_eq!(reply.json()["error"]["code"], 401, "{input:?}");
}

/// 400 `invalid_request` (RFC 6750 §3.1).
#[track_caller]
pub fn assert_invalid_request(reply: &Reply, input: &str) {
    assert_eq!(reply.status(), 400, "{input:?}: {}", reply.text());
    let challenge = reply.challenge().expect("a challenge");
    assert_eq!(challenge.error(), Some("invalid_request"), "{input:?}");
    assert_eq!(reply.json()["id"], 1, "{input:?}");
}

#[track_caller]
pub fn assert_whoami(reply: &Reply, input: &str) {
    assert_eq!(reply.status(), 200, "{input:?}: {}", reply.text());
    assert_eq!(reply.json()["result"]["structuredContent"]["subject"], "alice", "{input:?}");
}
