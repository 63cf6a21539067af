//! `[stdio]`: who the caller is when a client starts the server itself.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::config::value::audience::Audiences;
use crate::config::value::scope::set;
use crate::config::value::secret::Secret;
use crate::config::value::{NonEmpty, RoleName, ScopeToken, duration, list};
use mcp_auth_core::ScopeSet;

list! {
    /// A program and its arguments.
    CommandLine of NonEmpty,
    "write the program and its arguments, such as [\"op\", \"read\", \"op://vault/token\"]"
}
duration! {
    /// The longest that the program of a credential may take.
    CredentialTimeout: 1 s to 5 m, default 30 s
}

/// Who the caller is on standard input and output.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Stdio {
    /// Where the caller's token or API key is; it is verified as over HTTP. A token needs `public_url` or `audience`. Set
    /// but missing or empty: the server does not start. Without it the caller is the local one.
    pub credential: Option<Secret>,
    /// A program that prints the caller's token, with its arguments, instead of `credential`: `["op", "read", "op://vault/token"]`.
    /// It is run at the start, and again once the token is refused or has expired, at most every 10 seconds. It is not given
    /// to a shell. Set but failing: the server does not start.
    pub credential_command: Option<CommandLine>,
    /// The longest that `credential_command` may take.
    pub credential_timeout: CredentialTimeout,
    /// What the local caller holds (issuer and subject `local`) when there is no `credential`; it counts as
    /// authenticated only if this, `local_roles` or `local_claims` is not empty.
    pub local_scopes: Vec<ScopeToken>,
    /// Roles of `[roles]` that the local caller holds, and all that those imply. It counts as authenticated with these too.
    pub local_roles: Vec<RoleName>,
    /// What a tool that takes `Claims<T>` is told of the local caller.
    pub local_claims: Map<String, Value>,
    /// The audiences the credential may name instead of the issuer's, one string or a list.
    pub audience: Option<Audiences>,
}

impl Stdio {
    /// Whether the caller is the bearer of a credential.
    pub fn has_credential(&self) -> bool {
        self.credential.is_some() || self.credential_command.is_some()
    }

    /// Whether the local caller holds nothing, and so is an anonymous one.
    pub fn is_anonymous(&self) -> bool {
        !self.has_credential()
            && self.local_scopes.is_empty()
            && self.local_roles.is_empty()
            && self.local_claims.is_empty()
    }

    /// The scopes that the local caller holds.
    pub fn local_scopes(&self) -> ScopeSet {
        set(&self.local_scopes)
    }
}
