//! Clients: what the issuer knows of one, whether it registered itself or stands in the configuration.

use mcp_auth_core::ScopeSet;

use crate::client::redirect_uri::RedirectUri;
use crate::options::NamedClient;
use crate::secret::SecretHash;

/// A client (OAuth 2.1 §2). Confidential when it has a secret, else public.
#[derive(Debug, Clone)]
pub struct Client {
    /// Its `client_id`.
    pub id: String,
    /// The name it gave itself: a claim, to be shown as one.
    pub name: Option<String>,
    /// Where answers to it may go.
    pub redirect_uris: Vec<RedirectUri>,
    /// What it may do.
    pub grants: Grants,
    /// The hash of its secret; none for a public client.
    pub secret: Option<SecretHash>,
}

/// What a client may do at the token endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Grants {
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

impl From<&NamedClient> for Client {
    fn from(named: &NamedClient) -> Self {
        Self {
            id: named.id.clone(),
            name: None,
            redirect_uris: Vec::new(),
            grants: Grants::ClientCredentials { scopes: named.scopes.clone() },
            secret: Some(SecretHash::of(&named.secret)),
        }
    }
}
