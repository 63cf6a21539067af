//! Promises of [`Tasks`](crate::Tasks).

use super::race::{at_once, count};
use crate::{Store, Task};

async fn record(store: &Store, id: &str, operation: &str, owner: Option<&str>, now: u64) -> bool {
    let filled = [("files:{bucket}:read".to_owned(), format!("files:{operation}:read"))].into();
    let task = Task { operation: operation.into(), owner: owner.map(Into::into), person: None, filled };
    store.tasks().record(id, task, now + 10, now).await.unwrap()
}

async fn operation(store: &Store, id: &str, owner: Option<&str>, now: u64) -> Option<String> {
    let task = store.tasks().of_owner(id, owner, now).await.unwrap()?;
    assert_eq!(task.filled["files:{bucket}:read"], format!("files:{}:read", task.operation), "all of it");
    Some(task.operation)
}

/// Anonymous callers count as one owner, separate from every other owner.
pub async fn a_task_is_found_by_its_owner_alone(store: Store) {
    assert!(record(&store, "1", "export", Some("alice"), 0).await);
    assert!(record(&store, "2", "export", None, 0).await);
    assert_eq!(operation(&store, "1", Some("alice"), 1).await.as_deref(), Some("export"));
    for stranger in [Some("bob"), Some(""), None] {
        assert_eq!(operation(&store, "1", stranger, 1).await, None, "{stranger:?}");
    }
    assert_eq!(operation(&store, "2", None, 1).await.as_deref(), Some("export"));
    for stranger in [Some("alice"), Some("")] {
        assert_eq!(operation(&store, "2", stranger, 1).await, None, "{stranger:?}");
    }
    assert_eq!(operation(&store, "3", None, 1).await, None);
}

/// The task stays with its owner; the same owner can replace it.
pub async fn a_repeated_identifier_does_not_hand_over_the_task_of_another(store: Store) {
    assert!(record(&store, "1", "export", Some("alice"), 0).await);
    assert!(!record(&store, "1", "import", Some("bob"), 1).await);
    assert!(!record(&store, "1", "import", None, 1).await);
    assert_eq!(operation(&store, "1", Some("alice"), 2).await.as_deref(), Some("export"));
    assert_eq!(operation(&store, "1", Some("bob"), 2).await, None);
    assert_eq!(operation(&store, "1", None, 2).await, None);
    assert!(record(&store, "1", "import", Some("alice"), 2).await);
    assert_eq!(operation(&store, "1", Some("alice"), 3).await.as_deref(), Some("import"));
}

/// The first caller to record it owns it.
pub async fn of_a_hundred_owners_at_once_one_gets_the_identifier(store: Store) {
    let outcomes = at_once(|n| {
        let store = store.clone();
        async move { record(&store, "1", "export", Some(&format!("owner {n}")), 0).await }
    })
    .await;
    assert_eq!(count(&outcomes, &true), 1);
}

/// After that, its identifier can be used again.
pub async fn a_task_is_forgotten_at_its_time(store: Store) {
    assert!(record(&store, "1", "export", Some("alice"), 0).await);
    assert!(operation(&store, "1", Some("alice"), 9).await.is_some());
    assert_eq!(operation(&store, "1", Some("alice"), 10).await, None);
    assert!(record(&store, "1", "export", Some("bob"), 10).await);
}
