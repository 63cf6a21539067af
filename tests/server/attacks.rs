//! What an attacker tried: each test is named as the rule that holds against it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use mcp_auth::rmcp::transport::streamable_http_server::session::store::{
    SessionState, SessionStore, SessionStoreError,
};
use mcp_auth::testing::{Client, Era, TestServer};
use mcp_auth::{Config, Server};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};

use crate::everything::{CONFIG, Everything};
use crate::launch::{self, Issuer};
use crate::process::{listening, signal};
use crate::wire::{Wire, call_headers, meta};

const LEGACY: Era = Era::Legacy("2025-11-25");

/// A client of `subject` that speaks a revision with sessions.
fn legacy(server: &TestServer, subject: &str) -> Client {
    server.client().era(LEGACY).token(server.token(subject).scope("read write"))
}

/// One POST of 2026-07-28, written by hand, so that no client adds headers.
async fn post(server: &TestServer, token: Option<&str>, method: &str, mut params: Value) -> (u16, String) {
    params["_meta"] = meta();
    let body = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
    let mut request = crate::wire::http().post(server.url());
    request = request
        .header("content-type", "application/json")
        .header("accept", "application/json, text/event-stream")
        .header("mcp-protocol-version", "2026-07-28")
        .header("mcp-method", method);
    if let Some(name) = params.get("name").or_else(|| params.get("uri")).and_then(Value::as_str) {
        request = request.header("mcp-name", name);
    }
    if let Some(token) = token {
        request = request.bearer_auth(token);
    }
    let answer = request.body(body.to_string()).send().await.unwrap();
    let challenge = format!("{:?}", answer.headers().get("www-authenticate"));
    (answer.status().as_u16(), challenge + &answer.text().await.unwrap())
}

/// rmcp gives an `initialize` that carries a session's id to that session: in another caller's session it replaces
/// what the client said it can do, and an id in use there draws answers away from their caller.
#[tokio::test]
async fn j34_an_initialize_that_names_a_session_opens_a_new_one() {
    let everything = Everything::default();
    let server = everything.start().await;
    let alice = legacy(&server, "alice");
    alice.initialize().await;
    let hers = alice.session().expect("a session").to_owned();
    for subject in ["mallory", "alice"] {
        let other = legacy(&server, subject).header("mcp-session-id", &hers);
        let answer = other.initialize().await;
        assert_eq!(answer.status(), 200, "{}", answer.body());
        let opened = answer.header("mcp-session-id").expect("a new session");
        assert_ne!(opened, hers, "{subject}");
    }
    assert_eq!(alice.call_tool("write_note", json!({ "text": "mine" })).await.text(), Some("mine"));
}

/// The name of a hidden operation, and that of none: everything but the name must be the same.
async fn assert_same_but_for_the_name(
    server: &TestServer,
    token: Option<&str>,
    cases: [(&str, Value, Value, [&str; 2]); 5],
) {
    for (method, hidden, unknown, [hidden_name, unknown_name]) in cases {
        let (status, answer) = post(server, token, method, hidden).await;
        let (other_status, other) = post(server, token, method, unknown).await;
        assert_eq!(status, other_status, "{method}");
        assert_eq!(answer.replace(hidden_name, "…"), other.replace(unknown_name, "…"), "{method}");
    }
}

fn hidden_and_unknown() -> [(&'static str, Value, Value, [&'static str; 2]); 5] {
    let listen = |uris: &[&str]| json!({ "notifications": { "resourceSubscriptions": uris } });
    [
        (
            "tools/call",
            json!({ "name": "write_note" }),
            json!({ "name": "no_such" }),
            ["write_note", "no_such"],
        ),
        (
            "prompts/get",
            json!({ "name": "summarize" }),
            json!({ "name": "no_such" }),
            ["summarize", "no_such"],
        ),
        (
            "resources/read",
            json!({ "uri": "note://5" }),
            json!({ "uri": "none://5" }),
            ["note://5", "none://5"],
        ),
        (
            "subscriptions/listen",
            listen(&["about://server", "note://5"]),
            listen(&["about://server", "none://5"]),
            ["note://5", "none://5"],
        ),
        (
            "subscriptions/listen",
            listen(&["note://5", "none://6"]),
            listen(&["none://5", "none://6"]),
            ["note://5", "none://5"],
        ),
    ]
}

#[tokio::test]
async fn j19_with_granted_an_operation_of_any_kind_the_caller_cannot_see_answers_like_an_unknown_one() {
    let everything = Everything::default();
    let server = everything.start_with("[auth]\nvisibility = \"granted\"\n").await;
    let token = server.token("mallory").mint();
    assert_same_but_for_the_name(&server, Some(&token), hidden_and_unknown()).await;
    assert_eq!(everything.ran(), 0);
}

