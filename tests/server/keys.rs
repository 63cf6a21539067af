//! Issuers, their metadata and their keys, over real sockets: which are found, which are believed, and what an
//! issuer that is slow, down, wrong or hostile costs (SECURITY.md K01 to K22, T03, T17, T30).

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use jsonwebtoken::Algorithm;
use mcp_auth::testing::{Answer, Era, TestServer};
use serde_json::{Value, json};

use crate::authorization_server::{AuthorizationServer, JWKS, Key, METADATA, Reply};
use crate::everything::Everything;

/// `mode = "verify"` with these `[[auth.issuers]]`.
fn verify(issuers: &[String]) -> String {
    format!("[auth]\nmode = \"verify\"\n{}", issuers.concat())
}

/// A server that trusts one issuer, with more keys in its section.
async fn trusting(everything: &Everything, issuer: &AuthorizationServer, more: &str) -> TestServer {
    everything.start_with(&verify(&[issuer.toml(more)])).await
}

async fn read_note(server: &TestServer, token: impl Into<String>) -> Answer {
    server.client().token(token).call_tool("read_note", json!({})).await
}

/// A good token of `issuer` for `server`.
fn token(server: &TestServer, issuer: &AuthorizationServer, key: &Key) -> String {
    key.token(&issuer.claims(server.url(), json!({})))
}

#[track_caller]
fn assert_read(answer: &Answer, case: &str) {
    assert_eq!(answer.text(), Some("a note"), "{case}: {} {}", answer.status(), answer.body());
}

#[track_caller]
fn assert_invalid(answer: &Answer, case: &str) {
    assert_eq!(answer.status(), 401, "{case}: {}", answer.body());
    assert_eq!(answer.challenge().expect("a challenge").error(), Some("invalid_token"), "{case}");
    assert_eq!(answer.error_code(), Some(401), "{case}");
    assert_eq!(answer.message()["id"], 1, "{case}");
}

/// 503 with Retry-After, and no challenge: a client must not throw its token away.
#[track_caller]
fn assert_unavailable(answer: &Answer, case: &str) {
    assert_eq!(answer.status(), 503, "{case}: {}", answer.body());
    assert!(answer.challenge().is_none(), "{case}");
    let seconds: u64 = answer.header("retry-after").expect(case).parse().expect(case);
    assert!((1..=60).contains(&seconds), "{case}: {seconds}");
    assert_eq!(answer.error_code(), Some(503), "{case}");
    assert_eq!(answer.message()["id"], 1, "{case}");
}

async fn status(url: &str) -> u16 {
    reqwest::get(url).await.expect("an answer").status().as_u16()
}

async fn readyz(server: &TestServer) -> u16 {
    status(&server.at("/readyz")).await
}

