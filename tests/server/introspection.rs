//! Opaque tokens, over real sockets: who is asked about which, and what each answer means (rows T55, T57 and T58 of
//! docs/src/threats.md).

use std::time::{Duration, Instant};

use jsonwebtoken::Algorithm;
use mcp_auth::serde_json;
use mcp_auth::testing::{Era, TestServer};
use serde_json::{Value, json};

use crate::authorization_server::{AuthorizationServer, Key, METADATA, Reply, now};
use crate::everything::{self, Everything};
use crate::keys::trust::{assert_invalid, assert_read, assert_unavailable, read_note, readyz, status};
use crate::launch;
use crate::process::{refusal, text};

const AT: &str = "/introspect";

/// A server and an issuer that it asks.
struct Bench {
    everything: Everything,
    server: TestServer,
    issuer: AuthorizationServer,
}

/// The section of `issuer` with its endpoint stated, `before` and `more` in its tables.
fn section(issuer: &AuthorizationServer, before: &str, more: &str) -> String {
    let endpoint = issuer.at(AT);
    issuer.toml(&format!(
        "clock_skew = \"0s\"\n{before}\n[auth.issuers.introspection]\nendpoint = \"{endpoint}\"\nauth = \"none\"\n{more}"
    ))
}

impl Bench {
    async fn new() -> Self {
        Self::with("", "tokens = \"all\"").await
    }

    async fn with(before: &str, more: &str) -> Self {
        let issuer = AuthorizationServer::empty("").await;
        let everything = Everything::default();
        let server = everything.start_with(&section(&issuer, before, more)).await;
        let bench = Self { everything, server, issuer };
        bench.answers(json!({}));
        bench
    }

    /// Every token is active from now on, with `changes` in the answer; null removes.
    fn answers(&self, changes: Value) {
        let mut answer = self.issuer.claims(self.server.url(), changes);
        answer["active"] = true.into();
        self.issuer.put(AT, Reply::Json(answer));
    }

    fn asked(&self) -> usize {
        self.issuer.asked().iter().filter(|path| *path == AT).count()
    }

    async fn accepts(&self, token: &str) {
        assert_read(&read_note(&self.server, token).await, token);
    }

    async fn refuses(&self, token: &str) {
        let before = self.everything.ran();
        let answer = read_note(&self.server, token).await;
        assert_invalid(&answer, token);
        assert!(token.len() < 20 || !answer.body().contains(token), "the token came back: {}", answer.body());
        assert_eq!(self.everything.ran(), before, "{token}: a tool ran");
    }

    async fn cannot_tell(&self, token: &str) {
        let before = self.everything.ran();
        assert_unavailable(&read_note(&self.server, token).await, token);
        assert_eq!(self.everything.ran(), before, "{token}: a tool ran");
    }
}

#[tokio::test]
async fn an_active_token_is_served_on_every_revision_and_asked_about_once() {
    let bench = Bench::new().await;
    for era in Era::ALL {
        let client = bench.server.client().era(era).token("opaque-1");
        let answer = client.call_tool("whoami", json!({})).await;
        let who = answer.text().unwrap_or_else(|| panic!("{era:?}: {}", answer.body()));
        let who: Value = serde_json::from_str(who).expect("JSON");
        assert_eq!((&who["subject"], &who["issuer"]), (&json!("alice"), &json!(bench.issuer.issuer())));
        assert_eq!((&who["client_id"], &who["scopes"]), (&json!("app"), &json!("read")));
        let denied = client.call_tool("write_note", json!({ "text": "x" })).await;
        assert!(denied.status() == 403 || era != Era::Stateless, "{era:?}: {}", denied.body());
    }
    assert_eq!(bench.asked(), 1);
}

#[tokio::test]
async fn an_inactive_token_is_refused_on_every_revision() {
    let bench = Bench::new().await;
    bench.issuer.put(AT, Reply::Json(json!({ "active": false })));
    bench.refuses("an_opaque_token_of_many_characters").await;
    for era in Era::ALL {
        let answer = bench.server.client().era(era).token("opaque").call_tool("read_note", json!({})).await;
        assert_invalid(&answer, &format!("{era:?}"));
    }
    assert_eq!((bench.asked(), bench.everything.ran()), (2, 0));
}