#[tokio::test]
async fn j19_with_granted_the_first_challenge_does_not_tell_a_hidden_operation_from_an_unknown_one() {
    let everything = Everything::default();
    let server = everything.start_with("[auth]\nvisibility = \"granted\"\n").await;
    let expired = server.token("mallory").expired().mint();
    for token in [None, Some(&*expired)] {
        assert_same_but_for_the_name(&server, token, hidden_and_unknown()).await;
    }
    assert_eq!(everything.ran(), 0);
}

/// Whole heads with bodies that never come cost no more than idle sockets, and need no token either.
#[tokio::test]
async fn h27_h28_bodies_that_never_come_keep_no_call_out() {
    let everything = Everything::default();
    let server = everything.start_with("[limits]\nconnections = 8\n").await;
    let wire = Wire::of(&server);
    let bearer = format!("Authorization: Bearer {}\r\n", server.token("alice").mint());
    let head = format!(
        "POST /mcp HTTP/1.1\r\nHost: {}\r\n{}Content-Length: 500\r\n\r\n{{",
        wire.host(),
        call_headers("whoami")
    );
    let mut waiting = Vec::new();
    for _ in 0..24 {
        let mut stream = wire.connect().await;
        stream.write_all(head.as_bytes()).await.expect("sent");
        waiting.push(stream);
    }
    tokio::time::sleep(Duration::from_millis(200)).await;
    let began = Instant::now();
    for _ in 0..10 {
        let reply = wire.call("whoami", &bearer).await;
        assert_eq!(reply.status(), 200, "{}", reply.text());
    }
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    assert_eq!(everything.ran(), 10);
}

#[tokio::test]
async fn j33_one_caller_cannot_hold_every_session() {
    let everything = Everything::default();
    let server = everything.start_with("[limits]\nsessions = 4\n").await;
    for _ in 0..6 {
        legacy(&server, "mallory").initialize().await;
    }
    let alice = legacy(&server, "alice");
    let answer = alice.initialize().await;
    assert_eq!(answer.status(), 200, "{}", answer.body());
    for _ in 0..6 {
        legacy(&server, "mallory").initialize().await;
    }
    assert_eq!(alice.call_tool("whoami", json!({})).await.status(), 200, "and cannot push others out");
}

#[tokio::test]
async fn j33_sessions_opened_at_once_stay_within_the_limit() {
    let everything = Everything::default();
    let server = everything.start_with("[limits]\nsessions = 4\n").await;
    let clients: Vec<_> = (0..32).map(|n| legacy(&server, &format!("caller-{n}"))).collect();
    let opened = futures_util::future::join_all(clients.iter().map(Client::initialize)).await;
    let opened = opened.iter().filter(|answer| answer.header("mcp-session-id").is_some()).count();
    assert!((1..=4).contains(&opened), "{opened}");
}

/// A store that takes its time, as one on a network does.
struct Slow;

#[async_trait::async_trait]
impl SessionStore for Slow {
    async fn load(&self, _: &str) -> Result<Option<SessionState>, SessionStoreError> {
        Ok(None)
    }
    async fn store(&self, _: &str, _: &SessionState) -> Result<(), SessionStoreError> {
        tokio::time::sleep(Duration::from_millis(100)).await;
        Ok(())
    }
    async fn delete(&self, _: &str) -> Result<(), SessionStoreError> {
        Ok(())
    }
}

