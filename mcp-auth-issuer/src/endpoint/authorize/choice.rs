//! Which of the scopes that a request asks for the person leaves ticked.

use mcp_auth_core::{Scope, ScopeSet};

use super::refusal::Untrusted;
use super::request::AuthorizationRequest;
use crate::issuer::Issuer;
use crate::request::Params;

/// A page offers no choice over so many scopes: a form of them would be longer than the forms that are read.
const MOST_CHOICES: usize = 256;

impl AuthorizationRequest {
    /// Why the person cannot leave this scope out, if they cannot.
    pub(super) fn why_fixed(&self, issuer: &Issuer, scope: &Scope) -> Option<&'static str> {
        if issuer.scopes.is_needed(scope.as_str()) {
            Some("Needed for any use of this server. To refuse it, choose Deny.")
        } else if self.checked.scopes.len() > MOST_CHOICES {
            Some("So many are asked for at once that they are allowed together, or not at all.")
        } else {
            None
        }
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
        let is_chosen =
            |scope: &&Scope| self.why_fixed(issuer, scope).is_some() || ticked.contains(&scope.as_str());
        let chosen: ScopeSet = asked.iter().filter(is_chosen).cloned().collect();
        Ok(Some(chosen).filter(|chosen| !chosen.is_empty() || asked.is_empty()))
    }
}
