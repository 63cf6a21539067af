//! Grants that can be refreshed: the current refresh token, and the tokens it replaced (OAuth 2.1 §4.3.1).

use mcp_auth_core::{ScopeSet, SecretText};
use serde::{Deserialize, Serialize};

use super::authentication::Authentication;
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
    /// How the person who allowed it logged in.
    #[serde(flatten)]
    pub authentication: Authentication,
    /// The thumbprint of the key that its refresh tokens are bound to, where its client has no other credential (RFC 9449 §5).
    #[serde(default)]
    pub dpop_jkt: Option<String>,
    /// The thumbprint (RFC 7638) of the key that its client authenticated by when it got its last refresh token, where it does so by a key. A
    /// client that no longer has that key, or any, is not the one that the grant is for.
    #[serde(default)]
    pub client_key: Option<String>,
    /// The redirect URI of the authorization request.
    #[serde(default)]
    pub redirect_uri: String,
    /// When it was allowed, in Unix seconds.
    #[serde(default)]
    pub granted_at: u64,
    /// When it was used last, in Unix seconds.
    #[serde(default)]
    pub last_used: u64,
    /// The hash of the secret of the only valid refresh token.
    pub current: SecretHash,
    /// The time, in Unix seconds, from which the grant is dead.
    pub expires_at: u64,
}

/// Replaces one refresh token by the next.
#[derive(Debug, Clone)]
pub struct Rotate {
    /// The secret that the client presented.
    pub presented: SecretHash,
    /// The secret that the client gets instead.
    pub next: SecretText,
    /// The new time, in Unix seconds, at which the grant ends.
    pub expires_at: u64,
    /// For how many seconds the presented secret gives the same next one again, for processes of one client that refresh at the same
    /// moment. 0: it does not.
    pub grace: u64,
    /// The thumbprint of the key that the client authenticated by now: clients change their keys.
    pub client_key: Option<String>,
    /// The thumbprint of a key that the next secret is bound to, where the grant has none yet: a client may begin to prove its key later
    /// (RFC 9449 §5).
    pub dpop_jkt: Option<String>,
}

/// The outcome of [`Grants::rotate`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rotation {
    /// The next secret is now the current one.
    Rotated,
    /// The secret was replaced just now, within the grace of that rotation, and this is what replaced it.
    Again(SecretText),
    /// An old secret was presented: the grant is dead now, and its access tokens are [revoked](crate::Revocations).
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

    /// Kills a grant of this person, and [revokes](crate::Revocations) its access tokens, also where the grant is unknown: one of a client that does not
    /// refresh is not kept.
    fn revoke<'a>(&'a self, subject: &'a str, id: &'a str, now: u64) -> StoreFuture<'a, ()>;

    /// The grants of a person that have not ended at `now`, those first that end first; at most `most`.
    fn of_person<'a>(&'a self, subject: &'a str, most: usize, now: u64) -> StoreFuture<'a, Vec<Grant>>;

    /// Kills all grants of a person, and [revokes](crate::Revocations) their access tokens.
    fn end_of_person<'a>(&'a self, subject: &'a str, now: u64) -> StoreFuture<'a, ()>;
}
