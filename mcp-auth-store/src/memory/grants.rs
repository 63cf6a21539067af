//! Grants in memory.

use super::store::locked;
use crate::{Grant, Grants, MemoryStore, Rotate, Rotation, StoreFuture};

impl Grants for MemoryStore {
    fn find<'a>(&'a self, id: &'a str, now: u64) -> StoreFuture<'a, Option<Grant>> {
        Box::pin(async move { Ok(locked(&self.issued).grant(id, now).cloned()) })
    }

    fn rotate<'a>(&'a self, id: &'a str, rotate: Rotate, now: u64) -> StoreFuture<'a, Rotation> {
        Box::pin(async move { Ok(locked(&self.issued).rotate(id, rotate, now)) })
    }

    fn revoke<'a>(&'a self, id: &'a str) -> StoreFuture<'a, ()> {
        Box::pin(async move {
            locked(&self.issued).revoke(id);
            Ok(())
        })
    }
}
