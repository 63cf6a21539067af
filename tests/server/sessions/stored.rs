//! Sessions in a store that two servers share: restored for their owner only.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use mcp_auth::ambient::SystemClock;
use mcp_auth::rmcp::transport::streamable_http_server::session::store::{
    SessionState, SessionStore, SessionStoreError,
};
use mcp_auth::testing::{Client, TestIssuer, TestServer};
use serde_json::json;

use super::legacy::{LATEST_LEGACY, LEGACY, is_refused_everywhere};
use crate::everything::{CONFIG, Everything};
use crate::streams::Wire;

/// Sessions where two servers find them.
#[derive(Debug, Clone, Default)]
pub struct Shared(Arc<Mutex<HashMap<String, SessionState>>>);

#[async_trait::async_trait]
impl SessionStore for Shared {
    async fn load(&self, id: &str) -> Result<Option<SessionState>, SessionStoreError> {
        Ok(self.0.lock().expect("no panic").get(id).cloned())
    }

    async fn store(&self, id: &str, state: &SessionState) -> Result<(), SessionStoreError> {
        self.0.lock().expect("no panic").insert(id.to_owned(), state.clone());
        Ok(())
    }

    async fn delete(&self, id: &str) -> Result<(), SessionStoreError> {
        self.0.lock().expect("no panic").remove(id);
        Ok(())
    }
}

/// Two servers of one kind, as two processes behind one balancer would be; the second one with a
/// separate configuration.
async fn two_servers(everything: &Everything, shared: &Shared, toml: &str) -> (TestServer, TestServer) {
    let issuer = TestIssuer::new("https://issuer.test", Arc::new(SystemClock));
    let builder = |toml: &str| {
        let builder = TestServer::builder(everything.clone()).toml(CONFIG).expect("a configuration");
        let builder = builder.toml(toml).expect("the test's configuration");
        let shared = shared.clone();
        builder.issuer(issuer.clone()).with(|builder| builder.session_store(Arc::new(shared)))
    };
    (builder("").start().await.expect("a server"), builder(toml).start().await.expect("another"))
}

fn token_for_both(first: &TestServer, second: &TestServer, subject: &str) -> mcp_auth::testing::Token {
    first.token(subject).claim("aud", json!([first.url(), second.url()])).scope("read")
}

#[tokio::test]
async fn j34_a_stored_session_is_restored_for_its_owner_only() {
    let (everything, shared) = (Everything::default(), Shared::default());
    let (first, second) = two_servers(&everything, &shared, "").await;
    for era in LEGACY {
        let alice =
            Wire::new(first.url(), era).token(token_for_both(&first, &second, "alice")).connected().await;
        let on_second = Wire::new(second.url(), era).in_session(alice.session());
        for stranger in [
            token_for_both(&first, &second, "bob"),
            token_for_both(&first, &second, "alice").client("another"),
            token_for_both(&first, &second, "alice").without_claim("client_id"),
        ] {
            is_refused_everywhere(&on_second.clone().token(stranger.clone())).await;
            let bob = on_second.clone().token(stranger);
            assert_ne!(bob.initialize().await.header("mcp-session-id"), Some(alice.session()));
        }
        assert_eq!(on_second.call_tool(1, "whoami", json!({})).await.status, 401);
        let ran = everything.ran();
        assert_eq!(ran % 3, 0, "nothing ran for other callers");

        let alice = on_second.clone().token(token_for_both(&first, &second, "alice").ttl(200));
        for (tool, text) in [("who", "alice"), ("read_note", "a note")] {
            let answer = alice.call_tool(1, tool, json!({})).await.response().await;
            assert_eq!(answer["result"]["content"][0]["text"], text, "{era:?} {answer}");
        }
        assert_eq!(alice.call_tool(1, "write_note", json!({ "text": "x" })).await.status, 403);
        let bob = on_second.token(token_for_both(&first, &second, "bob"));
        is_refused_everywhere(&bob).await;
        assert_eq!(alice.call_tool(2, "ping", json!({})).await.status, 200);
        assert_eq!(alice.delete().await.status, 204);
        is_refused_everywhere(&alice).await;
        assert_eq!(
            shared.0.lock().expect("no panic").len() % 3,
            0,
            "deleted; those the strangers opened stay"
        );
    }
}

#[tokio::test]
async fn j34_an_owner_that_a_client_writes_into_initialize_counts_for_nothing() {
    let (everything, shared) = (Everything::default(), Shared::default());
    let (first, second) = two_servers(&everything, &shared, "").await;
    let alice = Wire::new(first.url(), LATEST_LEGACY).token(token_for_both(&first, &second, "alice"));
    let alice = alice.connected().await;
    let owner = {
        let stored = shared.0.lock().expect("no panic");
        let meta = stored[alice.session()].initialize_params.meta.clone().expect("an owner");
        meta.get("mcp-auth/owner").cloned().expect("an owner")
    };
    let bob = Client::new(first.url()).era(LATEST_LEGACY).token(token_for_both(&first, &second, "bob"));
    let forged = bob
        .request_without_session(
            "initialize",
            json!({
                "protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": { "name": "b", "version": "0" },
                "_meta": { "mcp-auth/owner": owner },
            }),
        )
        .await;
    let session = forged.header("mcp-session-id").expect("a session");
    let on_second = Wire::new(second.url(), LATEST_LEGACY).in_session(session);
    let as_alice = on_second.clone().token(token_for_both(&first, &second, "alice"));
    is_refused_everywhere(&as_alice).await;
    let as_bob = on_second.token(token_for_both(&first, &second, "bob"));
    assert_eq!(as_bob.call_tool(1, "ping", json!({})).await.status, 200);
}

#[tokio::test]
async fn j33_restored_sessions_count_as_open_ones() {
    let (everything, shared) = (Everything::default(), Shared::default());
    let (first, second) = two_servers(&everything, &shared, "[limits]\nsessions = 1").await;
    let open = || async {
        let wire = Wire::new(first.url(), LATEST_LEGACY).token(token_for_both(&first, &second, "alice"));
        let session = wire.connected().await.session().to_owned();
        Wire::new(second.url(), LATEST_LEGACY)
            .token(token_for_both(&first, &second, "alice"))
            .in_session(session)
    };
    let (one, another, unused) = (open().await, open().await, open().await);
    assert_eq!(one.call_tool(1, "ping", json!({})).await.status, 200);
    for answer in [another.call_tool(1, "ping", json!({})).await, another.get().await, one.initialize().await]
    {
        assert_eq!(answer.status, 503);
    }
    assert_eq!(one.call_tool(1, "ping", json!({})).await.status, 200);
    assert_eq!(everything.ran(), 2);
    assert_eq!(unused.delete().await.status, 204, "to end one takes no room");
    assert_eq!(one.delete().await.status, 204);
    assert_eq!(another.call_tool(1, "ping", json!({})).await.status, 200);
}
