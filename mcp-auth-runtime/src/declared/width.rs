//! Whether a rule lets in more callers than another one: pure, on the rules alone.
//!
//! Which scope or role implies which is not asked: that is the configuration's, and it may differ from one server to the next.

use mcp_auth_core::{LoginTerms, Role};

use super::{Rule, ScopeTerm, Who};

/// How a rule compares with the one before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Width {
    /// Everyone may who might before, and somebody besides.
    Wider,
    /// Somebody may not who might before, and nobody may who might not.
    Narrower,
    /// Somebody may who might not before, and somebody may not who might.
    Other,
    /// The same callers may.
    Same,
}

impl Width {
    /// How `now` compares with `before`.
    ///
    /// # Example
    /// ```
    /// use mcp_auth_runtime::facade::{Rule, Width};
    /// assert_eq!(Width::of(&Rule::AUTHENTICATED, &Rule::PUBLIC), Width::Wider);
    /// assert_eq!(Width::of(&Rule::PUBLIC, &Rule::AUTHENTICATED), Width::Narrower);
    /// ```
    pub fn of(before: &Rule, now: &Rule) -> Self {
        match (lets_in_all_of(now, before), lets_in_all_of(before, now)) {
            (true, true) => Self::Same,
            (true, false) => Self::Wider,
            (false, true) => Self::Narrower,
            (false, false) => Self::Other,
        }
    }
}

/// Whether every caller whom `inner` lets in is let in by `outer`.
fn lets_in_all_of(outer: &Rule, inner: &Rule) -> bool {
    if is_nobodys(inner) {
        return true;
    }
    // Of two guards nobody knows which refuses more.
    if outer.guard().is_some() && outer.guard() != inner.guard() {
        return false;
    }
    // Which claims they are, files do not tell.
    if outer.wants_claims() && !inner.wants_claims() {
        return false;
    }
    // Who logged in by one way, and so long ago as that may be.
    if !is_met_by_all_of(outer.login(), inner.login()) {
        return false;
    }
    // A person may say no; and who answers for them in the client cannot log in for them.
    if outer.confirm() > inner.confirm() {
        return false;
    }
    if outer.is_public() {
        return true;
    }
    // A caller holds scopes and roles apart from each other, so they are compared apart. A caller who holds one group of `inner`
    // and nothing else has to hold a group of `outer`.
    let scopes = || groups(inner).iter().all(|held| groups(outer).iter().any(|group| has_all(held, group)));
    // A caller who lacks every role of one list of `outer` and no other role must lack those of a list of `inner`.
    let roles = || {
        let wanted = |any: &Vec<Role>| inner.roles().iter().any(|held| has_all(any, held));
        outer.roles().iter().all(wanted)
    };
    !inner.is_public() && !is_nobodys(outer) && scopes() && roles()
}

/// Whether every login that `inner` takes will do for `outer`.
fn is_met_by_all_of(outer: &LoginTerms, inner: &LoginTerms) -> bool {
    let by_age = match (outer.max_age(), inner.max_age()) {
        (None, _) => true,
        (Some(_), None) => false,
        (Some(most), Some(taken)) => taken <= most,
    };
    let by_acr = outer.acr_values().is_empty()
        || (!inner.acr_values().is_empty() && has_all(outer.acr_values(), inner.acr_values()));
    by_age && by_acr
}

fn is_nobodys(rule: &Rule) -> bool {
    *rule.who() == Who::Nobody || rule.roles().iter().any(Vec::is_empty)
}

/// The groups of which the whole of one is needed. Who needs no scope needs the whole of an empty one.
fn groups(rule: &Rule) -> Vec<Vec<ScopeTerm>> {
    match rule.groups() {
        [] => vec![Vec::new()],
        groups => groups.to_vec(),
    }
}

