//! When streams end: with the token that opened them.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use mcp_auth::Config;
use mcp_auth::authn::{Fetch, FetchError, FetchFuture, FetchRequest, Fetched};
use mcp_auth::config::{Arguments, ProcessContext};
use mcp_auth::extract::{Peer, ProgressToken, RoleServer, SubscriptionContext};
use mcp_auth::model::ProgressNotificationParam;
use mcp_auth::prelude::*;
use mcp_auth::testing::{Era, TestServer};
use mcp_auth_tests::clock::MovedClock;
use serde_json::{Value, json};

use super::legacy::{LATEST_LEGACY, LEGACY};
use crate::authorization_server::{AuthorizationServer, Reply};
use crate::streams::{PATIENCE, Wire};

/// A server whose streams a test can look at.
#[derive(Debug, Clone, Default)]
pub struct Streams {
    running: Arc<AtomicUsize>,
}

/// A call that is running, until it is dropped.
struct Running(Arc<AtomicUsize>);

impl Running {
    fn begin(running: &Arc<AtomicUsize>) -> Self {
        running.fetch_add(1, Ordering::SeqCst);
        Self(Arc::clone(running))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

#[server(name = "streams")]
impl Streams {
    /// Says on the session's stream that the tools changed.
    #[tool(authenticated)]
    async fn announce(&self, peer: Peer<RoleServer>) -> &'static str {
        peer.notify_tool_list_changed().await.expect("a peer");
        "announced"
    }

    /// Says that the tools changed, as who may write does.
    #[tool(scope = "write")]
    async fn announce_to_writers(&self, peer: Peer<RoleServer>) -> &'static str {
        peer.notify_tool_list_changed().await.expect("a peer");
        "a writer's answer"
    }

    /// Says something at once, and is never done.
    #[tool(authenticated)]
    async fn go_on(&self, peer: Peer<RoleServer>, token: Option<ProgressToken>) -> &'static str {
        let _running = Running::begin(&self.running);
        let progress = ProgressNotificationParam::new(token.expect("a token"), 1.0);
        peer.notify_progress(progress).await.expect("a peer");
        std::future::pending().await
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
    fn fetch(&self, _: FetchRequest, _: usize) -> FetchFuture<'_> {
        let body = self.0.to_string().into();
        let status = mcp_auth::http::StatusCode::OK;
        let fetched = Fetched { status, headers: mcp_auth::http::HeaderMap::new(), body };
        Box::pin(async move { Ok::<_, FetchError>(fetched) })
    }
}

