//! The scopes a request asks for, against those the server declares (OAuth 2.1 §3.2.2.1).

use std::collections::BTreeMap;

use mcp_auth_core::{Hierarchy, InvalidScope, Scope, ScopeSet};

/// Scopes that OpenID clients request by default. The built-in issuer does not make ID tokens and gives refresh
/// tokens without being asked, so these scopes are ignored rather than refused, unless the server declares them.
const HABITS: [&str; 6] = ["offline_access", "openid", "profile", "email", "address", "phone"];

/// Every scope that the server declares, with its description.
pub(crate) struct Declared {
    descriptions: BTreeMap<String, Option<String>>,
    hierarchy: Hierarchy,
    default: ScopeSet,
}

/// Why a request for scopes is refused.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum RefusedScope {
    #[error("scope is not a list of scope tokens")]
    Grammar(#[source] InvalidScope),
    #[error("scope {0} is unknown here")]
    Unknown(Scope),
}

impl Declared {
    /// `default` is for requests without a scope; if it is empty, they get every scope.
    pub(crate) fn new(
        descriptions: BTreeMap<String, Option<String>>,
        hierarchy: Hierarchy,
        default: ScopeSet,
    ) -> Result<Self, InvalidScope> {
        let all = descriptions.keys().map(|name| name.parse()).collect::<Result<ScopeSet, _>>()?;
        let default = if default.is_empty() { all } else { default };
        Ok(Self { descriptions, hierarchy, default })
    }

    pub(crate) fn contains(&self, scope: &str) -> bool {
        self.descriptions.contains_key(scope)
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.descriptions.keys().map(String::as_str)
    }

    pub(crate) fn description(&self, scope: &Scope) -> Option<&str> {
        self.descriptions.get(scope.as_str())?.as_deref()
    }

    /// The narrower scopes that `scope` implies: a token with `scope` has these too.
    pub(crate) fn implied_by(&self, scope: &Scope) -> impl Iterator<Item = &Scope> {
        self.hierarchy.implied_by(scope.as_str())
    }

    pub(crate) fn default(&self) -> &ScopeSet {
        &self.default
    }

    /// Reads a `scope` parameter. `None` if it asks for no scope (absent, or only scopes that are ignored).
    pub(crate) fn requested(&self, param: Option<&str>) -> Result<Option<ScopeSet>, RefusedScope> {
        let mut asked = ScopeSet::new();
        for token in param.unwrap_or_default().split(' ').filter(|token| !token.is_empty()) {
            let scope: Scope = token.parse().map_err(RefusedScope::Grammar)?;
            if self.contains(token) {
                asked.insert(scope);
            } else if !HABITS.contains(&token) {
                return Err(RefusedScope::Unknown(scope));
            }
        }
        Ok((!asked.is_empty()).then_some(asked))
    }
}

/// The first scope of `asked` that is not in `held`.
pub(crate) fn first_missing<'a>(asked: &'a ScopeSet, held: &ScopeSet) -> Option<&'a Scope> {
    asked.iter().find(|scope| !held.contains(scope.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn declared(default: &str) -> Declared {
        let scopes = ["todos.read", "todos.write"].map(|s| (s.to_owned(), None)).into();
        Declared::new(scopes, Hierarchy::default(), ScopeSet::parse_lossy(default)).unwrap()
    }

    fn requested(param: &str) -> Result<Option<String>, RefusedScope> {
        Ok(declared("").requested(Some(param))?.map(|set| set.to_string()))
    }

    #[test]
    fn habits_of_openid_clients_are_left_out_and_unknown_scopes_refused() {
        assert_eq!(requested("todos.read offline_access"), Ok(Some("todos.read".into())));
        assert_eq!(requested("openid  profile"), Ok(None));
        assert_eq!(requested(""), Ok(None));
        assert_eq!(requested("todos.read admin"), Err(RefusedScope::Unknown("admin".parse().unwrap())));
        assert!(matches!(requested("todos.read\ttodos.write"), Err(RefusedScope::Grammar(_))));
        assert!(matches!(requested("a\"b"), Err(RefusedScope::Grammar(_))));
    }

    #[test]
    fn request_without_scope_gets_the_default_or_else_everything() {
        assert_eq!(declared("todos.read").default().to_string(), "todos.read");
        assert_eq!(declared("").default().to_string(), "todos.read todos.write");
    }
}
