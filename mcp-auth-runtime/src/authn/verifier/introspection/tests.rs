//! Opaque tokens through the whole authenticator, with an issuer that answers as it is told.

use std::sync::Arc;
use std::time::Duration;

use mcp_auth_core::SecretText;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::verifier::IntrospectionVerifierError;
use super::{ClientAuth, IntrospectionKind, IntrospectionRules, IntrospectionVerifier, Reach};
use crate::authn::error::TokenError;
use crate::authn::principal::Via;
use crate::authn::tests::support::{Answer, FakeClock, FakeFetch, ISSUER, NOW, US, ambient, b64};
use crate::authn::{Authenticator, AuthnError, CacheBounds, Credential, Fault, Fetch, Identity, Principal};

const AT: &str = "https://as.example/introspect";
const METADATA: &str = "https://as.example/.well-known/oauth-authorization-server";

struct Bench {
    authenticator: Arc<Authenticator>,
    fetch: Arc<FakeFetch>,
    clock: Arc<FakeClock>,
}

fn rules() -> IntrospectionRules {
    let client = ClientAuth::Basic { client_id: "rs".into(), secret: SecretText::new("s3cret") };
    let mut rules = IntrospectionRules::new(ISSUER.parse().unwrap(), vec![US.to_owned()], client);
    rules.endpoint = Some(AT.parse().unwrap());
    rules
}

fn active(changes: &Value) -> Answer {
    let mut answer = json!({
        "active": true, "iss": ISSUER, "aud": US, "sub": "alice", "client_id": "app", "exp": NOW + 600, "scope": "a",
    });
    answer.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    Answer::ok(&answer)
}

fn inactive() -> Answer {
    Answer::ok(&json!({ "active": false }))
}

impl Bench {
    fn with(rules: Vec<IntrospectionRules>) -> Self {
        let (fetch, (ambient, clock)) = (Arc::new(FakeFetch::default()), ambient());
        let time = Arc::clone(&ambient.clock);
        let asks = Arc::clone(&fetch) as Arc<dyn Fetch>;
        let verifier = Arc::new(IntrospectionVerifier::new(rules, asks, ambient).unwrap());
        let authenticator = Authenticator::new(vec![verifier], time, CacheBounds::default());
        Self { authenticator: Arc::new(authenticator), fetch, clock }
    }

    fn new() -> Self {
        let bench = Self::with(vec![rules()]);
        bench.fetch.put(AT, active(&json!({})));
        bench
    }

    async fn verdict(&self, token: &str) -> Result<Arc<Principal>, TokenError> {
        match self.authenticator.authenticate(Credential::Bearer(token)).await {
            Ok(Identity::Known(principal)) => Ok(principal),
            Err(AuthnError::Token(error)) => Err(error),
            other => panic!("{other:?}"),
        }
    }

    fn asked(&self) -> usize {
        self.fetch.asked().len()
    }
}

#[tokio::test(start_paused = true)]
async fn an_active_token_says_who_calls_and_is_asked_about_in_a_body() {
    let bench = Bench::new();
    let principal = bench.verdict("tok+en/1=").await.unwrap();
    assert_eq!((principal.subject(), principal.via()), ("alice", &Via::Introspected));
    let sent = bench.fetch.sent().remove(0);
    assert_eq!((sent.url.as_str(), &sent.method), (AT, &http::Method::POST));
    assert_eq!(sent.body, "token=tok%2Ben%2F1%3D&token_type_hint=access_token");
    assert_eq!(sent.headers["authorization"], "Basic cnM6czNjcmV0");
    assert!(sent.headers["authorization"].is_sensitive());
}

#[tokio::test(start_paused = true)]
async fn t55_a_revoked_token_is_refused_once_the_positive_answer_is_too_old() {
    let bench = Bench::new();
    bench.verdict("t").await.unwrap();
    bench.fetch.put(AT, inactive());
    bench.clock.set(NOW + 59);
    bench.verdict("t").await.unwrap();
    assert_eq!(bench.asked(), 1, "remembered");
    bench.clock.set(NOW + 60);
    assert!(matches!(bench.verdict("t").await, Err(TokenError::Inactive)));
}

