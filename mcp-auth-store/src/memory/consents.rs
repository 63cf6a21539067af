//! Consents in memory.

use mcp_auth_core::ScopeSet;

use super::store::locked;
use crate::{Consents, MemoryStore, StoreFuture};

impl Consents for MemoryStore {
    fn allowed<'a>(&'a self, subject: &'a str, client_id: &'a str) -> StoreFuture<'a, ScopeSet> {
        Box::pin(async move { Ok(locked(&self.issued).allowed(subject, client_id)) })
    }

    fn any<'a>(&'a self, client_id: &'a str) -> StoreFuture<'a, bool> {
        Box::pin(async move { Ok(locked(&self.issued).is_allowed_by_anyone(client_id)) })
    }
}
