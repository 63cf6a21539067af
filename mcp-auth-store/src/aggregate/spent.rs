//! What counts once: the form of a page that a person answered, the state of a round that a client brought back.

use crate::{SecretHash, StoreFuture};

/// What was used up.
pub trait Spent: Send + Sync {
    /// Uses up `hash`: `true` the first time, `false` each later time before `until`. If many callers use it at once,
    /// exactly one of them gets `true`.
    fn spend(&self, hash: SecretHash, until: u64, now: u64) -> StoreFuture<'_, bool>;
}
