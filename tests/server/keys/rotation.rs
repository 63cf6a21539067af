//! Keys that come and go: when they are fetched again, and how often at most.

use std::time::{Duration, Instant};

use jsonwebtoken::Algorithm;
use mcp_auth::testing::{Era, TestServer};
use serde_json::json;

use super::trust::{
    EVERY_SECOND, assert_invalid, assert_read, read_note, readyz, token, trusting, until, verify,
};
use crate::authorization_server::{AuthorizationServer, JWKS, Key, Reply};
use crate::everything::Everything;
use crate::sessions::legacy::LATEST_LEGACY;
use crate::sessions::streams::Streams;
use crate::streams::Wire;

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
async fn what_a_caller_holds_open_ends_with_the_key_that_signed_its_token() {
    let (old, new) = (Key::new(Algorithm::ES256, "old"), Key::new(Algorithm::ES256, "new"));
    let issuer = AuthorizationServer::with_keys(&[&old]).await;
    let trusted = verify(&[issuer.toml(EVERY_SECOND)]);
    let server = TestServer::builder(Streams::default()).toml(&trusted).expect("toml");
    let server = server.start().await.expect("a server");
    let held = token(&server, &issuer, &old);
    let wire = Wire::new(server.url(), Era::Stateless).token(&held);
    let asked = json!({ "notifications": { "toolsListChanged": true } });
    let mut listening = wire.request(1, "subscriptions/listen", asked).await;
    assert_eq!(
        listening.next().await.expect("it began")["method"],
        "notifications/subscriptions/acknowledged"
    );
    let session = Wire::new(server.url(), LATEST_LEGACY).token(&held).connected().await;
    let mut stream = session.get().await;
    issuer.publish(&[&old, &new]);
    let added = server.client().token(token(&server, &issuer, &new));
    assert!(added.call_tool("announce", json!({})).await.is_success(), "a key was added");
    let brief = Duration::from_millis(300);
    assert!(tokio::time::timeout(brief, listening.next()).await.is_err(), "that ends nothing");
    assert!(tokio::time::timeout(brief, stream.next()).await.is_err(), "that ends nothing");
    issuer.publish(&[&new]);
    assert_eq!(listening.next().await.expect("its result")["id"], 1);
    assert_eq!(listening.next().await, None);
    assert_eq!(stream.next().await, None);
}

#[tokio::test]
async fn a_removed_key_is_refused_after_the_refresh_interval() {
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