#[tokio::test]
async fn get_stream_brings_its_owner_what_the_server_says() {
    let server = TestServer::start(Streams::default()).await.expect("a server");
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
    let server =
        TestServer::builder(Streams::default()).ambient(clock.ambient()).start().await.expect("a server");
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
    let server =
        TestServer::builder(Streams::default()).ambient(clock.ambient()).start().await.expect("a server");
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

#[tokio::test]
async fn t67_a_listening_stream_ends_once_its_credential_is_denied_and_another_one_goes_on() {
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("mcp.toml");
    let write = |table: &str| {
        let text = format!("[server]\nlisten = \"127.0.0.1:0\"\n[auth]\nbase_scopes = []\n[issuer]\n{table}");
        std::fs::write(&file, text).expect("written");
    };
    write("");
    let arguments = Arguments::parse(["--config", file.to_str().expect("UTF-8")]).expect("arguments");
    let config = Config::load(&arguments, ProcessContext::empty(), None).expect("a configuration");
    let server = TestServer::builder(Streams::default()).config(config).start().await.expect("a server");
    let listening = async |subject: &str| {
        let asked = json!({ "notifications": { "toolsListChanged": true } });
        let wire = Wire::new(server.url(), Era::Stateless).token(server.token(subject));
        let mut stream = wire.request(4, "subscriptions/listen", asked).await;
        stream.next().await.expect("an acknowledgement");
        stream
    };
    let (mut ending, mut open) = (listening("ann").await, listening("bob").await);
    write("[[auth.deny]]\nissuer = \"https://issuer.test\"\nsubject = \"ann\"\n");
    let last =
        tokio::time::timeout(3 * PATIENCE, ending.next()).await.expect("it ends").expect("a final result");
    assert_eq!(last["result"]["resultType"], "complete", "{last}");
    assert_eq!(ending.next().await, None);
    assert!(
        tokio::time::timeout(Duration::from_millis(200), open.next()).await.is_err(),
        "the other one goes on"
    );
}

#[tokio::test]
async fn t55_listening_streams_of_one_opaque_token_ask_once_for_all_and_end_once_it_holds_less() {
    let issuer = AuthorizationServer::empty("").await;
    let asked_at = format!(
        "[auth.issuers.introspection]\nendpoint = \"{}\"\nauth = \"none\"\ntokens = \"all\"\ncache_ttl = \"1s\"",
        issuer.at("/introspect")
    );
    let toml = format!("[auth]\nbase_scopes = []\n{}", issuer.toml(&asked_at));
    let builder = TestServer::builder(Streams::default()).toml(&toml).expect("a configuration");
    let server = builder.start().await.expect("a server");
    let says = |scope: &str| {
        let mut answer = issuer.claims(server.url(), json!({ "scope": scope }));
        answer["active"] = true.into();
        issuer.put("/introspect", Reply::Json(answer));
    };
    says("a b");
    let listening = async || {
        let asked = json!({ "notifications": { "toolsListChanged": true } });
        let wire = Wire::new(server.url(), Era::Stateless).token("opaque");
        let mut stream = wire.request(4, "subscriptions/listen", asked).await;
        stream.next().await.expect("an acknowledgement");
        stream
    };
    let mut streams = Vec::new();
    for _ in 0..10 {
        streams.push(listening().await);
    }
    let (before, started) = (issuer.asked().len(), std::time::Instant::now());
    says("a b c");
    let goes_on = tokio::time::timeout(Duration::from_millis(2_500), streams[0].next()).await;
    assert!(goes_on.is_err(), "with more it goes on");
    let (asked, most) = (issuer.asked().len() - before, started.elapsed().as_secs() + 1);
    assert!(asked >= 1 && asked as u64 <= most, "ten streams asked {asked} times in {most} seconds");
    says("a c");
    for mut stream in streams {
        let last =
            tokio::time::timeout(3 * PATIENCE, stream.next()).await.expect("it ends").expect("a result");
        assert_eq!(last["result"]["resultType"], "complete", "{last}");
    }
}

/// A call that goes on, whose answer is a stream by now.
fn going_on() -> Value {
    json!({ "name": "go_on", "arguments": {}, "_meta": { "progressToken": "p" } })
}

#[tokio::test]
async fn j37_an_event_stream_that_answers_a_call_closes_when_its_token_expires() {
    for era in Era::ALL {
        let (clock, streams) = (MovedClock::at(1_900_000_000), Streams::default());
        let server =
            TestServer::builder(streams.clone()).ambient(clock.ambient()).start().await.expect("a server");
        let alice = Wire::new(server.url(), era).token(server.token("alice").ttl(300)).connected().await;
        let unhurried = alice.clone().token(server.token("alice").ttl(600));
        let mut still_open = unhurried.request(2, "tools/call", going_on()).await;
        assert_eq!(still_open.next().await.expect("a message")["method"], "notifications/progress");
        clock.advance(299);
        let mut stream = alice.request(1, "tools/call", going_on()).await;
        assert_eq!(stream.next().await.expect("a message")["method"], "notifications/progress", "{era:?}");
        let closed = tokio::time::timeout(PATIENCE, stream.next()).await.expect("closed in time");
        assert_eq!(closed, None, "{era:?}: one second is left");
        let other = tokio::time::timeout(Duration::from_millis(100), still_open.next()).await;
        assert!(other.is_err(), "{era:?}: the other token is still valid");
        if era == Era::Stateless {
            until_it_runs(&streams, 1).await;
        }
    }
}

/// Waits until so many calls run.
async fn until_it_runs(streams: &Streams, count: usize) {
    let reached = async {
        while streams.running.load(Ordering::SeqCst) != count {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(PATIENCE, reached).await.expect("the call is dropped");
}

#[tokio::test]
async fn a_token_that_may_not_use_what_ran_in_a_session_reads_none_of_its_streams() {
    let server = TestServer::start(Streams::default()).await.expect("a server");
    for era in LEGACY {
        let writer =
            Wire::new(server.url(), era).token(server.token("alice").scope("write")).connected().await;
        let reader = writer.clone().token(server.token("alice"));
        assert_eq!(reader.get().await.status, 200, "{era:?}: nothing ran yet");
        let answer = writer.call_tool(1, "announce_to_writers", json!({})).await.response().await;
        assert_eq!(answer["result"]["content"][0]["text"], "a writer's answer", "{era:?}");
        for refused in [reader.get().await, reader.resume("0/0").await] {
            assert_eq!(refused.status, 403, "{era:?}");
            let challenge = refused.header("www-authenticate").expect("a challenge");
            assert!(challenge.contains("insufficient_scope") && challenge.contains("write"), "{challenge}");
        }
        assert_eq!(writer.resume("0/0").await.status, 200, "{era:?}");
        assert_eq!(writer.get().await.status, 200, "{era:?}");
        let answer = reader.call_tool(2, "announce", json!({})).await.response().await;
        assert_eq!(
            answer["result"]["content"][0]["text"], "announced",
            "{era:?}: calls are decided by themselves"
        );
    }
}

#[tokio::test]
async fn an_open_stream_of_a_narrower_token_ends_before_what_it_may_not_read() {
    let server = TestServer::start(Streams::default()).await.expect("a server");
    let writer =
        Wire::new(server.url(), LATEST_LEGACY).token(server.token("alice").scope("write")).connected().await;
    let mut narrow = writer.clone().token(server.token("alice")).get().await;
    writer.call_tool(1, "announce", json!({})).await.response().await;
    assert_eq!(narrow.next().await.expect("its own")["method"], "notifications/tools/list_changed");
    writer.call_tool(2, "announce_to_writers", json!({})).await.response().await;
    assert_eq!(narrow.next().await, None);
    let mut wide = writer.get().await;
    writer.call_tool(3, "announce_to_writers", json!({})).await.response().await;
    assert_eq!(wide.next().await.expect("a writer's")["method"], "notifications/tools/list_changed");
}

#[tokio::test]
async fn a_stream_that_would_show_what_is_hidden_is_of_an_unknown_session() {
    let server =
        TestServer::builder(Streams::default()).toml("[auth]\nvisibility = \"granted\"").expect("toml");
    let server = server.start().await.expect("a server");
    let writer =
        Wire::new(server.url(), LATEST_LEGACY).token(server.token("alice").scope("write")).connected().await;
    writer.call_tool(1, "announce_to_writers", json!({})).await.response().await;
    assert_eq!(writer.clone().token(server.token("alice")).get().await.status, 404);
    assert_eq!(writer.get().await.status, 200);
}

#[tokio::test]
async fn a_cancelled_notification_drops_the_call_of_its_session_and_does_nothing_without_one() {
    let cancel = |id: u64| json!({ "jsonrpc": "2.0", "method": "notifications/cancelled", "params": { "requestId": id } });
    for era in LEGACY {
        let streams = Streams::default();
        let server = TestServer::start(streams.clone()).await.expect("a server");
        let alice = Wire::new(server.url(), era).token(server.token("alice")).connected().await;
        let elsewhere = Wire::new(server.url(), era).token(server.token("alice"));
        let mut call = alice.request(5, "tools/call", going_on()).await;
        assert_eq!(call.next().await.expect("a message")["method"], "notifications/progress", "{era:?}");
        assert_eq!(elsewhere.post(cancel(5)).await.status, 202, "{era:?}: without a session");
        assert_eq!(alice.post(cancel(6)).await.status, 202, "{era:?}: another request");
        tokio::time::sleep(Duration::from_millis(100)).await;
        assert_eq!(streams.running.load(Ordering::SeqCst), 1, "{era:?}");
        assert_eq!(alice.post(cancel(5)).await.status, 202, "{era:?}");
        until_it_runs(&streams, 0).await;
    }
}

#[tokio::test]
async fn a_call_without_a_session_is_dropped_when_its_client_goes_away() {
    for era in Era::ALL {
        let streams = Streams::default();
        let server = TestServer::start(streams.clone()).await.expect("a server");
        let alice = Wire::new(server.url(), era).token(server.token("alice"));
        let mut call = alice.request(5, "tools/call", going_on()).await;
        assert_eq!(call.next().await.expect("a message")["method"], "notifications/progress", "{era:?}");
        assert_eq!(streams.running.load(Ordering::SeqCst), 1, "{era:?}");
        drop(call);
        until_it_runs(&streams, 0).await;
    }
}