#[tokio::test]
async fn what_an_answer_says_is_judged_as_the_claims_of_any_other_token() {
    let bench = Bench::new().await;
    let now = now();
    for (case, changes) in [
        ("audience", json!({ "aud": "https://other.example" })),
        ("issuer", json!({ "iss": "https://other.example" })),
        ("expired", json!({ "exp": now - 1, "iat": now - 600 })),
        ("early", json!({ "nbf": now + 600, "exp": now + 900 })),
        ("subject", json!({ "sub": "" })),
        ("bound", json!({ "cnf": { "jkt": "x" } })),
        ("refresh", json!({ "token_type": "Refresh" })),
        ("use", json!({ "token_use": "id" })),
        ("text", json!({ "exp": (now + 600).to_string() })),
    ] {
        bench.answers(changes);
        bench.refuses(case).await;
    }
    bench.answers(json!({ "scope": "other" }));
    assert_eq!(read_note(&bench.server, "scope").await.status(), 403);
    bench.answers(json!({}));
    bench.accepts("good").await;
}

#[tokio::test]
async fn holes_in_an_answer_are_filled_by_the_stated_rules_alone() {
    let bench = Bench::new().await;
    bench.answers(json!({ "iss": null, "exp": null }));
    bench.accepts("no-issuer-and-no-expiry").await;
    for (case, hole) in [
        ("no-audience", json!({ "aud": null })),
        ("empty-audience", json!({ "aud": [] })),
        ("no-subject", json!({ "sub": null, "username": "alice" })),
    ] {
        bench.answers(hole);
        bench.refuses(case).await;
    }
    let asked_for =
        Bench::with("allowed_clients = [\"app\"]", "tokens = \"all\"\nusername_as_subject = true").await;
    for hole in [json!({ "aud": null }), json!({ "aud": [] }), json!({ "sub": null, "username": "alice" })] {
        asked_for.answers(hole.clone());
        asked_for.accepts(&format!("hole-{}", asked_for.asked())).await;
    }
    asked_for.answers(json!({ "aud": null, "client_id": "other" }));
    asked_for.refuses("other-client").await;
}

#[tokio::test]
async fn t55_a_revoked_token_is_refused_within_the_cache_ttl() {
    let bench = Bench::with("", "tokens = \"all\"\ncache_ttl = \"1s\"").await;
    bench.accepts("t").await;
    bench.issuer.put(AT, Reply::Json(json!({ "active": false })));
    tokio::time::sleep(Duration::from_millis(2100)).await;
    bench.refuses("t").await;
    assert_eq!(bench.asked(), 2);
}

