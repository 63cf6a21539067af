//! What stands in the server: nothing that must not be read, nothing that has ended; and by which keys and releases it is read.

use mcp_auth_core::SecretText;
use mcp_auth_store::suite::records::{CONNECTION, SECRETS_OF_UPSTREAM_GRANT, granted, upstream_grant};
use mcp_auth_store::{Confirmation, OpenError, Rotate, Rotation, SealingKey, SecretHash, StoreKeys};

use crate::server::{ask, base, key, opened, opened_with, place};

#[tokio::test]
#[ignore = "needs a Redis server: cargo xtask stores"]
async fn s01_nothing_that_must_not_be_read_stands_in_the_server() {
    let place = place();
    let store = opened(&place).await;
    store.sealing_keys().key("cursors", SealingKey::new(*b"thirty-two bytes of a sealing ke")).await.unwrap();
    store.sessions().keep("the-id-of-a-session", "the state of it".to_owned(), 100, 0).await.unwrap();
    let waiting = Confirmation {
        subject: "alice".to_owned(),
        client_id: None,
        tool: "pay".to_owned(),
        connects: None,
        arguments: "arguments of a call".to_owned(),
        expires_at: 100,
    };
    store.confirmations().ask(SecretHash::of("the secret of a page"), waiting, 0).await.unwrap();
    granted(&store, "g", "a refresh token").await;
    store.upstream_grants().keep(CONNECTION, upstream_grant(), 100, 0).await.unwrap();
    let (presented, next) = (SecretHash::of("a refresh token"), SecretText::new("the token after it"));
    let rotate = Rotate { presented, next, expires_at: 2000, grace: 10, client_key: None, dpop_jkt: None };
    assert_eq!(store.grants().rotate("g", rotate, 1).await.unwrap(), Rotation::Rotated);
    let mut all = Vec::new();
    let keys: Vec<String> = ask(&place, &["KEYS", &format!("{}*", base(&place))]);
    for key in &keys {
        all.extend(key.bytes());
        let kind: String = ask(&place, &["TYPE", key]);
        let held: Vec<Vec<u8>> = match &*kind {
            "hash" => ask(&place, &["HGETALL", key]),
            "zset" => ask(&place, &["ZRANGE", key, "0", "-1", "WITHSCORES"]),
            other => panic!("{key} is a {other}"),
        };
        all.extend(held.concat());
    }
    let holds = |text: &str| all.windows(text.len()).any(|window| window == text.as_bytes());
    assert!(holds("alice") && holds("cursors"), "this looks at the right keys");
    let others = [
        "thirty-two bytes of a sealing",
        "the-id-of-a-session",
        "the state of it",
        "arguments of a call",
        "the secret of a page",
        "a refresh token",
        "the token after it",
        "code of g",
    ];
    for secret in others.into_iter().chain(SECRETS_OF_UPSTREAM_GRANT) {
        assert!(!holds(secret), "{secret}");
    }
}

#[tokio::test]
#[ignore = "needs a Redis server: cargo xtask stores"]
async fn a_store_is_read_with_the_key_it_was_written_with_or_with_one_that_came_after_it() {
    let place = place();
    let store = opened(&place).await;
    let sealing = store.sealing_keys().key("cursors", SealingKey::new([1; 32])).await.unwrap();
    // More than one page of them.
    for number in 0..250 {
        store.sessions().keep(&format!("session {number}"), "its state".to_owned(), 100, 0).await.unwrap();
    }
    let opened = async |keys| opened_with(&place, keys).await;
    let refused = opened(StoreKeys::of(key(8))).await.unwrap_err();
    assert!(matches!(refused, OpenError::Key), "{refused}");
    opened(StoreKeys::of(key(8)).after(vec![key(7)])).await.unwrap();
    // From then on all is encrypted with the newer one.
    let renewed = opened(StoreKeys::of(key(8))).await.unwrap();
    assert_eq!(renewed.sealing_keys().key("cursors", SealingKey::new([2; 32])).await.unwrap(), sealing);
    for number in 0..250 {
        let state = renewed.sessions().state(&format!("session {number}"), 1).await.unwrap();
        assert_eq!(state.as_deref(), Some("its state"), "{number}");
    }
    assert!(opened(StoreKeys::of(key(7))).await.is_err());
}

#[tokio::test]
#[ignore = "needs a Redis server: cargo xtask stores"]
async fn a_store_of_the_next_release_is_used_unless_it_says_that_this_one_may_not() {
    let place = place();
    granted(&opened(&place).await, "g", "1").await;
    let versions = format!("{}versions", base(&place));
    assert_eq!(ask::<Vec<String>>(&place, &["HMGET", &versions, "version", "min_version"]), ["1", "1"]);
    let newer = async |version: &str, min_version: &str| {
        let () = ask(&place, &["HSET", &versions, "version", version, "min_version", min_version]);
        opened_with(&place, StoreKeys::of(key(7))).await
    };
    assert!(newer("2", "1").await.unwrap().grants().find("g", 1).await.unwrap().is_some());
    assert_eq!(
        ask::<String>(&place, &["HGET", &versions, "version"]),
        "2",
        "it stays as the newer one set it"
    );
    let refused = newer("9", "9").await.unwrap_err();
    assert!(matches!(refused, OpenError::Newer { min_version: 9, .. }), "{refused}");
    assert_eq!(ask::<String>(&place, &["HGET", &versions, "version"]), "9");
}

#[tokio::test]
#[ignore = "needs a Redis server: cargo xtask stores"]
async fn what_has_ended_is_swept_as_new_things_come_and_leaves_nothing() {
    let place = place();
    let store = opened(&place).await;
    for number in 0..200_u64 {
        // Far apart: an entry is swept some minutes after its end, for servers whose clocks are behind.
        let now = number * 100;
        store.spent().spend(SecretHash::of(&number.to_string()), now + 10, now).await.unwrap();
    }
    let left: usize = ask(&place, &["ZCARD", &format!("{}rows", base(&place))]);
    assert!((2..=40).contains(&left), "{left}");
    let rows: Vec<String> = ask(&place, &["KEYS", &format!("{}row:*", base(&place))]);
    assert_eq!(rows.len(), left);
}
