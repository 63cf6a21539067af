//! Which of the scopes that a request asks for the person leaves ticked.

use mcp_auth_core::{Scope, ScopeSet};

use super::refusal::Untrusted;
use super::request::AuthorizationRequest;
use crate::issuer::Issuer;
use crate::request::Params;

/// A page offers no choice over so many scopes: a form of them would be longer than the forms that are read.
const MOST_CHOICES: usize = 256;

impl AuthorizationRequest {
    /// Whether the person may leave this scope out: all but those that the server asks of everybody who uses it.
    pub(super) fn is_optional(&self, issuer: &Issuer, scope: &Scope) -> bool {
        !issuer.scopes.is_needed(scope.as_str()) && self.checked.scopes.len() <= MOST_CHOICES
    }

    /// The scopes that the form allows: those that cannot be left out, and those that are ticked. `None` if there are none, though some were
    /// asked for: a form that allows nothing is not an answer.
    ///
    /// # Errors
    /// [`Untrusted::NotAsked`] for a form that says what its page did not show.
    pub(super) fn chosen(&self, issuer: &Issuer, form: &Params) -> Result<Option<ScopeSet>, Untrusted> {
        let asked = &self.checked.scopes;
        let ticked: Vec<&str> = form.all("scope").collect();
        if ticked.iter().any(|ticked| !asked.contains(ticked)) {
            return Err(Untrusted::NotAsked { page: self.url.clone() });
        }
        let is_chosen = |scope: &&Scope| !self.is_optional(issuer, scope) || ticked.contains(&scope.as_str());
        let chosen: ScopeSet = asked.iter().filter(is_chosen).cloned().collect();
        Ok(Some(chosen).filter(|chosen| !chosen.is_empty() || asked.is_empty()))
    }
}
