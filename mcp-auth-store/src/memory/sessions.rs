//! MCP sessions in memory.

use super::store::{StoredSession, locked};
use crate::{MemoryStore, Sessions, StoreFuture};

impl Sessions for MemoryStore {
    fn keep<'a>(&'a self, id: &'a str, state: String, until: u64, now: u64) -> StoreFuture<'a, ()> {
        Box::pin(async move {
            let mut sessions = locked(&self.sessions);
            let owner = sessions.get(id, now).and_then(|stored| stored.owner.clone());
            sessions.insert(id.to_owned(), StoredSession { state, owner }, until, now);
            Ok(())
        })
    }

    fn bind<'a>(&'a self, id: &'a str, owner: &'a str, now: u64) -> StoreFuture<'a, bool> {
        Box::pin(async move {
            let mut sessions = locked(&self.sessions);
            let Some(stored) = sessions.get_mut(id, now) else { return Ok(false) };
            Ok(stored.owner.get_or_insert_with(|| owner.to_owned()) == owner)
        })
    }

    fn enter<'a>(&'a self, id: &'a str, owner: &'a str, until: u64, now: u64) -> StoreFuture<'a, bool> {
        Box::pin(async move {
            let mut sessions = locked(&self.sessions);
            let is_owners =
                sessions.get(id, now).is_some_and(|stored| stored.owner.as_deref() == Some(owner));
            if is_owners {
                sessions.postpone(id, until);
            }
            Ok(is_owners)
        })
    }

    fn state<'a>(&'a self, id: &'a str, now: u64) -> StoreFuture<'a, Option<String>> {
        Box::pin(async move { Ok(locked(&self.sessions).get(id, now).map(|stored| stored.state.clone())) })
    }

    fn end<'a>(&'a self, id: &'a str) -> StoreFuture<'a, ()> {
        Box::pin(async move {
            locked(&self.sessions).remove(id);
            Ok(())
        })
    }
}
