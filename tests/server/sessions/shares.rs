//! One caller takes all it gets, and the others go on being served.

use std::sync::Arc;
use std::time::Duration;

use mcp_auth::extract::SubscriptionContext;
use mcp_auth::prelude::*;
use mcp_auth::testing::{Era, TestServer, Token};
use serde_json::{Value, json};
use tokio::sync::Semaphore;
use tokio::time::sleep;

use crate::streams::{Reading, Wire};

const LEGACY: Era = Era::Legacy("2025-11-25");

/// A server whose operations last.
#[derive(Debug, Clone)]
struct Busy(Arc<Semaphore>);

#[derive(Debug, mcp_auth::serde::Deserialize, mcp_auth::schemars::JsonSchema)]
#[serde(crate = "mcp_auth::serde")]
#[schemars(crate = "mcp_auth::schemars")]
struct Load {
    load: String,
}

impl Busy {
    async fn wait(&self) -> &'static str {
        self.0.acquire().await.expect("never closed").forget();
        "finished"
    }
}

/// Busy.
#[server(name = "busy")]
impl Busy {
    /// Answers at once.
    #[tool(public)]
    fn ping(&self) -> &'static str {
        "pong"
    }

    /// Waits.
    #[tool(public)]
    async fn waits(&self) -> &'static str {
        self.wait().await
    }

    /// Waits, and is not answered directly.
    #[tool(public)]
    async fn waits_in_transport(&self, _cancelled: CancellationToken) -> &'static str {
        self.wait().await
    }

    /// Waits, with a load.
    #[tool(public)]
    async fn carries(&self, Parameters(Load { load }): Parameters<Load>) -> String {
        self.wait().await;
        load.len().to_string()
    }

    /// Asks.
    #[tool(public)]
    async fn asks(&self, peer: Peer<RoleServer>) -> Result<String, ToolError> {
        let answer =
            peer.elicit::<Choice>("Which?").await.map_err(|error| ToolError::new(error.to_string()))?;
        Ok(answer.map_or_else(|| "none".to_owned(), |choice| choice.choice))
    }

    #[method("subscriptions/listen", public)]
    async fn listen(&self, _subscription: SubscriptionContext) {
        std::future::pending::<()>().await;
    }
}

#[derive(Debug, mcp_auth::serde::Deserialize, mcp_auth::schemars::JsonSchema)]
#[serde(crate = "mcp_auth::serde")]
#[schemars(crate = "mcp_auth::schemars")]
struct Choice {
    choice: String,
}
mcp_auth::rmcp::elicit_safe!(Choice);

async fn start(toml: &str) -> (Busy, TestServer) {
    let busy = Busy(Arc::new(Semaphore::new(0)));
    let builder = TestServer::builder(busy.clone()).toml(toml).expect("a configuration");
    (busy, builder.start().await.expect("a server"))
}

async fn health(server: &TestServer) -> u16 {
    let answer = crate::wire::http().get(server.at("/healthz")).send().await.expect("an answer");
    answer.status().as_u16()
}

/// Others are answered: one who has been here, one who is new, and health.
async fn others_are_served(server: &TestServer, what: &str) {
    for name in ["alice", "alice", "new"] {
        let client = server.client().token(server.token(name));
        let answer = client.call_tool("ping", json!({})).await;
        assert_eq!(answer.text(), Some("pong"), "{what}: {name}: {}", answer.body());
    }
    assert_eq!(health(server).await, 200, "{what}");
}

/// What one client opens and leaves open.
#[derive(Debug, Clone, Copy)]
enum Opens {
    Listen,
    Get,
    Resumed,
    Call,
    CallInTransport,
    CallInSession,
}

impl Opens {
    const ALL: [Self; 6] =
        [Self::Listen, Self::Get, Self::Resumed, Self::Call, Self::CallInTransport, Self::CallInSession];

    async fn open(self, server: &TestServer, token: Token) -> Opened {
        let modern = Wire::new(server.url(), Era::Stateless).token(token.clone());
        let call = |wire: Wire, tool: &'static str| {
            Opened::Call(tokio::spawn(async move { wire.call_tool(1, tool, json!({})).await }))
        };
        match self {
            Self::Call => call(modern, "waits"),
            Self::CallInTransport => call(modern, "waits_in_transport"),
            Self::Listen => Opened::Stream(
                modern.request(1, "subscriptions/listen", json!({ "notifications": {} })).await,
            ),
            Self::Get | Self::Resumed | Self::CallInSession => {
                let wire = Wire::new(server.url(), LEGACY).token(token);
                let opening = wire.initialize().await;
                let Some(session) = opening.header("mcp-session-id").map(str::to_owned) else {
                    return Opened::Stream(opening);
                };
                let wire = wire.in_session(session);
                match self {
                    Self::Get => Opened::Stream(wire.get().await),
                    Self::Resumed => Opened::Stream(wire.resume("0").await),
                    _ => call(wire, "waits"),
                }
            }
        }
    }
}

