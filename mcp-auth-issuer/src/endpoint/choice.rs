//! Which of the scopes that are asked for the person leaves ticked: on the page of an application, and on that of a device.

use mcp_auth_core::{Scope, ScopeSet};

use super::away::Decision;
use crate::issuer::Issuer;
use crate::person::page::{ScopeLine, texts};
use crate::request::Params;

/// A page offers no choice over so many scopes: a form of them would be longer than the forms that are read.
const MOST_CHOICES: usize = 256;

/// The scopes that are asked for.
#[derive(Clone, Copy)]
pub(super) struct Choice<'a> {
    pub(super) issuer: &'a Issuer,
    pub(super) asked: &'a ScopeSet,
}

/// The form allows a scope that was not asked for, which no page of this server does.
#[derive(Debug)]
pub(super) struct NotAsked;

impl<'a> Choice<'a> {
    /// Why the person cannot leave this scope out, if they cannot.
    fn why_fixed(&self, scope: &Scope) -> Option<&'static str> {
        if self.issuer.scopes.is_needed(scope.as_str()) {
            Some(texts().scope_needed)
        } else if self.asked.len() > MOST_CHOICES {
            Some(texts().scopes_together)
        } else {
            None
        }
    }

    /// Each scope with its description, the scopes it implies, and whether it is among those that this person `allowed` this client before. What
    /// is new comes first, and of that what the server itself names: of scopes with a value a client asks for as many as it likes.
    pub(super) fn lines(&self, allowed: &ScopeSet) -> Vec<ScopeLine<'a>> {
        let declared = &self.issuer.scopes;
        let line = |scope: &'a Scope| {
            let besides =
                declared.implied_by(scope).filter(|narrower| !self.asked.contains(narrower.as_str()));
            ScopeLine {
                scope: scope.as_str(),
                told: declared.described(scope),
                includes: besides.map(|narrower| (narrower.as_str(), declared.described(narrower))).collect(),
                before: allowed.contains(scope.as_str()),
                fixed: self.why_fixed(scope),
                ticked: true,
            }
        };
        let mut lines: Vec<_> = self.asked.iter().map(line).collect();
        lines.sort_by_key(|line| (line.before, !declared.is_named(line.scope)));
        lines
    }

    /// The same, with the boxes as this decision left them.
    pub(super) fn lines_as(&self, allowed: &ScopeSet, decision: Option<&Decision>) -> Vec<ScopeLine<'a>> {
        let mut lines = self.lines(allowed);
        if let Some(decision) = decision {
            lines.iter_mut().for_each(|line| line.ticked = decision.scopes.contains(line.scope));
        }
        lines
    }

    /// The scopes that the form allows: those that cannot be left out, and those that are ticked. `None` if there are none, though some were
    /// asked for: a form that allows nothing is not an answer.
    ///
    /// # Errors
    /// [`NotAsked`] for a form that says what its page did not show.
    pub(super) fn chosen(&self, form: &Params) -> Result<Option<ScopeSet>, NotAsked> {
        let ticked: Vec<&str> = form.all("scope").collect();
        if ticked.iter().any(|ticked| !self.asked.contains(ticked)) {
            return Err(NotAsked);
        }
        let is_chosen = |scope: &&Scope| self.why_fixed(scope).is_some() || ticked.contains(&scope.as_str());
        let chosen: ScopeSet = self.asked.iter().filter(is_chosen).cloned().collect();
        Ok(Some(chosen).filter(|chosen| !chosen.is_empty() || self.asked.is_empty()))
    }
}