#[tokio::test(start_paused = true)]
async fn t55_what_the_bearer_of_a_revoked_token_holds_open_ends_within_the_cache_ttl() {
    let bench = Bench::new();
    let principal = bench.verdict("t").await.unwrap();
    let ends = |within: u64| tokio::time::timeout(Duration::from_secs(within), principal.withdrawn());
    assert!(ends(600).await.is_err(), "it stays active");
    bench.fetch.put(AT, Answer::Fail);
    assert!(ends(170).await.is_err(), "no answer refuses nothing at once");
    bench.fetch.put(AT, inactive());
    assert!(ends(61).await.is_ok());
    let asked = bench.asked();
    tokio::time::sleep(Duration::from_secs(600)).await;
    assert_eq!(bench.asked(), asked, "nobody is asked where nothing is open");
    assert!(!format!("{principal:?}").contains("\"t\""), "{principal:?}");
}

#[tokio::test(start_paused = true)]
async fn a_refusal_is_remembered_for_a_moment_and_then_asked_about_again() {
    let bench = Bench::new();
    bench.fetch.put(AT, inactive());
    for _ in 0..5 {
        assert!(matches!(bench.verdict("t").await, Err(TokenError::Inactive)));
    }
    assert_eq!(bench.asked(), 1);
    assert!(bench.verdict("other").await.is_err());
    assert_eq!(bench.asked(), 2, "another token is another question");
    tokio::time::advance(Duration::from_secs(5)).await;
    bench.fetch.put(AT, active(&json!({})));
    bench.verdict("t").await.unwrap();
    bench.fetch.put(AT, active(&json!({ "aud": "https://other.example" })));
    for _ in 0..2 {
        assert!(matches!(bench.verdict("wrong").await, Err(TokenError::Audience(_))));
    }
    assert_eq!(bench.asked(), 4);
    let never = IntrospectionRules { negative_ttl: Duration::ZERO, ..rules() };
    let bench = Bench::with(vec![never]);
    bench.fetch.put(AT, inactive());
    for _ in 0..3 {
        assert!(bench.verdict("t").await.is_err());
    }
    assert_eq!(bench.asked(), 3);
}

#[tokio::test(start_paused = true)]
async fn requests_with_one_token_ask_once_and_all_get_the_answer() {
    for answer in [active(&json!({})), inactive(), Answer::status(500)] {
        let bench = Bench::new();
        bench.fetch.put(AT, answer);
        let asks = (0..100).map(|_| {
            let authenticator = Arc::clone(&bench.authenticator);
            tokio::spawn(async move { authenticator.authenticate(Credential::Bearer("t")).await.is_ok() })
        });
        let mut verdicts = Vec::new();
        for ask in asks.collect::<Vec<_>>() {
            verdicts.push(ask.await.unwrap());
        }
        verdicts.dedup();
        assert_eq!((verdicts.len(), bench.asked()), (1, 1));
    }
}

#[tokio::test(start_paused = true)]
async fn a_request_that_goes_away_does_not_take_the_question_along() {
    let bench = Bench::new();
    let gone = tokio::time::timeout(Duration::from_millis(5), bench.verdict("t")).await;
    assert!(gone.is_err());
    bench.verdict("t").await.unwrap();
    assert_eq!(bench.asked(), 1);
}

