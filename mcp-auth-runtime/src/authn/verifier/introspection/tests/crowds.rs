//! One question for many requests, and room for those that matter.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tokio::time::Instant;

use super::super::IntrospectionRules;
use super::bench::{AT, Bench, active, inactive, rules};
use crate::authn::error::TokenError;
use crate::authn::tests::support::{Answer, NOW};
use crate::authn::{Credential, Fault};

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
    // The answer to that request counts for what is open too.
    tokio::time::timeout(Duration::from_secs(61), open).await.expect("the issuer was asked in time").unwrap();
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
