//! Promises of [`Grants`](crate::Grants).

use super::race::{MANY, at_once, count};
use super::records::{code, grant};
use crate::{Rotate, Rotation, SecretHash, Store};

/// A living grant `g` whose refresh token has the secret `1`.
async fn granted(store: &Store) {
    let hash = SecretHash::of("code");
    store.codes().issue(hash, code("client", "read write"), 0).await.unwrap();
    store.codes().redeem(hash, Some(grant("g", "1")), 0).await.unwrap();
}

fn rotate(presented: &str, next: &str) -> Rotate {
    Rotate { presented: SecretHash::of(presented), next: SecretHash::of(next), expires_at: 2000 }
}

/// OAuth 2.1 §4.3.1.
pub async fn p21_an_old_refresh_token_kills_the_grant(store: Store) {
    granted(&store).await;
    assert_eq!(store.grants().rotate("g", rotate("1", "2"), 1).await.unwrap(), Rotation::Rotated);
    assert_eq!(store.grants().rotate("g", rotate("2", "3"), 1).await.unwrap(), Rotation::Rotated);
    assert_eq!(store.grants().rotate("g", rotate("1", "4"), 1).await.unwrap(), Rotation::Reused);
    assert_eq!(store.grants().rotate("g", rotate("3", "4"), 1).await.unwrap(), Rotation::Gone);
    assert!(store.grants().find("g", 1).await.unwrap().is_none());
}

/// The second rotation kills the grant, so none of the next secrets is valid.
pub async fn p21_of_a_hundred_rotations_at_once_one_succeeds_and_the_grant_dies(store: Store) {
    granted(&store).await;
    let outcomes = at_once(|n| {
        let store = store.clone();
        async move { store.grants().rotate("g", rotate("1", &format!("next {n}")), 1).await.unwrap() }
    })
    .await;
    assert_eq!(count(&outcomes, &Rotation::Rotated), 1);
    assert_eq!(count(&outcomes, &Rotation::Reused), 1);
    assert_eq!(count(&outcomes, &Rotation::Gone), MANY - 2);
    assert!(store.grants().find("g", 1).await.unwrap().is_none());
}

/// The other fields of the grant stay the same.
pub async fn each_use_extends_the_life_of_a_grant(store: Store) {
    granted(&store).await;
    assert_eq!(store.grants().rotate("g", rotate("1", "2"), 999).await.unwrap(), Rotation::Rotated);
    let (found, kept) = (store.grants().find("g", 1999).await.unwrap().unwrap(), grant("g", "2"));
    assert_eq!((found.client_id, found.subject), (kept.client_id, kept.subject));
    assert_eq!((found.resource, found.scopes), (kept.resource, kept.scopes));
    assert_eq!((found.current, found.expires_at), (kept.current, 2000));
    assert!(store.grants().find("g", 2000).await.unwrap().is_none());
}

/// It ends exactly at the second that its record names.
pub async fn an_expired_grant_is_gone(store: Store) {
    granted(&store).await;
    assert!(store.grants().find("g", 999).await.unwrap().is_some());
    assert!(store.grants().find("g", 1000).await.unwrap().is_none());
    assert_eq!(store.grants().rotate("g", rotate("1", "2"), 1000).await.unwrap(), Rotation::Gone);
}

/// RFC 7009 §2.2.
pub async fn a_revoked_grant_is_gone_and_revoking_nothing_is_not_an_error(store: Store) {
    granted(&store).await;
    store.grants().revoke("another").await.unwrap();
    assert!(store.grants().find("g", 1).await.unwrap().is_some());
    store.grants().revoke("g").await.unwrap();
    assert!(store.grants().find("g", 1).await.unwrap().is_none());
    assert_eq!(store.grants().rotate("g", rotate("1", "2"), 1).await.unwrap(), Rotation::Gone);
    store.grants().revoke("g").await.unwrap();
}