/// A client that goes away before it has its answer never learns its session; that must not take a place from others.
#[tokio::test]
async fn j33_an_initialize_that_is_abandoned_takes_no_place_from_others() {
    let everything = Everything::default();
    let builder = everything.builder("[limits]\nsessions = 4\n");
    let builder = builder.with(|builder| builder.session_store(Arc::new(Slow)));
    let server = builder.start().await.expect("it starts");
    let wire = Wire::of(&server);
    let params = json!({ "protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": { "name": "x", "version": "0" } });
    let body = json!({ "jsonrpc": "2.0", "id": 1, "method": "initialize", "params": params }).to_string();
    let token = server.token("mallory").mint();
    let message = format!(
        "POST /mcp HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\n\
         Accept: application/json, text/event-stream\r\nAuthorization: Bearer {token}\r\n\
         Content-Length: {}\r\n\r\n{body}",
        wire.host(),
        body.len()
    );
    for _ in 0..12 {
        let mut stream = wire.connect().await;
        stream.write_all(message.as_bytes()).await.expect("sent");
        tokio::time::sleep(Duration::from_millis(50)).await; // it is being opened, and not yet answered
        drop(stream);
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let answer = legacy(&server, "alice").initialize().await;
    assert_eq!(answer.status(), 200, "{}", answer.body());
}

/// The embedding program serves the router, on an address that the configuration does not contain. The client chooses
/// `Host`, so only the peer's address proves that a login without a password comes from this computer.
#[tokio::test]
async fn the_built_in_issuer_of_a_nested_router_answers_known_loopback_peers_only() {
    let state = tempfile::tempdir().expect("a directory");
    let built_in = format!("[issuer]\nstate_dir = {:?}\n", state.path());
    let config = Config::builder().toml(CONFIG).toml(&built_in).build().expect("a configuration");
    let router = Server::builder(Everything::default()).config(config).router().await.expect("a router");
    for knows_its_peers in [true, false] {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let wire = Wire::at(listener.local_addr().unwrap());
        let router = router.clone();
        let serving = tokio::spawn(async move {
            match knows_its_peers {
                true => {
                    axum::serve(listener, router.into_make_service_with_connect_info::<SocketAddr>()).await
                }
                false => axum::serve(listener, router).await,
            }
        });
        for path in ["/authorize", "/jwks", "/.well-known/oauth-authorization-server"] {
            let ask = format!("GET {path} HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nConnection: close\r\n\r\n");
            let reply = wire.raw(ask).await;
            assert_eq!(reply.status() != 403, knows_its_peers, "{path}: {}", reply.text());
        }
        let whoami = format!("Host: 127.0.0.1:8080\r\n{}", call_headers("whoami"));
        assert_eq!(wire.post("/mcp", &whoami, crate::wire::call_body("whoami")).await.status(), 401);
        serving.abort();
    }
}

/// ngrok and most proxies say for whom they ask, and nginx speaks HTTP/1.0 to the servers behind it.
#[tokio::test]
async fn the_built_in_issuer_behind_a_proxy_of_the_same_computer_serves_nobody() {
    let state = tempfile::tempdir().expect("a directory");
    let built_in = format!("[issuer]\nstate_dir = {:?}\n", state.path());
    let config = Config::builder().toml(CONFIG).toml(&built_in).build().expect("a configuration");
    let router = Server::builder(Everything::default()).config(config).router().await.expect("a router");
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let wire = Wire::at(listener.local_addr().unwrap());
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    let serving = tokio::spawn(async move { axum::serve(listener, service).await });
    let paths = ["/authorize", "/token", "/register", "/jwks", "/.well-known/oauth-authorization-server"];
    let ask = async |path: &str, version: &str, more: &str| {
        let text = format!("GET {path} {version}\r\nHost: 127.0.0.1:8080\r\n{more}Connection: close\r\n\r\n");
        wire.raw(text).await
    };
    for path in paths {
        for more in ["X-Forwarded-For: 203.0.113.9\r\n", "Forwarded: for=203.0.113.9\r\n", "Via: 1.1 x\r\n"] {
            let reply = ask(path, "HTTP/1.1", more).await;
            assert_eq!(reply.status(), 403, "{path} {more}: {}", reply.text());
            assert!(reply.text().contains("a proxy passed this request on"), "{}", reply.text());
        }
        assert_eq!(ask(path, "HTTP/1.0", "").await.status(), 403, "{path}");
        assert_ne!(
            ask(path, "HTTP/1.1", "Accept-Language: en\r\n").await.status(),
            403,
            "{path}, asked directly"
        );
    }
    let whoami =
        format!("Host: 127.0.0.1:8080\r\nX-Forwarded-For: 203.0.113.9\r\n{}", call_headers("whoami"));
    let reply = wire.post("/mcp", &whoami, crate::wire::call_body("whoami")).await;
    assert_eq!(reply.status(), 401, "the server itself may stand behind a proxy");
    serving.abort();
}

/// The reader of the log may go away: a collector that restarts, a terminal that is closed.
#[cfg(unix)]
#[tokio::test]
async fn a_log_that_is_not_read_any_more_stops_neither_the_server_nor_its_shutdown() {
    let issuer = Issuer::start().await;
    let launch = launch::trusting(&issuer);
    let mut child = launch.command().spawn().unwrap();
    let mut said = BufReader::new(child.stderr.take().unwrap()).lines();
    let address = listening(&mut said).await;
    drop(said);
    let client = Client::new(format!("http://{address}/mcp"));
    for _ in 0..3 {
        assert_eq!(client.call_tool("whoami", json!({})).await.status(), 401, "with its audit line");
    }
    signal(&child, "TERM").await;
    let ended = tokio::time::timeout(Duration::from_secs(10), child.wait()).await.expect("it stops");
    assert_eq!(ended.unwrap().code(), Some(0));
}
