//! The caller of a stdio server without a credential: who started the process. No message leads here; only the
//! configuration does (`stdio.local_scopes`).

use std::sync::Arc;

use serde_json::{Map, Value};

use super::identity::Identity;
use super::principal::{Facts, Held, Principal, Via};

/// The issuer and the subject of the local caller.
const LOCAL: &str = "local";

/// The local caller who holds this. Without anything it is anonymous: only public operations are served.
pub(crate) fn caller(held: Held, claims: Map<String, Value>) -> Identity {
    if held.scopes.is_empty() && held.roles.is_empty() && claims.is_empty() {
        return Identity::Anonymous;
    }
    let facts = Facts { held, claims: claims.into(), ..Facts::of(Arc::from(LOCAL), LOCAL) };
    Identity::Known(Arc::new(Principal::new(Via::Local, facts)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use mcp_auth_core::ScopeSet;

    #[test]
    fn the_local_caller_is_local_and_holds_what_it_was_given() {
        let identity = caller(Held::of(ScopeSet::parse_lossy("read write")), Map::new());
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
    fn the_local_caller_without_scopes_and_roles_is_anonymous() {
        assert!(caller(Held::default(), Map::new()).is_anonymous());
        let role = Held { roles: ["manager".parse().unwrap()].into_iter().collect(), ..Held::default() };
        assert!(!caller(role, Map::new()).is_anonymous());
    }
}
