//! Sessions of revisions before 2026-07-28: whose they are, how many there are, and when their streams end.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use mcp_auth::ambient::{Ambient, Clock, SystemClock};
use mcp_auth::authn::fetch::{FetchFuture, Fetched};
use mcp_auth::authn::{Fetch, FetchError};
use mcp_auth::extract::{Peer, RoleServer, SubscriptionContext};
use mcp_auth::prelude::*;
use mcp_auth::rmcp::transport::streamable_http_server::session::store::{
    SessionState, SessionStore, SessionStoreError,
};
use mcp_auth::testing::{Answer, Client, Era, TestIssuer, TestServer};
use serde_json::{Value, json};

use crate::everything::{CONFIG, Everything};
use crate::streams::{PATIENCE, Wire};

const LEGACY: [Era; 3] = [Era::Legacy("2025-11-25"), Era::Legacy("2025-06-18"), Era::Legacy("2025-03-26")];
const LATEST_LEGACY: Era = LEGACY[0];

/// Everyone may do everything: no token is ever read.
const MODE_NONE: &str = "[server]\nlisten = \"127.0.0.1:0\"\n[auth]\nmode = \"none\"\n";

#[derive(Debug, Clone, Default)]
struct Open;

#[server(name = "open")]
impl Open {
    /// Anyone.
    #[tool(public)]
    fn ping(&self) -> &'static str {
        "pong"
    }
}

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

    /// Listens until somebody ends it.
    #[method("subscriptions/listen", authenticated)]
    async fn listen(&self, subscription: SubscriptionContext) {
        subscription.cancelled().await;
    }
}

/// A clock that stands still until it is moved.
#[derive(Debug, Clone, Default)]
struct FakeClock(Arc<AtomicU64>);

impl FakeClock {
    fn at(now: u64) -> Self {
        Self(Arc::new(AtomicU64::new(now)))
    }

    fn advance(&self, seconds: u64) {
        self.0.fetch_add(seconds, Ordering::SeqCst);
    }

    fn ambient(&self) -> Ambient {
        Ambient { clock: Arc::new(self.clone()), ..Ambient::system() }
    }
}

