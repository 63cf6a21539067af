//! What an operation needs of its caller: the one thing a developer declares.

use std::borrow::Cow;
use std::fmt;

use mcp_auth_core::{LoginTerms, Role, Scope, ScopeSet, ScopeTemplate};

use super::wanted_claims::{ClaimsFit, WantedClaims};
use super::{Confirm, ScopeTerm};

/// Who may call an operation, as `#[tool(…)]`, `#[prompt(…)]`, `#[resource(…)]` or `#[method(…)]` said it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    who: Who,
    /// Of each list the caller holds one role. No list is empty.
    roles: Vec<Vec<Role>>,
    /// What the method takes of the caller's claims, if it takes some.
    claims: Option<WantedClaims>,
    /// How the caller's person must have logged in.
    login: LoginTerms,
    /// The method of the server that is asked besides.
    guard: Option<Cow<'static, str>>,
    /// How the person says yes to each call, where they do.
    confirm: Option<Confirm>,
}

/// Who may call, whatever roles are needed beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Who {
    /// `public`: anyone, no token.
    Public,
    /// `authenticated`: any verified caller.
    Authenticated,
    /// A verified caller who holds all scopes of one of these groups: `scopes = […]` is one group, `any_scope = […]` one for
    /// each scope, `any_of = [[…], […]]` says them. There is a group, and none is empty.
    Scopes(Vec<Vec<ScopeTerm>>),
    /// Nobody: it is switched off, and is not there for anyone.
    Nobody,
}

/// Text that is not a scope of a rule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidRule(String);

impl Rule {
    /// `public`: anyone, no token.
    pub const PUBLIC: Self = Self::of(Who::Public);
    /// `authenticated`: any verified caller.
    pub const AUTHENTICATED: Self = Self::of(Who::Authenticated);

    /// Nobody.
    pub const NOBODY: Self = Self::of(Who::Nobody);

    const fn of(who: Who) -> Self {
        Self { who, roles: Vec::new(), claims: None, login: LoginTerms::NONE, guard: None, confirm: None }
    }

    /// A verified caller who holds all scopes of one of these groups. An empty group is left out; without any other one it is
    /// nobody.
    pub fn any_of(groups: impl IntoIterator<Item = ScopeSet>) -> Self {
        Self::any_group_of(
            groups.into_iter().map(|group| group.iter().cloned().map(ScopeTerm::from).collect()),
        )
    }

    /// The same, of scopes that each call may fill.
    pub fn any_group_of(groups: impl IntoIterator<Item = Vec<ScopeTerm>>) -> Self {
        let sorted = |mut group: Vec<ScopeTerm>| {
            group.sort();
            group.dedup();
            group
        };
        let groups: Vec<_> = groups.into_iter().filter(|group| !group.is_empty()).map(sorted).collect();
        match groups.is_empty() {
            true => Self::NOBODY,
            false => Self::of(Who::Scopes(groups)),
        }
    }