/// Waits until `done`, twenty seconds at most.
async fn until(what: &str, mut done: impl AsyncFnMut() -> bool) {
    let start = Instant::now();
    while !done().await {
        assert!(start.elapsed() < Duration::from_secs(20), "{what}: not within 20 s");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

const EVERY_ALGORITHM: [Algorithm; 9] = [
    Algorithm::RS256,
    Algorithm::RS384,
    Algorithm::RS512,
    Algorithm::PS256,
    Algorithm::PS384,
    Algorithm::PS512,
    Algorithm::ES256,
    Algorithm::ES384,
    Algorithm::EdDSA,
];

fn key_of_each_algorithm() -> Vec<Key> {
    EVERY_ALGORITHM.into_iter().map(|alg| Key::new(alg, &format!("{alg:?}"))).collect()
}

#[tokio::test]
async fn t17_every_algorithm_is_accepted_and_only_with_a_key_that_is_bound_to_it() {
    let keys = key_of_each_algorithm();
    let issuer = AuthorizationServer::with_keys(&keys.iter().collect::<Vec<_>>()).await;
    let everything = Everything::default();
    let all = "algorithms = [\"RS256\", \"RS384\", \"RS512\", \"PS256\", \"PS384\", \"PS512\", \"ES256\", \"ES384\", \"EdDSA\"]";
    let server = trusting(&everything, &issuer, all).await;
    for key in &keys {
        assert_read(&read_note(&server, token(&server, &issuer, key)).await, &key.kid);
    }
    let ran = everything.ran();
    assert_eq!(ran, keys.len());
    for key in &keys {
        for other in keys.iter().filter(|other| other.kid != key.kid) {
            let confused = token(&server, &issuer, &key.called(&other.kid));
            let case = format!("{:?} with the kid of {}", key.alg, other.kid);
            assert_invalid(&read_note(&server, confused).await, &case);
        }
    }
    assert_eq!(everything.ran(), ran);
}

#[tokio::test]
async fn t03_algorithms_the_issuer_is_not_set_to_are_refused_though_it_publishes_keys_for_them() {
    let keys = key_of_each_algorithm();
    let issuer = AuthorizationServer::with_keys(&keys.iter().collect::<Vec<_>>()).await;
    let everything = Everything::default();
    let server = trusting(&everything, &issuer, "").await;
    for key in &keys {
        let answer = read_note(&server, token(&server, &issuer, key)).await;
        match key.alg {
            Algorithm::RS256 | Algorithm::ES256 | Algorithm::EdDSA => assert_read(&answer, &key.kid),
            _ => assert_invalid(&answer, &key.kid),
        }
    }
    assert_eq!(everything.ran(), 3);
}

#[tokio::test]
async fn keys_are_found_by_rfc_8414_and_openid_discovery_with_and_without_a_path() {
    let tenant = "/.well-known/oauth-authorization-server/tenant/1";
    let inserted = "/.well-known/openid-configuration/tenant/1";
    let appended = "/tenant/1/.well-known/openid-configuration";
    let openid = "/.well-known/openid-configuration";
    let cases: &[(&str, &str, &[&str])] = &[
        ("", METADATA, &[METADATA, JWKS]),
        ("", openid, &[METADATA, openid, JWKS]),
        ("/", METADATA, &[METADATA, JWKS]),
        ("/tenant/1", tenant, &[tenant, JWKS]),
        ("/tenant/1", inserted, &[tenant, inserted, JWKS]),
        ("/tenant/1", appended, &[tenant, inserted, appended, JWKS]),
        ("/tenant/1/", tenant, &[tenant, JWKS]),
    ];
    let key = Key::new(Algorithm::ES256, "k");
    for (path, document, asked) in cases {
        let issuer = AuthorizationServer::empty(path).await;
        issuer.publish_metadata(document);
        issuer.publish(&[&key]);
        let server = trusting(&Everything::default(), &issuer, "").await;
        let case = format!("{path} at {document}");
        assert_eq!(readyz(&server).await, 200, "{case}");
        assert_read(&read_note(&server, token(&server, &issuer, &key)).await, &case);
        assert_eq!(issuer.asked(), *asked, "{case}");
    }
}

#[tokio::test]
async fn metadata_elsewhere_is_not_found_and_the_server_is_not_ready() {
    let key = Key::new(Algorithm::ES256, "k");
    for (path, document) in [
        ("/tenant/1", METADATA),
        ("/tenant/1", "/tenant/1/.well-known/oauth-authorization-server"),
        ("", "/.well-known/oauth-protected-resource"),
        ("", "/"),
    ] {
        let everything = Everything::default();
        let issuer = AuthorizationServer::empty(path).await;
        issuer.publish_metadata(document);
        issuer.publish(&[&key]);
        let server = trusting(&everything, &issuer, "").await;
        assert_eq!(readyz(&server).await, 503, "{path} {document}");
        assert_unavailable(&read_note(&server, token(&server, &issuer, &key)).await, document);
        assert_eq!((issuer.fetches(), everything.ran()), (0, 0), "{path} {document}");
    }
}

#[tokio::test]
async fn a_configured_jwks_uri_is_the_only_thing_asked_for() {
    let key = Key::new(Algorithm::ES256, "k");
    let issuer = AuthorizationServer::empty("").await;
    issuer.put("/elsewhere/keys", Reply::Json(json!({ "keys": [key.jwk()] })));
    let more = format!("jwks_uri = \"{}\"", issuer.at("/elsewhere/keys"));
    let server = trusting(&Everything::default(), &issuer, &more).await;
    assert_read(&read_note(&server, token(&server, &issuer, &key)).await, "");
    assert_eq!(issuer.asked(), ["/elsewhere/keys"]);
}

#[tokio::test]
async fn t30_the_same_kid_at_two_issuers_means_two_keys() {
    let (ours, theirs) = (Key::new(Algorithm::ES256, "same"), Key::new(Algorithm::ES256, "same"));
    let first = AuthorizationServer::with_keys(&[&ours]).await;
    let second = AuthorizationServer::empty("/two/").await;
    second.publish_metadata("/.well-known/oauth-authorization-server/two");
    second.publish(&[&theirs]);
    let everything = Everything::default();
    let server = everything.start_with(&verify(&[first.toml(""), second.toml("")])).await;

    let mut callers = Vec::new();
    for (issuer, key) in [(&first, &ours), (&second, &theirs)] {
        let client = server.client().token(token(&server, issuer, key));
        let who = client.call_tool("whoami", json!({})).await;
        let who = who.structured().expect("a caller");
        assert_eq!((&who["subject"], &who["issuer"]), (&json!("alice"), &json!(issuer.issuer())));
        callers.push(who["id"].clone());
    }
    assert_ne!(callers[0], callers[1], "the same subject at two issuers is two callers");
    assert_eq!(everything.ran(), 2);
    for (issuer, key) in [(&first, &theirs), (&second, &ours)] {
        assert_invalid(&read_note(&server, token(&server, issuer, key)).await, issuer.issuer());
    }
    assert_eq!(everything.ran(), 2);

    let metadata = reqwest::get(server.at("/.well-known/oauth-protected-resource/mcp")).await.unwrap();
    let metadata: Value = metadata.json().await.unwrap();
    let expected = json!([first.issuer(), second.issuer(), server.issuer().issuer()]);
    assert_eq!(metadata["authorization_servers"], expected, "no slash added or removed");
}

#[tokio::test]
async fn each_issuer_keeps_to_its_own_rules() {
    let key = Key::new(Algorithm::ES256, "k");
    let strict = AuthorizationServer::with_keys(&[&key]).await;
    let own = AuthorizationServer::with_keys(&[&key]).await;
    let everything = Everything::default();
    let toml = verify(&[strict.toml("allowed_clients = [\"app\"]"), own.toml("audience = \"urn:us\"")]);
    let server = everything.start_with(&toml).await;
    let token = |issuer: &AuthorizationServer, audience: &str, client: &str| {
        key.token(&issuer.claims(audience, json!({ "client_id": client })))
    };
    for (case, token, good) in [
        ("the client of one issuer", token(&strict, server.url(), "app"), true),
        ("another client", token(&strict, server.url(), "other"), false),
        ("the audience of the other issuer", token(&strict, "urn:us", "app"), false),
        ("its audience, and any client", token(&own, "urn:us", "other"), true),
        ("the audience of the first issuer", token(&own, server.url(), "app"), false),
    ] {
        let answer = read_note(&server, token).await;
        if good { assert_read(&answer, case) } else { assert_invalid(&answer, case) }
    }
    assert_eq!(everything.ran(), 2);
}

#[tokio::test]
async fn issuers_of_another_mode_are_neither_trusted_nor_asked_nor_advertised() {
    let key = Key::new(Algorithm::ES256, "k");
    let issuer = AuthorizationServer::with_keys(&[&key]).await;
    let everything = Everything::default();
    let server = everything.start_with(&issuer.toml("")).await;
    assert_invalid(&read_note(&server, token(&server, &issuer, &key)).await, "mode embedded");
    assert_read(&read_note(&server, server.token("alice").scope("read")).await, "its own issuer");
    assert_eq!((issuer.asked().len(), everything.ran()), (0, 1));
    let metadata = reqwest::get(server.at("/.well-known/oauth-protected-resource")).await.unwrap();
    let metadata: Value = metadata.json().await.unwrap();
    assert_eq!(metadata["authorization_servers"], json!([server.issuer().issuer()]));
}

#[tokio::test]
async fn k21_keys_down_at_cold_start_is_503_not_401_until_they_come() {
    let key = Key::new(Algorithm::ES256, "k");
    let address = AuthorizationServer::free_address().await;
    let name = format!("http://{address}");
    let everything = Everything::default();
    let server = everything.start_with(&verify(&[format!("[[auth.issuers]]\nissuer = \"{name}\"\n")])).await;

    assert_eq!(readyz(&server).await, 503);
    assert_eq!(status(&server.at("/healthz")).await, 200);
    let claims = |changes: Value| {
        let mut claims = json!({ "iss": name, "sub": "alice", "aud": server.url(), "scope": "read",
            "exp": crate::authorization_server::now() + 300 });
        claims.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        claims
    };
    let good = key.token(&claims(json!({})));
    for era in Era::ALL {
        for tool in ["read_note", "ping"] {
            let client = server.client().era(era).token(&good);
            assert_unavailable(&client.call_tool(tool, json!({})).await, &format!("{era:?} {tool}"));
        }
    }
    // What is the token's own fault is said at once; what another issuer signed is served; nobody is nobody.
    for (case, token) in [
        ("not a token", "sk_live_0123456789".to_owned()),
        ("a stranger's", key.token(&claims(json!({ "iss": "https://stranger.example" })))),
    ] {
        assert_invalid(&read_note(&server, token).await, case);
    }
    let anonymous = server.client().call_tool("read_note", json!({})).await;
    assert_eq!((anonymous.status(), anonymous.challenge().unwrap().error()), (401, None));
    assert_eq!(everything.ran(), 0);
    assert_read(&read_note(&server, server.token("alice").scope("read")).await, "another issuer");

    let issuer = AuthorizationServer::on(address, "").await;
    issuer.publish_metadata(METADATA);
    issuer.publish(&[&key]);
    until("ready", async || readyz(&server).await == 200).await;
    assert_read(&read_note(&server, good).await, "recovered");
    assert_eq!(everything.ran(), 2);
}

#[tokio::test]
async fn k01_an_issuer_that_stalls_does_not_hold_up_a_start() {
    let issuer = AuthorizationServer::empty("").await;
    issuer.put(METADATA, Reply::Stall);
    let start = Instant::now();
    let server = trusting(&Everything::default(), &issuer, "").await;
    assert!(start.elapsed() < Duration::from_secs(9), "{:?}", start.elapsed());
    assert_eq!(readyz(&server).await, 503);
    let key = Key::new(Algorithm::ES256, "k");
    issuer.publish_metadata(METADATA);
    issuer.publish(&[&key]);
    until("ready", async || readyz(&server).await == 200).await;
    assert_read(&read_note(&server, token(&server, &issuer, &key)).await, "recovered");
}

/// The error of a start that must not succeed.
async fn refusal(toml: &str) -> String {
    match Everything::default().builder(toml).start().await {
        Ok(_) => panic!("it started with {toml}"),
        Err(error) => format!("{error:?}"),
    }
}

#[tokio::test]
async fn k09_metadata_of_another_issuer_or_without_https_keys_stops_the_start_by_name() {
    let key = Key::new(Algorithm::ES256, "k");
    let issuer = AuthorizationServer::with_keys(&[&key]).await;
    let (name, keys) = (issuer.issuer().to_owned(), issuer.at(JWKS));
    for (metadata, said) in [
        (json!({ "issuer": format!("{name}/"), "jwks_uri": keys }), "names issuer"),
        (json!({ "issuer": name.replace("http:", "https:"), "jwks_uri": keys }), "names issuer"),
        (json!({ "issuer": "https://evil.example", "jwks_uri": keys }), "\"https://evil.example\""),
        (json!({ "issuer": [name], "jwks_uri": keys }), "names issuer"),
        (json!({ "jwks_uri": keys }), "names issuer"),
        (json!({ "issuer": name, "jwks_uri": "http://as.example/jwks" }), "no https jwks_uri"),
        (json!({ "issuer": name, "jwks_uri": "file:///etc/passwd" }), "no https jwks_uri"),
        (json!({ "issuer": name, "jwks_uri": JWKS }), "no https jwks_uri"),
        (json!({ "issuer": name }), "no https jwks_uri"),
    ] {
        issuer.put(METADATA, Reply::Json(metadata.clone()));
        let error = refusal(&verify(&[issuer.toml("")])).await;
        assert!(error.contains(said) && error.contains(&name), "{metadata}: {error}");
        assert!(error.contains("auth.issuers[0].issuer in "), "{metadata}: {error}");
    }
    assert_eq!(issuer.fetches(), 0);
    issuer.publish_metadata(METADATA);
    let server = trusting(&Everything::default(), &issuer, "").await;
    assert_read(&read_note(&server, token(&server, &issuer, &key)).await, "the right metadata");
}

#[tokio::test]
async fn k09_a_wrong_issuer_is_named_among_healthy_and_stalling_ones() {
    let key = Key::new(Algorithm::ES256, "k");
    let healthy = AuthorizationServer::with_keys(&[&key]).await;
    let stalling = AuthorizationServer::empty("").await;
    stalling.put(METADATA, Reply::Stall);
    let wrong = AuthorizationServer::empty("").await;
    wrong.put(METADATA, Reply::Json(json!({ "issuer": healthy.issuer(), "jwks_uri": healthy.at(JWKS) })));
    let error = refusal(&verify(&[healthy.toml(""), stalling.toml(""), wrong.toml("")])).await;
    assert!(error.contains("auth.issuers[2].issuer in ") && error.contains(wrong.issuer()), "{error}");
}

#[tokio::test]
async fn c03_k09_issuers_and_keys_over_plain_http_off_loopback_stop_the_start() {
    for (section, key) in [
        ("issuer = \"http://as.example\"", "auth.issuers[0].issuer"),
        (
            "issuer = \"https://as.example\"\njwks_uri = \"http://as.example/jwks\"",
            "auth.issuers[0].jwks_uri",
        ),
        ("issuer = \"https://as.example?x\"", "auth.issuers[0].issuer"),
        ("issuer = \"https://as.example#x\"", "auth.issuers[0].issuer"),
    ] {
        let toml = verify(&[format!("[[auth.issuers]]\n{section}\n")]);
        // What one value cannot be is said when it is read, what several cannot be together at the start.
        let refused = match mcp_auth::Config::from_toml_str(&toml) {
            Err(error) => error.to_string(),
            Ok(_) => refusal(&toml).await,
        };
        assert!(refused.contains(key), "{section}: {refused}");
    }
}

#[tokio::test]
async fn a_key_added_while_running_is_fetched_for_its_first_token() {
    let (old, new) = (Key::new(Algorithm::ES256, "old"), Key::new(Algorithm::RS256, "new"));
    let issuer = AuthorizationServer::with_keys(&[&old]).await;
    let server = trusting(&Everything::default(), &issuer, "").await;
    assert_read(&read_note(&server, token(&server, &issuer, &old)).await, "old");
    issuer.publish(&[&old, &new]);
    for _ in 0..3 {
        assert_read(&read_note(&server, token(&server, &issuer, &new)).await, "new");
        assert_read(&read_note(&server, token(&server, &issuer, &old)).await, "old still");
    }
    assert_eq!(issuer.fetches(), 2);
}

#[tokio::test]
async fn a_removed_key_takes_the_tokens_it_verified_along() {
    let (old, new) = (Key::new(Algorithm::ES256, "old"), Key::new(Algorithm::ES256, "new"));
    let issuer = AuthorizationServer::with_keys(&[&old]).await;
    let everything = Everything::default();
    let server = trusting(&everything, &issuer, "").await;
    let remembered = token(&server, &issuer, &old);
    assert_read(&read_note(&server, &remembered).await, "before");
    issuer.publish(&[&new]);
    assert_read(&read_note(&server, &remembered).await, "not noticed yet");
    assert_read(&read_note(&server, token(&server, &issuer, &new)).await, "noticed");
    let ran = everything.ran();
    for era in Era::ALL {
        let client = server.client().era(era).token(&remembered);
        assert_invalid(&client.call_tool("read_note", json!({})).await, &format!("{era:?}"));
    }
    assert_invalid(&read_note(&server, token(&server, &issuer, &old)).await, "a fresh one of the old key");
    assert_eq!(everything.ran(), ran);
}

#[tokio::test]
async fn a_removed_key_is_refused_after_the_refresh_interval_though_nobody_asks() {
    let (old, new) = (Key::new(Algorithm::ES256, "old"), Key::new(Algorithm::ES256, "new"));
    let issuer = AuthorizationServer::with_keys(&[&old]).await;
    let server = trusting(&Everything::default(), &issuer, EVERY_SECOND).await;
    let remembered = token(&server, &issuer, &old);
    assert_read(&read_note(&server, &remembered).await, "before");
    issuer.publish(&[&new]);
    until("refused", async || read_note(&server, &remembered).await.status() == 401).await;
}

#[tokio::test]
async fn keys_are_fetched_again_when_http_says_they_are_stale_and_no_sooner_than_the_minimum() {
    let key = Key::new(Algorithm::ES256, "k");
    let jwks = json!({ "keys": [key.jwk()] }).to_string().into_bytes();
    let mut issuers = Vec::new();
    for max_age in ["max-age=1", "max-age=3600", "max-age=1"] {
        let issuer = AuthorizationServer::with_keys(&[]).await;
        issuer.put(JWKS, Reply::Http(200, vec![("cache-control", max_age.to_owned())], jwks.clone()));
        issuers.push(issuer);
    }
    let soon = "jwks_min_refresh = \"1s\"";
    let sections = [issuers[0].toml(soon), issuers[1].toml(soon), issuers[2].toml("")];
    let _server = Everything::default().start_with(&verify(&sections)).await;
    until("fetched again", async || issuers[0].fetches() >= 3).await;
    assert_eq!((issuers[1].fetches(), issuers[2].fetches()), (1, 1));
}

#[tokio::test]
async fn k10_a_storm_of_unknown_kids_causes_one_fetch_per_cooldown() {
    let (known, unknown) = (Key::new(Algorithm::ES256, "known"), Key::new(Algorithm::ES256, "unknown"));
    let issuer = AuthorizationServer::with_keys(&[&known]).await;
    let everything = Everything::default();
    let server = trusting(&everything, &issuer, "").await;
    assert_eq!(issuer.fetches(), 1);
    let mut storm = tokio::task::JoinSet::new();
    for crowd in 0..10 {
        let client = server.client();
        let tokens: Vec<_> =
            (0..50).map(|n| token(&server, &issuer, &unknown.called(&format!("{crowd}-{n}")))).collect();
        storm.spawn(async move {
            let mut client = client;
            let mut answers = Vec::new();
            for token in tokens {
                client = client.token(token);
                answers.push(client.call_tool("read_note", json!({})).await);
            }
            answers
        });
    }
    for _ in 0..10 {
        assert_read(&read_note(&server, token(&server, &issuer, &known)).await, "in the storm");
    }
    while let Some(answers) = storm.join_next().await {
        for answer in answers.unwrap() {
            assert_eq!(answer.status(), 401, "{}", answer.body());
            assert_eq!(answer.challenge().unwrap().error(), Some("invalid_token"));
        }
    }
    assert_eq!((issuer.fetches(), everything.ran()), (2, 10));
}

#[tokio::test]
async fn k10_after_the_cooldown_an_unknown_kid_is_fetched_for_again() {
    let (known, late) = (Key::new(Algorithm::ES256, "known"), Key::new(Algorithm::ES256, "late"));
    let issuer = AuthorizationServer::with_keys(&[&known]).await;
    let server = trusting(&Everything::default(), &issuer, "unknown_kid_cooldown = \"2s\"").await;
    assert_invalid(&read_note(&server, token(&server, &issuer, &late)).await, "not published yet");
    issuer.publish(&[&known, &late]);
    until("known", async || read_note(&server, token(&server, &issuer, &late)).await.status() == 200).await;
    assert_eq!(issuer.fetches(), 3);
}

/// Keys fetched every second, and for unknown ones too.
const EVERY_SECOND: &str =
    "jwks_min_refresh = \"1s\"\njwks_max_refresh = \"1s\"\nunknown_kid_cooldown = \"1s\"";

/// Everything that can go wrong with an issuer that was healthy: the row, what it answers then and where.
fn faults(attacker: &AuthorizationServer) -> Vec<(&'static str, &'static str, Reply)> {
    let http = |status, body: &str| Reply::Http(status, vec![], body.as_bytes().to_vec());
    let redirect = |to: String| Reply::Http(302, vec![("location", to)], vec![]);
    let html = vec![("content-type", "text/html".to_owned())];
    let gzip = vec![("content-encoding", "gzip".to_owned())];
    vec![
        ("K01 keys stall", JWKS, Reply::Stall),
        ("K01 metadata stalls", METADATA, Reply::Stall),
        ("K03 500", JWKS, http(500, "oops")),
        ("K03 429", JWKS, http(429, "")),
        ("K03 403", JWKS, http(403, "")),
        ("K03 204", JWKS, http(204, "")),
        ("K04 HTML", JWKS, Reply::Http(200, html, b"<html>sorry</html>".to_vec())),
        ("K04 {}", JWKS, http(200, "{}")),
        ("K04 no keys", JWKS, http(200, "{\"keys\":[]}")),
        ("K04 null", JWKS, http(200, "null")),
        ("K04 keys null", JWKS, http(200, "{\"keys\":null}")),
        ("K06 huge", JWKS, http(200, &" ".repeat(600 * 1024))),
        ("K06 endless", JWKS, Reply::Endless),
        ("K06 a byte a second", JWKS, Reply::Trickle),
        ("K06 gzip", JWKS, Reply::Http(200, gzip, vec![0x1f, 0x8b, 8, 0])),
        ("K07 elsewhere", JWKS, redirect(attacker.at(JWKS))),
        ("K07 metadata elsewhere", METADATA, redirect(attacker.at(METADATA))),
        ("K07 a file", JWKS, redirect("file:///etc/passwd".to_owned())),
        ("K07 a loop", JWKS, redirect(JWKS.to_owned())),
        (
            "K09 another issuer",
            METADATA,
            Reply::Json(json!({ "issuer": attacker.issuer(), "jwks_uri": attacker.at(JWKS) })),
        ),
        (
            "K09 plain http",
            METADATA,
            Reply::Json(json!({ "issuer": "x", "jwks_uri": "http://as.example/jwks" })),
        ),
    ]
}

#[tokio::test]
async fn k01_to_k09_whatever_an_issuer_answers_known_keys_keep_working_and_it_recovers() {
    let (known, new) = (Key::new(Algorithm::ES256, "known"), Key::new(Algorithm::ES256, "new"));
    let attacker = AuthorizationServer::with_keys(&[&new]).await;
    let mut issuers = Vec::new();
    for fault in faults(&attacker) {
        issuers.push((AuthorizationServer::with_keys(&[&known]).await, fault));
    }
    let everything = Everything::default();
    let sections: Vec<_> = issuers.iter().map(|(issuer, _)| issuer.toml(EVERY_SECOND)).collect();
    let server = everything.start_with(&verify(&sections)).await;
    for (issuer, (case, ..)) in &issuers {
        assert_read(&read_note(&server, token(&server, issuer, &known)).await, case);
    }

    let mut asked = Vec::new();
    for (issuer, (_, path, reply)) in &issuers {
        issuer.put(path, reply.clone());
        asked.push(issuer.asked().iter().filter(|asked| asked == path).count());
    }
    // Asked twice, it has spoiled at least one whole attempt.
    for ((issuer, (case, path, _)), before) in issuers.iter().zip(asked) {
        until(case, async || issuer.asked().iter().filter(|asked| asked == path).count() >= before + 2).await;
    }
    for (issuer, (case, ..)) in &issuers {
        let start = Instant::now();
        assert_read(&read_note(&server, token(&server, issuer, &known)).await, case);
        assert!(start.elapsed() < Duration::from_secs(2), "{case}: {:?}", start.elapsed());
    }
    assert_eq!(readyz(&server).await, 200);
    let ran = everything.ran();
    // Its issuer may have this key by now; that nobody can ask is not the client's fault.
    let unknown = issuers.iter().map(|(issuer, _)| read_note(&server, token(&server, issuer, &new)));
    for (answer, (_, (case, ..))) in join_all(unknown).await.iter().zip(&issuers) {
        assert_unavailable(answer, case);
    }
    assert_eq!(everything.ran(), ran);
    assert_eq!(attacker.asked().len(), 0, "{:?}", attacker.asked());

    for (issuer, _) in &issuers {
        issuer.publish_metadata(METADATA);
        issuer.publish(&[&known, &new]);
    }
    for (issuer, (case, ..)) in &issuers {
        until(case, async || read_note(&server, token(&server, issuer, &new)).await.status() == 200).await;
    }
}

#[tokio::test]
async fn k12_two_keys_with_one_kid_are_both_tried() {
    let (one, two) = (Key::new(Algorithm::ES256, "same"), Key::new(Algorithm::ES256, "same"));
    let stranger = Key::new(Algorithm::ES256, "same");
    let issuer = AuthorizationServer::with_keys(&[&one, &two]).await;
    let everything = Everything::default();
    let server = trusting(&everything, &issuer, "").await;
    assert_read(&read_note(&server, token(&server, &issuer, &one)).await, "the first");
    assert_read(&read_note(&server, token(&server, &issuer, &two)).await, "the second");
    assert_invalid(&read_note(&server, token(&server, &issuer, &stranger)).await, "a third");
    assert_eq!(everything.ran(), 2);
}

#[tokio::test]
async fn k13_k15_k16_k18_unfit_keys_are_skipped_alone() {
    let good = Key::new(Algorithm::ES256, "good");
    let signer = Key::new(Algorithm::RS256, "rsa");
    let with = |kid: &str, member: &str, value: Value| {
        let mut jwk = signer.called(kid).bare_jwk();
        jwk[member] = value;
        jwk
    };
    let unfit = [
        with("K13 use", "use", json!("enc")),
        with("K13 key_ops", "key_ops", json!(["encrypt"])),
        with("K13 alg", "alg", json!("RSA-OAEP")),
        with("K13 another family", "alg", json!("ES256")),
        with("K13 hmac", "alg", json!("HS256")),
        with("K15 d", "d", json!("AQAB")),
        with("K15 p", "p", json!("AQAB")),
        with("K15 q", "q", json!("AQAB")),
        with("K16 e one", "e", json!("AQ")),
        with("K16 e two", "e", json!("Ag")),
        with("K16 e even", "e", json!("AQAC")),
        with("K16 512 bit", "n", json!("_".repeat(86))),
        with("K16 1024 bit", "n", json!("_".repeat(171))),
        with("K16 16384 bit", "n", json!("_".repeat(2731))),
        with("K18 kty", "kty", json!("PQC")),
        with("K18 n", "n", json!("not base64!")),
        with("K18 no n", "n", json!(null)),
        json!({ "kty": "oct", "kid": "K13 oct", "k": "c2VjcmV0" }),
        json!("K18 no object"),
        json!(null),
    ];
    let kids: Vec<_> = unfit.iter().filter_map(|jwk| jwk["kid"].as_str()).map(str::to_owned).collect();
    let issuer = AuthorizationServer::with_keys(&[]).await;
    issuer.publish_jwks(unfit.into_iter().chain([good.jwk(), signer.jwk()]).collect());
    let everything = Everything::default();
    let server = trusting(&everything, &issuer, "").await;
    for key in [&good, &signer] {
        assert_read(&read_note(&server, token(&server, &issuer, key)).await, &key.kid);
    }
    for kid in kids {
        assert_invalid(&read_note(&server, token(&server, &issuer, &signer.called(&kid))).await, &kid);
    }
    assert_eq!(everything.ran(), 2);
}

#[tokio::test]
async fn t15_a_token_without_kid_is_tried_against_eight_keys_and_no_more() {
    let keys: Vec<_> = (0..9).map(|n| Key::new(Algorithm::ES256, &n.to_string())).collect();
    let other = Key::new(Algorithm::RS256, "not of this algorithm");
    let published: Vec<_> = [&other].into_iter().chain(&keys).collect();
    let issuer = AuthorizationServer::with_keys(&published).await;
    let everything = Everything::default();
    let server = trusting(&everything, &issuer, "").await;
    let header = r#"{"alg":"ES256","typ":"at+jwt"}"#;
    for (place, key) in keys.iter().enumerate() {
        let token = key.compact(header, issuer.claims(server.url(), json!({})).to_string());
        let answer = read_note(&server, token).await;
        if place < 8 { assert_read(&answer, &key.kid) } else { assert_invalid(&answer, &key.kid) }
    }
    assert_eq!(everything.ran(), 8);
}

#[tokio::test]
async fn k19_of_ten_thousand_keys_the_first_hundred_count() {
    let key = Key::new(Algorithm::EdDSA, "");
    let issuer = AuthorizationServer::with_keys(&[]).await;
    // As short as they can be, or the document would be refused for its size.
    let jwks: Vec<_> = (0..10_000)
        .map(|n| match n {
            0..=100 => key.called(&n.to_string()).bare_jwk(),
            _ => json!({ "kty": "OKP" }),
        })
        .collect();
    issuer.publish_jwks(jwks);
    let everything = Everything::default();
    let server = trusting(&everything, &issuer, "").await;
    assert_read(&read_note(&server, token(&server, &issuer, &key.called("99"))).await, "the hundredth");
    assert_invalid(&read_note(&server, token(&server, &issuer, &key.called("100"))).await, "the one after");
    assert_eq!(everything.ran(), 1);
}

#[tokio::test]
async fn k22_sets_that_flap_cause_no_thrash() {
    let (even, odd) = (Key::new(Algorithm::ES256, "even"), Key::new(Algorithm::ES256, "odd"));
    let issuer = AuthorizationServer::with_keys(&[&even]).await;
    let server = trusting(&Everything::default(), &issuer, "unknown_kid_cooldown = \"5s\"").await;
    let start = Instant::now();
    for turn in 0..60 {
        issuer.publish(&[if turn % 2 == 0 { &odd } else { &even }]);
        for key in [&even, &odd] {
            let answer = read_note(&server, token(&server, &issuer, key)).await;
            assert!(matches!(answer.status(), 200 | 401), "{}", answer.body());
        }
        assert_eq!(readyz(&server).await, 200);
    }
    let cooldowns = start.elapsed().as_secs() as usize / 5 + 1;
    assert!(issuer.fetches() <= 1 + cooldowns, "{} fetches in {:?}", issuer.fetches(), start.elapsed());
}
