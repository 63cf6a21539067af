//! What is open with a token: asked about once for all of it, and ended by what the newest answer takes away.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;

use super::bench::{AT, Bench, active, inactive};
use crate::authn::principal::Principal;
use crate::authn::tests::support::{Answer, NOW};

/// Waits so long for the end of what is open.
async fn ends(principal: &Principal, within: u64) -> bool {
    tokio::time::timeout(Duration::from_secs(within), principal.withdrawn()).await.is_ok()
}

#[tokio::test(start_paused = true)]
async fn all_that_is_open_with_one_token_asks_once_each_time() {
    let bench = Bench::new();
    let open: Vec<_> = (0..40)
        .map(|index| {
            let authenticator = Arc::clone(&bench.authenticator);
            tokio::spawn(async move {
                tokio::time::sleep(Duration::from_secs(index)).await;
                let credential = crate::authn::Credential::Bearer("t");
                authenticator.authenticate(credential).await.unwrap().withdrawn().await;
            })
        })
        .collect();
    tokio::time::sleep(Duration::from_secs(605)).await;
    assert_eq!(bench.asked(), 11, "once, and every minute since");
    bench.fetch.put(AT, inactive());
    for stream in open {
        tokio::time::timeout(Duration::from_secs(60), stream).await.expect("it ends").unwrap();
    }
    assert_eq!(bench.asked(), 12, "one answer ends all of it");
}

#[tokio::test(start_paused = true)]
async fn t55_what_is_open_ends_when_its_token_holds_less_or_is_somebody_elses() {
    for (changes, is_over) in [
        (json!({}), false),
        (json!({ "scope": "a b" }), false),
        (json!({ "scope": ["a"], "exp": NOW + 900, "more": 1 }), false),
        (json!({ "scope": "b" }), true),
        (json!({ "scope": "" }), true),
        (json!({ "sub": "bob" }), true),
        (json!({ "client_id": "other" }), true),
        (json!({ "sub": "app" }), true),
        (json!({ "act": { "sub": "agent" } }), true),
        (json!({ "cnf": { "jkt": "x" } }), true),
        (json!({ "aud": "https://other.example" }), true),
    ] {
        let bench = Bench::new();
        let principal = bench.verdict("t").await.unwrap();
        bench.fetch.put(AT, active(&changes));
        assert_eq!(ends(&principal, 61).await, is_over, "{changes}");
    }
}

#[tokio::test(start_paused = true)]
async fn t55_a_call_that_finds_a_token_revoked_or_reduced_ends_what_is_open_at_once() {
    for answer in [inactive(), active(&json!({ "scope": "" }))] {
        let bench = Bench::new();
        let principal = bench.verdict("t").await.unwrap();
        bench.clock.set(NOW + 60);
        bench.fetch.put(AT, answer);
        _ = bench.verdict("t").await;
        assert!(ends(&principal, 1).await);
        assert_eq!(bench.asked(), 2);
    }
    let bench = Bench::new();
    let (principal, other) = (bench.verdict("t").await.unwrap(), bench.verdict("u").await.unwrap());
    bench.clock.set(NOW + 60);
    for unanswered in [Answer::Fail, inactive()] {
        bench.fetch.put(AT, unanswered);
        _ = bench.verdict("t").await;
        tokio::time::sleep(Duration::from_secs(2)).await;
    }
    bench.fetch.put(AT, active(&json!({})));
    assert!(ends(&principal, 1).await);
    assert!(!ends(&other, 100).await, "another token's stays");
}

#[tokio::test(start_paused = true)]
async fn a_call_in_between_counts_as_an_answer_about_what_is_open() {
    let bench = Bench::new();
    let principal = bench.verdict("t").await.unwrap();
    let open = tokio::spawn(async move { principal.withdrawn().await });
    for minute in 1..=5 {
        tokio::time::sleep(Duration::from_secs(50)).await;
        bench.clock.set(NOW + minute * 60);
        bench.verdict("t").await.unwrap();
    }
    assert_eq!(bench.asked(), 6, "the calls alone");
    bench.fetch.put(AT, inactive());
    tokio::time::timeout(Duration::from_secs(61), open).await.expect("it ends").unwrap();
    assert_eq!(bench.asked(), 7);
}
