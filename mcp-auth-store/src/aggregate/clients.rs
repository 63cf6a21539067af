//! Clients that registered themselves (RFC 7591).

use mcp_auth_core::ScopeSet;

use crate::{SecretHash, StoreFuture};

/// A client (OAuth 2.1 §2). Confidential when it has a secret, else public.
#[derive(Debug, Clone)]
pub struct Client {
    /// Its `client_id`.
    pub id: String,
    /// The name it gave itself: a claim, to be shown as one.
    pub name: Option<String>,
    /// Where answers to it may go, byte for byte as it registered them. Whoever registers it has checked them.
    pub redirect_uris: Vec<String>,
    /// What it may do at the token endpoint.
    pub grant_types: GrantTypes,
    /// The hash of its secret; none for a public client.
    pub secret: Option<SecretHash>,
}

/// What a client may do at the token endpoint (`grant_types`, RFC 7591 §2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GrantTypes {
    /// `authorization_code`: a person decides what it gets, each time. The scope it registered with does not bind
    /// it, since clients register with the first challenge's scope and step up later.
    AuthorizationCode {
        /// Also `refresh_token`.
        refresh: bool,
    },
    /// `client_credentials`: the configuration decided what it gets.
    ClientCredentials {
        /// The most it can get.
        scopes: ScopeSet,
    },
}

/// The clients that registered themselves.
pub trait Clients: Send + Sync {
    /// Keeps a client. Where there are too many, one goes for it: the one that was not used for the longest time, and
    /// those that nobody ever allowed anything before all others. Strangers register, people allow.
    fn register(&self, client: Client) -> StoreFuture<'_, ()>;

    /// The client of this identifier.
    fn find<'a>(&'a self, id: &'a str) -> StoreFuture<'a, Option<Client>>;
}
