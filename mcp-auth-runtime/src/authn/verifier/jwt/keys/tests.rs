//! Outages, rotation and storms, on paused time.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;
use url::Url;

use super::super::issuer::{IssuerRules, KeyRefresh, KeySource};
use super::super::{Algorithm, jws};
use super::IssuerKeys;
use crate::authn::error::TokenError;
use crate::authn::tests::support::{
    Answer, FakeFetch, ISSUER, JWKS, NOW, Signer, US, ambient, b64, other_p256, p256, p384,
};
use crate::authn::verifier::claims::Accepted;
use crate::authn::{Fault, Fetch};

struct Bench {
    keys: Arc<IssuerKeys>,
    fetch: Arc<FakeFetch>,
}

impl Bench {
    fn new(source: KeySource, refresh: KeyRefresh) -> Self {
        let fetch = Arc::new(FakeFetch::default());
        let rules = IssuerRules {
            refresh,
            algorithms: Some(Algorithm::ALL.to_vec()),
            ..IssuerRules::new(ISSUER.parse().unwrap(), vec![US.into()], source)
        };
        let keys = IssuerKeys::new(rules, Arc::clone(&fetch) as Arc<dyn Fetch>, ambient().0).unwrap();
        Self { keys: Arc::new(keys), fetch }
    }

    /// Keys `a` loaded from `jwks_uri`.
    async fn loaded() -> Self {
        let bench = Self::new(KeySource::JwksUri(Url::parse(JWKS).unwrap()), KeyRefresh::default());
        bench.fetch.publish(&[p256().jwk("a")]);
        bench.keys.load().await;
        assert!(bench.keys.ready());
        bench
    }

    async fn verify(&self, signer: &Signer, alg: &str, kid: &str) -> Result<u64, TokenError> {
        let token = signer.token(&json!({"alg": alg, "kid": kid}), &json!({}));
        self.keys
            .verify(&jws::parse(&token).unwrap(), &Accepted::plain(ISSUER))
            .await
            .map(|standing| standing.generation)
    }

    /// The verdict on a token of the key that was there from the start.
    async fn known(&self) -> Result<u64, TokenError> {
        self.verify(p256(), "ES256", "a").await
    }

    fn fetches(&self) -> usize {
        self.fetch.asked().iter().filter(|url| *url == JWKS).count()
    }

    fn start(&self) -> CancellationToken {
        let cancel = CancellationToken::new();
        tokio::spawn(Arc::clone(&self.keys).keep_fresh(cancel.clone()));
        cancel
    }
}

async fn pass(secs: u64) {
    tokio::time::sleep(Duration::from_secs(secs)).await;
}

fn fresh_for(max_age: &'static str, keys: &[Value]) -> Answer {
    let body = json!({ "keys": keys }).to_string().into_bytes();
    Answer::Reply { status: 200, headers: vec![("cache-control", max_age)], body }
}

