//! Authorization codes (OAuth 2.1 §4.1.2), waiting to be redeemed.

use mcp_auth_core::ScopeSet;

use super::grants::Grant;
use crate::{SecretHash, StoreFuture};

/// What a code stands for. All of it is bound to the code.
#[derive(Debug, Clone)]
pub struct Code {
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

/// The outcome of [`Codes::redeem`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Redemption {
    /// The first use: the code is used up and the grant kept.
    First,
    /// A later use: the grant of the first one is dead now.
    Replayed,
    /// Unknown, or never used in its time.
    Gone,
}

/// The codes that were issued.
pub trait Codes: Send + Sync {
    /// Keeps a code that a person just allowed. With it, that this person allowed these scopes to this client
    /// ([`Consents`](crate::Consents)), and that the client was used ([`Clients::register`](crate::Clients::register)).
    fn issue(&self, hash: SecretHash, code: Code, now: u64) -> StoreFuture<'_, ()>;

    /// What a code stands for, used or not. It never changes; using it up is [`Codes::redeem`]'s.
    fn find(&self, hash: SecretHash) -> StoreFuture<'_, Option<Code>>;

    /// Uses a code: the first time marks it used and keeps `grant` (none for clients that do not refresh); each later
    /// time kills the grant that the first one kept. Of any number at once, one is the first.
    ///
    /// The caller has verified client, redirect URI and PKCE, so a replay with a wrong verifier never comes here and
    /// kills nothing (OAuth 2.1 §7.5.3). A used code is remembered for at least ten minutes after it expired.
    fn redeem(&self, hash: SecretHash, grant: Option<Grant>, now: u64) -> StoreFuture<'_, Redemption>;
}
