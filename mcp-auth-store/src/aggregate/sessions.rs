//! MCP sessions (`Mcp-Session-Id`, revisions before 2026-07-28): who owns each one, and what another process needs to
//! continue it.

use crate::StoreFuture;

/// The sessions that another process may continue.
///
/// An owner is an opaque key that is equal for the same caller in every process. A session without an owner cannot be
/// entered by any caller.
pub trait Sessions: Send + Sync {
    /// Keeps the state from which the session `id` can be restored, until `until`. An owner that it already has does
    /// not change.
    fn keep<'a>(&'a self, id: &'a str, state: String, until: u64, now: u64) -> StoreFuture<'a, ()>;

    /// Binds a session that is kept to `owner`, unless it already has another owner: the first owner stays. Returns
    /// whether the session now belongs to `owner`. `person` is whose it is, as [`person_key`](crate::person_key) calls
    /// them, if a person's.
    fn bind<'a>(
        &'a self,
        id: &'a str,
        owner: &'a str,
        person: Option<&'a str>,
        now: u64,
    ) -> StoreFuture<'a, bool>;

    /// Whether the session is kept and belongs to `owner`. If so, it is kept until `until`.
    fn enter<'a>(&'a self, id: &'a str, owner: &'a str, until: u64, now: u64) -> StoreFuture<'a, bool>;

    /// The state from which the session can be restored. The caller has [entered](Sessions::enter) it before.
    fn state<'a>(&'a self, id: &'a str, now: u64) -> StoreFuture<'a, Option<String>>;

    /// Deletes a session. If there is none, it does nothing.
    fn end<'a>(&'a self, id: &'a str) -> StoreFuture<'a, ()>;

    /// Deletes the sessions of a person, by their [key](crate::person_key), whichever clients they have them with.
    fn forget_person<'a>(&'a self, person: &'a str, now: u64) -> StoreFuture<'a, ()>;
}
