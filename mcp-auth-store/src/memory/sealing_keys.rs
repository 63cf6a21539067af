//! Sealing keys in memory.

use super::store::locked;
use crate::{MemoryStore, SealingKey, SealingKeys, StoreFuture};

impl SealingKeys for MemoryStore {
    fn key<'a>(&'a self, purpose: &'a str, fresh: SealingKey) -> StoreFuture<'a, SealingKey> {
        Box::pin(
            async move { Ok(locked(&self.sealing_keys).entry(purpose.to_owned()).or_insert(fresh).clone()) },
        )
    }
}
