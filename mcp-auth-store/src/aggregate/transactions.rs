//! What was begun and waits for its end: a login that leads over another page, an authorization request that a client pushed.

use mcp_auth_core::SecretText;

use crate::{SecretHash, StoreFuture};

/// The most transactions of one kind that wait. Over it, the one that ends first is forgotten.
pub const MOST_TRANSACTIONS: usize = 10_000;
/// The most of these that are of one owner. Over it, the one of that owner that ends first is forgotten: of a public client anybody can send
/// requests, and they are to take no place of another client.
pub const MOST_OF_AN_OWNER: usize = 1_000;

/// What was begun.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transaction {
    /// Whose it is: a client, or the browser that began it. Who finds it compares that.
    pub owner: String,
    /// All that is needed to go on. A backend that lasts encrypts it.
    pub about: SecretText,
    /// The time, in Unix seconds, from which nobody can go on with it.
    pub expires_at: u64,
}

/// What was begun and waits for its end, by its kind, such as `pushed-request`, and the hash of its secret name. One of a kind is never
/// found as one of another.
///
/// Anyone can begin something, so [`MOST_TRANSACTIONS`] of a kind wait, and of those [`MOST_OF_AN_OWNER`].
pub trait Transactions: Send + Sync {
    /// Keeps what was begun until its time.
    fn begin<'a>(
        &'a self,
        kind: &'a str,
        id: SecretHash,
        transaction: Transaction,
        now: u64,
    ) -> StoreFuture<'a, ()>;

    /// What was begun, if it has not ended at `now`.
    fn find<'a>(&'a self, kind: &'a str, id: SecretHash, now: u64) -> StoreFuture<'a, Option<Transaction>>;

    /// Takes what was begun: of many who take it, one gets it.
    fn take<'a>(&'a self, kind: &'a str, id: SecretHash, now: u64) -> StoreFuture<'a, Option<Transaction>>;
}
