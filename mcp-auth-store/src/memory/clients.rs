//! Clients in memory.

use super::store::locked;
use crate::{Client, Clients, MemoryStore, StoreFuture};

impl Clients for MemoryStore {
    fn register(&self, client: Client, _now: u64) -> StoreFuture<'_, ()> {
        Box::pin(async move {
            locked(&self.issued).register(client);
            Ok(())
        })
    }

    fn find<'a>(&'a self, id: &'a str) -> StoreFuture<'a, Option<Client>> {
        Box::pin(async move { Ok(locked(&self.issued).client(id).cloned()) })
    }
}
