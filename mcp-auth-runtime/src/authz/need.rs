//! What an operation needs of its caller, compiled: which scopes count for which is folded in, so that deciding looks
//! nothing up.

use std::fmt;

use rmcp::model::JsonObject;

use crate::authn::{Held, Identity, Login, Principal};
use crate::declared::filling::{FilledScopes, Values};
use crate::declared::{Rule, ScopeTerm, UnfitClaims, Who};
use mcp_auth_core::{Hierarchy, LoginTerms, Role, Scope, ScopeFamily, ScopeSet, ScopeTemplate};

/// What one operation needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Need {
    who: Needed,
    /// Of each list one role. No list is empty.
    roles: Vec<Vec<Role>>,
    /// What a challenge asks for: the least that suffices.
    challenge: ScopeSet,
    /// The rule as it was declared, for those who read it.
    rule: Rule,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Needed {
    /// Anyone, without a credential too.
    Anyone,
    /// A verified caller.
    Caller,
    /// A verified caller who holds the whole of one of these groups. No group is empty; where there is none, nobody does.
    Holder(Vec<Vec<Term>>),
}

/// A scope of a group.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Term {
    /// One that is the same for every call.
    Scope(Known),
    /// One that each call fills.
    Template(ScopeTemplate),
}

/// A scope, and what counts for it as well.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Known {
    scope: Scope,
    broader: Vec<Scope>,
}

/// What a caller has of what one operation needs, for those who explain a decision. It decides nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Whether anyone may, without a credential too: no role, scope or login is needed then. Claims of a caller have to fit all the same.
    pub anyone: bool,
    /// Whether the caller is a verified one.
    pub is_known: bool,
    /// The lists of roles of each of which one is needed, with the one that the caller holds.
    pub roles: Vec<(Vec<Role>, Option<Role>)>,
    /// The groups of scopes of which the whole of one is needed, if there are any: each scope with the one that the caller holds
    /// for it, itself or one that counts for it. One that each call fills stands there as a template where no call is known.
    pub groups: Vec<Vec<(ScopeTerm, Option<Scope>)>>,
    /// Whether the method takes claims of the credential, which have to fit. Only the program knows which.
    pub wants_claims: bool,
    /// How its person must have logged in.
    pub terms: LoginTerms,
    /// How its person logged in; `None` where no person did.
    pub login: Option<Login>,
}

/// What comes of the scopes that one call fills.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Filled {
    /// The caller holds the whole of a group.
    Held,
    /// It holds the whole of none: this is the least that suffices.
    Lacked(ScopeSet),
    /// The call has a value that fills no scope.
    Unfit(String),
}

/// What a caller lacks. In the order in which it is said: a credential may bring the rest, and no scope mends a role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Lack {
    /// A login of the kind that is needed. How old it is, is asked when everything else is there.
    Login,
    Scope,
    /// A person who logs in.
    Person,
    /// Claims that the method takes.
    Claims,
    Role,
    Credential,
}

impl Need {
    /// What `rule` comes down to where `hierarchy` says which scopes count for which, and `wider` which families of scopes
    /// have values with more characters.
    pub(super) fn compile(rule: &Rule, hierarchy: &Hierarchy, wider: &[ScopeFamily]) -> Self {
        let term = |term: &ScopeTerm| match term {
            ScopeTerm::Scope(scope) => Term::Scope(Known::of(scope.clone(), hierarchy)),
            ScopeTerm::Template(template) => {
                let wide = wider.iter().find(|family| family.is_written_as(template.family()));
                Term::Template(match wide {
                    Some(family) => template.clone().with_family(family.clone()),
                    None => template.clone(),
                })
            }
        };
        let who = match rule.who() {
            Who::Public => Needed::Anyone,
            Who::Authenticated => Needed::Caller,
            // No group: nobody holds the whole of one.
            Who::Nobody => Needed::Holder(Vec::new()),
            Who::Scopes(groups) => {
                Needed::Holder(groups.iter().map(|group| group.iter().map(term).collect()).collect())
            }
        };
        let challenge = match &who {
            Needed::Holder(groups) => least(&groups.iter().map(|group| known(group)).collect::<Vec<_>>()),
            Needed::Anyone | Needed::Caller => ScopeSet::new(),
        };
        Self { who, roles: rule.roles().to_vec(), challenge, rule: rule.clone() }
    }

