//! Credentials end at the gate: no tool, no text and no log line holds any part of one.

use std::path::Path;
use std::sync::Arc;

use mcp_auth::ambient::SystemClock;
use mcp_auth::extract::{Extensions, RequestMetaObject};
use mcp_auth::http::request::Parts;
use mcp_auth::prelude::*;
use mcp_auth::testing::{Client, Era, TestIssuer, TestServer};
use serde_json::json;

use crate::everything::{CONFIG, Everything};
use crate::sessions::stored::Shared;
use crate::streams::Wire;

/// Every header a client might put a credential into, each with a value to look for.
const SECRETS: [(&str, &str); 16] = [
    ("cookie", "session=hidden-cookie"),
    ("dpop", "hidden-dpop"),
    ("proxy-authorization", "Basic hidden-proxy"),
    ("x-api-key", "hidden-x-api-key"),
    ("api-key", "hidden-api-key"),
    ("x-auth-token", "hidden-x-auth-token"),
    ("x-access-token", "hidden-x-access-token"),
    ("x-forwarded-access-token", "hidden-x-forwarded-access-token"),
    ("x-auth-request-access-token", "hidden-x-auth-request-access-token"),
    ("cf-access-jwt-assertion", "hidden-cf-access"),
    ("x-goog-iap-jwt-assertion", "hidden-iap"),
    ("x-amzn-oidc-data", "hidden-amzn-data"),
    ("x-amzn-oidc-accesstoken", "hidden-amzn-token"),
    ("x-ms-token-aad-id-token", "hidden-aad"),
    ("referer", "https://page.example/?token=hidden-referer"),
    ("x-of-a-proxy-not-made-yet", "hidden-new"),
];

/// A server whose tools say all they can find.
#[derive(Debug, Clone, Default)]
struct Nosy;

#[server(name = "nosy")]
impl Nosy {
    /// Everything there is, for anyone.
    #[tool(public)]
    async fn look(
        &self,
        caller: Option<Caller>,
        context: RequestContext<RoleServer>,
        peer: Peer<RoleServer>,
        meta: RequestMetaObject,
        extensions: Extensions,
    ) -> String {
        let parts = context.extensions.get::<Parts>().expect("parts");
        let headers: Vec<_> = parts.headers.iter().collect();
        format!(
            "{caller:?} {parts:?} {headers:?} {:?} {} {:?} {:?} {meta:?} {extensions:?} {:?}",
            parts.uri,
            parts.uri,
            context.meta,
            context.extensions,
            peer.peer_info(),
        )
    }

    /// So that tokens are verified.
    #[tool(authenticated)]
    async fn debug_of_the_caller(&self, caller: Caller) -> String {
        format!("{caller:?} {caller:#?}")
    }
}

/// The three parts of a compact JWS, and the whole of it.
pub(crate) fn parts_of(token: &str) -> Vec<&str> {
    token.split('.').chain([token]).collect()
}

fn holds_none_of(text: &str, token: &str) {
    for part in parts_of(token) {
        assert!(!text.contains(part), "{part} in {text}");
    }
    for (name, secret) in SECRETS {
        assert!(!text.contains(secret), "{name} in {text}");
        let name = format!("\"{name}\"");
        assert!(!text.contains(&name), "{name} in {text}");
    }
    assert!(!text.to_lowercase().contains("authorization\""), "{text}");
    assert!(!text.contains("Bearer"), "{text}");
    assert!(!text.contains("hidden"), "{text}");
}

fn with_secrets(client: Client) -> Client {
    SECRETS.iter().fold(client, |client, (name, value)| client.header(name, value))
}

#[tokio::test]
async fn a16_request_parts_hold_no_credential_in_any_era_with_and_without_a_session() {
    let everything = Everything::default();
    let server = everything.start().await;
    for era in Era::ALL {
        let token = server.token("alice").scope("read").mint();
        let client = with_secrets(server.client().era(era).token(token.clone()))
            .header("traceparent", "00-1-2-00")
            .header("x-tenant", "acme");
        let in_session = client.call_tool("request_parts", json!({})).await;
        let call = json!({ "name": "request_parts", "arguments": {} });
        let without = client.request_without_session("tools/call", call).await;
        assert_eq!(
            in_session.header("content-type") == without.header("content-type"),
            era == Era::Stateless
        );
        for answer in [in_session, without] {
            let text = answer.text().expect("the parts");
            assert!(text.contains("traceparent"), "headers that are known to be none stay: {text}");
            assert!(!text.contains("x-tenant"), "and nothing added this one: {text}");
            holds_none_of(text, &token);
        }
    }
    assert_eq!(everything.ran(), 8);
}

