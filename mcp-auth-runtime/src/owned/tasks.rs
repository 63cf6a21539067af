//! Which caller and which operation a task belongs to. Only the caller that created a task reaches it, under the
//! rule of the operation that created it.
//!
//! Anonymous callers of an HTTP server cannot be told apart. So each of their tasks is named to its creator by the tool's
//! identifier and a random part, and a caller that can name it is taken for its creator.

use std::collections::BTreeMap;
use std::sync::Arc;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use mcp_auth_core::ambient::{Clock, Random};
use mcp_auth_store::{Store, StoreError, Task};

use super::owner::Owner;
use crate::authn::Identity;

/// How many random bytes the name of an anonymous caller's task has, and how many characters they are.
const RANDOM_BYTES: usize = 16;
const RANDOM_CHARACTERS: usize = 22;
/// Stands between the tool's identifier and the random part.
const MARK: char = '.';

/// How long a task is known, in seconds: a year, which no task of a tool's should need. What bounds them before that is
/// the store.
const KNOWN_FOR: u64 = 365 * 24 * 60 * 60;

/// The tasks that calls made.
pub(crate) struct Tasks {
    store: Store,
    clock: Arc<dyn Clock>,
    /// For the names of anonymous callers' tasks; `None` where there is only one caller.
    random: Option<Arc<dyn Random>>,
}

impl Tasks {
    /// The tasks that `store` knows, of callers who are all verified, or of one alone.
    pub(crate) fn new(store: Store, clock: Arc<dyn Clock>) -> Self {
        Self { store, clock, random: None }
    }

    /// The same where many callers may be anonymous.
    #[must_use]
    pub(crate) fn of_strangers(mut self, random: Arc<dyn Random>) -> Self {
        self.random = Some(random);
        self
    }

    /// What the task that the tool calls `id` is called to `identity`, who created it.
    pub(crate) fn name_for(&self, id: &str, identity: &Identity) -> String {
        match &self.random {
            Some(random) if identity.is_anonymous() => {
                let mut bytes = [0; RANDOM_BYTES];
                random.fill(&mut bytes);
                format!("{id}{MARK}{}", BASE64_URL_SAFE_NO_PAD.encode(bytes))
            }
            _ => id.to_owned(),
        }
    }

    /// What the tool calls the task that is `name` to `identity`.
    pub(crate) fn id_of<'n>(&self, name: &'n str, identity: &Identity) -> &'n str {
        match name.rsplit_once(MARK) {
            Some((id, random))
                if self.random.is_some() && identity.is_anonymous() && random.len() == RANDOM_CHARACTERS =>
            {
                id
            }
            _ => name,
        }
    }

    /// Remembers that `identity` created the task `id` by calling the tool `operation`, which filled scopes so; `id` is its
    /// name for `identity`.
    /// Another caller's task keeps its owner: a tool whose identifiers repeat must not hand one caller the task of another.
    ///
    /// # Errors
    /// [`StoreError`]: no caller will reach the task.
    pub(crate) async fn record(
        &self,
        id: &str,
        operation: &str,
        filled: BTreeMap<String, String>,
        identity: &Identity,
    ) -> Result<(), StoreError> {
        let owner = Owner::of(identity);
        let person = owner.as_ref().and_then(Owner::person);
        let owner = owner.map(|owner| owner.key());
        let task = Task { operation: operation.to_owned(), owner, person, filled };
        let now = self.clock.unix_now();
        if !self.store.tasks().record(id, task, now.saturating_add(KNOWN_FOR), now).await? {
            tracing::error!(task = ?id, "a tool gave a new task the identifier of another caller's");
        }
        Ok(())
    }

    /// The task `id`, if `identity` is who created it.
    ///
    /// # Errors
    /// [`StoreError`]: the store cannot tell now whose the task is.
    pub(crate) async fn of(&self, id: &str, identity: &Identity) -> Result<Option<Task>, StoreError> {
        let owner = Owner::of(identity).map(|owner| owner.key());
        self.store.tasks().of_owner(id, owner.as_deref(), self.clock.unix_now()).await
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

    async fn made_by(tasks: &Tasks, id: &str, identity: &Identity) -> Option<String> {
        tasks.of(id, identity).await.unwrap().map(|task| task.operation)
    }

    #[tokio::test]
    async fn an_anonymous_callers_task_is_reached_by_who_can_name_it() {
        let random = Arc::new(mcp_auth_core::ambient::SystemRandom);
        let tasks = Tasks::new(Store::memory(Caps::default()), Arc::new(SystemClock)).of_strangers(random);
        let anonymous = Identity::Anonymous;
        let [first, second] = [tasks.name_for("a.1", &anonymous), tasks.name_for("a.1", &anonymous)];
        assert_ne!(first, second, "a repeated identifier");
        for name in [&first, &second] {
            tasks.record(name, "t", BTreeMap::new(), &anonymous).await.unwrap();
            assert_eq!(made_by(&tasks, name, &anonymous).await.as_deref(), Some("t"));
            assert_eq!(tasks.id_of(name, &anonymous), "a.1");
        }
        let guesses = ["a.1", "a", "a.1.", "", &first[..first.len() - 1], &format!("{first}A")];
        for guess in guesses {
            assert_eq!(made_by(&tasks, guess, &anonymous).await, None, "{guess}");
        }
        let alice = holder("");
        assert_eq!(tasks.name_for("a.1", &alice), "a.1", "who is known needs no such name");
        assert_eq!(tasks.id_of(&first, &alice), first);
        assert_eq!(made_by(&tasks, &first, &alice).await, None);
    }

    #[tokio::test]
    async fn a_repeated_identifier_does_not_give_access_to_another_callers_task() {
        let alice = holder("");
        let tasks = Tasks::new(Store::memory(Caps::default()), Arc::new(SystemClock));
        tasks.record("1", "t", BTreeMap::new(), &alice).await.unwrap();
        tasks.record("1", "t", BTreeMap::new(), &Identity::Anonymous).await.unwrap();
        assert_eq!(made_by(&tasks, "1", &alice).await.as_deref(), Some("t"));
        assert_eq!(made_by(&tasks, "1", &Identity::Anonymous).await, None);
    }
}
