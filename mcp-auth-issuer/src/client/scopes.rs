//! The scopes a request asks for, against those the server declares (OAuth 2.1 §3.2.2.1).

use std::collections::BTreeMap;

use mcp_auth_core::{Hierarchy, InvalidScope, Scope, ScopeFamily, ScopeSet};

/// Scopes that OpenID clients request by default. The built-in issuer does not make ID tokens and gives refresh
/// tokens without being asked, so these scopes are ignored rather than refused, unless the server declares them.
const HABITS: [&str; 6] = ["offline_access", "openid", "profile", "email", "address", "phone"];

/// The most scopes of families in one request: a person reads each, and a client makes as many as it likes.
const MOST_FILLED: usize = 64;

/// Every scope that the server declares, with its description.
pub(crate) struct Declared {
    descriptions: BTreeMap<String, Option<String>>,
    families: Vec<(ScopeFamily, Option<String>)>,
    hierarchy: Hierarchy,
    /// What everybody needs who uses the server.
    needed: ScopeSet,
    default: ScopeSet,
}

/// What a person is told of a scope.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Described<'a> {
    /// What it lets a client do.
    pub(crate) description: Option<&'a str>,
    /// To what: the values of a scope of a family.
    pub(crate) values: Vec<&'a str>,
}

/// Why a request for scopes is refused.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum RefusedScope {
    #[error("scope must be a list of scope tokens with spaces between them (RFC 6749 section 3.3)")]
    Grammar(#[source] InvalidScope),
    #[error("scope {0} is unknown here")]
    Unknown(Scope),
    #[error("scope asks for more than {MOST_FILLED} scopes with a value; ask for fewer at once")]
    TooMany,
}

impl Declared {
    /// `default` is what everybody needs who uses the server, and for requests without a scope; if it is empty, those get every scope.
    pub(crate) fn new(
        descriptions: BTreeMap<String, Option<String>>,
        families: Vec<(ScopeFamily, Option<String>)>,
        hierarchy: Hierarchy,
        default: ScopeSet,
    ) -> Result<Self, InvalidScope> {
        let all = descriptions.keys().map(|name| name.parse()).collect::<Result<ScopeSet, _>>()?;
        let needed = default.clone();
        let default = if default.is_empty() { all } else { default };
        Ok(Self { descriptions, families, hierarchy, needed, default })
    }

    /// Whether a token may have it: it is declared, or one of a family that is described.
    pub(crate) fn contains(&self, scope: &str) -> bool {
        self.is_named(scope) || self.families.iter().any(|(family, _)| family.has(scope))
    }

    /// Whether it is declared itself.
    pub(crate) fn is_named(&self, scope: &str) -> bool {
        self.descriptions.contains_key(scope)
    }

    /// Whether everybody needs it who uses the server, so that no person can leave it out.
    pub(crate) fn is_needed(&self, scope: &str) -> bool {
        self.needed.contains(scope)
    }

    /// Those of `granted` that a token may have still: what was allowed once may have gone since.
    pub(crate) fn known_of(&self, granted: &ScopeSet) -> ScopeSet {
        granted.iter().filter(|scope| self.contains(scope.as_str())).cloned().collect()
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.descriptions.keys().map(String::as_str)
    }

    pub(crate) fn described<'a>(&'a self, scope: &'a Scope) -> Described<'a> {
        let of_itself = self.descriptions.get(scope.as_str());
        let (values, of_family) = self
            .families
            .iter()
            .find_map(|(family, description)| Some((family.values(scope.as_str())?, description.as_deref())))
            .unwrap_or_default();
        match of_itself.and_then(Option::as_deref) {
            // Its own words say what it is about.
            Some(description) => Described { description: Some(description), values: Vec::new() },
            None => Described { description: of_family, values },
        }
    }

    /// The narrower scopes that `scope` implies: a token with `scope` has these too.
    pub(crate) fn implied_by(&self, scope: &Scope) -> impl Iterator<Item = &Scope> {
        self.hierarchy.implied_by(scope.as_str())
    }

    /// Whether `held` has `scope`, itself or by one that implies it.
    pub(crate) fn covers(&self, held: &ScopeSet, scope: &Scope) -> bool {
        held.contains(scope.as_str())
            || held.iter().any(|wider| self.implied_by(wider).any(|implied| implied == scope))
    }

    /// The scopes of a token that two sets limit, where no person decides: those that are asked for, or all that both sets have.
    ///
    /// # Errors
    /// A scope that is asked for, and not in both; where none is asked for and they have none in common, one of `held`.
    pub(crate) fn in_both(
        &self,
        asked: Option<ScopeSet>,
        held: &ScopeSet,
        may_have: &ScopeSet,
    ) -> Result<ScopeSet, Scope> {
        let is_in_both = |scope: &&Scope| self.covers(held, scope) && self.covers(may_have, scope);
        match asked {
            Some(asked) => {
                let missing = asked.iter().find(|scope| !is_in_both(scope)).cloned();
                missing.map_or(Ok(asked), Err)
            }
            None => {
                let common: ScopeSet =
                    held.iter().chain(may_have.iter()).filter(is_in_both).cloned().collect();
                match held.iter().next() {
                    Some(first) if common.is_empty() => Err(first.clone()),
                    Some(_) | None => Ok(common),
                }
            }
        }
    }

