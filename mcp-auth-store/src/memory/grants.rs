//! Grants in memory.

use super::store::locked;
use crate::{Grant, Grants, MemoryStore, Revoked, Rotate, Rotation, StoreFuture};

impl Grants for MemoryStore {
    fn find<'a>(&'a self, id: &'a str, now: u64) -> StoreFuture<'a, Option<Grant>> {
        Box::pin(async move { Ok(locked(&self.issued).grant(id, now).cloned()) })
    }

    fn rotate<'a>(&'a self, id: &'a str, rotate: Rotate, now: u64) -> StoreFuture<'a, Rotation> {
        Box::pin(async move {
            let rotation = locked(&self.issued).rotate(id, rotate, now);
            if rotation == Rotation::Reused {
                self.show_revoked(Revoked::of_grant(id), now);
            }
            Ok(rotation)
        })
    }

    fn revoke<'a>(&'a self, _subject: &'a str, id: &'a str, now: u64) -> StoreFuture<'a, ()> {
        Box::pin(async move {
            locked(&self.issued).revoke(id);
            self.show_revoked(Revoked::of_grant(id), now);
            Ok(())
        })
    }

    fn of_person<'a>(&'a self, subject: &'a str, most: usize, now: u64) -> StoreFuture<'a, Vec<Grant>> {
        Box::pin(async move { Ok(locked(&self.issued).of_person(subject, most, now)) })
    }

    fn end_of_person<'a>(&'a self, subject: &'a str, now: u64) -> StoreFuture<'a, ()> {
        Box::pin(async move {
            let ended = locked(&self.issued).end_grants(subject);
            ended.into_iter().for_each(|grant| self.show_revoked(Revoked::of_grant(&grant), now));
            Ok(())
        })
    }
}
