//! MCP sessions (`Mcp-Session-Id`, revisions before 2026-07-28): whose each is, and what another process needs to
//! take it over.

use crate::StoreFuture;

/// The sessions that another process may take over.
///
/// An owner is an opaque key: equal for the same caller in every process. A session that is not bound belongs to
/// nobody, so it can be entered by nobody.
pub trait Sessions: Send + Sync {
    /// Keeps what restores the session `id`, until `until`. An owner that it has already stays.
    fn keep<'a>(&'a self, id: &'a str, state: String, until: u64, now: u64) -> StoreFuture<'a, ()>;

    /// Binds a session that is kept to `owner`, unless it has another one: the first stays. Whether it is `owner`'s
    /// now.
    fn bind<'a>(&'a self, id: &'a str, owner: &'a str, now: u64) -> StoreFuture<'a, bool>;

    /// Whether the session is kept and `owner`'s. If it is, it is kept until `until`.
    fn enter<'a>(&'a self, id: &'a str, owner: &'a str, until: u64, now: u64) -> StoreFuture<'a, bool>;

    /// What restores the session. The caller has [entered](Sessions::enter) it.
    fn state<'a>(&'a self, id: &'a str, now: u64) -> StoreFuture<'a, Option<String>>;

    /// Forgets a session; nothing happens if there is none.
    fn end<'a>(&'a self, id: &'a str) -> StoreFuture<'a, ()>;
}
