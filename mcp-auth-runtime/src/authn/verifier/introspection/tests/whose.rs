//! Which issuer is asked about a credential, where, and how.

use std::sync::Arc;
use std::time::Duration;

use mcp_auth_core::SecretText;
use serde_json::{Value, json};

use super::super::verifier::IntrospectionVerifierError;
use super::super::{ClientAuth, IntrospectionKind, IntrospectionRules, IntrospectionVerifier, Reach};
use super::bench::{AT, Bench, METADATA, active, rules, rules_of};
use crate::authn::error::TokenError;
use crate::authn::tests::support::{Answer, FakeFetch, ISSUER, NOW, ambient, b64};
use crate::authn::{Accepted, Fetch};

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
        endpoint: Some(endpoint.parse().unwrap()),
        ..rules_of(issuer)
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
        (json!({ "issuer": "https://second.example", "introspection_endpoint": AT }), true),
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
async fn t72_metadata_may_call_the_server_by_any_name_that_is_listed() {
    let also = IntrospectionRules {
        endpoint: None,
        also_called: vec!["https://second.example".to_owned(), "https://as.example/{tenantid}".to_owned()],
        ..rules()
    };
    for (name, is_fine) in [
        (ISSUER, true),
        ("https://second.example", true),
        ("https://as.example/{tenantid}", true),
        ("https://second.example/", false),
        ("https://as.example/acme", false),
    ] {
        let bench = Bench::with(vec![also.clone()]);
        bench.fetch.put(METADATA, Answer::ok(&json!({ "issuer": name, "introspection_endpoint": AT })));
        bench.fetch.put(AT, active(&json!({})));
        assert_eq!(bench.authenticator.load().await.is_ok(), is_fine, "{name}");
        assert_eq!(bench.verdict("t").await.is_ok(), is_fine, "{name}");
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
        endpoint: None,
        client,
        ..rules_of("https://github.com")
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
        endpoint: None,
        client: ClientAuth::None { client_id: None },
        ..rules_of("https://accounts.google.com")
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
        (IntrospectionRules { endpoint: None, ..rules_of("http://as.example") }, "https"),
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
        (IntrospectionRules { accepted: Vec::new(), ..rules() }, "`iss`"),
        (
            IntrospectionRules {
                kind: IntrospectionKind::GithubCheckToken,
                accepted: [ISSUER, "https://second.example"].map(Accepted::plain).into(),
                ..rules()
            },
            "do not name their issuer",
        ),
        (IntrospectionRules { timeout: Duration::ZERO, ..rules() }, "time"),
        (IntrospectionRules { tokens: crate::authn::TokenRules::new(vec![]), ..rules() }, "audience"),
    ] {
        let error = made(rules).unwrap_err().to_string();
        assert!(error.contains(why), "{why}: {error}");
    }
}
