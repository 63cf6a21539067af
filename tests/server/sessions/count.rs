//! How many sessions there are, and who is served without one.

use serde_json::json;

use super::legacy::{LATEST_LEGACY, LEGACY};
use crate::everything::Everything;
use crate::streams::Wire;

#[tokio::test]
async fn j33_an_initialize_flood_without_a_token_gets_401_and_takes_no_room() {
    let everything = Everything::default();
    let server = everything.start_with("[limits]\nsessions = 1").await;
    for _ in 0..20 {
        for era in LEGACY {
            let answer = server.client().era(era).initialize().await;
            assert_eq!(answer.status(), 401, "{era:?}");
            assert_eq!(answer.challenge().expect("a challenge").scopes(), ["base"]);
            assert_eq!(answer.header("mcp-session-id"), None);
        }
    }
    let alice = server.client().era(LATEST_LEGACY).token(server.token("alice"));
    assert_eq!(alice.call_tool("ping", json!({})).await.text(), Some("pong"));
    assert!(alice.session().is_some(), "there was room for one");
}

#[tokio::test]
async fn j33_anonymous_legacy_clients_are_served_without_a_session() {
    let everything = Everything::default();
    let server = everything.start_with("[auth]\nconnect = \"anonymous\"\n[limits]\nsessions = 1").await;
    for era in LEGACY {
        for _ in 0..5 {
            let client = server.client().era(era);
            let answer = client.initialize().await;
            assert_eq!(answer.status(), 200, "{era:?} {}", answer.body());
            assert_eq!(answer.result().expect("a result")["protocolVersion"], era.version());
            assert_eq!(answer.header("mcp-session-id"), None);
            let answer = client.call_tool("ping", json!({})).await;
            assert_eq!(answer.text(), Some("pong"), "{era:?} {}", answer.body());
            assert!(client.list_tools().await.is_success());
            assert_eq!(client.call_tool("whoami", json!({})).await.status(), 401, "{era:?}");
        }
    }
    let client = server.client();
    assert_eq!(client.call_tool("ping", json!({})).await.text(), Some("pong"), "2026-07-28");
    assert_eq!(everything.ran(), 16);
    let alice = server.client().era(LATEST_LEGACY).token(server.token("alice"));
    assert!(alice.initialize().await.header("mcp-session-id").is_some(), "there was room for one");
}

#[tokio::test]
async fn j33_sessions_past_the_limit_get_503_until_one_is_closed() {
    let everything = Everything::default();
    let server = everything.start_with("[limits]\nsessions = 2").await;
    let wire = |name: &str| Wire::new(server.url(), LATEST_LEGACY).token(server.token(name));
    let first = wire("alice").connected().await;
    let _second = wire("bob").connected().await;
    for name in ["alice", "carol"] {
        let mut third = wire(name).initialize().await;
        assert_eq!(third.status, 503);
        assert_eq!(third.header("retry-after"), Some("30"));
        assert_eq!(third.header("mcp-session-id"), None);
        let message = third.response().await;
        assert_eq!((&message["error"]["code"], &message["id"]), (&json!(503), &json!(0)));
    }
    let carol = server.client().token(server.token("carol"));
    assert_eq!(carol.call_tool("ping", json!({})).await.text(), Some("pong"), "2026-07-28 needs no session");

    assert_eq!(first.delete().await.status, 204);
    assert_eq!(wire("carol").initialize().await.status, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn j33_clients_that_connect_at_once_do_not_get_past_the_limit() {
    let everything = Everything::default();
    let server = everything.start_with("[limits]\nsessions = 3").await;
    let wire = Wire::new(server.url(), LATEST_LEGACY).token(server.token("alice"));
    let attempts: Vec<_> = (0..64)
        .map(|_| {
            let wire = wire.clone();
            tokio::spawn(async move { wire.initialize().await.status })
        })
        .collect();
    let mut opened = 0;
    for attempt in attempts {
        match attempt.await.expect("an attempt") {
            200 => opened += 1,
            status => assert_eq!(status, 503),
        }
    }
    while wire.initialize().await.status == 200 {
        opened += 1;
    }
    assert_eq!(opened, 3);
}

#[tokio::test]
async fn verified_caller_without_a_session_is_served_without_one() {
    let everything = Everything::default();
    let server = everything.start_with("[limits]\nsessions = 1").await;
    for era in LEGACY {
        let client = server.client().era(era).token(server.token("alice").scope("read"));
        let call = |name: &str| json!({ "name": name, "arguments": {} });
        let answer = client.request_without_session("tools/call", call("read_note")).await;
        assert_eq!(answer.text(), Some("a note"), "{era:?} {}", answer.body());
        assert_eq!(answer.header("mcp-session-id"), None);
        assert_eq!(client.request_without_session("tools/call", call("export_notes")).await.status(), 403);
        assert!(client.request_without_session("tools/list", json!({})).await.is_success());
    }
    assert_eq!(everything.ran(), 3);
}
