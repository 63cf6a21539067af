//! Promises of [`Codes`](crate::Codes).

use super::race::{MANY, at_once, count};
use super::records::{code, grant};
use crate::{Redemption, SecretHash, Store};

/// The last second at which a code that expired at 60 must still be remembered: it is kept at least ten minutes
/// longer.
const LATE: u64 = 60 + 599;

async fn issued(store: &Store, name: &str) -> SecretHash {
    let hash = SecretHash::of(name);
    store.codes().issue(hash, code("client", "read write"), 0).await.unwrap();
    hash
}

/// What a code stands for can be read before and after it was used.
pub async fn a_code_is_found_until_long_after_its_use(store: Store) {
    let hash = issued(&store, "code").await;
    for _ in 0..2 {
        let (found, kept) = (store.codes().find(hash).await.unwrap().unwrap(), code("client", "read write"));
        assert_eq!((found.client_id, found.subject), (kept.client_id, kept.subject));
        assert_eq!((found.redirect_uri, found.code_challenge), (kept.redirect_uri, kept.code_challenge));
        assert_eq!((found.resource, found.scopes), (kept.resource, kept.scopes));
        assert_eq!(found.expires_at, 60);
        store.codes().redeem(hash, "g", None, 59).await.unwrap();
    }
    assert!(store.codes().find(SecretHash::of("another")).await.unwrap().is_none());
}

/// RFC 6749 §4.1.2, OAuth 2.1 §7.5.3.
pub async fn p18_a_code_is_used_once_and_its_replay_kills_the_grant(store: Store) {
    let hash = issued(&store, "code").await;
    let first = store.codes().redeem(hash, "first", Some(grant("first", "s")), 59).await.unwrap();
    assert_eq!(first, Redemption::First);
    assert!(store.grants().find("first", 59).await.unwrap().is_some());
    let late = store.codes().redeem(hash, "second", Some(grant("second", "s")), LATE).await.unwrap();
    assert_eq!(late, Redemption::Replayed);
    assert!(store.grants().find("first", 59).await.unwrap().is_none());
    assert!(store.grants().find("second", 59).await.unwrap().is_none());
}

/// The second caller holds a copy of the code, so after the race no caller may hold a grant.
pub async fn p18_of_a_hundred_uses_at_once_one_is_the_first_and_the_grant_dies(store: Store) {
    let hash = issued(&store, "code").await;
    let outcomes = at_once(|n| {
        let store = store.clone();
        async move {
            store
                .codes()
                .redeem(hash, &format!("grant {n}"), Some(grant(&format!("grant {n}"), "s")), 1)
                .await
                .unwrap()
        }
    })
    .await;
    assert_eq!(count(&outcomes, &Redemption::First), 1);
    assert_eq!(count(&outcomes, &Redemption::Replayed), MANY - 1);
    for n in 0..MANY {
        assert!(store.grants().find(&format!("grant {n}"), 1).await.unwrap().is_none(), "{n}");
    }
}

/// A second use of such a code counts as a replay too.
pub async fn a_code_of_a_client_that_does_not_refresh_makes_no_grant(store: Store) {
    let hash = issued(&store, "code").await;
    assert_eq!(store.codes().redeem(hash, "g", None, 1).await.unwrap(), Redemption::First);
    assert_eq!(store.codes().redeem(hash, "g", None, 1).await.unwrap(), Redemption::Replayed);
}

/// It expires exactly at the second that its record names.
pub async fn p19_an_expired_code_is_gone(store: Store) {
    let hash = issued(&store, "code").await;
    assert_eq!(
        store.codes().redeem(hash, "late", Some(grant("late", "s")), 60).await.unwrap(),
        Redemption::Gone
    );
    assert!(store.grants().find("late", 60).await.unwrap().is_none());
}

/// Redeeming it keeps no grant.
pub async fn an_unknown_code_is_gone(store: Store) {
    issued(&store, "code").await;
    let unknown = store.codes().redeem(SecretHash::of("x"), "x", Some(grant("x", "s")), 1).await.unwrap();
    assert_eq!(unknown, Redemption::Gone);
    assert!(store.grants().find("x", 1).await.unwrap().is_none());
}
