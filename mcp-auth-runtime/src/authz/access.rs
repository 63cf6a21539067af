//! How a client comes to use an operation, for lists that say it. It decides nothing.

use mcp_auth_core::ScopeSet;

/// How a client comes to use one operation: each of these that is there is a way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Access {
    /// Whether it may come without a credential.
    pub(crate) without_login: bool,
    /// The scopes that a login should ask for; `None` where a login changes nothing.
    pub(crate) by_login: Option<ScopeSet>,
}
