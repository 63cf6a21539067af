//! What was used up, in memory.

use super::store::locked;
use crate::{MemoryStore, SecretHash, Spent, StoreFuture};

impl Spent for MemoryStore {
    fn spend(&self, hash: SecretHash, until: u64, now: u64) -> StoreFuture<'_, bool> {
        Box::pin(async move {
            let mut spent = locked(&self.spent);
            let is_first = spent.get(&hash, now).is_none();
            if is_first {
                spent.insert(hash, (), until, now);
            }
            Ok(is_first)
        })
    }
}
