//! What a credential is bound to besides who bears it: a key (`cnf`, RFC 7800 §3.1), or where requests come from.

use std::sync::Arc;

use mcp_auth_core::net::Network;
use serde_json::{Map, Value};

use super::binding_mode::BindingMode;
use super::dpop::Thumbprint;

/// What must be true of each request that presents a credential.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Confirmation {
    /// A key by a method that no request can prove here: such a credential is refused however it is presented.
    Unsupported,
    /// The request comes with a proof by this key (DPoP, RFC 9449 §6.1).
    Key(Thumbprint),
    /// The request comes from one of these networks.
    Addresses(Arc<[Network]>),
}

impl Confirmation {
    /// What the claims of a token bind it to, if anything: `cnf` of any shape binds.
    ///
    /// A key by DPoP counts where the issuer's section lets it, and where nothing else is named beside it: two methods would
    /// both have to be proven.
    pub(super) fn of(claims: &Map<String, Value>, dpop: BindingMode) -> Option<Self> {
        let confirmation = claims.get("cnf")?;
        let jkt = match confirmation {
            Value::Object(methods) if dpop.is_on() && methods.len() == 1 => methods.get("jkt"),
            _ => None,
        };
        let thumbprint = jkt.and_then(Value::as_str).and_then(Thumbprint::parse);
        Some(thumbprint.map_or(Self::Unsupported, Self::Key))
    }
}
