//! Grants that can be refreshed: the current refresh token, and the tokens it replaced (OAuth 2.1 §4.3.1).

use mcp_auth_core::ScopeSet;
use serde::{Deserialize, Serialize};

use crate::{SecretHash, StoreFuture};

/// What a person allowed a client, for as long as the client refreshes it. Of its refresh tokens, the *family*, only
/// one is valid: `current`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Grant {
    /// The identifier of the grant, which is the first part of each of its refresh tokens.
    pub id: String,
    /// The client it belongs to.
    pub client_id: String,
    /// The person who allowed it.
    pub subject: String,
    /// The resource its access tokens are for.
    pub resource: String,
    /// The largest set of scopes that its access tokens can carry.
    pub scopes: ScopeSet,
    /// When the person logged in who allowed it, in Unix seconds.
    pub auth_time: u64,
    /// The hash of the secret of the only valid refresh token.
    pub current: SecretHash,
    /// The time, in Unix seconds, from which the grant is dead.
    pub expires_at: u64,
}

/// Replaces one refresh token by the next.
#[derive(Debug, Clone, Copy)]
pub struct Rotate {
    /// The secret that the client presented.
    pub presented: SecretHash,
    /// The secret that the client gets instead.
    pub next: SecretHash,
    /// The new time, in Unix seconds, at which the grant ends.
    pub expires_at: u64,
}

/// The outcome of [`Grants::rotate`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rotation {
    /// The next secret is now the current one.
    Rotated,
    /// An old secret was presented: the grant is dead now.
    Reused,
    /// The grant is unknown, or it is dead.
    Gone,
}

/// The grants that are alive. [`Codes::redeem`](crate::Codes::redeem) makes them.
pub trait Grants: Send + Sync {
    /// The grant with this identifier, if it has not ended at `now`.
    fn find<'a>(&'a self, id: &'a str, now: u64) -> StoreFuture<'a, Option<Grant>>;

    /// Replaces `presented` by `next` if `presented` is the current secret, and kills the grant if it is not. If many
    /// callers present the current secret at once, the first one rotates it and the second one kills the grant.
    fn rotate<'a>(&'a self, id: &'a str, rotate: Rotate, now: u64) -> StoreFuture<'a, Rotation>;

    /// Kills a grant. If there is none, it does nothing.
    fn revoke<'a>(&'a self, id: &'a str) -> StoreFuture<'a, ()>;
}
