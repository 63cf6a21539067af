//! Codes in memory.

use super::store::locked;
use crate::{Code, Codes, Grant, MemoryStore, Redemption, Revoked, SecretHash, StoreFuture};

impl Codes for MemoryStore {
    fn issue(&self, hash: SecretHash, code: Code, now: u64) -> StoreFuture<'_, Vec<String>> {
        Box::pin(async move {
            let evicted = locked(&self.issued).issue(hash, code, now);
            evicted.revoked.into_iter().for_each(|of| self.show_revoked(of, now));
            Ok(evicted.ids)
        })
    }

    fn find(&self, hash: SecretHash) -> StoreFuture<'_, Option<Code>> {
        Box::pin(async move { Ok(locked(&self.issued).code(hash).cloned()) })
    }

    fn redeem<'a>(
        &'a self,
        hash: SecretHash,
        grant_id: &'a str,
        grant: Option<Grant>,
        now: u64,
    ) -> StoreFuture<'a, Redemption> {
        Box::pin(async move {
            let (redemption, dead) = locked(&self.issued).redeem(hash, grant_id, grant, now);
            if let Some(dead) = dead {
                self.show_revoked(Revoked::of_grant(&dead), now);
            }
            Ok(redemption)
        })
    }

    fn forget_person<'a>(&'a self, subject: &'a str, _: u64) -> StoreFuture<'a, ()> {
        Box::pin(async move {
            locked(&self.issued).forget_codes(subject);
            Ok(())
        })
    }
}