    /// Those of `asked` that `held` has: an identity provider may have allowed fewer scopes than the client goes on to ask for (MCP
    /// enterprise-managed authorization, §7.2.1).
    ///
    /// # Errors
    /// One that is asked for, where `held` has none of them.
    pub(crate) fn held_of(&self, asked: ScopeSet, held: &ScopeSet) -> Result<ScopeSet, Scope> {
        let common: ScopeSet = asked.iter().filter(|scope| self.covers(held, scope)).cloned().collect();
        match asked.iter().next() {
            Some(first) if common.is_empty() => Err(first.clone()),
            Some(_) | None => Ok(common),
        }
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
        if asked.iter().filter(|scope| !self.is_named(scope.as_str())).count() > MOST_FILLED {
            return Err(RefusedScope::TooMany);
        }
        Ok((!asked.is_empty()).then_some(asked))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn declared(default: &str) -> Declared {
        let scopes = ["todos.read", "todos.write"].map(|s| (s.to_owned(), None)).into();
        let families = vec![("files:{}:read".parse().unwrap(), Some("Read files in".to_owned()))];
        Declared::new(scopes, families, Hierarchy::default(), ScopeSet::parse_lossy(default)).unwrap()
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
    fn a_scope_of_a_family_is_given_with_its_value_alone() {
        assert_eq!(requested("files:photos:read"), Ok(Some("files:photos:read".into())));
        for unknown in ["files:{}:read", "files:*:read", "files:a:b:read", "files::read", "files:a:write"] {
            assert_eq!(requested(unknown), Err(RefusedScope::Unknown(unknown.parse().unwrap())), "{unknown}");
        }
        let (declared, scope) = (declared(""), "files:photos:read".parse().unwrap());
        let told = declared.described(&scope);
        assert_eq!(told, Described { description: Some("Read files in"), values: vec!["photos"] });
        assert!(declared.names().all(|name| !name.contains("files")), "scopes_supported leaves it out");
    }

    #[test]
    fn a_request_names_no_more_scopes_with_a_value_than_a_person_reads() {
        let asked = |count: usize| {
            let filled = (0..count).map(|n| format!("files:{n}:read"));
            filled.chain(["todos.read".to_owned()]).collect::<Vec<_>>().join(" ")
        };
        assert!(requested(&asked(MOST_FILLED)).is_ok_and(|set| set.is_some()));
        assert_eq!(requested(&asked(MOST_FILLED + 1)), Err(RefusedScope::TooMany));
        let twice = format!("{} {}", asked(MOST_FILLED), asked(MOST_FILLED));
        assert!(requested(&twice).is_ok(), "each counts once");
    }

    #[test]
    fn of_what_was_granted_only_that_counts_which_is_known_still() {
        let granted = ScopeSet::parse_lossy("admin files:a:read files:a:write todos.read");
        assert_eq!(declared("").known_of(&granted).to_string(), "files:a:read todos.read");
    }

    #[test]
    fn request_without_scope_gets_the_default_or_else_everything() {
        assert_eq!(declared("todos.read").default().to_string(), "todos.read");
        assert_eq!(declared("").default().to_string(), "todos.read todos.write");
    }

    #[test]
    fn two_sets_limit_a_token_to_what_both_have_themselves_or_by_a_wider_scope() {
        let scopes = ["admin", "todos.read", "todos.write"].map(|s| (s.to_owned(), None)).into();
        let scope = |text: &str| text.parse::<Scope>().unwrap();
        let hierarchy = Hierarchy::new([(scope("admin"), vec![scope("todos.read"), scope("todos.write")])]);
        let declared = Declared::new(scopes, vec![], hierarchy.unwrap(), ScopeSet::new()).unwrap();
        let set = ScopeSet::parse_lossy;
        let given = |asked: Option<&str>, held: &str, may_have: &str| {
            let given = declared.in_both(asked.map(set), &set(held), &set(may_have));
            given.map(|scopes| scopes.to_string()).map_err(|scope| scope.to_string())
        };
        let (read, both) = ("todos.read", "todos.read todos.write");
        assert_eq!(given(Some(read), both, both), Ok(read.into()));
        assert_eq!(given(Some(both), both, read), Err("todos.write".into()));
        assert_eq!(given(Some(both), read, both), Err("todos.write".into()));
        assert_eq!(given(Some(read), "admin", both), Ok(read.into()));
        assert_eq!(given(Some("admin"), both, "admin"), Err("admin".into()));
        assert_eq!(given(None, both, read), Ok(read.into()));
        assert_eq!(given(None, "admin", both), Ok(both.into()));
        assert_eq!(given(None, read, "admin"), Ok(read.into()));
        assert_eq!(given(None, read, "todos.write"), Err(read.into()));
        assert_eq!(given(None, "", both), Ok(String::new()));
    }

    #[test]
    fn what_everybody_needs_is_the_default_that_is_named_and_never_everything() {
        let needed = |default, scope| declared(default).is_needed(scope);
        assert!(needed("todos.read", "todos.read") && !needed("todos.read", "todos.write"));
        assert!(!needed("", "todos.read") && !needed("", "todos.write"));
    }
}
