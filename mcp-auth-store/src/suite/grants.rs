//! Promises of [`Grants`](crate::Grants).

use mcp_auth_core::SecretText;

use super::race::{MANY, at_once, count};
use super::records::{code, grant};
use crate::{Rotate, Rotation, SecretHash, Store};

/// A living grant `g` whose refresh token has the secret `1`.
async fn granted(store: &Store) {
    let hash = SecretHash::of("code");
    store.codes().issue(hash, code("client", "read write"), 0).await.unwrap();
    store.codes().redeem(hash, "g", Some(grant("g", "1")), 0).await.unwrap();
}

fn rotate(presented: &str, next: &str) -> Rotate {
    let next = SecretText::new(next);
    Rotate {
        presented: SecretHash::of(presented),
        next,
        expires_at: 2000,
        grace: 0,
        client_key: None,
        dpop_jkt: None,
    }
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

/// A grant knows the key that its client authenticated by last, and no older one.
pub async fn a_rotation_keeps_the_key_that_the_client_authenticated_by(store: Store) {
    granted(&store).await;
    assert_eq!(store.grants().find("g", 1).await.unwrap().unwrap().client_key, None);
    for (presented, next, key) in [("1", "2", Some("key one")), ("2", "3", Some("key two")), ("3", "4", None)]
    {
        let client_key = key.map(str::to_owned);
        let rotate = Rotate { client_key: client_key.clone(), ..rotate(presented, next) };
        assert_eq!(store.grants().rotate("g", rotate, 1).await.unwrap(), Rotation::Rotated);
        assert_eq!(store.grants().find("g", 1).await.unwrap().unwrap().client_key, client_key);
    }
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

/// Processes of one client that refresh at the same moment get the same successor, and the grant lives.
pub async fn p21_with_grace_a_hundred_rotations_at_once_give_one_successor(store: Store) {
    granted(&store).await;
    let outcomes = at_once(|n| {
        let store = store.clone();
        async move {
            let next = format!("next {n}");
            let rotation =
                store.grants().rotate("g", Rotate { grace: 30, ..rotate("1", &next) }, 1).await.unwrap();
            (next, rotation)
        }
    })
    .await;
    let first: Vec<_> = outcomes.iter().filter(|(_, rotation)| *rotation == Rotation::Rotated).collect();
    assert_eq!(first.len(), 1);
    let successor = SecretText::new(first[0].0.clone());
    let again = outcomes.iter().filter(|(_, rotation)| *rotation == Rotation::Again(successor.clone()));
    assert_eq!(again.count(), MANY - 1);
    assert_eq!(
        store.grants().rotate("g", rotate(successor.expose(), "2"), 1).await.unwrap(),
        Rotation::Rotated
    );
}

/// A copy that comes later kills the grant, as without a grace.
pub async fn a_grace_ends_at_its_time_and_covers_the_last_rotation_alone(store: Store) {
    granted(&store).await;
    let with_grace = |presented: &str, next: &str| Rotate { grace: 30, ..rotate(presented, next) };
    let again = |next: &str| Rotation::Again(SecretText::new(next));
    let grants = store.grants();
    assert_eq!(grants.rotate("g", with_grace("1", "2"), 100).await.unwrap(), Rotation::Rotated);
    assert_eq!(grants.rotate("g", with_grace("1", "x"), 129).await.unwrap(), again("2"));
    assert_eq!(grants.rotate("g", with_grace("2", "3"), 129).await.unwrap(), Rotation::Rotated);
    assert_eq!(
        grants.rotate("g", rotate("2", "x"), 130).await.unwrap(),
        again("3"),
        "that of the rotation counts"
    );
    assert_eq!(grants.rotate("g", with_grace("1", "x"), 129).await.unwrap(), Rotation::Reused);
    assert_eq!(grants.rotate("g", with_grace("3", "x"), 129).await.unwrap(), Rotation::Gone);
    let hash = SecretHash::of("another code");
    store.codes().issue(hash, code("client", "read"), 0).await.unwrap();
    store.codes().redeem(hash, "h", Some(grant("h", "1")), 0).await.unwrap();
    assert_eq!(grants.rotate("h", with_grace("1", "2"), 100).await.unwrap(), Rotation::Rotated);
    assert_eq!(grants.rotate("h", with_grace("1", "x"), 130).await.unwrap(), Rotation::Reused);
}

/// Without a key the grant stays as it is, and a key that it has is not replaced.
pub async fn a_rotation_binds_a_grant_to_a_key_if_it_has_none(store: Store) {
    granted(&store).await;
    let key = || async { store.grants().find("g", 1).await.unwrap().and_then(|grant| grant.dpop_jkt) };
    let with_key = |presented: &str, next: &str, key: Option<&str>| Rotate {
        dpop_jkt: key.map(str::to_owned),
        ..rotate(presented, next)
    };
    for (presented, next, given, bound) in [
        ("1", "2", None, None),
        ("2", "3", Some("a"), Some("a")),
        ("3", "4", Some("b"), Some("a")),
        ("4", "5", None, Some("a")),
    ] {
        let rotated = store.grants().rotate("g", with_key(presented, next, given), 1).await.unwrap();
        assert_eq!((rotated, key().await.as_deref()), (Rotation::Rotated, bound), "{given:?}");
    }
}

/// Those of others are not, and neither is one that ended.
pub async fn the_grants_of_a_person_are_listed_until_they_end(store: Store) {
    for (id, subject, expires_at) in [("late", "alice", 300), ("early", "alice", 200), ("bob's", "bob", 100)]
    {
        let hash = SecretHash::of(id);
        store.codes().issue(hash, code("client", "read"), 0).await.unwrap();
        let of_person = crate::Grant { subject: subject.into(), expires_at, ..grant(id, "1") };
        store.codes().redeem(hash, id, Some(of_person), 0).await.unwrap();
    }
    let listed = async |most, now| {
        let grants = store.grants().of_person("alice", most, now).await.unwrap();
        grants.into_iter().map(|grant| grant.id).collect::<Vec<_>>()
    };
    assert_eq!(listed(10, 199).await, ["early", "late"]);
    assert_eq!(listed(1, 199).await, ["early"]);
    assert_eq!(listed(10, 200).await, ["late"]);
    assert_eq!(listed(1, 200).await, ["late"]);
    assert_eq!(listed(10, 300).await, [""; 0]);
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
    store.grants().revoke("ann", "another", 1).await.unwrap();
    assert!(store.grants().find("g", 1).await.unwrap().is_some());
    store.grants().revoke("ann", "g", 1).await.unwrap();
    assert!(store.grants().find("g", 1).await.unwrap().is_none());
    assert_eq!(store.grants().rotate("g", rotate("1", "2"), 1).await.unwrap(), Rotation::Gone);
    store.grants().revoke("ann", "g", 1).await.unwrap();
}
