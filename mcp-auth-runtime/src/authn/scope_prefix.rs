//! Scopes that an issuer knows by another name: with something in front of them.

use std::sync::Arc;

use mcp_auth_core::ScopeSet;

/// Scopes of OpenID Connect and OAuth, which are the issuer's own and bear no prefix (OpenID Connect Core §5.4 and §11).
const OPENID: [&str; 6] = ["openid", "profile", "email", "address", "phone", "offline_access"];

/// Whether it is a scope of OpenID Connect or OAuth, and so none of this server's.
pub(in crate::authn) fn is_of_openid(token: &str) -> bool {
    OPENID.contains(&token)
}

/// What stands in front of this server's scopes at an issuer: where they are asked for, in tokens, or in both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScopePrefix(Arc<str>);

impl ScopePrefix {
    /// The prefix with this text.
    pub(crate) fn new(text: &str) -> Self {
        Self(Arc::from(text))
    }

    /// The scopes as they are asked for at the issuer.
    pub(crate) fn asked(&self, scopes: &ScopeSet) -> ScopeSet {
        let asked = |scope: &str| match OPENID.contains(&scope) {
            true => scope.parse().ok(),
            false => format!("{}{scope}", self.0).parse().ok(),
        };
        scopes.iter().filter_map(|scope| asked(scope.as_str())).collect()
    }

    /// The scope of this server that a token's one is, if it is one. A scope of OpenID Connect behind the prefix
    /// does not count: it is asked for without the prefix.
    pub(in crate::authn) fn granted<'t>(&self, token: &'t str) -> Option<&'t str> {
        if OPENID.contains(&token) {
            return Some(token);
        }
        token.strip_prefix(&*self.0).filter(|scope| !scope.is_empty() && !OPENID.contains(scope))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn t73_a_scope_is_asked_for_with_its_prefix_and_granted_without_and_openids_bear_none() {
        let prefix = ScopePrefix::new("api://todos/");
        let scopes = ScopeSet::parse_lossy("openid offline_access todos.read");
        assert_eq!(prefix.asked(&scopes).to_string(), "api://todos/todos.read offline_access openid");
        for (token, granted) in [
            ("api://todos/todos.read", Some("todos.read")),
            ("openid", Some("openid")),
            ("api://todos/api://todos/x", Some("api://todos/x")),
            ("todos.read", None),
            ("api://todos/", None),
            ("api://todos", None),
            ("API://todos/todos.read", None),
            ("xapi://todos/todos.read", None),
            ("api://todos2/todos.read", None),
            ("api://todos/openid", None),
        ] {
            assert_eq!(prefix.granted(token), granted, "{token}");
        }
    }
}
