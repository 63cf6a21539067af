//! The caller of a stdio server without a credential: who started the process. No message leads here; only the
//! configuration does (`stdio.local_scopes`).

use std::sync::Arc;

use super::identity::Identity;
use super::principal::{Facts, Held, Principal, Via};
use mcp_auth_core::ScopeSet;

/// The issuer and the subject of the local caller.
const LOCAL: &str = "local";

/// The local caller with these scopes. Without any it is anonymous: only public operations are served.
pub(crate) fn caller(scopes: ScopeSet) -> Identity {
    if scopes.is_empty() {
        return Identity::Anonymous;
    }
    let facts = Facts { held: Held::of(scopes), ..Facts::of(Arc::from(LOCAL), LOCAL) };
    Identity::Known(Arc::new(Principal::new(Via::Local, facts)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_local_caller_is_local_and_holds_what_it_was_given() {
        let identity = caller(ScopeSet::parse_lossy("read write"));
        let principal = identity.principal().unwrap();
        assert!(principal.is_local());
        assert_eq!(
            (principal.issuer(), principal.subject(), principal.client_id()),
            ("local", "local", None)
        );
        assert_eq!(principal.scopes().to_string(), "read write");
        assert_eq!(identity.expires_at(), None);
    }

    #[test]
    fn the_local_caller_without_scopes_is_anonymous() {
        assert!(caller(ScopeSet::new()).is_anonymous());
    }
}