    /// What this caller lacks of it, whatever a call fills in.
    pub(super) fn lacked_by(&self, who: &Identity) -> Option<Lack> {
        let lack = self.lacked_in(who.principal().map(Principal::held));
        match who.principal().and_then(|who| self.misfit(who)) {
            Some(_) => lack.max(Some(Lack::Claims)),
            None => lack,
        }
    }

    /// What does not fit in the claims of this caller, where the method takes some.
    pub(super) fn misfit(&self, who: &Principal) -> Option<UnfitClaims> {
        self.rule.claims()?.misfit(who.claims())
    }

    /// What a caller who holds this lacks of it besides claims; `None`: an anonymous one.
    pub(super) fn lacked_in(&self, held: Option<&Held>) -> Option<Lack> {
        let held = match (&self.who, held) {
            (Needed::Anyone, _) => return None,
            (Needed::Caller | Needed::Holder(_), None) => return Some(Lack::Credential),
            (Needed::Caller | Needed::Holder(_), Some(held)) => held,
        };
        if self.missing_role(held).is_some() {
            return Some(Lack::Role);
        }
        match &self.who {
            _ if !self.login().is_empty() && held.login.is_none() => Some(Lack::Person),
            Needed::Holder(groups)
                if !groups.iter().any(|group| is_held_in(&held.scopes, known_in(group))) =>
            {
                Some(Lack::Scope)
            }
            _ if self.lacks_login(held) => Some(Lack::Login),
            Needed::Anyone | Needed::Caller | Needed::Holder(_) => None,
        }
    }

    /// Whether the login is not by what is needed, or its time is not known and it is needed.
    pub(super) fn lacks_login(&self, held: &Held) -> bool {
        let Some(login) = &held.login else { return !self.login().is_empty() };
        let has_time = self.login().max_age().is_none() || login.auth_time.is_some();
        !has_time || !self.login().is_by(login.acr.iter().map(String::as_str))
    }

    /// Whether its method takes claims, which those of a caller have to fit.
    pub(super) fn wants_claims(&self) -> bool {
        self.rule.wants_claims()
    }

    /// How the caller's person must have logged in.
    pub(super) fn login(&self) -> &LoginTerms {
        self.rule.login()
    }

    /// Whether what a caller lacks, who holds this, depends on what a call fills in.
    pub(super) fn depends_on_call(&self, held: Option<&Held>) -> bool {
        let Needed::Holder(groups) = &self.who else { return false };
        let is_whole = |group: &Vec<Term>| {
            known_in(group).count() == group.len()
                && held.is_some_and(|held| is_held_in(&held.scopes, known_in(group)))
        };
        groups.iter().flatten().any(|term| matches!(term, Term::Template(_))) && !groups.iter().any(is_whole)
    }

    /// What comes of the scopes that a call with these `values` fills.
    pub(super) fn fill(&self, held: &Held, hierarchy: &Hierarchy, values: Values<'_>) -> Filled {
        let (mut groups, mut unfit, mut is_filled) = (Vec::new(), None, false);
        for group in self.groups() {
            let term = |term: &Term| match term {
                Term::Scope(known) => Ok(known.clone()),
                Term::Template(template) => values.fill(template).map(|scope| Known::of(scope, hierarchy)),
            };
            match group.iter().map(term).collect::<Result<Vec<_>, _>>() {
                Ok(whole) if is_held_in(&held.scopes, &whole) => return Filled::Held,
                Ok(whole) => {
                    is_filled |= known_in(group).count() < group.len();
                    groups.push(whole);
                }
                Err(why) => unfit = unfit.or(Some(why)),
            }
        }
        match unfit {
            Some(why) if !is_filled => Filled::Unfit(why),
            _ => Filled::Lacked(least(&groups)),
        }
    }

