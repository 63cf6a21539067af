//! Clients that registered themselves (RFC 7591).

use mcp_auth_core::ScopeSet;
use serde::{Deserialize, Serialize};

use crate::{SecretHash, StoreFuture};

/// A client (OAuth 2.1 §2). Confidential when it has a secret, else public.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Client {
    /// The `client_id` that the issuer gave it.
    pub id: String,
    /// The name that the client chose for itself. It is unverified, and pages show it as such.
    pub name: Option<String>,
    /// Where answers to it may be sent, byte for byte as registered. The caller that registers the client has checked
    /// them.
    pub redirect_uris: Vec<String>,
    /// What it may do at the token endpoint.
    pub grant_types: GrantTypes,
    /// The hash of the client secret; `None` for a public client.
    pub secret: Option<SecretHash>,
    /// When it was registered, in Unix seconds.
    #[serde(default)]
    pub registered_at: u64,
    /// The hash of its registration access token (RFC 7592 §3). Only a client that nobody else is given too has one.
    #[serde(default)]
    pub registration_token: Option<SecretHash>,
}

/// What a client may do at the token endpoint (`grant_types`, RFC 7591 §2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum GrantTypes {
    /// `authorization_code`: a person decides each time which scopes the client gets. The scope from the registration
    /// is not a limit, because clients register with the scope of the first challenge and step up later.
    AuthorizationCode {
        /// Whether the client may also use `refresh_token`.
        refresh: bool,
    },
    /// `client_credentials`: the configuration decides which scopes it gets.
    ClientCredentials {
        /// The largest set of scopes that it can get.
        scopes: ScopeSet,
    },
}

/// How long a client is kept that nobody allowed anything, in seconds.
pub(crate) const UNUSED_LIFETIME: u64 = 60 * 60;

/// How much longer than its last grant a client is kept, in seconds: a client whose grant has just ended is told so, and not that it is
/// unknown.
pub(crate) const KEPT_BEYOND: u64 = 24 * 60 * 60;

/// The clients that registered themselves. One that nobody ever allows anything is gone after an hour, and one that was used at least
/// half a day after its last grant, or an hour after its last code where it does not refresh.
pub trait Clients: Send + Sync {
    /// Keeps a client, and returns it. Clients that say the same about themselves are `alike`: if one such client is kept already, it
    /// is returned instead, for its hour anew. If many register at once that are alike, all of them get the same one.
    ///
    /// If there are too many, the least recently used one is removed. Clients that no person ever allowed anything are removed first:
    /// anyone can register a client, but only a person can allow it something.
    fn register(&self, client: Client, alike: Option<SecretHash>, now: u64) -> StoreFuture<'_, Client>;

    /// The client with this identifier, if it is still kept at `now`.
    fn find<'a>(&'a self, id: &'a str, now: u64) -> StoreFuture<'a, Option<Client>>;

    /// Replaces what is kept of a client, but not how it was used (RFC 7592 §2.2). Returns whether there was one.
    fn change(&self, client: Client, now: u64) -> StoreFuture<'_, bool>;

    /// Removes a client, its grants, and what people allowed it (RFC 7592 §2.3). Access tokens of those grants are
    /// [revoked](crate::Revocations). If there is none, it does nothing.
    fn remove<'a>(&'a self, id: &'a str, now: u64) -> StoreFuture<'a, ()>;
}