fn has_all<T: PartialEq>(all: &[T], some: &[T]) -> bool {
    some.iter().all(|one| all.contains(one))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::build;

    fn scopes(groups: &[&[&'static str]]) -> Rule {
        build::any_of(groups)
    }

    fn roles(rule: Rule, lists: &[&[&'static str]]) -> Rule {
        lists.iter().fold(rule, |rule, any| rule.with_any_role(build::any_role(any)))
    }

    #[test]
    fn a_rule_is_wider_than_another_if_it_lets_in_its_callers_and_somebody_besides() {
        for (before, now) in [
            (Rule::AUTHENTICATED, Rule::PUBLIC),
            (scopes(&[&["a"]]), Rule::PUBLIC),
            (scopes(&[&["a"]]), Rule::AUTHENTICATED),
            (scopes(&[&["a", "b"]]), scopes(&[&["a"]])),
            (scopes(&[&["a"]]), scopes(&[&["a"], &["b"]])),
            (scopes(&[&["a", "b"]]), scopes(&[&["c"], &["b"]])),
            (roles(Rule::AUTHENTICATED, &[&["x"]]), Rule::AUTHENTICATED),
            (roles(Rule::AUTHENTICATED, &[&["x"]]), Rule::PUBLIC),
            (roles(Rule::AUTHENTICATED, &[&["x"]]), roles(Rule::AUTHENTICATED, &[&["x", "y"]])),
            (roles(scopes(&[&["a"]]), &[&["x"], &["y"]]), roles(scopes(&[&["a"]]), &[&["y"]])),
            (roles(scopes(&[&["a", "b"]]), &[&["x"]]), roles(scopes(&[&["a"]]), &[&["x", "y"]])),
            (Rule::NOBODY, scopes(&[&["a"]])),
            (Rule::PUBLIC.with_guard("g"), Rule::PUBLIC),
            (Rule::AUTHENTICATED.with_claims(&[Some(|_| Ok(()))]), Rule::AUTHENTICATED),
            (Rule::AUTHENTICATED.with_confirmation(), Rule::AUTHENTICATED),
            (Rule::AUTHENTICATED.with_confirmation_by_login(), Rule::AUTHENTICATED.with_confirmation()),
            (Rule::AUTHENTICATED.with_confirmation(), Rule::PUBLIC),
            (scopes(&[&["a"]]).with_confirmation(), Rule::AUTHENTICATED.with_confirmation()),
            (Rule::AUTHENTICATED.with_login(build::login(300, &[])), Rule::AUTHENTICATED),
            (Rule::AUTHENTICATED.with_login(build::login(300, &[])), Rule::PUBLIC),
            (
                Rule::AUTHENTICATED.with_login(build::login(300, &["a"])),
                Rule::AUTHENTICATED.with_login(build::login(600, &["b", "a"])),
            ),
            (scopes(&[&["a"]]).with_guard("g"), scopes(&[&["a"]])),
            (scopes(&[&["a"]]).with_guard("g"), Rule::AUTHENTICATED.with_guard("g")),
        ] {
            assert_eq!(Width::of(&before, &now), Width::Wider, "{before} -> {now}");
            assert_eq!(Width::of(&now, &before), Width::Narrower, "{now} -> {before}");
        }
    }

    #[test]
    fn a_rule_that_lets_in_somebody_and_shuts_out_somebody_is_neither() {
        for (before, now) in [
            (scopes(&[&["a"]]), scopes(&[&["b"]])),
            (scopes(&[&["a"]]), scopes(&[&["a", "c"], &["b"]])),
            (scopes(&[&["a"]]), roles(Rule::AUTHENTICATED, &[&["x"]])),
            (roles(scopes(&[&["a"]]), &[&["x"]]), roles(scopes(&[&["a"]]), &[&["y"]])),
            // More by its scopes, fewer by its roles.
            (roles(scopes(&[&["a", "b"]]), &[&["x", "y"]]), roles(scopes(&[&["a"]]), &[&["x"]])),
            (scopes(&[&["a"]]).with_guard("g"), scopes(&[&["a"]]).with_guard("h")),
            (scopes(&[&["a"]]), Rule::PUBLIC.with_guard("g")),
            (scopes(&[&["a"]]), Rule::AUTHENTICATED.with_confirmation()),
            (scopes(&[&["a"]]), Rule::AUTHENTICATED.with_login(build::login(300, &[]))),
            (
                Rule::AUTHENTICATED.with_login(build::login(300, &[])),
                Rule::AUTHENTICATED.with_login(build::login(0, &["a"])),
            ),
            (
                Rule::AUTHENTICATED.with_login(build::login(0, &["a", "b"])),
                Rule::AUTHENTICATED.with_login(build::login(0, &["b", "c"])),
            ),
            // A scope is not the role of its name.
            (scopes(&[&["x"]]), roles(Rule::AUTHENTICATED, &[&["x"]])),
        ] {
            assert_eq!(Width::of(&before, &now), Width::Other, "{before} -> {now}");
            assert_eq!(Width::of(&now, &before), Width::Other, "{now} -> {before}");
        }
    }

    #[test]
    fn the_same_callers_in_another_order_or_said_twice_are_the_same() {
        for (before, now) in [
            (Rule::PUBLIC, Rule::PUBLIC),
            (scopes(&[&["a"], &["b"]]), scopes(&[&["b"], &["a"]])),
            (scopes(&[&["a"]]), scopes(&[&["a"], &["a", "b"]])),
            (
                roles(Rule::AUTHENTICATED, &[&["x", "y"]]),
                roles(Rule::AUTHENTICATED, &[&["y", "x"], &["x", "y", "z"]]),
            ),
            (Rule::PUBLIC.with_guard("g"), Rule::PUBLIC.with_guard("g")),
            (Rule::NOBODY, Rule::AUTHENTICATED.with_any_role(Vec::new())),
        ] {
            assert_eq!(Width::of(&before, &now), Width::Same, "{before} -> {now}");
        }
    }

    /// The second opinion: every caller of three scopes and three roles, asked one by one.
    #[test]
    fn the_answer_is_that_of_asking_every_caller() {
        let rules: Vec<Rule> = {
            let mut who = vec![Rule::AUTHENTICATED, Rule::NOBODY];
            let groups: [&[&str]; 6] = [&["a"], &["b"], &["a", "b"], &["c"], &["b", "c"], &["a", "b", "c"]];
            for one in groups {
                who.push(scopes(&[one]));
                who.extend(groups.iter().map(|two| scopes(&[one, two])));
            }
            let lists: [&[&[&str]]; 6] =
                [&[], &[&["x"]], &[&["x", "y"]], &[&["x"], &["y"]], &[&["y", "z"], &["x"]], &[&["z"]]];
            let mut all: Vec<Rule> =
                who.iter().flat_map(|rule| lists.iter().map(|lists| roles(rule.clone(), lists))).collect();
            all.push(Rule::PUBLIC);
            all
        };
        // Of a caller: which of three scopes, which of three roles; and one without a credential.
        let lets_in = |rule: &Rule, caller: Option<(usize, usize)>| {
            let Some((scopes, roles)) = caller else { return rule.is_public() };
            let holds = |held: usize, names: [&str; 3], name: &str| {
                names.iter().position(|known| *known == name).is_some_and(|bit| held >> bit & 1 == 1)
            };
            let by_scopes = match rule.who() {
                Who::Public => return true,
                Who::Nobody => return false,
                Who::Authenticated => true,
                Who::Scopes(groups) => groups.iter().any(|group| {
                    group.iter().all(|scope| holds(scopes, ["a", "b", "c"], &scope.to_string()))
                }),
            };
            let has = |any: &Vec<Role>| any.iter().any(|role| holds(roles, ["x", "y", "z"], role.as_str()));
            by_scopes && rule.roles().iter().all(has)
        };
        let callers: Vec<_> = std::iter::once(None)
            .chain((0..8).flat_map(|scopes| (0..8).map(move |roles| Some((scopes, roles)))))
            .collect();
        let said: Vec<Vec<bool>> =
            rules.iter().map(|rule| callers.iter().map(|caller| lets_in(rule, *caller)).collect()).collect();
        for (before, old) in rules.iter().zip(&said) {
            for (now, new) in rules.iter().zip(&said) {
                let more = new.iter().zip(old).any(|(new, old)| *new && !old);
                let fewer = new.iter().zip(old).any(|(new, old)| !new && *old);
                let expected = match (more, fewer) {
                    (true, false) => Width::Wider,
                    (false, true) => Width::Narrower,
                    (true, true) => Width::Other,
                    (false, false) => Width::Same,
                };
                assert_eq!(Width::of(before, now), expected, "{before} -> {now}");
            }
        }
    }
}
