//! Authorization codes (OAuth 2.1 §4.1.2), waiting to be redeemed.

use mcp_auth_core::ScopeSet;
use serde::{Deserialize, Serialize};

use super::authentication::Authentication;
use super::grants::Grant;
use crate::{SecretHash, StoreFuture};

/// How long a code is remembered after it expired, in seconds, so that a late replay still kills the tokens.
pub(crate) const REPLAY_MEMORY: u64 = 600;

/// What a code stands for. Every field is bound to the code.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Code {
    /// The client it was issued to.
    pub client_id: String,
    /// The person who allowed it.
    pub subject: String,
    /// The redirect URI of the authorization request.
    pub redirect_uri: String,
    /// The PKCE `code_challenge`; its method is S256.
    pub code_challenge: String,
    /// The resource the token will be for.
    pub resource: String,
    /// The scopes that the person allowed.
    pub scopes: ScopeSet,
    /// Whether the page said that the client may refresh.
    #[serde(default)]
    pub refresh: bool,
    /// How the person logged in.
    #[serde(flatten)]
    pub authentication: Authentication,
    /// The thumbprint of the key that its tokens have to be bound to (RFC 9449 §10).
    #[serde(default)]
    pub dpop_jkt: Option<String>,
    /// The time, in Unix seconds, from which it cannot be redeemed.
    pub expires_at: u64,
}

/// The outcome of [`Codes::redeem`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Redemption {
    /// The first use: the code is used up and the grant kept.
    First,
    /// A later use: the grant that the first use made is dead now.
    Replayed,
    /// The code is unknown, or it expired unused.
    Gone,
}

/// The codes that were issued.
pub trait Codes: Send + Sync {
    /// Keeps a code that a person just allowed. The same step records that this person allowed these scopes to this
    /// client ([`Consents`](crate::Consents)), and, of a client that registered itself, that it was used
    /// ([`Clients::register`](crate::Clients::register)).
    ///
    /// If this person alone uses too many clients that registered themselves, the one of theirs that was used longest ago is
    /// [removed](crate::Clients::remove). Returns the identifiers of those that were removed before their time.
    fn issue(&self, hash: SecretHash, code: Code, now: u64) -> StoreFuture<'_, Vec<String>>;

    /// What a code stands for, used or not. It never changes; only [`Codes::redeem`] marks a code as used.
    fn find(&self, hash: SecretHash) -> StoreFuture<'_, Option<Code>>;

    /// Uses a code for a grant with the identifier `grant_id`. The first use marks it used and keeps `grant` (`None` for clients that
    /// do not refresh); each later use kills the grant of the first one, and [revokes](crate::Revocations) its access tokens. If many
    /// callers use it at once, exactly one of them is the first.
    ///
    /// The caller has verified client, redirect URI and PKCE, so a replay with a wrong verifier never reaches this
    /// step and kills no grant (OAuth 2.1 §7.5.3). A used code is remembered for at least ten minutes after it
    /// expired.
    fn redeem<'a>(
        &'a self,
        hash: SecretHash,
        grant_id: &'a str,
        grant: Option<Grant>,
        now: u64,
    ) -> StoreFuture<'a, Redemption>;

    /// Removes the codes that a person allowed, used or not.
    fn forget_person<'a>(&'a self, subject: &'a str, now: u64) -> StoreFuture<'a, ()>;
}
