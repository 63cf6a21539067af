//! MCP sessions in memory.

use super::store::{StoredSession, locked};
use crate::{MemoryStore, Sessions, StoreFuture};

impl Sessions for MemoryStore {
    fn keep<'a>(&'a self, id: &'a str, state: String, until: u64, now: u64) -> StoreFuture<'a, ()> {
        Box::pin(async move {
            let mut sessions = locked(&self.sessions);
            let held = sessions.get(id, now);
            let owner = held.and_then(|stored| stored.owner.clone());
            let person = held.and_then(|stored| stored.person.clone());
            sessions.insert(id.to_owned(), StoredSession { state, owner, person }, until, now);
            Ok(())
        })
    }

    fn bind<'a>(
        &'a self,
        id: &'a str,
        owner: &'a str,
        person: Option<&'a str>,
        now: u64,
    ) -> StoreFuture<'a, bool> {
        Box::pin(async move {
            let mut sessions = locked(&self.sessions);
            let Some(stored) = sessions.get_mut(id, now) else { return Ok(false) };
            if stored.owner.is_none() {
                stored.owner = Some(owner.to_owned());
                stored.person = person.map(str::to_owned);
            }
            Ok(stored.owner.as_deref() == Some(owner))
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

    fn forget_person<'a>(&'a self, person: &'a str, _: u64) -> StoreFuture<'a, ()> {
        Box::pin(async move {
            locked(&self.sessions).remove_where(|_, stored| stored.person.as_deref() == Some(person));
            Ok(())
        })
    }
}