    /// A verified caller who holds all of these scopes, as `scopes = […]` says; a call fills what stands in braces in one. Of no
    /// scopes it is nobody.
    ///
    /// # Errors
    /// [`InvalidRule`] for text that is not a scope token (RFC 6749 §3.3).
    ///
    /// # Example
    /// ```
    /// # use mcp_auth_runtime::facade::Rule;
    /// assert_eq!(Rule::all_of(["pets.read", "pets.{shop}"])?.to_string(), "pets.read and pets.{shop}");
    /// assert!(Rule::all_of(["pets.read pets.write"]).is_err());
    /// # Ok::<(), mcp_auth_runtime::facade::InvalidRule>(())
    /// ```
    pub fn all_of<'t>(scopes: impl IntoIterator<Item = &'t str>) -> Result<Self, InvalidRule> {
        let group: Result<Vec<ScopeTerm>, String> = scopes.into_iter().map(str::parse).collect();
        Ok(Self::any_group_of([group.map_err(InvalidRule)?]))
    }

    /// The same, for callers who hold all of these scopes besides.
    #[must_use]
    pub fn needing(self, scopes: &ScopeSet) -> Self {
        if scopes.is_empty() {
            return self;
        }
        let added: Vec<ScopeTerm> = scopes.iter().cloned().map(ScopeTerm::from).collect();
        let groups = match self.who {
            Who::Nobody => return self,
            Who::Public | Who::Authenticated => vec![added],
            Who::Scopes(groups) => {
                groups.into_iter().map(|group| group.into_iter().chain(added.clone()).collect()).collect()
            }
        };
        Self { who: Self::any_group_of(groups).who, ..self }
    }

    /// The same, for verified callers alone.
    #[must_use]
    pub fn for_callers(mut self) -> Self {
        if self.is_public() {
            self.who = Who::Authenticated;
        }
        self
    }

    /// The same, for callers who hold one of these roles besides. Of none of them nobody does.
    #[must_use]
    pub fn with_any_role(mut self, roles: Vec<Role>) -> Self {
        self.roles.push(roles);
        self
    }

    /// The same, for callers whose claims fit all of these besides; `None` asks for nothing. Who is let in without a credential has no
    /// claims.
    #[doc(hidden)]
    #[must_use]
    pub fn with_claims(self, fits: &[Option<ClaimsFit>]) -> Self {
        let fits: Vec<ClaimsFit> = fits.iter().copied().flatten().collect();
        if fits.is_empty() { self } else { self.wanting_claims(fits) }
    }

    /// The same, of which it is only known that the method takes claims.
    #[must_use]
    pub(super) fn with_unknown_claims(self) -> Self {
        self.wanting_claims(Vec::new())
    }

    fn wanting_claims(self, fits: Vec<ClaimsFit>) -> Self {
        let claims = match self.claims {
            Some(claims) => claims.and(fits),
            None => WantedClaims::new(fits),
        };
        Self { claims: Some(claims), ..self }
    }

    /// What the method takes of the caller's claims, if it takes some.
    pub(crate) fn claims(&self) -> Option<&WantedClaims> {
        self.claims.as_ref()
    }

    /// Whether the method takes claims as a type of its own, which those of a caller have to fit.
    pub fn wants_claims(&self) -> bool {
        self.claims.is_some()
    }

    /// The same, for callers whose person logged in so. Of anyone it is any caller then; terms that ask for nothing change nothing.
    #[must_use]
    pub fn with_login(self, login: LoginTerms) -> Self {
        match login.is_empty() {
            true => Self { login, ..self },
            false => Self { login, ..self.for_callers() },
        }
    }

    /// The same, for callers whom this method of the server lets pass besides.
    #[must_use]
    pub fn with_guard(mut self, guard: impl Into<Cow<'static, str>>) -> Self {
        self.guard = Some(guard.into());
        self
    }

    /// The same, for calls that the person in front of the client confirms besides. Of anyone it is any caller then.
    #[must_use]
    pub fn with_confirmation(self) -> Self {
        self.confirmed(Confirm::InClient)
    }

    /// The same, for calls that the person behind the caller confirms on a page of the built-in issuer, after logging in there.
    #[must_use]
    pub fn with_confirmation_by_login(self) -> Self {
        self.confirmed(Confirm::ByLogin)
    }

    /// The same, for calls that are confirmed at least like this. Of anyone it is any caller then.
    #[must_use]
    pub(crate) fn confirmed(self, how: Confirm) -> Self {
        Self { confirm: self.confirm.max(Some(how)), ..self.for_callers() }
    }

    /// How the person confirms each call, where they do.
    pub fn confirm(&self) -> Option<Confirm> {
        self.confirm
    }

    /// How the caller's person must have logged in.
    pub fn login(&self) -> &LoginTerms {
        &self.login
    }

    /// The method of the server that is asked besides.
    pub fn guard(&self) -> Option<&str> {
        self.guard.as_deref()
    }

    /// Who may call, whatever roles are needed beside it.
    pub fn who(&self) -> &Who {
        &self.who
    }

    /// The roles: of each list the caller holds one.
    pub fn roles(&self) -> &[Vec<Role>] {
        &self.roles
    }

    /// What this rule names of scopes, in the order of its declaration.
    pub fn terms(&self) -> Vec<&ScopeTerm> {
        let mut terms = Vec::new();
        for term in self.groups().iter().flatten() {
            if !terms.contains(&term) {
                terms.push(term);
            }
        }
        terms
    }

    /// The scopes this rule names that are the same for every call, in the order of its declaration.
    pub fn scopes(&self) -> Vec<&Scope> {
        self.terms().into_iter().filter_map(ScopeTerm::scope).collect()
    }

    /// The scopes this rule names that each call fills.
    pub fn templates(&self) -> impl Iterator<Item = &ScopeTemplate> {
        self.groups().iter().flatten().filter_map(ScopeTerm::template)
    }

    /// Whether it needs a scope, whichever it is.
    pub fn needs_scopes(&self) -> bool {
        !self.groups().is_empty()
    }

    /// The scopes that suffice, as far as they are the same for every call: those of the first group.
    pub fn challenge_scopes(&self) -> ScopeSet {
        self.groups().first().into_iter().flatten().filter_map(ScopeTerm::scope).cloned().collect()
    }

    /// Whether anyone may call, token or not, as far as no guard refuses it.
    pub fn is_public(&self) -> bool {
        self.who == Who::Public
    }

    /// The groups of scopes of which one suffices; none where no scope is needed.
    pub(crate) fn groups(&self) -> &[Vec<ScopeTerm>] {
        match &self.who {
            Who::Nobody | Who::Public | Who::Authenticated => &[],
            Who::Scopes(groups) => groups,
        }
    }
}

