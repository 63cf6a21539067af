//! Promises of [`Consents`](crate::Consents).

use mcp_auth_core::ScopeSet;

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

/// For one person, one client, and what the page said of it; up to those scopes, and for 400 days, however often it is used.
pub async fn what_a_person_need_not_be_asked_again_is_remembered_for_400_days(store: Store) {
    let (shown, other) = (SecretHash::of("shown"), SecretHash::of("shown otherwise"));
    let remembered = async |subject: &str, client_id: &str, shown, now| {
        let scopes = store.consents().remembered(subject, client_id, shown, now).await.unwrap();
        scopes.map(|scopes| scopes.to_string())
    };
    let scopes = |text| ScopeSet::parse_lossy(text);
    store.consents().remember("alice", "a", shown, scopes("read"), 5).await.unwrap();
    assert_eq!(remembered("alice", "a", shown, 5).await, None, "she has allowed it nothing");

    store.codes().issue(SecretHash::of("1"), code("a", "read write"), 10).await.unwrap();
    assert_eq!(remembered("alice", "a", shown, 10).await, None, "she did not say so");
    store.consents().remember("alice", "a", shown, scopes("read"), 10).await.unwrap();
    store.codes().issue(SecretHash::of("2"), code("a", "read"), 20).await.unwrap();
    assert_eq!(remembered("alice", "a", shown, 20).await.as_deref(), Some("read"));
    assert_eq!(remembered("alice", "a", other, 20).await, None);
    assert_eq!(remembered("alice", "b", shown, 20).await, None);
    assert_eq!(remembered("bob", "a", shown, 20).await, None);

    let end = 10 + 400 * 24 * 60 * 60;
    assert_eq!(remembered("alice", "a", shown, end - 1).await.as_deref(), Some("read"));
    assert_eq!(remembered("alice", "a", shown, end).await, None);
    assert_eq!(store.consents().allowed("alice", "a").await.unwrap().to_string(), "read write");
}

/// Of the same what was said last counts; taken back, or with the client, all of it goes.
pub async fn what_is_remembered_can_be_replaced_and_taken_back(store: Store) {
    let (shown, other) = (SecretHash::of("shown"), SecretHash::of("shown otherwise"));
    let remember = async |shown, scopes| {
        store.consents().remember("alice", "a", shown, ScopeSet::parse_lossy(scopes), 1).await.unwrap();
    };
    let remembered = async |shown| {
        let scopes = store.consents().remembered("alice", "a", shown, 2).await.unwrap();
        scopes.map(|scopes| scopes.to_string())
    };
    store.clients().register(client("a"), None, 0).await.unwrap();
    store.codes().issue(SecretHash::of("1"), code("a", "read write"), 1).await.unwrap();
    remember(shown, "read write").await;
    remember(other, "write").await;
    remember(shown, "read").await;
    assert_eq!(remembered(shown).await.as_deref(), Some("read"));
    assert_eq!(remembered(other).await.as_deref(), Some("write"));

    store.consents().forget("bob", "a", 2).await.unwrap();
    assert_eq!(remembered(shown).await.as_deref(), Some("read"), "he has nothing to forget");
    store.consents().forget("alice", "a", 2).await.unwrap();
    assert_eq!((remembered(shown).await, remembered(other).await), (None, None));
    assert_eq!(store.consents().allowed("alice", "a").await.unwrap().to_string(), "read write");

    remember(shown, "read").await;
    store.clients().remove("a", 2).await.unwrap();
    assert_eq!(remembered(shown).await, None);
}

/// A client that is shown in ever new ways does not fill the store.
pub async fn of_one_client_the_last_eight_are_remembered(store: Store) {
    store.codes().issue(SecretHash::of("1"), code("a", "read"), 1).await.unwrap();
    let shown = |n: usize| SecretHash::of(&format!("shown {n}"));
    for n in 0..9 {
        store.consents().remember("alice", "a", shown(n), ScopeSet::parse_lossy("read"), 1).await.unwrap();
    }
    for n in 0..9 {
        let remembered = store.consents().remembered("alice", "a", shown(n), 1).await.unwrap();
        assert_eq!(remembered.is_some(), n > 0, "{n}");
    }
}