#[tokio::test]
async fn a_header_that_the_operator_names_reaches_the_tools_in_every_era() {
    let everything = Everything::default();
    let server = everything.start_with("[server]\ntool_headers = [\"X-Tenant\"]").await;
    for era in Era::ALL {
        let token = server.token("alice").scope("read").mint();
        let client =
            server.client().era(era).token(token).header("x-tenant", "acme").header("x-tenant-key", "hidden");
        let answer = client.call_tool("request_parts", json!({})).await;
        let text = answer.text().expect("the parts");
        assert!(text.contains("acme") && !text.contains("hidden"), "{text}");
    }
}

#[tokio::test]
async fn a16_no_credential_is_in_the_query_the_metadata_or_what_is_known_of_the_peer() {
    let server = TestServer::builder(Nosy).toml("[auth]\nconnect = \"anonymous\"").expect("a configuration");
    let server = server.start().await.expect("a server");
    let token = server.token("alice").mint();
    for era in Era::ALL {
        for query in
            [format!("access_token={token}"), format!("a=b&access_token={token}"), "key=hidden".to_owned()]
        {
            let url = format!("{}?{query}", server.url());
            let client = with_secrets(Client::new(&url).era(era));
            let answer = client.call_tool("look", json!({})).await;
            let text = answer.text().expect("what there is");
            assert!(text.starts_with("None"), "a token in the query names no caller: {text}");
            holds_none_of(text, &token);
        }
        let client =
            with_secrets(Client::new(format!("{}?key=hidden", server.url())).era(era).token(token.clone()));
        let answer = client.call_tool("look", json!({})).await;
        let text = answer.text().expect("what there is");
        assert!(text.contains("alice"), "{text}");
        holds_none_of(text, &token);
    }
}

#[tokio::test]
async fn a16_request_parts_hold_no_credential_after_a_session_was_restored() {
    let (everything, shared) = (Everything::default(), Shared::default());
    let issuer = TestIssuer::new("https://issuer.test", Arc::new(SystemClock));
    let builder = || {
        let builder = TestServer::builder(everything.clone()).toml(CONFIG).expect("a configuration");
        let shared = shared.clone();
        builder.issuer(issuer.clone()).with(|builder| builder.session_store(Arc::new(shared)))
    };
    let first = builder().start().await.expect("a server");
    let second = builder().start().await.expect("another");
    for era in &Era::ALL[1..] {
        let token = || first.token("alice").claim("aud", json!([first.url(), second.url()]));
        let (opening, restoring, later) = (token().mint(), token().ttl(200).mint(), token().ttl(100).mint());
        let session =
            Wire::new(first.url(), *era).token(opening.clone()).connected().await.session().to_owned();
        first.client().era(*era).token(opening.clone()).call_tool("request_parts", json!({})).await;
        for token in [&restoring, &later] {
            let client =
                with_secrets(second.client().era(*era).token(token)).header("mcp-session-id", &session);
            let call = json!({ "name": "request_parts", "arguments": {} });
            let answer = client.request_without_session("tools/call", call).await;
            let text = answer.text().expect("the parts");
            for token in [&opening, &restoring, &later] {
                holds_none_of(text, token);
            }
        }
        let stored = format!("{shared:?}");
        assert!(stored.contains(era.version()), "{stored}");
        for token in [&opening, &restoring, &later] {
            holds_none_of(&stored, token);
        }
    }
}

#[tokio::test]
async fn debug_of_a_caller_says_who_and_neither_claims_nor_token() {
    let server = TestServer::start(Nosy).await.expect("a server");
    let token =
        server.token("alice").claim("email", "hidden@example.com").claim("groups", json!(["hidden"])).mint();
    let answer = server.client().token(token.clone()).call_tool("debug_of_the_caller", json!({})).await;
    let text = answer.text().expect("text");
    assert!(text.contains("alice") && text.contains("https://issuer.test"), "{text}");
    holds_none_of(text, &token);
}

#[test]
fn debug_of_the_configuration_holds_no_secret() {
    let directory = tempfile::tempdir().expect("a directory");
    let (secret, config) = (directory.path().join("secret"), directory.path().join("mcp.toml"));
    std::fs::write(&secret, "hidden-in-a-file").expect("written");
    let text = format!(
        "[[issuer.clients]]\nclient_id = \"robot\"\nclient_secret = {:?}\nscopes = []\n",
        format!("file:{}", secret.display())
    );
    std::fs::write(&config, &text).expect("written");
    let config = mcp_auth::Config::from_toml_str(&text).expect("a configuration");
    for text in [format!("{config:?}"), format!("{config:#?}")] {
        assert!(text.contains("robot"), "{text}");
        assert!(!text.contains("hidden"), "{text}");
    }
}

/// Names the file to which a child writes its secrets.
pub(crate) const SECRETS_OF_CHILD: &str = "C19_SECRETS";