/// As the `--scopes` table shows it: `public`, `authenticated`, `a and b`, `a or b`, `(a and b) or c`, each with
/// `, role x or y` behind it where roles are needed, `, claims` where the method takes some, `, login 5m, acr a or b` where a login is, `, guard f` where one is asked, `, confirmed` or `, confirmed by
/// login` where the person is.
impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.who {
            Who::Public => f.write_str("public")?,
            Who::Authenticated => f.write_str("authenticated")?,
            Who::Nobody => f.write_str("nobody")?,
            Who::Scopes(groups) => {
                let group = |group: &Vec<ScopeTerm>| {
                    let joined = group.iter().map(ToString::to_string).collect::<Vec<_>>().join(" and ");
                    if groups.len() > 1 && group.len() > 1 { format!("({joined})") } else { joined }
                };
                f.write_str(&groups.iter().map(group).collect::<Vec<_>>().join(" or "))?;
            }
        }
        for any in &self.roles {
            f.write_str(", role ")?;
            f.write_str(&any.iter().map(Role::as_str).collect::<Vec<_>>().join(" or "))?;
        }
        if self.claims.is_some() {
            f.write_str(", claims")?;
        }
        if !self.login.is_empty() {
            write!(f, ", {}", self.login)?;
        }
        if let Some(guard) = &self.guard {
            write!(f, ", guard {guard}")?;
        }
        match self.confirm {
            None => Ok(()),
            Some(Confirm::InClient) => f.write_str(", confirmed"),
            Some(Confirm::ByLogin) => f.write_str(", confirmed by login"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::build;

    #[test]
    fn a_rule_is_written_as_one_reads_it() {
        for (rule, text) in [
            (Rule::PUBLIC, "public"),
            (Rule::AUTHENTICATED, "authenticated"),
            (build::any_of(&[&["b", "a"]]), "a and b"),
            (build::any_of(&[&["a"], &["b"]]), "a or b"),
            (build::any_of(&[&["a", "b"], &["admin"]]), "(a and b) or admin"),
            (Rule::PUBLIC.with_guard("may_read"), "public, guard may_read"),
            (Rule::PUBLIC.with_claims(&[Some(|_| Ok(())), None]).with_guard("g"), "public, claims, guard g"),
            (Rule::AUTHENTICATED.with_claims(&[None]), "authenticated"),
            (build::any_of(&[&["a"]]).with_any_role(build::any_role(&["manager"])), "a, role manager"),
            (build::any_of(&[&["a"]]).with_login(build::login(300, &["b", "c"])), "a, login 5m, acr b or c"),
            (
                Rule::PUBLIC.with_login(build::login(300, &[])).with_guard("g"),
                "authenticated, login 5m, guard g",
            ),
            (Rule::PUBLIC.with_confirmation(), "authenticated, confirmed"),
            (Rule::PUBLIC.with_confirmation_by_login(), "authenticated, confirmed by login"),
            (
                Rule::AUTHENTICATED.with_confirmation_by_login().with_confirmation(),
                "authenticated, confirmed by login",
            ),
            (
                Rule::AUTHENTICATED
                    .with_any_role(build::any_role(&["x", "y"]))
                    .with_any_role(build::any_role(&["z"])),
                "authenticated, role x or y, role z",
            ),
        ] {
            assert_eq!(rule.to_string(), text);
        }
    }

    #[test]
    fn a_rule_without_a_whole_group_is_never_open() {
        assert!(!Rule::any_of([]).is_public());
        assert_eq!(Rule::any_of([ScopeSet::new()]).to_string(), "nobody");
    }
}
