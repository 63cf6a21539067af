//! Promises of [`Sessions`](crate::Sessions).

use super::race::{at_once, count};
use crate::Store;

/// A session `s` that is kept until second 10.
async fn kept(store: &Store) {
    store.sessions().keep("s", "state".into(), 10, 0).await.unwrap();
}

/// A session without an owner cannot be entered.
pub async fn a_session_has_no_owner_until_it_is_bound(store: Store) {
    kept(&store).await;
    assert!(!store.sessions().enter("s", "alice", 10, 1).await.unwrap());
    assert!(!store.sessions().enter("s", "", 10, 1).await.unwrap());
    assert!(store.sessions().bind("s", "alice", None, 1).await.unwrap());
    assert!(store.sessions().enter("s", "alice", 10, 1).await.unwrap());
    assert_eq!(store.sessions().state("s", 1).await.unwrap().as_deref(), Some("state"));
}

/// The first owner stays, and binding it again returns whether it is theirs.
pub async fn j34_a_bound_session_is_its_owners_alone(store: Store) {
    kept(&store).await;
    assert!(store.sessions().bind("s", "alice", None, 1).await.unwrap());
    assert!(!store.sessions().bind("s", "bob", None, 1).await.unwrap());
    assert!(store.sessions().bind("s", "alice", None, 1).await.unwrap());
    assert!(!store.sessions().enter("s", "bob", 10, 1).await.unwrap());
    assert!(!store.sessions().enter("s", "", 10, 1).await.unwrap());
    assert!(store.sessions().enter("s", "alice", 10, 1).await.unwrap());
    assert!(!store.sessions().bind("unknown", "alice", None, 1).await.unwrap(), "there is nothing to bind");
    assert!(!store.sessions().enter("unknown", "alice", 10, 1).await.unwrap());
}

/// The first caller to bind it is its owner.
pub async fn j34_of_a_hundred_owners_at_once_one_gets_the_session(store: Store) {
    kept(&store).await;
    let outcomes = at_once(|n| {
        let store = store.clone();
        async move { store.sessions().bind("s", &format!("owner {n}"), None, 1).await.unwrap() }
    })
    .await;
    assert_eq!(count(&outcomes, &true), 1);
}

/// Keeping a state cannot set or change the owner.
pub async fn keeping_again_replaces_the_state_and_never_the_owner(store: Store) {
    kept(&store).await;
    store.sessions().bind("s", "alice", None, 1).await.unwrap();
    store.sessions().keep("s", "later state".into(), 10, 1).await.unwrap();
    assert_eq!(store.sessions().state("s", 1).await.unwrap().as_deref(), Some("later state"));
    assert!(store.sessions().enter("s", "alice", 10, 1).await.unwrap());
    assert!(!store.sessions().bind("s", "bob", None, 1).await.unwrap());
}

/// Entering by any other caller does not.
pub async fn entering_keeps_a_session_longer(store: Store) {
    kept(&store).await;
    store.sessions().bind("s", "alice", None, 1).await.unwrap();
    assert!(store.sessions().enter("s", "alice", 20, 9).await.unwrap());
    assert!(!store.sessions().enter("s", "bob", 40, 19).await.unwrap());
    assert!(store.sessions().state("s", 19).await.unwrap().is_some());
    assert!(store.sessions().state("s", 20).await.unwrap().is_none());
    assert!(!store.sessions().enter("s", "alice", 40, 20).await.unwrap());
    assert!(!store.sessions().bind("s", "alice", None, 20).await.unwrap());
}

/// Not even its owner can enter it.
pub async fn an_ended_session_is_gone_and_ending_nothing_is_not_an_error(store: Store) {
    kept(&store).await;
    store.sessions().bind("s", "alice", None, 1).await.unwrap();
    for _ in 0..2 {
        store.sessions().end("s").await.unwrap();
        assert!(store.sessions().state("s", 1).await.unwrap().is_none());
        assert!(!store.sessions().enter("s", "alice", 10, 1).await.unwrap());
    }
    kept(&store).await;
    assert!(!store.sessions().enter("s", "alice", 10, 1).await.unwrap(), "the owner went with it");
}