#[tokio::test(start_paused = true)]
async fn k01_to_k07_known_keys_keep_working_with_every_answer_of_the_issuer() {
    let html = Answer::text("<html>maintenance</html>");
    let faults = [
        ("k01 hangs", Answer::Hang),
        ("k02 refuses", Answer::Fail),
        ("k03 500", Answer::status(500)),
        ("k03 429", Answer::status(429)),
        ("k03 403", Answer::status(403)),
        ("k03 204", Answer::status(204)),
        ("k04 html", html),
        ("k04 {}", Answer::text("{}")),
        ("k04 keys []", Answer::text(r#"{"keys":[]}"#)),
        ("k04 null", Answer::text("null")),
        ("k04 empty", Answer::text("")),
        ("k06 huge", Answer::TooLarge),
        ("k06 gzip", Answer::text("\u{1f}\u{8b}")),
        ("k07 redirect", Answer::status(302)),
        ("k07 moved", Answer::status(301)),
    ];
    for (name, fault) in faults {
        let bench = Bench::loaded().await;
        let cancel = bench.start();
        bench.fetch.put(JWKS, fault);
        for _ in 0..60 {
            pass(60).await;
            let before = Instant::now();
            assert!(bench.known().await.is_ok(), "{name}");
            assert_eq!(before.elapsed(), Duration::ZERO, "{name}: a known key never waits");
        }
        let tries = bench.fetches() - 1;
        assert!((90..130).contains(&tries), "{name}: one try in 30 s once backed off, saw {tries}");
        bench.fetch.publish(&[p256().jwk("a"), p384().jwk("b")]);
        // A try that hangs is given up after 3 s, and the next one follows 30 s later.
        pass(34).await;
        assert!(bench.keys.last_error().is_none(), "{name}: recovered within 33 s");
        assert!(bench.verify(p384(), "ES384", "b").await.is_ok(), "{name}");
        cancel.cancel();
    }
}

#[tokio::test(start_paused = true)]
async fn known_keys_are_given_up_after_the_stated_limit_with_503_not_401() {
    let bench = Bench::loaded().await;
    bench.fetch.put(JWKS, Answer::Fail);
    pass(24 * 3600 - 60).await;
    assert!(bench.known().await.is_ok());
    pass(120).await;
    assert!(matches!(bench.known().await, Err(TokenError::KeysUnavailable { .. })));
    assert!(!bench.keys.ready());
    // Since its keys became too old, not since they came: the clock stands still at the time of the start.
    let since = bench.keys.state().missing_since.unwrap();
    assert!((NOW - 120..NOW).contains(&since), "{}", NOW - since);
    bench.fetch.publish(&[p256().jwk("a")]);
    pass(2).await;
    assert!(bench.known().await.is_ok());
}

#[test]
fn log_says_whether_a_key_was_ever_loaded() {
    let said = |loaded: bool, age: u64| {
        crate::observe::support::logged(|| {
            let runtime =
                tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build();
            runtime.unwrap().block_on(async {
                let source = || KeySource::JwksUri(Url::parse(JWKS).unwrap());
                let bench = match loaded {
                    true => Bench::loaded().await,
                    false => Bench::new(source(), KeyRefresh::default()),
                };
                bench.fetch.put(JWKS, Answer::Fail);
                pass(age).await;
                bench.keys.load().await;
            });
        })
    };
    for (loaded, age, state) in [
        (false, 0, "issuer keys not fetched; no key was ever loaded, so its tokens are answered 503"),
        (true, 60, "issuer keys not fetched; known keys stay in use"),
        (
            true,
            24 * 3600,
            "issuer keys not fetched; the known keys are too old, so its tokens are answered 503",
        ),
    ] {
        let log = said(loaded, age);
        assert!(log.contains(state), "{state} is not in {log}");
    }
}

#[tokio::test(start_paused = true)]
async fn k10_a_storm_of_unknown_kids_causes_one_fetch_per_cooldown() {
    let bench = Bench::loaded().await;
    let token = |kid: usize| other_p256().token(&json!({"alg": "ES256", "kid": kid.to_string()}), &json!({}));
    let verify_all = async |kids: std::ops::Range<usize>| {
        let checks = kids.map(|kid| {
            let (keys, token) = (Arc::clone(&bench.keys), token(kid));
            tokio::spawn(
                async move { keys.verify(&jws::parse(&token).unwrap(), &Accepted::plain(ISSUER)).await },
            )
        });
        for check in checks.collect::<Vec<_>>() {
            assert!(matches!(check.await.unwrap(), Err(TokenError::UnknownKey)));
        }
    };
    verify_all(0..500).await;
    assert_eq!(bench.fetches(), 2, "one to load, one for the storm");
    pass(29).await;
    verify_all(500..1000).await;
    assert_eq!(bench.fetches(), 2, "still cooling down");
    pass(1).await;
    verify_all(1000..1500).await;
    assert_eq!(bench.fetches(), 3);
}

#[tokio::test(start_paused = true)]
async fn an_unknown_kid_is_fetched_for_and_then_known() {
    let bench = Bench::loaded().await;
    bench.fetch.publish(&[p256().jwk("a"), p384().jwk("b")]);
    assert!(bench.verify(p384(), "ES384", "b").await.is_ok());
    assert_eq!(bench.fetches(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_new_key_under_the_old_kid_is_fetched_for_and_then_known() {
    let bench = Bench::loaded().await;
    bench.fetch.publish(&[other_p256().jwk("a")]);
    assert!(bench.verify(other_p256(), "ES256", "a").await.is_ok());
    assert!(matches!(bench.known().await, Err(TokenError::Signature)), "and the old key is gone");
    assert_eq!(bench.fetches(), 2, "within one cooldown");
}

#[tokio::test(start_paused = true)]
async fn an_unknown_kid_while_the_issuer_is_away_is_503_not_401() {
    let bench = Bench::loaded().await;
    bench.fetch.put(JWKS, Answer::Fail);
    let error = bench.verify(p384(), "ES384", "b").await.unwrap_err();
    assert!(matches!(error.fault(), Fault::Unavailable { .. }), "{error}");
    let wrong = bench.verify(other_p256(), "ES256", "a").await.unwrap_err();
    assert_eq!(wrong.fault(), Fault::InvalidToken, "a wrong signature by a known kid is wrong all the same");
}

#[tokio::test(start_paused = true)]
async fn an_unknown_kid_while_the_issuer_still_thinks_is_503_not_401() {
    let refresh = KeyRefresh { fetch: Duration::from_secs(20), ..KeyRefresh::default() };
    let bench = Bench::new(KeySource::JwksUri(Url::parse(JWKS).unwrap()), refresh);
    bench.fetch.publish(&[p256().jwk("a")]);
    bench.keys.load().await;
    bench.fetch.put(JWKS, Answer::Hang);
    let started = Instant::now();
    let verdict = bench.verify(p384(), "ES384", "b").await;
    assert!(matches!(verdict, Err(TokenError::KeysUnavailable { .. })), "{verdict:?}");
    assert_eq!(started.elapsed().as_secs(), 5, "a request does not wait as long as a fetch may take");
    assert!(bench.known().await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn k01_a_fetch_may_take_as_long_as_its_issuer_says_and_no_longer() {
    for secs in [1, 3, 30] {
        let refresh = KeyRefresh { fetch: Duration::from_secs(secs), ..KeyRefresh::default() };
        for source in [KeySource::JwksUri(Url::parse(JWKS).unwrap()), KeySource::Discovery] {
            let bench = Bench::new(source, refresh.clone());
            for url in [JWKS.to_owned(), format!("{ISSUER}/.well-known/oauth-authorization-server")] {
                bench.fetch.put(&url, Answer::Hang);
            }
            let started = Instant::now();
            bench.keys.load().await;
            assert_eq!(started.elapsed().as_secs(), secs, "{:?}", bench.fetch.asked());
            assert!(bench.keys.last_error().is_some());
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_request_that_goes_away_does_not_take_the_fetch_along() {
    let bench = Bench::loaded().await;
    bench.fetch.publish(&[p256().jwk("a"), p384().jwk("b")]);
    let gone = timeout(Duration::from_millis(5), bench.verify(p384(), "ES384", "b")).await;
    assert!(gone.is_err());
    assert!(bench.verify(p384(), "ES384", "b").await.is_ok());
    assert_eq!(bench.fetches(), 2);
}

#[tokio::test(start_paused = true)]
async fn k21_keys_never_loaded_is_503_with_retry_after_and_retried() {
    let bench = Bench::new(KeySource::JwksUri(Url::parse(JWKS).unwrap()), KeyRefresh::default());
    bench.fetch.put(JWKS, Answer::Fail);
    let cancel = bench.start();
    pass(20).await;
    assert!(!bench.keys.ready());
    match bench.known().await.unwrap_err().fault() {
        Fault::Unavailable { retry_after } => {
            assert!(retry_after >= Duration::from_secs(1) && retry_after <= Duration::from_secs(31));
        }
        other => panic!("{other:?}"),
    }
    let tries = bench.fetches();
    for _ in 0..100 {
        assert!(bench.known().await.is_err());
    }
    assert_eq!(bench.fetches(), tries, "requests do not hurry the backoff");
    bench.fetch.publish(&[p256().jwk("a")]);
    pass(30).await;
    assert!(bench.keys.ready() && bench.known().await.is_ok());
    cancel.cancel();
}

#[tokio::test(start_paused = true)]
async fn k21_the_first_token_loads_keys_that_are_not_loaded_yet() {
    let bench = Bench::new(KeySource::JwksUri(Url::parse(JWKS).unwrap()), KeyRefresh::default());
    bench.fetch.publish(&[p256().jwk("a")]);
    assert!(bench.known().await.is_ok());
    assert_eq!(bench.fetches(), 1);
}

#[tokio::test(start_paused = true)]
async fn keys_are_refreshed_ahead_of_expiry_within_bounds() {
    for (max_age, least, most) in [
        ("max-age=1000", 790, 900),
        ("max-age=1", 60, 60),
        ("no-store", 60, 60),
        ("max-age=999999", 2870, 3240),
        ("public", 470, 540),
    ] {
        let bench = Bench::new(KeySource::JwksUri(Url::parse(JWKS).unwrap()), KeyRefresh::default());
        bench.fetch.put(JWKS, fresh_for(max_age, &[p256().jwk("a")]));
        let cancel = bench.start();
        pass(1).await;
        assert_eq!(bench.fetches(), 1);
        pass(least - 2).await;
        assert_eq!(bench.fetches(), 1, "{max_age}: not before {least} s");
        pass(most - least + 3).await;
        assert_eq!(bench.fetches(), 2, "{max_age}: by {most} s");
        cancel.cancel();
    }
}

#[tokio::test(start_paused = true)]
async fn k22_flapping_sets_cause_no_thrash() {
    let bench = Bench::new(KeySource::JwksUri(Url::parse(JWKS).unwrap()), KeyRefresh::default());
    bench.fetch.put(JWKS, fresh_for("max-age=0", &[p256().jwk("a")]));
    let cancel = bench.start();
    for second in 0..600 {
        let signer = if second % 2 == 0 { p256() } else { other_p256() };
        bench.fetch.put(JWKS, fresh_for("max-age=0", &[signer.jwk("a"), p384().jwk("steady")]));
        pass(1).await;
        assert!(bench.verify(p384(), "ES384", "steady").await.is_ok() || second == 0);
    }
    assert!(bench.fetches() <= 1 + 1 + 600 / 60, "{}", bench.fetches());
    cancel.cancel();
}

#[tokio::test(start_paused = true)]
async fn a_key_that_goes_away_raises_the_generation_and_a_new_one_does_not() {
    let bench = Bench::loaded().await;
    let first = bench.known().await.unwrap();
    bench.fetch.publish(&[p256().jwk("a"), p384().jwk("b")]);
    bench.keys.load().await;
    assert_eq!(bench.keys.generation(), first);
    bench.fetch.publish(&[p384().jwk("b")]);
    bench.keys.load().await;
    assert_eq!(bench.keys.generation(), first + 1);
    assert!(matches!(bench.known().await, Err(TokenError::UnknownKey)));
}

#[tokio::test(start_paused = true)]
async fn k09_discovery_that_turns_bad_keeps_the_known_keys() {
    let bench = Bench::new(KeySource::Discovery, KeyRefresh::default());
    let metadata = "https://as.example/.well-known/oauth-authorization-server";
    bench.fetch.put(metadata, Answer::ok(&json!({"issuer": ISSUER, "jwks_uri": JWKS})));
    bench.fetch.publish(&[p256().jwk("a")]);
    let cancel = bench.start();
    pass(1).await;
    assert!(bench.known().await.is_ok());
    bench.fetch.put(
        metadata,
        Answer::ok(&json!({"issuer": "https://evil.example", "jwks_uri": "https://evil.example/k"})),
    );
    pass(2 * 3600).await;
    assert!(bench.keys.last_error().unwrap().is_misconfiguration());
    assert!(bench.known().await.is_ok());
    assert!(!bench.fetch.asked().iter().any(|url| url.contains("evil")));
    cancel.cancel();
}

#[tokio::test(start_paused = true)]
async fn t12_only_configured_places_are_ever_asked() {
    let bench = Bench::loaded().await;
    let header = json!({"alg": "ES256", "kid": "a", "jku": "http://169.254.169.254/", "x5u": "https://evil.example/", "jwk": other_p256().jwk("a"), "x5c": [b64("x")]});
    let verify = async |signer: &Signer| {
        let token = signer.token(&header, &json!({}));
        bench.keys.verify(&jws::parse(&token).unwrap(), &Accepted::plain(ISSUER)).await
    };
    assert!(verify(p256()).await.is_ok());
    assert!(matches!(verify(other_p256()).await, Err(TokenError::Signature)));
    assert!(bench.fetch.asked().iter().all(|url| url == JWKS));
}

#[tokio::test(start_paused = true)]
async fn static_keys_are_at_hand_and_never_fetched() {
    let bench = Bench::new(KeySource::Static(json!({"keys": [p256().jwk("a")]})), KeyRefresh::default());
    assert!(bench.keys.ready());
    pass(48 * 3600).await;
    assert!(bench.known().await.is_ok());
    assert!(matches!(bench.verify(p384(), "ES384", "b").await, Err(TokenError::UnknownKey)));
    assert!(bench.fetch.asked().is_empty());
    bench.keys.clone().keep_fresh(CancellationToken::new()).await;
}

#[tokio::test(start_paused = true)]
async fn keeping_fresh_ends_when_cancelled() {
    let bench = Bench::loaded().await;
    let cancel = CancellationToken::new();
    let task = tokio::spawn(Arc::clone(&bench.keys).keep_fresh(cancel.clone()));
    pass(1).await;
    cancel.cancel();
    timeout(Duration::from_secs(1), task).await.unwrap().unwrap();
}

#[tokio::test(start_paused = true)]
async fn an_issuer_that_signs_no_tokens_has_no_keys_and_is_ready_only_where_that_is_expected() {
    let metadata = "https://as.example/.well-known/oauth-authorization-server";
    for expected in [true, false] {
        let mut rules = IssuerRules::new(ISSUER.parse().unwrap(), vec!["us".into()], KeySource::Discovery);
        rules.keys_optional = expected;
        let fetch = Arc::new(FakeFetch::default());
        fetch.put(metadata, Answer::ok(&json!({ "issuer": ISSUER })));
        let asks = Arc::clone(&fetch) as Arc<dyn Fetch>;
        let keys = Arc::new(IssuerKeys::new(rules, asks, ambient().0).unwrap());
        keys.load().await;
        assert_eq!(keys.ready(), expected);
        let token = p256().token(&json!({"alg": "ES256", "kid": "a"}), &json!({}));
        let refused = keys.verify(&jws::parse(&token).unwrap(), &Accepted::plain(ISSUER)).await.unwrap_err();
        assert_eq!(refused.fault() == Fault::InvalidToken, expected, "{refused}");
        if !expected {
            assert!(keys.last_error().unwrap().is_misconfiguration());
        }
    }
}

#[tokio::test(start_paused = true)]
async fn half_an_outage_of_the_metadata_does_not_take_known_keys_away() {
    let documents = ["oauth-authorization-server", "openid-configuration"]
        .map(|name| format!("https://as.example/.well-known/{name}"));
    for fault in [Answer::status(500), Answer::Hang, Answer::Fail] {
        let mut rules = IssuerRules::new(ISSUER.parse().unwrap(), vec!["us".into()], KeySource::Discovery);
        rules.keys_optional = true;
        let fetch = Arc::new(FakeFetch::default());
        fetch.put(&documents[0], Answer::ok(&json!({ "issuer": ISSUER })));
        fetch.put(&documents[1], Answer::ok(&json!({ "issuer": ISSUER, "jwks_uri": JWKS })));
        fetch.publish(&[p256().jwk("a")]);
        let asks = Arc::clone(&fetch) as Arc<dyn Fetch>;
        let keys = Arc::new(IssuerKeys::new(rules, asks, ambient().0).unwrap());
        keys.load().await;
        let token = p256().token(&json!({"alg": "ES256", "kid": "a"}), &json!({}));
        assert!(keys.verify(&jws::parse(&token).unwrap(), &Accepted::plain(ISSUER)).await.is_ok());
        fetch.put(&documents[1], fault);
        tokio::time::sleep(keys.rules.refresh.max + Duration::from_secs(1)).await;
        keys.load().await;
        assert!(!keys.last_error().unwrap().is_misconfiguration());
        assert!(
            keys.verify(&jws::parse(&token).unwrap(), &Accepted::plain(ISSUER)).await.is_ok(),
            "they stay in use"
        );
    }
}
