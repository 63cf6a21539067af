//! The scopes that people have allowed to clients. [`Codes::issue`](crate::Codes::issue) records them.

use mcp_auth_core::ScopeSet;

use crate::StoreFuture;

/// How long a consent is remembered after it was given last, in seconds: 400 days.
pub(crate) const CONSENT_MEMORY: u64 = 400 * 24 * 60 * 60;

/// The consents that people gave. Each is kept for at least 400 days after it was given last. They go with a client that is [removed](crate::Clients::remove).
pub trait Consents: Send + Sync {
    /// The scopes that this person has allowed this client, for all codes together. The consent page shows them; they do not allow anything.
    fn allowed<'a>(&'a self, subject: &'a str, client_id: &'a str) -> StoreFuture<'a, ScopeSet>;

    /// Whether any person has ever allowed this client anything. Anyone can register a client, so before that no person has looked at the address to which it wants people sent.
    fn any<'a>(&'a self, client_id: &'a str) -> StoreFuture<'a, bool>;
}
