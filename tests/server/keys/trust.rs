//! A server that trusts issuers over the network, and what their tokens are answered.

use std::time::{Duration, Instant};

use mcp_auth::testing::{Answer, TestServer};
use serde_json::json;

use crate::authorization_server::{AuthorizationServer, Key};
use crate::everything::Everything;

/// The sections `[[auth.issuers]]` of these issuers.
pub fn verify(issuers: &[String]) -> String {
    issuers.concat()
}

/// A server that trusts one issuer, with more keys in its section.
pub async fn trusting(everything: &Everything, issuer: &AuthorizationServer, more: &str) -> TestServer {
    everything.start_with(&verify(&[issuer.toml(more)])).await
}

pub async fn read_note(server: &TestServer, token: impl Into<String>) -> Answer {
    server.client().token(token).call_tool("read_note", json!({})).await
}

/// A good token of `issuer` for `server`.
pub fn token(server: &TestServer, issuer: &AuthorizationServer, key: &Key) -> String {
    key.token(&issuer.claims(server.url(), json!({})))
}

#[track_caller]
pub fn assert_read(answer: &Answer, case: &str) {
    assert_eq!(answer.text(), Some("a note"), "{case}: {} {}", answer.status(), answer.body());
}

#[track_caller]
pub fn assert_invalid(answer: &Answer, case: &str) {
    assert_eq!(answer.status(), 401, "{case}: {}", answer.body());
    assert_eq!(answer.challenge().expect("a challenge").error(), Some("invalid_token"), "{case}");
    assert_eq!(answer.error_code(), Some(401), "{case}");
    assert_eq!(answer.message()["id"], 1, "{case}");
}

/// 503 with Retry-After, and no challenge: a client must not throw its token away.
#[track_caller]
pub fn assert_unavailable(answer: &Answer, case: &str) {
    assert_eq!(answer.status(), 503, "{case}: {}", answer.body());
    assert!(answer.challenge().is_none(), "{case}");
    let seconds: u64 = answer.header("retry-after").expect(case).parse().expect(case);
    assert!((1..=60).contains(&seconds), "{case}: {seconds}");
    assert_eq!(answer.error_code(), Some(503), "{case}");
    assert_eq!(answer.message()["id"], 1, "{case}");
}

pub async fn status(url: &str) -> u16 {
    reqwest::get(url).await.expect("an answer").status().as_u16()
}

pub async fn readyz(server: &TestServer) -> u16 {
    status(&server.at("/readyz")).await
}

/// Waits until `done`, twenty seconds at most.
pub async fn until(what: &str, mut done: impl AsyncFnMut() -> bool) {
    let start = Instant::now();
    while !done().await {
        assert!(start.elapsed() < Duration::from_secs(20), "{what}: not within 20 s");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Keys fetched every second, and for unknown ones too.
pub const EVERY_SECOND: &str =
    "jwks_min_refresh = \"1s\"\njwks_max_refresh = \"1s\"\nunknown_kid_cooldown = \"1s\"";
