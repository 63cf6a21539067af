//! What people ever allowed to clients. [`Codes::issue`](crate::Codes::issue) writes it.

use mcp_auth_core::ScopeSet;

use crate::StoreFuture;

/// The consents that were given.
pub trait Consents: Send + Sync {
    /// What this person ever allowed this client: of all codes together, for as long as the client is known. It is
    /// for the consent page to say so, and allows nothing by itself.
    fn allowed<'a>(&'a self, subject: &'a str, client_id: &'a str) -> StoreFuture<'a, ScopeSet>;
}
