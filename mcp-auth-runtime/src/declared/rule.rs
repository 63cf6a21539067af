//! What an operation needs of its caller: the one thing a developer declares.

use mcp_auth_core::{Scope, ScopeSet};

/// Who may call an operation, as `#[tool(…)]`, `#[prompt(…)]`, `#[resource(…)]` or `#[method(…)]` said it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Rule {
    /// `public`: anyone, no token.
    Public,
    /// `authenticated`: any verified caller.
    Authenticated,
    /// `scope = "…"` or `scopes = […]`: a verified caller with all of these (never empty).
    All(ScopeSet),
    /// `any_scope = […]`: a verified caller with one of these; the challenge names the first (never empty).
    Any(Vec<Scope>),
}

impl Rule {
    /// The scopes this rule names, in declaration order for `any_scope`.
    pub fn scopes(&self) -> Vec<&Scope> {
        match self {
            Self::Public | Self::Authenticated => Vec::new(),
            Self::All(all) => all.iter().collect(),
            Self::Any(any) => any.iter().collect(),
        }
    }

    /// The scopes a challenge asks for: all of `All`, the first of `Any`.
    pub fn challenge_scopes(&self) -> ScopeSet {
        match self {
            Self::Public | Self::Authenticated => ScopeSet::new(),
            Self::All(all) => all.clone(),
            Self::Any(any) => any.first().cloned().into_iter().collect(),
        }
    }

    /// Whether anyone may call, token or not.
    pub fn is_public(&self) -> bool {
        matches!(self, Self::Public)
    }
}

/// As the `--scopes` table shows it: `public`, `authenticated`, `a and b`, `a or b`.
impl std::fmt::Display for Rule {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (joint, scopes) = match self {
            Self::Public => return f.write_str("public"),
            Self::Authenticated => return f.write_str("authenticated"),
            Self::All(_) => (" and ", self.scopes()),
            Self::Any(_) => (" or ", self.scopes()),
        };
        f.write_str(&scopes.iter().map(|s| s.as_str()).collect::<Vec<_>>().join(joint))
    }
}