    /// What comes of the scopes that the `chosen` values fill, while others may be chosen later: a group goes on as long as the caller
    /// holds what is known of it. Where a scope is filled in part, that is a scope of its family with these values.
    pub(super) fn fill_chosen(&self, held: &Held, hierarchy: &Hierarchy, chosen: &JsonObject) -> Filled {
        let values = Values::Arguments(chosen);
        let implied = held.scopes.iter().flat_map(|scope| hierarchy.implied_by(scope.as_str()));
        let counting: Vec<&Scope> = held.scopes.iter().chain(implied).collect();
        let is_chosen = |term: &Term| match term {
            Term::Scope(_) => false,
            Term::Template(template) => !matches!(Given::of(template, chosen), Given::Nothing),
        };
        let something_is = self.groups().iter().flatten().any(is_chosen);
        let (mut groups, mut unfit) = (Vec::new(), None);
        for group in self.groups() {
            let (mut known, mut goes_on) = (Vec::new(), true);
            // Nothing says that this group is meant, so the caller has to hold some scope of its kind.
            let is_aside = something_is && !group.iter().any(is_chosen);
            for term in group {
                let refused = match term {
                    Term::Scope(scope) => {
                        known.push(scope.clone());
                        None
                    }
                    Term::Template(template) => match Given::of(template, chosen) {
                        Given::Nothing if !is_aside => None,
                        Given::Everything => match values.fill(template) {
                            Ok(scope) => {
                                known.push(Known::of(scope, hierarchy));
                                None
                            }
                            Err(why) => Some(why),
                        },
                        Given::Nothing | Given::Some => (!counting.iter().any(|scope| values.begin(template, scope)))
                            .then(|| format!("the values that are chosen need a scope like {template}, which the caller does not hold")),
                    },
                };
                goes_on &= refused.is_none();
                unfit = unfit.or(refused);
            }
            match goes_on {
                true if is_held_in(&held.scopes, &known) => return Filled::Held,
                true => groups.push(known),
                false => {}
            }
        }
        match unfit {
            Some(why) if groups.is_empty() => Filled::Unfit(why),
            _ => Filled::Lacked(least(&groups)),
        }
    }

    /// What a call with these `values` makes of each scope that it fills. One that they do not fill is left out.
    pub(crate) fn filled(&self, values: Values<'_>) -> FilledScopes {
        let scope = |term: &Term| match term {
            Term::Scope(_) => None,
            Term::Template(template) => Some((template.to_string(), values.fill(template).ok()?.to_string())),
        };
        self.groups().iter().flatten().filter_map(scope).collect()
    }

    /// What a caller who holds this has of it; `None`: an anonymous one. `filled` says what a call makes of a template.
    pub(super) fn account(
        &self,
        held: Option<&Held>,
        filled: impl Fn(&ScopeTemplate) -> Option<Known>,
    ) -> Account {
        let role = |any: &Vec<Role>| {
            let held = any.iter().find(|role| held.is_some_and(|held| held.roles.contains(role.as_str())));
            (any.clone(), held.cloned())
        };
        let counts = |known: &Known| held.and_then(|held| known.held_in(&held.scopes)).cloned();
        let scope = |term: &Term| match term {
            Term::Scope(known) => (known.scope.clone().into(), counts(known)),
            Term::Template(template) => match filled(template) {
                Some(known) => (known.scope.clone().into(), counts(&known)),
                None => (ScopeTerm::Template(template.clone()), None),
            },
        };
        Account {
            anyone: self.is_public(),
            is_known: held.is_some(),
            roles: self.roles.iter().map(role).collect(),
            groups: self.groups().iter().map(|group| group.iter().map(scope).collect()).collect(),
            wants_claims: self.wants_claims(),
            terms: self.login().clone(),
            login: held.and_then(|held| held.login.clone()),
        }
    }