#[tokio::test]
async fn t57_an_endpoint_that_is_down_slow_or_talks_nonsense_is_503_and_never_open() {
    let bench = Bench::with("", "tokens = \"all\"\ntimeout = \"1s\"").await;
    let elsewhere = AuthorizationServer::empty("").await;
    elsewhere.put("/", Reply::Json(json!({ "active": true, "sub": "mallory" })));
    let html = "<html>active: true</html>".as_bytes().to_vec();
    let to = |status: u16| Reply::Http(status, vec![("location", elsewhere.at("/"))], Vec::new());
    let large = format!("{{\"active\":true,\"x\":\"{}\"}}", "x".repeat(10 << 20)).into_bytes();
    for (case, reply) in [
        ("stall", Reply::Stall),
        ("trickle", Reply::Trickle),
        ("endless", Reply::Endless),
        ("html", Reply::Http(200, vec![("content-type", "text/html".into())], html)),
        ("10-MB", Reply::Http(200, vec![], large)),
        ("500", Reply::Http(500, vec![], br#"{"active":true}"#.to_vec())),
        ("our-own-credentials", Reply::Http(401, vec![], br#"{"error":"invalid_client"}"#.to_vec())),
        ("forbidden", Reply::Http(403, vec![], Vec::new())),
        ("see-other", to(303)),
        ("keeps-the-method", to(307)),
        ("permanent", to(308)),
        ("array", Reply::Json(json!([{ "active": true }]))),
        ("text", Reply::Json(json!({ "active": "true" }))),
    ] {
        bench.issuer.put(AT, reply);
        let started = Instant::now();
        bench.cannot_tell(case).await;
        assert!(started.elapsed() < Duration::from_secs(10), "{case}");
    }
    assert!(elsewhere.asked().is_empty(), "no redirect is followed");
    assert_eq!(readyz(&bench.server).await, 200, "it is known whom to ask");
    bench.answers(json!({}));
    bench.accepts("stall").await;
    drop(bench.issuer);
    assert_unavailable(&read_note(&bench.server, "down").await, "down");
    assert_read(&read_note(&bench.server, "stall").await, "remembered");
}

#[tokio::test]
async fn t58_a_jwt_of_another_issuer_and_an_api_key_are_never_sent_out() {
    let key = Key::new(Algorithm::ES256, "k");
    let issuer = AuthorizationServer::with_keys(&[&key]).await;
    let everything = Everything::default();
    let server = everything.start_with(&section(&issuer, "", "")).await;
    let claims = |changes: Value| issuer.claims(server.url(), changes);
    issuer.put(AT, Reply::Json(json!({ "active": true, "sub": "mallory", "aud": server.url() })));
    let unknown =
        Key::new(Algorithm::ES256, "other").token(&claims(json!({ "iss": "https://other.example" })));
    let [header, payload, _]: [&str; 3] =
        unknown.split('.').collect::<Vec<_>>().try_into().expect("three parts");
    for never in [
        unknown.clone(),
        format!("{header}.{payload}."),
        format!("{header}.{payload}.AA.AA"),
        format!("{header}.AA.AA.AA.AA"),
        "mcpk_0123456789".to_owned(),
    ] {
        let answer = read_note(&server, never.as_str()).await;
        assert_invalid(&answer, &never);
    }
    assert!(!issuer.asked().iter().any(|path| path == AT), "{:?}", issuer.asked());
    // And its own are verified by its keys, without a question.
    assert_read(&read_note(&server, key.token(&claims(json!({})))).await, "a JWT");
    assert!(!issuer.asked().iter().any(|path| path == AT));
    issuer.put(
        AT,
        Reply::Json({
            let mut answer = claims(json!({}));
            answer["active"] = true.into();
            answer
        }),
    );
    assert_read(&read_note(&server, "opaque").await, "and its opaque ones by asking");
}

#[tokio::test]
async fn jwts_of_an_issuer_that_is_asked_about_all_its_tokens_are_asked_about_and_its_keys_are_not_fetched() {
    let bench = Bench::new().await;
    let key = Key::new(Algorithm::ES256, "k");
    let jwt = |changes: Value| key.token(&bench.issuer.claims(bench.server.url(), changes));
    bench.accepts(&jwt(json!({}))).await;
    bench.refuses(&jwt(json!({ "iss": "https://other.example" }))).await;
    assert_eq!(bench.issuer.asked(), [AT], "neither metadata nor keys");
}

#[tokio::test]
async fn requests_with_one_token_ask_once() {
    let bench = Bench::new().await;
    let calls = (0..40).map(|_| read_note(&bench.server, "one"));
    for answer in futures_util::future::join_all(calls).await {
        assert_read(&answer, "one");
    }
    assert_eq!(bench.asked(), 1);
}

#[tokio::test]
async fn each_token_goes_to_the_issuer_whose_prefix_it_bears() {
    let (one, two) = (AuthorizationServer::empty("").await, AuthorizationServer::empty("").await);
    let toml = section(&one, "", "tokens = \"all\"\nprefixes = [\"one_\"]")
        + &section(&two, "", "tokens = \"all\"\nprefixes = [\"two_\"]");
    let everything = Everything::default();
    let server = everything.start_with(&toml).await;
    for issuer in [&one, &two] {
        let mut answer = issuer.claims(server.url(), json!({}));
        answer["active"] = true.into();
        issuer.put(AT, Reply::Json(answer));
    }
    for (token, issuer) in [("one_a", &one), ("two_a", &two)] {
        let answer = server.client().token(token).call_tool("whoami", json!({})).await;
        assert!(answer.text().expect(token).contains(issuer.issuer()), "{token}");
    }
    assert_invalid(&read_note(&server, "three_a").await, "nobody's");
    assert_eq!((one.asked(), two.asked()), (vec![AT.to_owned()], vec![AT.to_owned()]));
}

#[tokio::test]
async fn the_endpoint_of_the_metadata_is_asked_and_an_issuer_without_keys_is_ready() {
    let issuer = AuthorizationServer::empty("").await;
    let metadata = json!({ "issuer": issuer.issuer(), "introspection_endpoint": issuer.at(AT) });
    issuer.put(METADATA, Reply::Json(metadata));
    let everything = Everything::default();
    let toml = issuer.toml("[auth.issuers.introspection]\nauth = \"none\"");
    let server = everything.start_with(&toml).await;
    assert_eq!(readyz(&server).await, 200);
    let mut answer = issuer.claims(server.url(), json!({}));
    answer["active"] = true.into();
    issuer.put(AT, Reply::Json(answer));
    assert_read(&read_note(&server, "opaque").await, "opaque");
    let signed = Key::new(Algorithm::ES256, "k").token(&issuer.claims(server.url(), json!({})));
    assert_invalid(&read_note(&server, signed).await, "it signs no tokens");
}

#[tokio::test]
async fn metadata_that_names_no_endpoint_refuses_the_start() {
    let key = Key::new(Algorithm::ES256, "k");
    let issuer = AuthorizationServer::with_keys(&[&key]).await;
    let toml = issuer.toml("[auth.issuers.introspection]\nauth = \"none\"");
    let refused = Everything::default().builder(&toml).start().await.map(drop).unwrap_err().to_string();
    assert!(refused.contains("has no introspection_endpoint"), "{refused}");
}

#[tokio::test]
async fn over_stdio_an_opaque_credential_is_asked_about_by_the_same_code() {
    let issuer = AuthorizationServer::empty("").await;
    let launch = |token: &str| {
        launch::toml(&format!("{}\n{}", everything::CONFIG, section(&issuer, "", "tokens = \"all\"")))
            .variable("MCP_SERVER__PUBLIC_URL", launch::RESOURCE)
            .variable("MCP_STDIO__CREDENTIAL", "env:NOTES_TOKEN")
            .variable("NOTES_TOKEN", token)
    };
    let mut answer = issuer.claims(launch::RESOURCE, json!({}));
    answer["active"] = true.into();
    issuer.put(AT, Reply::Json(answer));
    let mut pipe = launch("opaque").stdio().era(Era::Stateless);
    pipe.open().await;
    assert_eq!(text(&pipe.call_tool("read_note", json!({})).await), "a note");
    assert_eq!(text(&pipe.call_tool("who", json!({})).await), "alice");
    assert_eq!(refusal(&pipe.call_tool("write_note", json!({ "text": "x" })).await).0, 403);
    issuer.put(AT, Reply::Json(json!({ "active": false })));
    let ended = launch("revoked").variable("MCP_SERVER__TRANSPORT", "stdio").run().await;
    ended.refused(&["token is not active"]);
}

#[tokio::test]
async fn a_server_that_cannot_find_out_where_to_ask_is_alive_and_not_ready() {
    let issuer = AuthorizationServer::empty("").await;
    let toml = issuer.toml("[auth.issuers.introspection]\nauth = \"none\"\ntokens = \"all\"");
    let server = Everything::default().start_with(&toml).await;
    assert_eq!((status(&server.at("/healthz")).await, readyz(&server).await), (200, 503));
    assert_unavailable(&read_note(&server, "opaque").await, "opaque");
    issuer.put(
        METADATA,
        Reply::Json(json!({ "issuer": issuer.issuer(), "introspection_endpoint": issuer.at(AT) })),
    );
    let started = Instant::now();
    while readyz(&server).await != 200 {
        assert!(started.elapsed() < Duration::from_secs(20), "it is looked up again");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}
