//! Which scopes count for which: a broader scope counts for the narrower ones it implies.

use std::collections::{BTreeMap, BTreeSet};

use super::scope::{Scope, ScopeSet};

/// Which scope implies which others, directly or through other scopes.
///
/// # Example
/// ```
/// use mcp_auth_core::{Hierarchy, Scope, ScopeSet};
/// let [admin, write, read] = ["admin", "write", "read"].map(|s| Scope::new(s).unwrap());
/// let rules = Hierarchy::new([(admin, vec![write.clone()]), (write, vec![read])]).unwrap();
/// assert!(rules.satisfies(&ScopeSet::parse_lossy("admin"), "read"));
/// assert!(!rules.satisfies(&ScopeSet::parse_lossy("read"), "write"));
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Hierarchy {
    /// For each scope that another one implies: every scope that implies it, directly or not.
    broader: BTreeMap<Scope, ScopeSet>,
}

/// Scopes that imply each other in a circle: the scopes in order, with the first one repeated at the end.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("scopes imply each other in a circle: {}", .0.iter().map(Scope::as_str).collect::<Vec<_>>().join(" -> "))]
pub struct Cycle(pub Vec<Scope>);

impl Hierarchy {
    /// Builds the hierarchy from `implies` (each scope with the narrower ones it implies), including indirect
    /// implications.
    ///
    /// # Errors
    /// [`Cycle`] when a scope implies itself, directly or through others.
    pub fn new(implies: impl IntoIterator<Item = (Scope, Vec<Scope>)>) -> Result<Self, Cycle> {
        let implies: BTreeMap<Scope, Vec<Scope>> = implies.into_iter().collect();
        let mut broader: BTreeMap<Scope, ScopeSet> = BTreeMap::new();
        for scope in implies.keys() {
            for narrower in everything_below(scope, &implies).map_err(Cycle)? {
                broader.entry(narrower).or_default().insert(scope.clone());
            }
        }
        Ok(Self { broader })
    }

    /// Whether a holder of `held` has the scope `needed`: the scope itself, or a broader one.
    pub fn satisfies(&self, held: &ScopeSet, needed: &str) -> bool {
        held.contains(needed)
            || self
                .broader
                .get(needed)
                .is_some_and(|broader| broader.iter().any(|b| held.contains(b.as_str())))
    }

    /// Every broader scope that implies `scope`, directly or not, in order.
    pub fn broader_than(&self, scope: &str) -> impl Iterator<Item = &Scope> {
        self.broader.get(scope).into_iter().flatten()
    }

    /// Every narrower scope that `scope` implies, directly or not, in order.
    pub fn implied_by(&self, scope: &str) -> impl Iterator<Item = &Scope> {
        self.broader.iter().filter(move |(_, broader)| broader.contains(scope)).map(|(narrower, _)| narrower)
    }
}

/// All that `start` implies, directly or not: of scopes, of roles.
///
/// # Errors
/// The way round, with `start` at both ends, when `start` implies itself.
pub fn everything_below<N: Ord + Clone>(
    start: &N,
    implies: &BTreeMap<N, Vec<N>>,
) -> Result<BTreeSet<N>, Vec<N>> {
    let mut found = BTreeSet::new();
    let mut ways = vec![vec![start.clone()]];
    while let Some(way) = ways.pop() {
        for next in way.last().and_then(|last| implies.get(last)).into_iter().flatten() {
            let mut longer = way.clone();
            longer.push(next.clone());
            if next == start {
                return Err(longer);
            }
            if found.insert(next.clone()) {
                ways.push(longer);
            }
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hierarchy(rules: &[(&'static str, &[&'static str])]) -> Result<Hierarchy, Cycle> {
        let scope = |s: &&'static str| Scope::new(*s).unwrap();
        Hierarchy::new(rules.iter().map(|(s, below)| (scope(s), below.iter().map(scope).collect())))
    }

    #[test]
    fn broader_scope_counts_for_all_below_it_and_never_the_other_way() {
        let rules = hierarchy(&[("admin", &["write"]), ("write", &["read", "list"])]).unwrap();
        let held = |s| ScopeSet::parse_lossy(s);
        for needed in ["admin", "write", "read", "list"] {
            assert!(rules.satisfies(&held("admin"), needed), "{needed}");
        }
        assert!(rules.satisfies(&held("other write"), "read"));
        assert!(!rules.satisfies(&held("read"), "write"));
        assert!(!rules.satisfies(&held("read"), "list"));
        assert!(!rules.satisfies(&held("write"), "admin"));
        assert!(!rules.satisfies(&held(""), "read"));
        assert!(!rules.satisfies(&held("adm"), "admin"));
    }

    #[test]
    fn what_a_scope_implies_is_told_to_its_end_and_never_upwards() {
        let rules = hierarchy(&[("admin", &["write"]), ("write", &["read", "list"])]).unwrap();
        let implied = |s| rules.implied_by(s).map(Scope::as_str).collect::<Vec<_>>();
        assert_eq!(implied("admin"), ["list", "read", "write"]);
        assert_eq!(implied("write"), ["list", "read"]);
        assert!(implied("read").is_empty() && implied("other").is_empty());
    }

    #[test]
    fn two_ways_to_one_scope_are_not_a_circle() {
        assert!(hierarchy(&[("a", &["b", "c"]), ("b", &["d"]), ("c", &["d"]), ("d", &[])]).is_ok());
    }

    #[test]
    fn circle_is_refused_with_the_way_round() {
        let error = hierarchy(&[("a", &["b"]), ("b", &["c"]), ("c", &["a"])]).unwrap_err();
        assert_eq!(error.to_string(), "scopes imply each other in a circle: a -> b -> c -> a");
        assert!(hierarchy(&[("a", &["a"])]).is_err());
        assert!(hierarchy(&[("x", &["a"]), ("a", &["b"]), ("b", &["a"])]).is_err());
    }

    #[test]
    fn many_scopes_that_all_imply_the_next_are_followed_quickly() {
        let names: Vec<String> = (0..300).map(|i| format!("s{i:03}")).collect();
        let scope = |i: usize| Scope::new(names[i].clone()).unwrap();
        let rules = Hierarchy::new((0..300).map(|i| (scope(i), (i + 1..300).map(scope).collect()))).unwrap();
        assert!(rules.satisfies(&ScopeSet::parse_lossy("s000"), "s299"));
    }
}
