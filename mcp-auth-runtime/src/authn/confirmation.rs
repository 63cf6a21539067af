//! What a credential is bound to besides who bears it: a key (`cnf`, RFC 7800 §3.1), or where requests come from.

use std::sync::Arc;

use mcp_auth_core::net::Network;
use serde_json::{Map, Value};

/// What must be true of each request that presents a credential.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Confirmation {
    /// A key by a method that no request can prove here: such a credential is refused however it is presented.
    Unsupported,
    /// The request comes from one of these networks.
    Addresses(Arc<[Network]>),
}

impl Confirmation {
    /// What the claims of a token bind it to, if anything: `cnf` of any shape binds.
    pub(super) fn of(claims: &Map<String, Value>) -> Option<Self> {
        claims.contains_key("cnf").then_some(Self::Unsupported)
    }
}
