//! Codes in memory.

use super::store::locked;
use crate::{Code, Codes, Grant, MemoryStore, Redemption, SecretHash, StoreFuture};

impl Codes for MemoryStore {
    fn issue(&self, hash: SecretHash, code: Code, now: u64) -> StoreFuture<'_, ()> {
        Box::pin(async move {
            locked(&self.issued).issue(hash, code, now);
            Ok(())
        })
    }

    fn find(&self, hash: SecretHash) -> StoreFuture<'_, Option<Code>> {
        Box::pin(async move { Ok(locked(&self.issued).code(hash).cloned()) })
    }

    fn redeem(&self, hash: SecretHash, grant: Option<Grant>, now: u64) -> StoreFuture<'_, Redemption> {
        Box::pin(async move { Ok(locked(&self.issued).redeem(hash, grant, now)) })
    }
}