impl Clock for FakeClock {
    fn unix_now(&self) -> u64 {
        self.0.load(Ordering::SeqCst)
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

fn is_unknown_session(answer: &Answer) {
    assert_eq!(answer.status(), 404, "{}", answer.body());
    assert_eq!(answer.error_code(), Some(404), "{}", answer.body());
    assert!(answer.challenge().is_none());
}

/// Says every kind of message in a session that is not this client's, and is told each time that there is none.
async fn is_refused_everywhere(wire: &Wire) {
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

    assert_eq!(first.delete().await.status, 202);
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
async fn j34_a_session_is_its_callers_own() {
    let everything = Everything::default();
    let other = TestIssuer::new("https://other.test", Arc::new(SystemClock));
    let verify = "[auth]\nmode = \"verify\"\n[[auth.issuers]]\nissuer = \"https://other.test\"\n\
                  jwks_uri = \"https://other.test/jwks\"\n";
    let server =
        everything.builder(verify).fetch(Arc::new(Keys(other.jwks()))).start().await.expect("a server");
    for era in LEGACY {
        let alice = Wire::new(server.url(), era).token(server.token("alice").scope("read")).connected().await;
        let strangers = [
            ("another subject", server.token("bob").scope("read")),
            ("another client", server.token("alice").client("another").scope("read")),
            ("no client", server.token("alice").without_claim("client_id").scope("read")),
            ("another issuer", other.token("alice", server.url()).scope("read")),
        ];
        for (who, token) in strangers {
            // Not because the token is no good:
            let elsewhere = server.client().era(era).token(token.clone());
            assert!(elsewhere.call_tool("read_note", json!({})).await.is_success(), "{who}");
            is_refused_everywhere(&alice.clone().token(token)).await;
        }
        let ran = everything.ran();
        let answer = alice.call_tool(8, "read_note", json!({})).await.response().await;
        assert_eq!(answer["result"]["content"][0]["text"], "a note", "{era:?}: still open");
        assert_eq!(everything.ran(), ran + 1);

        let refreshed = alice.clone().token(server.token("alice").scope("write").ttl(200));
        let answer = refreshed.call_tool(9, "write_note", json!({ "text": "x" })).await.response().await;
        assert_eq!(answer["result"]["content"][0]["text"], "x", "{era:?}: a fresh token keeps the session");
        assert_eq!(refreshed.get().await.status, 200, "{era:?}");
        assert_eq!(refreshed.delete().await.status, 202, "{era:?}");
        is_refused_everywhere(&refreshed).await;
    }
}

#[tokio::test]
async fn j34_initialize_naming_anothers_session_opens_one_of_its_own() {
    let everything = Everything::default();
    let server = everything.start().await;
    for era in LEGACY {
        let alice = Wire::new(server.url(), era).token(server.token("alice")).connected().await;
        for known in [alice.session(), "unheard-of"] {
            let bob = Wire::new(server.url(), era).token(server.token("bob")).in_session(known);
            let answer = bob.initialize().await;
            assert_eq!(answer.status, 200, "{era:?}");
            let opened = answer.header("mcp-session-id").expect("a session of its own");
            assert_ne!(opened, known, "{era:?}");
            is_refused_everywhere(&bob).await;
        }
        assert_eq!(alice.call_tool(1, "ping", json!({})).await.status, 200);
    }
}

#[tokio::test]
async fn j34_without_a_token_a_session_is_401_or_unknown_as_connect_says() {
    let everything = Everything::default();
    for (connect, status) in [("authenticated", 401), ("anonymous", 404)] {
        let server = everything.start_with(&format!("[auth]\nconnect = \"{connect}\"")).await;
        let alice = Wire::new(server.url(), LATEST_LEGACY).token(server.token("alice")).connected().await;
        let nobody = Wire::new(server.url(), LATEST_LEGACY).in_session(alice.session());
        assert_eq!(nobody.request(1, "tools/list", json!({})).await.status, status, "{connect}");
        assert_eq!(nobody.get().await.status, status, "{connect}");
        assert_eq!(nobody.delete().await.status, status, "{connect}");
        assert_eq!(
            nobody.call_tool(1, "ping", json!({})).await.status,
            404,
            "{connect}: public, in a session"
        );
        assert_eq!(everything.ran(), 0);
        assert_eq!(alice.request(1, "tools/list", json!({})).await.status, 200, "{connect}");
    }
}

#[tokio::test]
async fn unknown_session_gets_404_on_every_method() {
    let everything = Everything::default();
    let server = everything.start().await;
    for era in LEGACY {
        for session in ["unheard-of", "00000000-0000-4000-8000-000000000000", " ", "x y"] {
            let wire = Wire::new(server.url(), era).token(server.token("alice")).in_session(session);
            is_refused_everywhere(&wire).await;
        }
        let client = server.client().era(era).token(server.token("alice")).header("mcp-session-id", "gone");
        is_unknown_session(&client.request_without_session("tools/list", json!({})).await);
    }
    assert_eq!(everything.ran(), 0);
}

#[tokio::test]
async fn c6_a_session_id_means_nothing_in_2026_07_28() {
    let everything = Everything::default();
    let server = everything.start().await;
    let alice = Wire::new(server.url(), LATEST_LEGACY).token(server.token("alice")).connected().await;
    for session in [alice.session(), "unheard-of"] {
        let bob = Wire::new(server.url(), Era::Stateless).token(server.token("bob")).in_session(session);
        let answer = bob.call_tool(1, "who", json!({})).await.response().await;
        assert_eq!(answer["result"]["content"][0]["text"], "bob");
        for answer in [bob.get().await, bob.delete().await] {
            assert_eq!(answer.status, 405);
            assert_eq!(answer.header("allow"), Some("POST"));
        }
    }
    assert_eq!(alice.call_tool(1, "ping", json!({})).await.status, 200);
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

#[tokio::test]
async fn with_mode_none_sessions_are_anyones_and_still_counted() {
    let config = |sessions: usize| {
        mcp_auth::Config::from_toml_str(&format!("{MODE_NONE}[limits]\nsessions = {sessions}"))
            .expect("a config")
    };
    let server = TestServer::builder(Open).config(config(3)).start().await.expect("a server");
    for era in LEGACY {
        let one = Wire::new(server.url(), era).connected().await;
        let another = Wire::new(server.url(), era).token("of no interest").in_session(one.session());
        for wire in [&one, &another] {
            let answer = wire.call_tool(1, "ping", json!({})).await.response().await;
            assert_eq!(answer["result"]["content"][0]["text"], "pong", "{era:?}");
        }
        assert_eq!(one.get().await.status, 200);
    }
    assert_eq!(Wire::new(server.url(), LATEST_LEGACY).initialize().await.status, 503);
    is_refused_everywhere(&Wire::new(server.url(), LATEST_LEGACY).in_session("unheard-of")).await;
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
    let clock = FakeClock::at(1_900_000_000);
    let server = TestServer::builder(Streams).ambient(clock.ambient()).start().await.expect("a server");
    let alice =
        Wire::new(server.url(), LATEST_LEGACY).token(server.token("alice").ttl(300)).connected().await;
    clock.advance(299);
    let mut stream = alice.get().await;
    assert_eq!(stream.status, 200);
    let closed = tokio::time::timeout(PATIENCE, stream.next()).await.expect("closed in time");
    assert_eq!(closed, None, "one second is left");

    clock.advance(61);
    assert_eq!(alice.get().await.status, 401, "the old token is no good any more");
    let refreshed = alice.token(server.token("alice").ttl(300));
    let mut stream = refreshed.get().await;
    refreshed.call_tool(1, "announce", json!({})).await.response().await;
    assert_eq!(stream.next().await.expect("open")["method"], "notifications/tools/list_changed");
}

#[tokio::test]
async fn j37_listen_ends_with_its_result_when_its_token_expires() {
    let clock = FakeClock::at(1_900_000_000);
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
/// configuration of its own.
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
async fn j34_a_stored_session_is_restored_for_its_owner_and_for_nobody_else() {
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
        assert_eq!(ran % 3, 0, "nothing ran for anybody else");

        let alice = on_second.clone().token(token_for_both(&first, &second, "alice").ttl(200));
        for (tool, text) in [("who", "alice"), ("read_note", "a note")] {
            let answer = alice.call_tool(1, tool, json!({})).await.response().await;
            assert_eq!(answer["result"]["content"][0]["text"], text, "{era:?} {answer}");
        }
        assert_eq!(alice.call_tool(1, "write_note", json!({ "text": "x" })).await.status, 403);
        let bob = on_second.token(token_for_both(&first, &second, "bob"));
        is_refused_everywhere(&bob).await;
        assert_eq!(alice.call_tool(2, "ping", json!({})).await.status, 200);
        assert_eq!(alice.delete().await.status, 202);
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
    assert_eq!(unused.delete().await.status, 202, "to end one takes no room");
    assert_eq!(one.delete().await.status, 202);
    assert_eq!(another.call_tool(1, "ping", json!({})).await.status, 200);
}
