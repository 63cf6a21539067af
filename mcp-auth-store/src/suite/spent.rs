//! Promises of [`Spent`](crate::Spent).

use super::race::{at_once, count};
use crate::{SecretHash, Store};

/// Until its time, and for each one by itself.
pub async fn what_is_spent_once_is_spent_until_its_time(store: Store) {
    let (form, other) = (SecretHash::of("a form"), SecretHash::of("another form"));
    assert!(store.spent().spend(form, 60, 0).await.unwrap());
    assert!(!store.spent().spend(form, 60, 0).await.unwrap());
    assert!(!store.spent().spend(form, 1000, 59).await.unwrap());
    assert!(store.spent().spend(other, 60, 59).await.unwrap());
    assert!(store.spent().spend(form, 90, 60).await.unwrap(), "a later use does not postpone the end");
}

/// Two answers that arrive together do not both count.
pub async fn of_a_hundred_uses_at_once_one_is_the_first(store: Store) {
    let outcomes = at_once(|_| {
        let store = store.clone();
        async move { store.spent().spend(SecretHash::of("a form"), 60, 0).await.unwrap() }
    })
    .await;
    assert_eq!(count(&outcomes, &true), 1);
}