/// All that the ignored test `child` writes in a process of its own: the first log of a process decides for the other tests, and
/// panics write too.
pub(crate) fn written_by(child: &str, secrets: &Path) -> String {
    let child = std::process::Command::new(std::env::current_exe().expect("this program"))
        .args(["--exact", "--ignored", "--nocapture", child])
        .env(SECRETS_OF_CHILD, secrets)
        .env("RUST_BACKTRACE", "0")
        .output()
        .expect("the child runs");
    let log = String::from_utf8_lossy(&child.stderr).into_owned() + &String::from_utf8_lossy(&child.stdout);
    assert!(child.status.success(), "{log}");
    log
}

/// Logs everything from now on.
pub(crate) fn log_at_trace() {
    tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_ansi(false)
        .with_writer(std::io::stderr)
        .init();
}

#[test]
fn c19_nothing_that_is_written_at_trace_holds_a_part_of_a_token() {
    let directory = tempfile::tempdir().expect("a directory");
    let tokens = directory.path().join("tokens");
    let log = written_by("credentials::child_that_serves_and_logs_at_trace", &tokens);
    for written in ["mcp_auth::audit", "decision=\"deny\"", "a tool that panics"] {
        assert!(log.contains(written), "{written} is what a log at trace holds");
    }
    let is_rmcp_at_trace = |line: &str| line.contains("TRACE") && line.contains(" rmcp::");
    assert!(log.lines().any(is_rmcp_at_trace), "what rmcp says is what a log at trace holds");
    let tokens = std::fs::read_to_string(tokens).expect("tokens");
    assert!(tokens.lines().count() > 10);
    for token in tokens.lines() {
        for part in parts_of(token).into_iter().filter(|part| part.len() > 8) {
            let line = log.lines().find(|line| line.contains(part));
            assert_eq!(line, None, "{part}");
        }
    }
    let line = log.lines().find(|line| line.contains("hidden"));
    assert_eq!(line, None);
}

#[tokio::test]
#[ignore = "the child of the test above"]
async fn child_that_serves_and_logs_at_trace() {
    let Some(path) = std::env::var_os(SECRETS_OF_CHILD) else {
        return; // a person runs the ignored tests
    };
    log_at_trace();
    let everything = Everything::default();
    let server = everything.start_with("[auth]\nconnect = \"anonymous\"").await;
    let good = server.token("alice").scope("read write");
    let tokens = [
        good.clone(),
        good.clone().expired(),
        good.clone().audience("https://elsewhere.test/"),
        good.clone().issuer("https://elsewhere.test"),
        good.clone().signed_by_a_stranger(),
        good.clone().header("alg", "none"),
        good.clone().header("kid", "unheard-of"),
        good.clone().header("jku", "https://elsewhere.test/keys"),
        good.clone().without_claim("exp"),
        good.clone().claim("sub", 5),
        good.clone().claim("scope", 5),
        server.token("bob"),
    ];
    let mut minted: Vec<String> = tokens.iter().map(|token| token.mint()).collect();
    minted.push(good.mint_payload(b"{\"sub\": \"a\", \"sub\": \"b\"}"));
    minted.push("not-a-token-but-still-somebodys-secret".to_owned());
    std::fs::write(path, minted.join("\n")).expect("written");
    for token in &minted {
        for era in Era::ALL {
            let client = with_secrets(server.client().era(era).token(token.clone()));
            client.call_tool("write_note", json!({ "text": "x" })).await;
            client.call_tool("ping", json!({})).await;
            client.call_tool("panics", json!({})).await;
            client.read_resource("note://7").await;
            client.list_tools().await;
            client.request_without_session("tools/list", json!({})).await;
            client.request_without_session("prompts/list", json!({})).await; // rmcp answers it, and traces
            client.request("acme/unheard-of", json!({})).await;
            client.post("{", mcp_auth::http::HeaderMap::new()).await;
        }
        let odd = [
            format!("bearer {token}"),
            format!("Bearer  {token}"),
            format!("Bearer {token},{token}"),
            format!("Basic {token}"),
            format!("DPoP {token}"),
            token.clone(),
        ];
        for value in odd {
            server.client().header("authorization", &value).call_tool("read_note", json!({})).await;
        }
        // A client logs the URL it asks for, so these are written by hand.
        let address = address(&server);
        let head =
            format!("POST /mcp?access_token={token} HTTP/1.1\r\nhost: {address}\r\ncontent-length: 2\r\n");
        send(&server, &format!("{head}connection: close\r\n\r\n{{}}")).await;
        send(&server, &format!("{head}authorization: Bearer {token}\r\nconnection: close\r\n\r\n{{}}")).await;
    }
    server.stop().await;
}

fn address(server: &TestServer) -> &str {
    server.url().trim_start_matches("http://").trim_end_matches("/mcp")
}

/// Sends a request as it is and waits for the end of the answer.
async fn send(server: &TestServer, request: &str) {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let mut stream = tokio::net::TcpStream::connect(address(server)).await.expect("connected");
    stream.write_all(request.as_bytes()).await.expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("read");
    assert!(answer.starts_with("HTTP/1.1 4"), "{answer}");
}