#[tokio::test(start_paused = true)]
async fn t57_whatever_is_not_an_answer_is_503_and_never_open() {
    let html = Answer::text("<html>maintenance</html>");
    for (name, fault) in [
        ("hangs", Answer::Hang),
        ("refuses", Answer::Fail),
        ("500", Answer::status(500)),
        ("429", Answer::status(429)),
        ("401", Answer::status(401)),
        ("403", Answer::status(403)),
        ("204", Answer::status(204)),
        ("redirect", Answer::status(302)),
        ("redirect that keeps the method", Answer::status(307)),
        ("html", html),
        ("10 MB", Answer::TooLarge),
        ("array", Answer::text(r#"[{"active":true}]"#)),
        ("no active", Answer::text("{}")),
        ("empty", Answer::text("")),
    ] {
        let bench = Bench::new();
        bench.fetch.put(AT, fault);
        for _ in 0..2 {
            tokio::time::advance(Duration::from_secs(1)).await;
            let started = Instant::now();
            let refused = bench.verdict("t").await.unwrap_err();
            assert!(matches!(refused, TokenError::NotAnswered { .. }), "{name}: {refused}");
            let Fault::Unavailable { retry_after } = refused.fault() else { panic!("{name}: {refused}") };
            assert!(retry_after >= Duration::from_secs(1), "{name}");
            assert!(started.elapsed() <= Duration::from_secs(5), "{name}");
            let text = format!("{refused} {refused:?}");
            assert!(!text.contains("s3cret") && !text.contains("cnM6"), "{text}");
        }
        assert_eq!(bench.asked(), 2, "{name}: it is not remembered for long");
        bench.fetch.put(AT, active(&json!({})));
        bench.verdict("other").await.unwrap();
        assert!(bench.verdict("t").await.is_err(), "{name}");
        assert_eq!(bench.asked(), 3, "{name}: a token in a loop does not reach the endpoint each time");
        tokio::time::advance(Duration::from_secs(1)).await;
        bench.verdict("t").await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_verified_is_served_from_memory_while_the_issuer_is_down() {
    let bench = Bench::new();
    bench.verdict("t").await.unwrap();
    bench.fetch.put(AT, Answer::Fail);
    bench.verdict("t").await.unwrap();
    bench.clock.set(NOW + 60);
    assert!(matches!(bench.verdict("t").await, Err(TokenError::NotAnswered { .. })));
}

/// Requests with tokens that nobody made, more than an endpoint has places for.
fn flood(bench: &Bench) {
    for index in 0..1000 {
        let authenticator = Arc::clone(&bench.authenticator);
        tokio::spawn(async move {
            _ = authenticator.authenticate(Credential::Bearer(&format!("made-up-{index}"))).await;
        });
    }
}

#[tokio::test(start_paused = true)]
async fn t57_made_up_tokens_leave_room_for_tokens_that_were_active_and_for_what_is_open() {
    let bench = Bench::new();
    let principal = bench.verdict("t").await.unwrap();
    let open = tokio::spawn(async move { principal.withdrawn().await });
    tokio::time::sleep(Duration::from_secs(59)).await;
    bench.fetch.put(AT, Answer::Hang);
    flood(&bench);
    tokio::time::sleep(Duration::from_millis(30)).await;
    assert!(matches!(bench.verdict("new").await, Err(TokenError::NotAnswered { .. })), "strangers wait");
    bench.fetch.put(AT, active(&json!({})));
    bench.clock.set(NOW + 60);
    let started = Instant::now();
    bench.verdict("t").await.unwrap();
    assert!(started.elapsed() < Duration::from_secs(1), "it was active, so it has a turn");
    bench.fetch.put(AT, inactive());
    tokio::time::timeout(Duration::from_secs(2), open).await.expect("the issuer was asked in time").unwrap();
}

#[tokio::test(start_paused = true)]
async fn t55_what_is_open_ends_after_a_few_cache_ttl_without_any_answer_and_is_asked_about_soon() {
    let bench = Bench::new();
    let principal = bench.verdict("t").await.unwrap();
    bench.fetch.put(AT, Answer::Fail);
    let started = Instant::now();
    principal.withdrawn().await;
    let open = started.elapsed();
    assert!(open >= Duration::from_secs(180) && open < Duration::from_secs(190), "{open:?}");
    assert!(bench.asked() > 20, "again after a few seconds: {}", bench.asked());
    let bench = Bench::new();
    let principal = bench.verdict("t").await.unwrap();
    let open = tokio::spawn(async move { principal.withdrawn().await });
    bench.fetch.put(AT, Answer::Fail);
    tokio::time::sleep(Duration::from_secs(62)).await;
    bench.fetch.put(AT, inactive());
    tokio::time::timeout(Duration::from_secs(6), open).await.expect("not a whole cache_ttl later").unwrap();
}

#[tokio::test(start_paused = true)]
async fn many_made_up_tokens_cause_a_bounded_number_of_requests_at_once() {
    let bench = Bench::new();
    bench.fetch.put(AT, Answer::Hang);
    let ask = |token: String| {
        let authenticator = Arc::clone(&bench.authenticator);
        tokio::spawn(async move {
            match authenticator.authenticate(Credential::Bearer(&token)).await {
                Err(error) => error.fault(),
                Ok(identity) => panic!("{identity:?}"),
            }
        })
    };
    let asks: Vec<_> = (0..1000).map(|index| ask(index.to_string())).collect();
    tokio::time::sleep(Duration::from_millis(10)).await;
    assert_eq!(bench.asked(), 24, "in flight");
    let at_once = asks.iter().filter(|ask| ask.is_finished()).count();
    assert_eq!(at_once, 1000 - 192, "answered at once");
    for ask in asks {
        assert!(matches!(ask.await.unwrap(), Fault::Unavailable { .. }));
    }
    bench.fetch.put(AT, active(&json!({})));
    bench.verdict("t").await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn t58_a_jwt_and_an_api_key_are_never_sent_out() {
    let bench = Bench::new();
    let part = |value: Value| b64(value.to_string());
    let jwt = |iss: &str| format!("{}.{}.AA", part(json!({"alg": "RS256"})), part(json!({ "iss": iss })));
    let jwe = format!("{}.AA.AA.AA.AA", part(json!({"alg": "RSA-OAEP", "enc": "A256GCM"})));
    let not_ours = [jwt("https://other.example"), jwe, "mcpk_abc".into(), "MCPK_abc".into()];
    let key = "mcpk_1fJjkkpe9PiTw9KSulA8Ghct30vZz4HpdQ5c5b9cPF11E6WUd";
    let unsigned = jwt(ISSUER).trim_end_matches(".AA").to_owned();
    let behind = [format!("apikey/{key}"), format!("-{key}"), unsigned];
    let not_ours: Vec<String> = not_ours.into_iter().chain(behind).collect();
    for token in not_ours.iter().chain([&jwt(ISSUER)]) {
        assert!(matches!(bench.verdict(token).await, Err(TokenError::Unclaimed)), "{token}");
    }
    assert_eq!(bench.asked(), 0);
    let all = Bench::with(vec![IntrospectionRules { reach: Reach::All, ..rules() }]);
    all.fetch.put(AT, active(&json!({})));
    for token in not_ours.iter().chain([&jwt("https://as.example/"), &jwt("")]) {
        assert!(matches!(all.verdict(token).await, Err(TokenError::Unclaimed)), "{token}");
    }
    assert_eq!(all.asked(), 0);
    all.verdict(&jwt(ISSUER)).await.unwrap();
    assert_eq!(all.asked(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_token_goes_to_the_one_issuer_whose_prefix_it_bears() {
    let other_at = "https://second.example/introspect";
    let with = |prefix: &str, issuer: &str, endpoint: &str| IntrospectionRules {
        prefixes: vec![prefix.to_owned()],
        issuer: issuer.parse().unwrap(),
        endpoint: Some(endpoint.parse().unwrap()),
        ..rules()
    };
    let first = with("one_", ISSUER, AT);
    let bench = Bench::with(vec![first.clone(), with("two_", "https://second.example", other_at)]);
    bench.fetch.put(AT, active(&json!({})));
    bench.fetch.put(other_at, active(&json!({ "iss": "https://second.example" })));
    assert_eq!(bench.verdict("one_x").await.unwrap().issuer(), ISSUER);
    assert_eq!(bench.verdict("two_x").await.unwrap().issuer(), "https://second.example");
    for neither in ["three_x", "ONE_x", "on"] {
        assert!(matches!(bench.verdict(neither).await, Err(TokenError::Unclaimed)), "{neither}");
    }
    assert_eq!(bench.fetch.asked(), [AT, other_at]);
    for other in ["", "one_", "one_more_", "o"] {
        let mut second = with(other, "https://second.example", other_at);
        second.prefixes.retain(|prefix| !prefix.is_empty());
        let fetch = Arc::clone(&bench.fetch) as Arc<dyn Fetch>;
        let made = IntrospectionVerifier::new(vec![first.clone(), second], fetch, ambient().0);
        assert!(matches!(made, Err(IntrospectionVerifierError::Both { .. })), "{other}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_endpoint_is_found_in_the_issuers_metadata() {
    let published = IntrospectionRules { endpoint: None, ..rules() };
    let bench = Bench::with(vec![published.clone()]);
    bench.fetch.put(METADATA, Answer::ok(&json!({ "issuer": ISSUER, "introspection_endpoint": AT })));
    bench.fetch.put(AT, active(&json!({})));
    bench.authenticator.load().await.unwrap();
    bench.verdict("t").await.unwrap();
    assert_eq!(bench.fetch.asked(), [METADATA, AT]);
    for (metadata, contradicts) in [
        (json!({ "issuer": ISSUER }), true),
        (json!({ "issuer": ISSUER, "introspection_endpoint": "http://as.example/i" }), true),
        (json!({ "issuer": "https://other.example", "introspection_endpoint": AT }), true),
        (json!([]), false),
    ] {
        let bench = Bench::with(vec![published.clone()]);
        bench.fetch.put(METADATA, Answer::ok(&metadata));
        let failures = bench.authenticator.load().await.unwrap_err();
        assert_eq!(failures[0].is_misconfiguration(), contradicts, "{metadata}");
        assert!(matches!(bench.verdict("t").await, Err(TokenError::NotAnswered { .. })));
        assert!(bench.fetch.asked().iter().all(|url| url.contains("/.well-known/")), "{metadata}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_issuer_without_keys_is_ready_once_it_is_known_where_to_ask() {
    let stated = Bench::new();
    assert!(stated.authenticator.issuers()[0].missing_since.is_none());
    let bench = Bench::with(vec![IntrospectionRules { endpoint: None, ..rules() }]);
    bench.fetch.put(METADATA, Answer::Fail);
    let cancel = tokio_util::sync::CancellationToken::new();
    bench.authenticator.start(cancel.clone());
    tokio::time::sleep(Duration::from_secs(10)).await;
    assert!(bench.authenticator.issuers()[0].missing_since.is_some());
    let tries = bench.asked();
    for token in 0..100 {
        assert!(bench.verdict(&token.to_string()).await.is_err());
    }
    assert_eq!(bench.asked(), tries, "requests do not hurry the backoff");
    bench.fetch.put(METADATA, Answer::ok(&json!({ "issuer": ISSUER, "introspection_endpoint": AT })));
    bench.fetch.put(AT, active(&json!({})));
    tokio::time::sleep(Duration::from_secs(30)).await;
    assert!(bench.authenticator.issuers()[0].missing_since.is_none());
    bench.verdict("t").await.unwrap();
    cancel.cancel();
    let beside = Bench::with(vec![IntrospectionRules { beside_keys: true, ..rules() }]);
    assert!(beside.authenticator.issuers().is_empty(), "its keys speak for it");
}

#[tokio::test(start_paused = true)]
async fn github_is_asked_in_json_at_the_place_of_our_app() {
    let client = ClientAuth::Basic { client_id: "Iv1.a/b".into(), secret: SecretText::new("x") };
    let github = IntrospectionRules {
        kind: IntrospectionKind::GithubCheckToken,
        issuer: "https://github.com".parse().unwrap(),
        endpoint: None,
        client,
        ..rules()
    };
    let bench = Bench::with(vec![github]);
    let at = "https://api.github.com/applications/Iv1.a%2Fb/token";
    let token = json!({ "scopes": ["a"], "app": { "client_id": "Iv1.a/b" }, "user": { "id": 7, "login": "octocat" } });
    bench.fetch.put(at, Answer::ok(&token));
    let principal = bench.verdict("gho_x").await.unwrap();
    assert_eq!((principal.issuer(), principal.subject()), ("https://github.com", "7"));
    assert_eq!((&principal.claims()["login"], principal.expires_at()), (&json!("octocat"), None));
    let sent = bench.fetch.sent().remove(0);
    assert_eq!((sent.url.as_str(), &sent.body[..]), (at, &br#"{"access_token":"gho_x"}"#[..]));
    assert_eq!(sent.headers["accept"], "application/vnd.github+json");
    bench.fetch.put(at, Answer::status(404));
    assert!(matches!(bench.verdict("gho_y").await, Err(TokenError::Inactive)));
    bench.fetch.put(at, Answer::status(422));
    assert!(matches!(bench.verdict("gho_z").await, Err(TokenError::Inactive)));
}

#[tokio::test(start_paused = true)]
async fn google_is_asked_in_a_form_and_never_in_a_url() {
    let mut google = IntrospectionRules {
        kind: IntrospectionKind::GoogleTokeninfo,
        issuer: "https://accounts.google.com".parse().unwrap(),
        endpoint: None,
        client: ClientAuth::None { client_id: None },
        ..rules()
    };
    google.tokens.allowed_clients = Some(vec!["app".into()]);
    let bench = Bench::with(vec![google]);
    let at = "https://oauth2.googleapis.com/tokeninfo";
    let answer =
        json!({ "aud": "app", "azp": "app", "sub": "1", "scope": "a", "exp": (NOW + 600).to_string() });
    bench.fetch.put(at, Answer::ok(&answer));
    let principal = bench.verdict("ya29.x").await.unwrap();
    assert_eq!((principal.subject(), principal.expires_at()), ("1", Some(NOW + 600)));
    let sent = bench.fetch.sent().remove(0);
    assert_eq!((sent.url.as_str(), &sent.body[..]), (at, &b"access_token=ya29.x"[..]));
}

#[test]
fn rules_under_which_asking_would_be_unsafe_are_refused() {
    let made = |rules: IntrospectionRules| {
        IntrospectionVerifier::new(vec![rules], Arc::new(FakeFetch::default()), ambient().0).map(drop)
    };
    assert!(made(rules()).is_ok());
    let none = || ClientAuth::None { client_id: None };
    let post = ClientAuth::Post { client_id: "x".into(), secret: SecretText::new("x") };
    for (rules, why) in [
        (IntrospectionRules { endpoint: Some("http://as.example/i".parse().unwrap()), ..rules() }, "https"),
        (
            IntrospectionRules { endpoint: None, issuer: "http://as.example".parse().unwrap(), ..rules() },
            "https",
        ),
        (IntrospectionRules { kind: IntrospectionKind::GoogleTokeninfo, ..rules() }, "allowed_clients"),
        (
            IntrospectionRules { kind: IntrospectionKind::GithubCheckToken, client: none(), ..rules() },
            "client_secret",
        ),
        (
            IntrospectionRules { kind: IntrospectionKind::GithubCheckToken, client: post, ..rules() },
            "client_secret",
        ),
        (IntrospectionRules { prefixes: vec![String::new()], ..rules() }, "prefix"),
        (IntrospectionRules { timeout: Duration::ZERO, ..rules() }, "time"),
        (IntrospectionRules { tokens: crate::authn::TokenRules::new(vec![]), ..rules() }, "audience"),
    ] {
        let error = made(rules).unwrap_err().to_string();
        assert!(error.contains(why), "{why}: {error}");
    }
}
