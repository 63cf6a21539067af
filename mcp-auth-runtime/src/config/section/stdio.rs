//! `[stdio]`: who the caller is when a client starts the server itself.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::config::value::ScopeToken;
use crate::config::value::audience::Audiences;
use crate::config::value::scope::set;
use crate::config::value::secret::Secret;
use mcp_auth_core::ScopeSet;

/// Who the caller is on standard input and output.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Stdio {
    /// Where the caller's token or API key is; it is verified as over HTTP. A token needs `public_url` or `audience`. Set
    /// but missing or empty: the server does not start. Without it the caller is the local one.
    pub credential: Option<Secret>,
    /// What the local caller holds (issuer and subject `local`) when there is no `credential`; it counts as
    /// authenticated only if this is not empty.
    pub local_scopes: Vec<ScopeToken>,
    /// The audiences the credential may name instead of the issuer's, one string or a list.
    pub audience: Option<Audiences>,
}

impl Stdio {
    /// What the local caller holds.
    pub fn local_scopes(&self) -> ScopeSet {
        set(&self.local_scopes)
    }
}
