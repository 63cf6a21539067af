//! What the issuer remembers, behind one trait so that a database can remember it next.
//!
//! Every method is one atomic step: two callers at once see it happen in one order, and a crash leaves it done or not
//! done. No caller reads, decides and then writes. Times are Unix seconds, passed in.
//!
//! - [`Store`]: the trait, and the records it keeps.
//! - [`MemoryStore`]: in this process, bounded; `bounded` is the map it is made of.

mod bounded;
mod memory;

use std::future::Future;
use std::pin::Pin;

use mcp_auth_core::ScopeSet;

use crate::client::Client;
use crate::secret::SecretHash;

pub use memory::MemoryStore;

/// What a [`Store`] method returns.
pub type StoreFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'a>>;

/// The store could not do it; nothing was done.
#[derive(Debug, thiserror::Error)]
#[error("the issuer's store is unavailable")]
pub struct StoreError(#[source] pub Box<dyn std::error::Error + Send + Sync>);

/// An authorization code, waiting to be redeemed (OAuth 2.1 §4.1.2). All of it is bound to the code.
#[derive(Debug, Clone)]
pub struct CodeGrant {
    /// The client it was issued to.
    pub client_id: String,
    /// Who allowed it.
    pub subject: String,
    /// The redirect URI of the authorization request.
    pub redirect_uri: String,
    /// The PKCE `code_challenge`; its method is S256.
    pub code_challenge: String,
    /// The resource the token will be for.
    pub resource: String,
    /// What was allowed.
    pub scopes: ScopeSet,
    /// From then on it cannot be redeemed.
    pub expires_at: u64,
}

/// A refresh token and all that were rotated into it (OAuth 2.1 §4.3.1). Of the family one token lives: `current`.
#[derive(Debug, Clone)]
pub struct RefreshFamily {
    /// Its identifier, which each of its tokens carries in front of its secret.
    pub id: String,
    /// The client it belongs to.
    pub client_id: String,
    /// Who allowed it.
    pub subject: String,
    /// The resource its access tokens are for.
    pub resource: String,
    /// The most its access tokens can carry.
    pub scopes: ScopeSet,
    /// The secret of the one token that lives.
    pub current: SecretHash,
    /// From then on the family is dead.
    pub expires_at: u64,
}

/// A browser in which somebody is logged in.
#[derive(Debug, Clone)]
pub struct Session {
    /// Who.
    pub subject: String,
    /// From then on nobody.
    pub expires_at: u64,
}

/// The outcome of [`Store::redeem_code`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Redemption {
    /// The first use: the code is used up and the family kept.
    First,
    /// A later use: the family of the first one is dead now.
    Replayed,
    /// Unknown, or never used in its time.
    Gone,
}

/// The outcome of [`Store::rotate_refresh`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rotation {
    /// The next secret is the current one.
    Rotated,
    /// An old secret was presented: the family is dead now.
    Reused,
    /// No such family, or it is dead.
    Gone,
}

/// What the issuer remembers.
pub trait Store: Send + Sync + 'static {
    /// Keeps a client that registered itself, at the cost of an older one if there are too many.
    fn add_client(&self, client: Client) -> StoreFuture<'_, ()>;

    /// The client of this identifier.
    fn client<'a>(&'a self, id: &'a str) -> StoreFuture<'a, Option<Client>>;

    /// Keeps a code that a person just allowed, and with it that this person allowed these scopes to this client.
    fn add_code(&self, code: SecretHash, grant: CodeGrant, now: u64) -> StoreFuture<'_, ()>;

    /// What this person ever allowed this client; only for the consent page to say so.
    fn allowed<'a>(&'a self, subject: &'a str, client_id: &'a str) -> StoreFuture<'a, ScopeSet>;

    /// What a code stands for, used or not. Using it is [`Store::redeem_code`]'s.
    fn code(&self, code: SecretHash) -> StoreFuture<'_, Option<CodeGrant>>;

    /// Uses a code: the first time marks it used and keeps `family` (none for clients that do not refresh); later
    /// times kill the family that the first one kept. The caller has verified client, redirect URI and PKCE, so a
    /// replay with a wrong verifier never comes here and kills nothing (OAuth 2.1 §7.5.3).
    ///
    /// A used code is remembered for at least ten minutes after it expired.
    fn redeem_code(
        &self,
        code: SecretHash,
        family: Option<RefreshFamily>,
        now: u64,
    ) -> StoreFuture<'_, Redemption>;

    /// The living family of this identifier.
    fn family<'a>(&'a self, id: &'a str, now: u64) -> StoreFuture<'a, Option<RefreshFamily>>;

    /// Puts `next` in the place of `presented` if that is the current secret, and kills the family if it is not.
    fn rotate_refresh<'a>(
        &'a self,
        id: &'a str,
        presented: SecretHash,
        next: SecretHash,
        expires_at: u64,
        now: u64,
    ) -> StoreFuture<'a, Rotation>;

    /// Kills a family; nothing happens if there is none.
    fn revoke_family<'a>(&'a self, id: &'a str) -> StoreFuture<'a, ()>;

    /// Keeps a session, and ends the one the same browser had before.
    fn begin_session(
        &self,
        before: Option<SecretHash>,
        id: SecretHash,
        session: Session,
        now: u64,
    ) -> StoreFuture<'_, ()>;

    /// The living session of this identifier.
    fn session(&self, id: SecretHash, now: u64) -> StoreFuture<'_, Option<Session>>;

    /// Ends a session; nothing happens if there is none.
    fn end_session(&self, id: SecretHash) -> StoreFuture<'_, ()>;
}
