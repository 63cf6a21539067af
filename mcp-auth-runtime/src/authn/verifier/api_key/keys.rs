//! What the operator says of one API key.

use std::sync::Arc;

use mcp_auth_core::net::Network;

use super::digest::ApiKeyDigest;
use crate::authn::principal::Held;

/// The issuer of every principal that is known by an API key. No authorization server can have it: theirs is a URL.
pub const API_KEY_ISSUER: &str = "urn:mcp-auth:api-key";

/// One API key, by the name that its bearer is known by. It holds no part of the key.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ApiKeyRules {
    /// The subject of its bearer: the same whichever of the digests the key has, so that a key is changed without a new
    /// identity.
    pub name: String,
    /// The digests of the keys that are accepted under this name.
    pub digests: Vec<ApiKeyDigest>,
    /// What its bearer may do.
    pub held: Held,
    /// Unix seconds; from then on the key is refused. `None`: it has no end.
    pub expires_at: Option<u64>,
    /// Where a request may come from. `None`: from anywhere.
    pub allowed_addresses: Option<Arc<[Network]>>,
}

impl ApiKeyRules {
    /// One that gives its bearer nothing yet, has no end and may be used from anywhere.
    pub fn new(name: impl Into<String>, digests: Vec<ApiKeyDigest>) -> Self {
        Self { name: name.into(), digests, held: Held::default(), expires_at: None, allowed_addresses: None }
    }
}
