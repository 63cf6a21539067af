//! What an operation needs of its caller, compiled: which scopes count for which is folded in, so that deciding looks
//! nothing up.

use std::fmt;

use crate::authn::Held;
use crate::declared::Rule;
use mcp_auth_core::{Hierarchy, Scope, ScopeSet};

/// What one operation needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Need {
    who: Who,
    /// What a challenge asks for: the least that suffices.
    challenge: ScopeSet,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Who {
    /// Anyone, without a credential too.
    Anyone,
    /// A verified caller.
    Caller,
    /// A verified caller who holds the whole of one of these groups. Never empty, nor is a group.
    Holder(Vec<Vec<Term>>),
}

/// A scope of a group.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Term {
    scope: Scope,
    /// What counts for it as well.
    broader: Vec<Scope>,
}

impl Need {
    /// What `rule` comes down to where `hierarchy` says which scopes count for which.
    pub(super) fn compile(rule: &Rule, hierarchy: &Hierarchy) -> Self {
        let term = |scope: &Scope| Term {
            scope: scope.clone(),
            broader: hierarchy.broader_than(scope.as_str()).cloned().collect(),
        };
        let who = match rule {
            Rule::Public => Who::Anyone,
            Rule::Authenticated => Who::Caller,
            Rule::All(all) => Who::Holder(vec![all.iter().map(term).collect()]),
            Rule::Any(any) => Who::Holder(any.iter().map(|scope| vec![term(scope)]).collect()),
        };
        Self { who, challenge: rule.challenge_scopes() }
    }

    /// Whether it is met by a caller who holds this; `None`: by an anonymous one.
    pub(super) fn is_met_by(&self, held: Option<&Held>) -> bool {
        match (&self.who, held) {
            (Who::Anyone, _) | (Who::Caller, Some(_)) => true,
            (Who::Holder(groups), Some(held)) => {
                groups.iter().any(|group| group.iter().all(|term| term.is_held_in(&held.scopes)))
            }
            (Who::Caller | Who::Holder(_), None) => false,
        }
    }

    /// Whether anyone may, without a credential too.
    pub fn is_public(&self) -> bool {
        self.who == Who::Anyone
    }

    /// The scopes that a challenge asks for.
    pub fn challenge(&self) -> &ScopeSet {
        &self.challenge
    }

    /// Every scope that is named, in the order of the rule.
    pub fn scopes(&self) -> impl Iterator<Item = &Scope> {
        self.groups().iter().flatten().map(|term| &term.scope)
    }

    fn groups(&self) -> &[Vec<Term>] {
        match &self.who {
            Who::Anyone | Who::Caller => &[],
            Who::Holder(groups) => groups,
        }
    }
}

impl Term {
    fn is_held_in(&self, scopes: &ScopeSet) -> bool {
        scopes.contains(self.scope.as_str()) || self.broader.iter().any(|b| scopes.contains(b.as_str()))
    }
}

/// As the rule was declared: `public`, `authenticated`, `a and b`, `a or b`.
impl fmt::Display for Need {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.who {
            Who::Anyone => f.write_str("public"),
            Who::Caller => f.write_str("authenticated"),
            Who::Holder(groups) => {
                for (index, group) in groups.iter().enumerate() {
                    f.write_str(if index == 0 { "" } else { " or " })?;
                    for (index, term) in group.iter().enumerate() {
                        write!(f, "{}{}", if index == 0 { "" } else { " and " }, term.scope)?;
                    }
                }
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::build;

    fn compiled(rule: &Rule) -> Need {
        let scope = |token: &'static str| Scope::new(token).unwrap();
        let implies = [(scope("admin"), vec![scope("write")]), (scope("write"), vec![scope("read")])];
        Need::compile(rule, &Hierarchy::new(implies).unwrap())
    }

    #[test]
    fn a_need_says_what_its_rule_says() {
        let all = build::all(&["write", "read"]);
        let any = build::any(&["write", "read"]);
        for rule in [Rule::Public, Rule::Authenticated, all, any] {
            let need = compiled(&rule);
            assert_eq!(need.to_string(), rule.to_string());
            assert_eq!(need.challenge(), &rule.challenge_scopes());
            assert_eq!(need.scopes().collect::<Vec<_>>(), rule.scopes());
            assert_eq!(need.is_public(), rule.is_public());
        }
    }

    #[test]
    fn a_broader_scope_is_folded_in_for_each_term_and_never_a_narrower_one() {
        let held = |scopes: &str| Held::of(ScopeSet::parse_lossy(scopes));
        let both = compiled(&build::all(&["write", "read"]));
        for enough in ["write", "admin", "read write", "read admin"] {
            assert!(both.is_met_by(Some(&held(enough))), "{enough}");
        }
        for too_little in ["", "read", "other"] {
            assert!(!both.is_met_by(Some(&held(too_little))), "{too_little}");
        }
        let either = compiled(&build::any(&["write", "audit"]));
        assert!(either.is_met_by(Some(&held("audit"))) && either.is_met_by(Some(&held("admin"))));
        assert!(!either.is_met_by(Some(&held("read"))));
    }

    #[test]
    fn only_what_is_public_is_met_by_an_anonymous_caller() {
        assert!(compiled(&Rule::Public).is_met_by(None));
        for rule in [Rule::Authenticated, build::all(&["read"]), build::any(&["read"])] {
            assert!(!compiled(&rule).is_met_by(None), "{rule}");
        }
    }
}
