//! Which caller and which operation a task belongs to.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::StoreFuture;

/// The operation that created a task, and the caller it belongs to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Task {
    /// The name of the operation that created it.
    pub operation: String,
    /// The caller who created it, as an opaque key that is equal for the same caller in every process; `None` for an
    /// anonymous caller.
    pub owner: Option<String>,
    /// Whose it is, as [`person_key`](crate::person_key) calls them, if a person's.
    #[serde(default)]
    pub person: Option<String>,
    /// What the call that created it filled into scopes: each template with the scope. Who reads the task needs them too.
    pub filled: BTreeMap<String, String>,
}

/// The tasks that were created.
pub trait Tasks: Send + Sync {
    /// Keeps `task` under `id` until `until`, unless a task of another owner has that identifier. That task then
    /// stays unchanged, so that a tool whose identifiers repeat does not give one caller the task of another. Returns
    /// whether `task` was kept.
    fn record<'a>(&'a self, id: &'a str, task: Task, until: u64, now: u64) -> StoreFuture<'a, bool>;

    /// The task, if it belongs to `owner`. A task of another owner is treated as unknown.
    fn of_owner<'a>(&'a self, id: &'a str, owner: Option<&'a str>, now: u64)
    -> StoreFuture<'a, Option<Task>>;

    /// Deletes the tasks of a person, by their [key](crate::person_key), whichever clients created them.
    fn forget_person<'a>(&'a self, person: &'a str, now: u64) -> StoreFuture<'a, ()>;
}