    /// Whether this caller lacks nothing of it, whatever a call fills in.
    pub(super) fn is_met_by(&self, who: &Identity) -> bool {
        self.lacked_by(who).is_none()
    }

    /// The first list of roles of which the caller holds none.
    pub(super) fn missing_role(&self, held: &Held) -> Option<&[Role]> {
        let lacks = |any: &&Vec<Role>| !any.iter().any(|role| held.roles.contains(role.as_str()));
        self.roles.iter().find(lacks).map(Vec::as_slice)
    }

    /// Whether anyone may, without a credential too.
    pub fn is_public(&self) -> bool {
        self.who == Needed::Anyone
    }

    /// Whether nobody may: it is switched off.
    pub(super) fn is_nobodys(&self) -> bool {
        matches!(&self.who, Needed::Holder(groups) if groups.is_empty())
    }

    /// Whether a guard of the server is asked besides.
    pub(super) fn is_guarded(&self) -> bool {
        self.rule.guard().is_some()
    }

    /// The scopes that a challenge asks for.
    pub fn challenge(&self) -> &ScopeSet {
        &self.challenge
    }

    /// Every scope that is named and is the same for every call, in the order of the rule.
    pub fn scopes(&self) -> impl Iterator<Item = &Scope> {
        self.groups().iter().flat_map(|group| known_in(group)).map(|known| &known.scope)
    }

    /// The families of the scopes that each call fills.
    pub(super) fn families(&self) -> impl Iterator<Item = &ScopeFamily> {
        self.groups().iter().flatten().filter_map(|term| match term {
            Term::Scope(_) => None,
            Term::Template(template) => Some(template.family()),
        })
    }

    fn groups(&self) -> &[Vec<Term>] {
        match &self.who {
            Needed::Anyone | Needed::Caller => &[],
            Needed::Holder(groups) => groups,
        }
    }
}

/// How much of a scope some values fill.
enum Given {
    Nothing,
    Some,
    Everything,
}

impl Given {
    fn of(template: &ScopeTemplate, chosen: &JsonObject) -> Self {
        let is_given = |path: &[String]| path.first().is_some_and(|name| chosen.contains_key(name));
        match (template.paths().any(is_given), template.paths().all(is_given)) {
            (_, true) => Self::Everything,
            (true, false) => Self::Some,
            (false, false) => Self::Nothing,
        }
    }
}

impl Known {
    pub(super) fn of(scope: Scope, hierarchy: &Hierarchy) -> Self {
        let broader = hierarchy.broader_than(scope.as_str()).cloned().collect();
        Self { scope, broader }
    }

    /// The scope that counts for this one: itself, or a broader one.
    fn held_in(&self, scopes: &ScopeSet) -> Option<&Scope> {
        std::iter::once(&self.scope).chain(&self.broader).find(|scope| scopes.contains(scope.as_str()))
    }
}

/// What is the same for every call.
fn known_in(group: &[Term]) -> impl Iterator<Item = &Known> {
    group.iter().filter_map(|term| match term {
        Term::Scope(known) => Some(known),
        Term::Template(_) => None,
    })
}

fn known(group: &[Term]) -> Vec<Known> {
    known_in(group).cloned().collect()
}

/// Whether all of these are held.
fn is_held_in<'k>(scopes: &ScopeSet, group: impl IntoIterator<Item = &'k Known>) -> bool {
    group.into_iter().all(|known| known.held_in(scopes).is_some())
}

