//! What an answer means, and for how long.

use std::time::Duration;

use serde_json::json;
use tokio::time::Instant;

use super::bench::{AT, Bench, active, inactive};
use crate::authn::Fault;
use crate::authn::error::TokenError;
use crate::authn::principal::Via;
use crate::authn::tests::support::{Answer, NOW};

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
    assert!(ends(110).await.is_err(), "no answer refuses nothing at once");
    bench.fetch.put(AT, inactive());
    assert!(ends(61).await.is_ok());
    let asked = bench.asked();
    tokio::time::sleep(Duration::from_secs(600)).await;
    assert_eq!(bench.asked(), asked, "nobody is asked where nothing is open");
    assert!(!format!("{principal:?}").contains("\"t\""), "{principal:?}");
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
