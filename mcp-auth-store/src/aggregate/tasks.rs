//! Which caller and which operation a task belongs to.

use crate::StoreFuture;

/// What is known of a task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Task {
    /// The name of the operation that created it.
    pub operation: String,
    /// Who created it, as an opaque key that is equal for the same caller in every process; none for an anonymous
    /// caller.
    pub owner: Option<String>,
}

/// The tasks that were created.
pub trait Tasks: Send + Sync {
    /// Keeps `task` under `id` until `until`, unless a task of another owner has that identifier: it stays theirs, so
    /// that a tool whose identifiers repeat does not hand one caller the task of another. Whether it was kept.
    fn record<'a>(&'a self, id: &'a str, task: Task, until: u64, now: u64) -> StoreFuture<'a, bool>;

    /// The operation that created the task, if `owner` did. A task of another owner is like one that is unknown.
    fn operation<'a>(
        &'a self,
        id: &'a str,
        owner: Option<&'a str>,
        now: u64,
    ) -> StoreFuture<'a, Option<String>>;
}
