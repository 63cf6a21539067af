//! The clients of which something is kept, in memory.

use super::store::locked;
use crate::{KnownClients, ListedClient, MemoryStore, StoreFuture};

impl KnownClients for MemoryStore {
    fn list(&self, now: u64) -> StoreFuture<'_, Vec<ListedClient>> {
        Box::pin(async move { Ok(locked(&self.issued).known_clients(now)) })
    }

    fn end_codes<'a>(&'a self, client_id: &'a str, _: u64) -> StoreFuture<'a, ()> {
        Box::pin(async move {
            locked(&self.issued).end_codes(client_id);
            Ok(())
        })
    }
}
