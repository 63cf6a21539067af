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

/// The clients that registered themselves.
pub trait Clients: Send + Sync {
    /// Keeps a client. If there are too many, the least recently used one is removed. Clients that no person ever
    /// allowed anything are removed first: anyone can register a client, but only a person can allow it something.
    fn register(&self, client: Client, now: u64) -> StoreFuture<'_, ()>;

    /// The client with this identifier.
    fn find<'a>(&'a self, id: &'a str) -> StoreFuture<'a, Option<Client>>;
}
