//! Tasks in memory.

use super::store::locked;
use crate::{MemoryStore, StoreFuture, Task, Tasks};

impl Tasks for MemoryStore {
    fn record<'a>(&'a self, id: &'a str, task: Task, until: u64, now: u64) -> StoreFuture<'a, bool> {
        Box::pin(async move {
            let mut tasks = locked(&self.tasks);
            if tasks.get(id, now).is_some_and(|known| known.owner != task.owner) {
                return Ok(false);
            }
            tasks.insert(id.to_owned(), task, until, now);
            Ok(true)
        })
    }

    fn of_owner<'a>(
        &'a self,
        id: &'a str,
        owner: Option<&'a str>,
        now: u64,
    ) -> StoreFuture<'a, Option<Task>> {
        Box::pin(async move {
            let tasks = locked(&self.tasks);
            let task = tasks.get(id, now).filter(|task| task.owner.as_deref() == owner);
            Ok(task.cloned())
        })
    }

    fn forget_person<'a>(&'a self, person: &'a str, _: u64) -> StoreFuture<'a, ()> {
        Box::pin(async move {
            locked(&self.tasks).remove_where(|_, task| task.person.as_deref() == Some(person));
            Ok(())
        })
    }
}
