//! Access tokens that are no longer good, in memory: all of them are on the board of this process.

use crate::{MemoryStore, Revocable, RevocationBoard, Revocations, Revoked, StoreFuture};

impl Revocations for MemoryStore {
    fn revoke(&self, of: Revoked, now: u64) -> StoreFuture<'_, ()> {
        Box::pin(async move {
            self.show_revoked(of, now);
            Ok(())
        })
    }

    fn is_revoked<'a>(&'a self, token: Revocable<'a>) -> StoreFuture<'a, bool> {
        Box::pin(async move { Ok(self.board.holds(token)) })
    }

    fn refresh(&self, now: u64) -> StoreFuture<'_, ()> {
        Box::pin(async move {
            self.board.was_read(Vec::new(), now);
            Ok(())
        })
    }

    fn board(&self) -> &RevocationBoard {
        &self.board
    }
}

impl MemoryStore {
    pub(super) fn show_revoked(&self, of: Revoked, now: u64) {
        self.board.revoke(of, now);
    }
}