/// Something open, or its refusal.
enum Opened {
    Stream(Reading),
    Call(tokio::task::JoinHandle<Reading>),
}

impl Opened {
    /// The refusal, if it is one.
    async fn refusal(self) -> Option<Reading> {
        match self {
            Self::Stream(reading) => Some(reading).filter(|reading| reading.status != 200),
            Self::Call(call) if call.is_finished() => {
                Some(call.await.expect("it ended")).filter(|reading| reading.status != 200)
            }
            Self::Call(call) => {
                call.abort();
                None
            }
        }
    }
}

/// Tokens of one caller, each in another way.
fn tokens(server: &TestServer, n: u64) -> [(&'static str, Token); 3] {
    [
        ("one token", server.token("mallory")),
        ("many clients", server.token("mallory").client(&format!("client-{n}"))),
        ("many tokens", server.token("mallory").ttl(200 + n)),
    ]
}

#[tokio::test]
async fn a_caller_who_takes_every_stream_or_call_is_refused_and_the_others_are_served() {
    for opens in Opens::ALL {
        for way in 0..3 {
            let (_busy, server) = start("[limits]\nconnections = 32\n").await;
            let mut opened = Vec::new();
            let mut said = "";
            for n in 0..24 {
                let (how, token) = tokens(&server, n)[way].clone();
                opened.push(opens.open(&server, token).await);
                said = how;
            }
            sleep(Duration::from_millis(1000)).await; // for those that run in tasks of their own
            let what = format!("{opens:?} by {said}");
            others_are_served(&server, &what).await;
            let mut refused = 0;
            for one in opened {
                if let Some(mut refusal) = one.refusal().await {
                    refused += 1;
                    assert_eq!(refusal.status, 429, "{what}");
                    assert_eq!(refusal.header("retry-after"), Some("5"), "{what}");
                    let message = refusal.next().await.expect("a body");
                    let text = message["error"]["message"].as_str().expect("words");
                    assert!(text.contains("(limits.connections)") && text.contains("16"), "{what}: {text}");
                }
            }
            assert_eq!(refused, 8, "{what}: half of the connections is one caller's");
        }
    }
}

#[tokio::test]
async fn the_keys_for_one_caller_bound_calls_and_streams_and_what_ends_makes_room() {
    let (busy, server) = start("[limits]\ncaller_calls = 3\ncaller_streams = 2\n").await;
    let mallory = Wire::new(server.url(), Era::Stateless).token(server.token("mallory"));
    let listen = || mallory.request(1, "subscriptions/listen", json!({ "notifications": {} }));
    let streams = (listen().await, listen().await);
    let mut third = listen().await;
    assert_eq!((streams.0.status, streams.1.status, third.status), (200, 200, 429));
    let text = third.next().await.expect("a body");
    assert_eq!(
        text["error"]["message"],
        "one caller may have at most 2 open streams (limits.caller_streams); try again later"
    );
    assert_eq!((&text["error"]["code"], &text["id"]), (&json!(429), &json!(1)));

    let mut calls = Vec::new();
    for _ in 0..3 {
        let wire = mallory.clone();
        calls.push(tokio::spawn(async move { wire.call_tool(1, "waits", json!({})).await }));
    }
    sleep(Duration::from_millis(1000)).await;
    let mut fourth = mallory.call_tool(1, "ping", json!({})).await;
    assert_eq!(fourth.status, 429);
    let text = fourth.next().await.expect("a body")["error"]["message"].to_string();
    assert!(text.contains("3 calls in flight") && text.contains("limits.caller_calls"), "{text}");
    others_are_served(&server, "beside it").await;

    busy.0.add_permits(1);
    drop(streams);
    sleep(Duration::from_millis(1000)).await;
    assert_eq!(mallory.call_tool(1, "ping", json!({})).await.status, 200, "a call has ended");
    assert_eq!(listen().await.status, 200, "the streams were closed");
    for call in &calls {
        call.abort();
    }
    sleep(Duration::from_millis(1000)).await;
    for _ in 0..5 {
        assert_eq!(mallory.call_tool(1, "ping", json!({})).await.status, 200, "their client went away");
    }
}

#[tokio::test]
async fn a_reply_is_taken_although_its_caller_has_all_its_calls_in_flight() {
    let (_busy, server) = start("[limits]\ncaller_calls = 1\n").await;
    let alice = Wire::new(server.url(), LEGACY).token(server.token("alice"));
    let alice = alice.capabilities(json!({ "elicitation": {} })).connected().await;
    let mut call = alice.call_tool(5, "asks", json!({})).await;
    let question = call.next_or_response("elicitation/create").await;
    assert_eq!(alice.call_tool(6, "ping", json!({})).await.status, 429);
    let result = json!({ "action": "accept", "content": { "choice": "this" } });
    let reply = json!({ "jsonrpc": "2.0", "id": question["id"], "result": result });
    assert_eq!(alice.post(reply).await.status, 202);
    assert_eq!(call.response().await["result"]["content"][0]["text"], "this");
}

#[tokio::test]
async fn when_several_callers_take_all_there_are_places_for_new_ones_and_for_health() {
    let (_busy, server) = start("[limits]\nconnections = 32\n").await;
    let mut open = Vec::new();
    for name in ["mallory", "eve", "trudy"] {
        let wire = Wire::new(server.url(), Era::Stateless).token(server.token(name));
        for _ in 0..20 {
            open.push(wire.request(1, "subscriptions/listen", json!({ "notifications": {} })).await);
        }
    }
    let opened = open.iter().filter(|reading| reading.status == 200).count();
    assert_eq!(opened, 32 - 4 - 4 + 1, "of the places for new callers one had one");
    let last = open.last_mut().expect("the last");
    assert_eq!((last.status, last.header("retry-after")), (503, Some("5")));
    let text = last.next().await.expect("a body")["error"]["message"].to_string();
    assert!(text.contains("(limits.connections)"), "{text}");
    let new = server.client().token(server.token("new"));
    assert_eq!(new.call_tool("ping", json!({})).await.text(), Some("pong"));
    assert_eq!(health(&server).await, 200);
}

#[tokio::test]
async fn callers_who_are_not_verified_leave_room_for_those_who_are_and_for_health() {
    let (_busy, server) = start("[auth]\nconnect = \"anonymous\"\n[limits]\nconnections = 32\n").await;
    let anyone = Wire::new(server.url(), Era::Stateless);
    let mut open = Vec::new();
    for _ in 0..40 {
        open.push(anyone.request(1, "subscriptions/listen", json!({ "notifications": {} })).await);
    }
    assert_eq!(open.iter().filter(|reading| reading.status == 200).count(), 16);
    others_are_served(&server, "beside strangers").await;

    let (_busy, server) = start("[auth]\nverify = \"none\"\n[limits]\nconnections = 32\n").await;
    let anyone = Wire::new(server.url(), Era::Stateless);
    let mut open = Vec::new();
    for _ in 0..40 {
        open.push(anyone.request(1, "subscriptions/listen", json!({ "notifications": {} })).await);
    }
    assert!(open.iter().any(|reading| reading.status == 503));
    assert_eq!(health(&server).await, 200, "callers cannot be told apart, but health lives");
}

#[tokio::test]
async fn idle_connections_of_one_caller_keep_no_other_out() {
    let (_busy, server) = start("[limits]\nconnections = 16\n").await;
    let bearer = format!("Authorization: Bearer {}\r\n", server.token("mallory").mint());
    let wire = crate::wire::Wire::of(&server);
    let body = crate::wire::call_body("ping");
    let request = format!(
        "POST /mcp HTTP/1.1\r\nHost: {}\r\n{}{bearer}Content-Length: {}\r\n\r\n{body}",
        wire.host(),
        crate::wire::call_headers("ping"),
        body.len()
    );
    let mut idle = Vec::new();
    for _ in 0..40 {
        use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
        let mut stream = wire.connect().await;
        stream.write_all(request.as_bytes()).await.expect("sent");
        let mut some = [0; 16];
        let _ = stream.read(&mut some).await;
        idle.push(stream);
    }
    others_are_served(&server, "beside idle connections").await;
}

#[tokio::test]
async fn j33_many_clients_of_one_subject_close_no_other_callers_sessions() {
    let (_busy, server) = start("[limits]\nsessions = 40\ncaller_sessions = 30\n").await;
    let mut sessions = Vec::new();
    for _ in 0..10 {
        sessions.push(Wire::new(server.url(), LEGACY).token(server.token("alice")).connected().await);
    }
    for n in 0..100 {
        let token = server.token("mallory").client(&format!("client-{n}"));
        let answer = Wire::new(server.url(), LEGACY).token(token).initialize().await;
        assert!([200, 503].contains(&answer.status), "{}", answer.status);
    }
    for session in &sessions {
        assert_eq!(session.call_tool(1, "ping", json!({})).await.status, 200, "a session of alice");
    }
    let bob = Wire::new(server.url(), LEGACY).token(server.token("bob")).connected().await;
    assert_eq!(bob.call_tool(1, "ping", json!({})).await.status, 200, "and there is room for bob");
}

#[tokio::test]
async fn j33_a_caller_over_its_sessions_gives_up_its_own_that_it_did_not_use() {
    let (_busy, server) = start("[limits]\ncaller_sessions = 2\n").await;
    let open = || async { Wire::new(server.url(), LEGACY).token(server.token("alice")).connected().await };
    let (unused, used) = (open().await, open().await);
    assert_eq!(used.call_tool(1, "ping", json!({})).await.status, 200);
    let third = open().await;
    assert_eq!(third.call_tool(1, "ping", json!({})).await.status, 200);
    assert_eq!(unused.call_tool(1, "ping", json!({})).await.status, 404);
    assert_eq!(used.call_tool(1, "ping", json!({})).await.status, 200);
    let mut fourth = Wire::new(server.url(), LEGACY).token(server.token("alice")).initialize().await;
    assert_eq!(
        (fourth.status, fourth.header("retry-after")),
        (429, Some("30")),
        "both were used a moment ago"
    );
    let text = fourth.next().await.expect("a body")["error"]["message"].to_string();
    assert!(text.contains("limits.caller_sessions"), "{text}");
}

#[tokio::test]
async fn j33_with_verify_none_a_flood_of_initialize_locks_no_client_out() {
    let (_busy, server) = start("[auth]\nverify = \"none\"\n[limits]\nsessions = 4\n").await;
    for n in 0..100 {
        let answer = Wire::new(server.url(), LEGACY).initialize().await;
        assert_eq!((answer.status, answer.header("mcp-session-id")), (200, None), "{n}");
    }
    let client = server.client().era(LEGACY);
    assert_eq!(client.initialize().await.status(), 200);
    assert_eq!(client.call_tool("ping", json!({})).await.text(), Some("pong"));

    let few = "[auth]\nverify = \"none\"\n[limits]\nanonymous_sessions = 2\n";
    let (_busy, server) = start(few).await;
    let (_one, _two) = (
        Wire::new(server.url(), LEGACY).connected().await,
        Wire::new(server.url(), LEGACY).connected().await,
    );
    let third = Wire::new(server.url(), LEGACY).initialize().await;
    assert_eq!((third.status, third.header("mcp-session-id")), (200, None), "it goes without");
}

#[tokio::test]
async fn bodies_under_way_have_a_budget_and_no_caller_has_more_than_half_of_it() {
    let (busy, server) = start("[limits]\nbody = \"1 MiB\"\nbodies = \"2 MiB\"\n").await;
    let load = "x".repeat(700 << 10);
    let carry = |name: &str| {
        let (wire, load) = (Wire::new(server.url(), Era::Stateless).token(server.token(name)), load.clone());
        tokio::spawn(async move { wire.call_tool(1, "carries", json!({ "load": load })).await })
    };
    let said = |mut reading: Reading| async move {
        let body: Value = reading.next().await.expect("a body");
        (
            reading.status,
            reading.header("retry-after").map(str::to_owned),
            body["error"]["message"].to_string(),
        )
    };
    let under_way = (carry("mallory"), carry("alice"));
    sleep(Duration::from_millis(1500)).await;
    let (status, _, text) = said(carry("mallory").await.expect("it ended")).await;
    assert!(status == 429 && text.contains("limits.bodies"), "{status} {text}");
    let (status, retry, text) = said(carry("bob").await.expect("it ended")).await;
    assert!(status == 503 && text.contains("limits.bodies"), "{status} {text}");
    assert_eq!(retry.as_deref(), Some("5"));
    let bob = server.client().token(server.token("bob"));
    assert_eq!(bob.call_tool("ping", json!({})).await.text(), Some("pong"), "small ones find room");
    assert_eq!(health(&server).await, 200);

    busy.0.add_permits(3);
    let (one, two) = (under_way.0.await.expect("it ended"), under_way.1.await.expect("it ended"));
    assert_eq!((one.status, two.status), (200, 200));
    assert_eq!(carry("mallory").await.expect("it ended").status, 200, "there is room again");
}

#[tokio::test]
async fn a_message_of_many_small_values_is_refused_before_it_takes_memory() {
    let (_busy, server) = start("").await;
    let wire = Wire::new(server.url(), Era::Stateless).token(server.token("alice"));
    for (numbers, status) in [(99_000, 200), (101_000, 400), (2_000_000, 400)] {
        let params = json!({ "load": "", "numbers": vec![0; numbers] });
        let mut answer = wire.call_tool(1, "ping", params).await;
        let body = answer.next().await.expect("a body");
        assert_eq!(answer.status, status, "{body}");
        if status == 400 {
            assert_eq!((&body["error"]["code"], &body["id"]), (&json!(-32600), &json!(1)));
            assert!(body.to_string().contains("limits.envelope_values"), "{body}");
        }
    }
}