/// The least that suffices: the first group that asks for no more than another one, without the scopes that its others imply.
fn least(groups: &[Vec<Known>]) -> ScopeSet {
    let all = |group: &[Known]| group.iter().map(|known| known.scope.clone()).collect::<ScopeSet>();
    // Who holds the whole of the one holds the whole of the other, and not the other way.
    let is_more =
        |group: &[Known], other: &[Known]| is_held_in(&all(group), other) && !is_held_in(&all(other), group);
    let first = groups.iter().find(|group| !groups.iter().any(|other| is_more(group, other)));
    let group = first.map_or(&[][..], Vec::as_slice);
    let is_implied = |known: &Known| {
        group.iter().any(|other| other.scope != known.scope && known.broader.contains(&other.scope))
    };
    group.iter().filter(|known| !is_implied(known)).map(|known| known.scope.clone()).collect()
}

/// As the rule was declared.
impl fmt::Display for Need {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.rule.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::build;

    fn compiled(rule: &Rule) -> Need {
        let scope = |token: &'static str| Scope::new(token).unwrap();
        let implies = [(scope("admin"), vec![scope("write")]), (scope("write"), vec![scope("read")])];
        Need::compile(rule, &Hierarchy::new(implies).unwrap(), &[])
    }

    #[test]
    fn a_need_says_what_its_rule_says() {
        let all = build::all(&["write", "audit"]);
        let any = build::any(&["write", "audit"]);
        for rule in [Rule::PUBLIC, Rule::AUTHENTICATED, all, any] {
            let need = compiled(&rule);
            assert_eq!(need.to_string(), rule.to_string());
            assert_eq!(need.challenge(), &rule.challenge_scopes());
            assert_eq!(need.scopes().collect::<Vec<_>>(), rule.scopes());
            assert_eq!(need.is_public(), rule.is_public());
        }
    }

    #[test]
    fn a_challenge_asks_for_the_least_that_suffices() {
        for (groups, least) in [
            (&[&["write", "read"][..]][..], "write"),
            (&[&["admin"], &["write"], &["read"]], "read"),
            (&[&["read"], &["admin"]], "read"),
            (&[&["admin", "audit"], &["write", "audit"]], "audit write"),
            // Neither asks for more than the other: the first one.
            (&[&["write", "audit"], &["other"]], "audit write"),
            (&[&["other"], &["write", "audit"]], "other"),
            (&[&["a", "b"], &["a"]], "a"),
        ] {
            assert_eq!(compiled(&build::any_of(groups)).challenge().to_string(), least, "{groups:?}");
        }
    }

    #[test]
    fn a_role_is_needed_beside_the_scopes_and_said_before_them() {
        let rule = build::all(&["write"]).with_any_role(build::any_role(&["manager", "owner"]));
        let need = compiled(&rule.with_any_role(build::any_role(&["staff"])));
        let held = |scopes: &str, roles: &[&str]| Held {
            roles: roles.iter().map(|role| role.parse().unwrap()).collect(),
            ..Held::of(ScopeSet::parse_lossy(scopes))
        };
        for (scopes, roles, lack) in [
            ("write", &["owner", "staff"][..], None),
            ("admin", &["manager", "staff"], None),
            ("write", &["owner"], Some(Lack::Role)),
            ("write", &["staff"], Some(Lack::Role)),
            ("write", &[], Some(Lack::Role)),
            ("read", &["Manager", "staff"], Some(Lack::Role)),
            ("read", &["manager", "staff"], Some(Lack::Scope)),
        ] {
            assert_eq!(need.lacked_in(Some(&held(scopes, roles))), lack, "{scopes} {roles:?}");
        }
        assert_eq!(need.lacked_in(None), Some(Lack::Credential));
        // A scope of that name is not the role, and a role of that name is not the scope.
        assert_eq!(need.lacked_in(Some(&held("write manager staff", &[]))), Some(Lack::Role));
        assert_eq!(need.lacked_in(Some(&held("", &["write", "manager", "staff"]))), Some(Lack::Scope));
    }

