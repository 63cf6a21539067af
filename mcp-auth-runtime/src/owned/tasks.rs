//! Which caller and which operation a task belongs to. Only the caller that created a task reaches it, under the
//! rule of the operation that created it.

use std::sync::Arc;

use mcp_auth_core::ambient::Clock;
use mcp_auth_store::{Store, StoreError, Task};

use super::owner::Owner;
use crate::authn::Identity;

/// How long a task is known, in seconds: a year, which no task of a tool's should need. What bounds them before that is
/// the store.
const KNOWN_FOR: u64 = 365 * 24 * 60 * 60;

/// The tasks that calls made.
pub(crate) struct Tasks {
    store: Store,
    clock: Arc<dyn Clock>,
}

impl Tasks {
    /// The tasks that `store` knows.
    pub(crate) fn new(store: Store, clock: Arc<dyn Clock>) -> Self {
        Self { store, clock }
    }

    /// Remembers that `identity` created the task `id` by calling the tool `operation`. Another caller's task keeps its
    /// owner: a tool whose identifiers repeat must not hand one caller the task of another.
    ///
    /// # Errors
    /// [`StoreError`]: no caller will reach the task.
    pub(crate) async fn record(
        &self,
        id: &str,
        operation: &str,
        identity: &Identity,
    ) -> Result<(), StoreError> {
        let owner = Owner::of(identity).map(|owner| owner.key());
        let (task, now) = (Task { operation: operation.to_owned(), owner }, self.clock.unix_now());
        if !self.store.tasks().record(id, task, now.saturating_add(KNOWN_FOR), now).await? {
            tracing::error!(task = ?id, "a tool gave a new task the identifier of another caller's");
        }
        Ok(())
    }

    /// The tool that created the task `id`, if `identity` is who called it.
    ///
    /// # Errors
    /// [`StoreError`]: the store cannot tell now whose the task is.
    pub(crate) async fn operation_of(
        &self,
        id: &str,
        identity: &Identity,
    ) -> Result<Option<String>, StoreError> {
        let owner = Owner::of(identity).map(|owner| owner.key());
        self.store.tasks().operation(id, owner.as_deref(), self.clock.unix_now()).await
    }
}

impl std::fmt::Debug for Tasks {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tasks").field("store", &self.store).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use mcp_auth_core::ambient::SystemClock;
    use mcp_auth_store::Caps;

    use super::*;
    use crate::authn::holder;

    #[tokio::test]
    async fn a_repeated_identifier_does_not_give_access_to_another_callers_task() {
        let alice = holder("");
        let tasks = Tasks::new(Store::memory(Caps::default()), Arc::new(SystemClock));
        tasks.record("1", "t", &alice).await.unwrap();
        tasks.record("1", "t", &Identity::Anonymous).await.unwrap();
        assert_eq!(tasks.operation_of("1", &alice).await.unwrap().as_deref(), Some("t"));
        assert_eq!(tasks.operation_of("1", &Identity::Anonymous).await.unwrap(), None);
    }
}
