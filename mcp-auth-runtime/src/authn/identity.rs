//! Who is behind a request: a principal, or an anonymous caller.

use std::sync::Arc;

use mcp_auth_core::Hierarchy;

use super::caller::Caller;
use super::principal::Principal;

/// Who is behind a request. A credential that is presented and refused is neither of these; it is an
/// [`AuthnError`](super::AuthnError) and gets 401 everywhere.
#[derive(Debug, Clone)]
pub enum Identity {
    /// No credential came.
    Anonymous,
    /// A caller whose credential passed every check.
    Known(Arc<Principal>),
}

impl Identity {
    /// The verified caller, if there is one.
    pub fn principal(&self) -> Option<&Principal> {
        match self {
            Self::Known(principal) => Some(principal),
            Self::Anonymous => None,
        }
    }

    /// The caller that a tool sees; `None` for anonymous callers. `hierarchy` says which scopes count for which.
    pub fn caller(&self, hierarchy: &Arc<Hierarchy>) -> Option<Caller> {
        match self {
            Self::Known(principal) => Some(Caller::new(Arc::clone(principal), Arc::clone(hierarchy))),
            Self::Anonymous => None,
        }
    }

    /// Whether no credential came.
    pub fn is_anonymous(&self) -> bool {
        matches!(self, Self::Anonymous)
    }

    /// Waits until the caller's credential is not believed any more although it has not expired; for ever where none
    /// came.
    pub(crate) async fn withdrawn(&self) {
        match self {
            Self::Known(principal) => principal.withdrawn().await,
            Self::Anonymous => std::future::pending().await,
        }
    }

    /// When what the caller may do ends, in Unix seconds; `None` where nothing says an end.
    pub fn expires_at(&self) -> Option<u64> {
        self.principal()?.expires_at()
    }
}
