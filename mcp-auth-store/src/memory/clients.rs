//! Clients in memory.

use super::store::locked;
use crate::{Client, Clients, MemoryStore, Registered, SecretHash, StoreFuture};

impl Clients for MemoryStore {
    fn register(&self, client: Client, alike: Option<SecretHash>, now: u64) -> StoreFuture<'_, Registered> {
        Box::pin(async move {
            let (registered, revoked) = locked(&self.issued).register(client, alike, now);
            revoked.into_iter().for_each(|of| self.show_revoked(of, now));
            Ok(registered)
        })
    }

    fn find<'a>(&'a self, id: &'a str, now: u64) -> StoreFuture<'a, Option<Client>> {
        Box::pin(async move { Ok(locked(&self.issued).client(id, now).cloned()) })
    }

    fn find_alike(&self, alike: SecretHash, now: u64) -> StoreFuture<'_, Option<Client>> {
        Box::pin(async move { Ok(locked(&self.issued).alike(alike, now).cloned()) })
    }

    fn change(&self, client: Client, now: u64) -> StoreFuture<'_, bool> {
        Box::pin(async move { Ok(locked(&self.issued).change(client, now)) })
    }

    fn remove<'a>(&'a self, id: &'a str, now: u64) -> StoreFuture<'a, ()> {
        Box::pin(async move {
            let revoked = locked(&self.issued).remove(id);
            revoked.into_iter().for_each(|of| self.show_revoked(of, now));
            Ok(())
        })
    }
}
