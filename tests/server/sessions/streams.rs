//! When streams end: with the token that opened them.

use mcp_auth::authn::{Fetch, FetchError, FetchFuture, Fetched};
use mcp_auth::extract::{Peer, RoleServer, SubscriptionContext};
use mcp_auth::prelude::*;
use mcp_auth::testing::{Era, TestServer};
use mcp_auth_tests::clock::MovedClock;
use serde_json::{Value, json};

use super::legacy::{LATEST_LEGACY, LEGACY};
use crate::streams::{PATIENCE, Wire};

/// A server whose streams a test can look at.
#[derive(Debug, Clone, Default)]
struct Streams;

#[server(name = "streams")]
impl Streams {
    /// Says on the session's stream that the tools changed.
    #[tool(authenticated)]
    async fn announce(&self, peer: Peer<RoleServer>) -> &'static str {
        peer.notify_tool_list_changed().await.expect("a peer");
        "announced"
    }

    /// Listens until the subscription ends.
    #[method("subscriptions/listen", authenticated)]
    async fn listen(&self, subscription: SubscriptionContext) {
        subscription.cancelled().await;
    }
}

/// An issuer's key set, without a network.
pub struct Keys(pub Value);

impl Fetch for Keys {
    fn get<'a>(&'a self, _: &'a url::Url, _: usize) -> FetchFuture<'a> {
        let body = self.0.to_string().into();
        let status = mcp_auth::http::StatusCode::OK;
        let fetched = Fetched { status, headers: mcp_auth::http::HeaderMap::new(), body };
        Box::pin(async move { Ok::<_, FetchError>(fetched) })
    }
}

#[tokio::test]
async fn get_stream_brings_its_owner_what_the_server_says() {
    let server = TestServer::start(Streams).await.expect("a server");
    for era in LEGACY {
        let alice = Wire::new(server.url(), era).token(server.token("alice")).connected().await;
        let mut stream = alice.get().await;
        assert_eq!(stream.status, 200);
        assert_eq!(stream.header("content-type"), Some("text/event-stream"));
        let answer = alice.call_tool(1, "announce", json!({})).await.response().await;
        assert_eq!(answer["result"]["content"][0]["text"], "announced");
        let heard = stream.next().await.expect("a notification");
        assert_eq!(heard["method"], "notifications/tools/list_changed", "{era:?}");
    }
}

#[tokio::test]
async fn j37_get_stream_closes_when_its_token_expires_and_opens_again_with_a_fresh_one() {
    let clock = MovedClock::at(1_900_000_000);
    let server = TestServer::builder(Streams).ambient(clock.ambient()).start().await.expect("a server");
    let alice =
        Wire::new(server.url(), LATEST_LEGACY).token(server.token("alice").ttl(300)).connected().await;
    clock.advance(299);
    let mut stream = alice.get().await;
    assert_eq!(stream.status, 200);
    let closed = tokio::time::timeout(PATIENCE, stream.next()).await.expect("closed in time");
    assert_eq!(closed, None, "one second is left");

    clock.advance(61);
    assert_eq!(alice.get().await.status, 401, "the old token is not valid any more");
    let refreshed = alice.token(server.token("alice").ttl(300));
    let mut stream = refreshed.get().await;
    refreshed.call_tool(1, "announce", json!({})).await.response().await;
    assert_eq!(stream.next().await.expect("open")["method"], "notifications/tools/list_changed");
}

#[tokio::test]
async fn j37_listen_ends_with_its_result_when_its_token_expires() {
    let clock = MovedClock::at(1_900_000_000);
    let server = TestServer::builder(Streams).ambient(clock.ambient()).start().await.expect("a server");
    let alice = Wire::new(server.url(), Era::Stateless).token(server.token("alice").ttl(300));
    clock.advance(299);
    let asked = json!({ "notifications": { "toolsListChanged": true } });
    let mut stream = alice.request(4, "subscriptions/listen", asked).await;
    assert_eq!(stream.status, 200);
    let first = stream.next().await.expect("an acknowledgement");
    assert_eq!(first["method"], "notifications/subscriptions/acknowledged");
    let last = stream.next().await.expect("a final result");
    assert_eq!((&last["id"], &last["result"]["resultType"]), (&json!(4), &json!("complete")), "{last}");
    assert_eq!(stream.next().await, None);
}