    #[test]
    fn an_account_agrees_with_the_decision() {
        let rules = [
            Rule::PUBLIC,
            Rule::AUTHENTICATED,
            build::all(&["write", "audit"]),
            build::any(&["write", "audit"]),
            build::any_of(&[&["read", "audit"], &["admin"]])
                .with_any_role(build::any_role(&["manager", "owner"])),
            Rule::AUTHENTICATED
                .with_any_role(build::any_role(&["manager"]))
                .with_any_role(build::any_role(&["staff"])),
        ];
        let scopes = ["", "read", "write", "admin", "audit", "read audit", "admin audit"];
        let roles: [&[&str]; 4] = [&[], &["manager"], &["owner", "staff"], &["manager", "staff"]];
        for need in rules.iter().map(compiled) {
            let mut callers = vec![None];
            for scopes in scopes {
                callers.extend(roles.iter().map(|roles| {
                    let roles = roles.iter().map(|role| role.parse().unwrap()).collect();
                    Some(Held { roles, ..Held::of(ScopeSet::parse_lossy(scopes)) })
                }));
            }
            for held in &callers {
                let Account { anyone, is_known, roles, groups, .. } = need.account(held.as_ref(), |_| None);
                let whole =
                    |group: &Vec<(ScopeTerm, Option<Scope>)>| group.iter().all(|(_, held)| held.is_some());
                let has_roles = roles.iter().all(|(_, held)| held.is_some());
                let has_scopes = groups.is_empty() || groups.iter().any(whole);
                let met = anyone || (is_known && has_roles && has_scopes);
                assert_eq!(met, need.lacked_in(held.as_ref()).is_none(), "{need}: {held:?}");
            }
        }
    }

    #[test]
    fn an_account_says_which_scope_counts_for_which() {
        let need = compiled(&build::all(&["read", "audit"]));
        let held = Held::of(ScopeSet::parse_lossy("admin"));
        let said: Vec<String> = need.account(Some(&held), |_| None).groups[0]
            .iter()
            .map(|(scope, held)| format!("{scope}: {}", held.as_ref().map_or("none", Scope::as_str)))
            .collect();
        assert_eq!(said, ["audit: none", "read: admin"]);
    }

    #[test]
    fn a_rule_without_a_whole_group_is_met_by_nobody() {
        let need = compiled(&Rule::any_of([]));
        assert!(
            !need.is_public()
                && need.lacked_in(None).is_some()
                && need.lacked_in(Some(&held_all())).is_some()
        );
        assert_eq!(need.lacked_in(Some(&held_all())), Some(Lack::Scope));
        let no_role = compiled(&Rule::AUTHENTICATED.with_any_role(Vec::new()));
        assert_eq!(no_role.lacked_in(Some(&held_all())), Some(Lack::Role));
    }

    fn held_all() -> Held {
        Held {
            roles: ["x".parse().unwrap()].into_iter().collect(),
            ..Held::of(ScopeSet::parse_lossy("admin write read"))
        }
    }

    #[test]
    fn a_broader_scope_is_folded_in_for_each_term_and_never_a_narrower_one() {
        let held = |scopes: &str| Held::of(ScopeSet::parse_lossy(scopes));
        let both = compiled(&build::all(&["write", "read"]));
        for enough in ["write", "admin", "read write", "read admin"] {
            assert!(both.lacked_in(Some(&held(enough))).is_none(), "{enough}");
        }
        for too_little in ["", "read", "other"] {
            assert!(both.lacked_in(Some(&held(too_little))).is_some(), "{too_little}");
        }
        let either = compiled(&build::any(&["write", "audit"]));
        assert!(
            either.lacked_in(Some(&held("audit"))).is_none()
                && either.lacked_in(Some(&held("admin"))).is_none()
        );
        assert!(either.lacked_in(Some(&held("read"))).is_some());
    }

    #[test]
    fn only_what_is_public_is_met_by_an_anonymous_caller() {
        assert!(compiled(&Rule::PUBLIC).lacked_in(None).is_none());
        for rule in [Rule::AUTHENTICATED, build::all(&["read"]), build::any(&["read"])] {
            assert!(compiled(&rule).lacked_in(None).is_some(), "{rule}");
        }
    }
}
