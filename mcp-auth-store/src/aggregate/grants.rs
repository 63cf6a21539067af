//! Grants that can be refreshed: a refresh token, and all that were rotated into it (OAuth 2.1 §4.3.1).

use mcp_auth_core::ScopeSet;

use crate::{SecretHash, StoreFuture};

/// What a person allowed a client, for as long as the client refreshes it. Of its refresh tokens, the *family*, one
/// lives: `current`.
#[derive(Debug, Clone)]
pub struct Grant {
    /// Its identifier, which each of its refresh tokens carries in front of its secret.
    pub id: String,
    /// The client it belongs to.
    pub client_id: String,
    /// Who allowed it.
    pub subject: String,
    /// The resource its access tokens are for.
    pub resource: String,
    /// The most its access tokens can carry.
    pub scopes: ScopeSet,
    /// The secret of the one refresh token that lives.
    pub current: SecretHash,
    /// From then on the grant is dead.
    pub expires_at: u64,
}

/// One refresh token for the next.
#[derive(Debug, Clone, Copy)]
pub struct Rotate {
    /// The secret that the client presented.
    pub presented: SecretHash,
    /// The secret that it gets.
    pub next: SecretHash,
    /// How long the grant lives from now on.
    pub expires_at: u64,
}

/// The outcome of [`Grants::rotate`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rotation {
    /// The next secret is the current one.
    Rotated,
    /// An old secret was presented: the grant is dead now.
    Reused,
    /// No such grant, or it is dead.
    Gone,
}

/// The grants that live. [`Codes::redeem`](crate::Codes::redeem) makes them.
pub trait Grants: Send + Sync {
    /// The living grant of this identifier.
    fn find<'a>(&'a self, id: &'a str, now: u64) -> StoreFuture<'a, Option<Grant>>;

    /// Puts `next` in the place of `presented` if that is the current secret, and kills the grant if it is not. Of
    /// any number at once that present the current one, the first rotates and the second kills.
    fn rotate<'a>(&'a self, id: &'a str, rotate: Rotate, now: u64) -> StoreFuture<'a, Rotation>;

    /// Kills a grant; nothing happens if there is none.
    fn revoke<'a>(&'a self, id: &'a str) -> StoreFuture<'a, ()>;
}
