//! Promises of [`Consents`](crate::Consents).

use super::records::{client, code};
use crate::{SecretHash, Store};

/// Scopes are recorded for one person and one client only.
pub async fn what_a_person_allowed_adds_up_per_client(store: Store) {
    store.clients().register(client("a"), None, 1).await.unwrap();
    store.clients().register(client("b"), None, 2).await.unwrap();
    assert!(store.consents().allowed("alice", "a").await.unwrap().is_empty());
    store.codes().issue(SecretHash::of("1"), code("a", "read"), 0).await.unwrap();
    store.codes().issue(SecretHash::of("2"), code("a", "write"), 0).await.unwrap();
    assert_eq!(store.consents().allowed("alice", "a").await.unwrap().to_string(), "read write");
    assert!(store.consents().allowed("bob", "a").await.unwrap().is_empty());
    assert!(store.consents().allowed("alice", "b").await.unwrap().is_empty());
    assert!(store.consents().allowed("alice", "unknown").await.unwrap().is_empty());
}

/// One consent is enough, of any person, and it is this client's alone.
pub async fn a_client_is_allowed_once_any_person_allowed_it_anything(store: Store) {
    store.clients().register(client("a"), None, 1).await.unwrap();
    store.clients().register(client("b"), None, 2).await.unwrap();
    for unknown in ["a", "b", "unknown"] {
        assert!(!store.consents().any(unknown).await.unwrap(), "{unknown}");
    }
    store.codes().issue(SecretHash::of("1"), code("a", "read"), 0).await.unwrap();
    assert!(store.consents().any("a").await.unwrap());
    assert!(!store.consents().any("b").await.unwrap());
}
