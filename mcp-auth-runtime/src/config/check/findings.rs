//! What the checks find, and what they look up on the way.

use mcp_auth_core::{Scope, ScopeFamily, ScopeSet};

use super::conflict::{Conflict, ScopeConflict};
use crate::config::load::Config;
use crate::config::section::server::Transport;
use crate::config::value::{ScopeToken, nearest};
use crate::config::{Key, Warning};
use crate::declared::registry::Registry;
use crate::declared::{Kind, Rule};

/// The scope that asks for refresh tokens: a matter between client and issuer, never of a resource.
pub(super) const OFFLINE_ACCESS: &str = "offline_access";

/// A configuration being checked, and what was found so far.
pub(super) struct Findings<'a> {
    pub(super) config: &'a Config,
    /// None while the operations are not known: what depends on them is not checked.
    pub(super) registry: Option<&'a Registry>,
    /// Every scope that an operation needs.
    pub(super) declared: &'a ScopeSet,
    /// The families of the scopes that calls fill: those that operations declare and those that a section describes.
    pub(super) families: Vec<ScopeFamily>,
    /// Those that operations declare.
    pub(super) declared_families: &'a [ScopeFamily],
    pub(super) conflicts: Vec<Conflict>,
    pub(super) warnings: Vec<Warning>,
}

impl Findings<'_> {
    /// A key with who set it.
    pub(super) fn at(&self, key: Key) -> String {
        self.config.place(&key)
    }

    /// Whether the operator wrote this key. One that a preset sets may do nothing: it is not the operator's to remove.
    pub(super) fn is_written(&self, key: &Key) -> bool {
        self.config.is_written(key.path())
    }

    /// Runs one check, which reads these keys. Where one of them is not as it was meant, the check has found nothing.
    pub(super) fn reading<T>(&mut self, keys: &[&[&str]], check: impl FnOnce(&mut Self) -> T) -> T {
        let before = self.conflicts.len();
        let found = check(self);
        if keys.iter().copied().flatten().any(|key| self.config.touched.has(key)) {
            self.conflicts.truncate(before);
        }
        found
    }

    pub(super) fn refuse(&mut self, conflict: impl Into<Conflict>) {
        self.conflicts.push(conflict.into());
    }

    /// Whether callers are verified at all: over HTTP always, on stdio only with a credential.
    pub(super) fn verifies(&self) -> bool {
        self.config.server.transport == Transport::Http || self.config.stdio.has_credential()
    }

    /// The first operation that needs something, with its kind, name and rule.
    pub(super) fn first_operation(&self, needs: impl Fn(&Rule) -> bool) -> Option<(Kind, String, String)> {
        let mut all = self.registry?.iter().map(|(_, declaration)| declaration);
        all.find(|declaration| needs(&declaration.rule))
            .map(|d| (d.kind(), d.name().to_owned(), d.rule.to_string()))
    }

    /// Every scope that an operation declares or a section describes.
    pub(super) fn known_scopes(&self) -> ScopeSet {
        let mut known = self.declared.clone();
        known.extend(self.config.scopes.keys().map(|scope| scope.scope().clone()));
        known
    }

    /// Those of `scopes` that are not known; none while the operations are not.
    pub(super) fn unknown(&self, scopes: &[ScopeToken]) -> Vec<String> {
        if self.registry.is_none() {
            return Vec::new();
        }
        let known = self.known_scopes();
        scopes
            .iter()
            .map(ScopeToken::as_str)
            .filter(|scope| !known.contains(scope) && !self.is_filled(scope))
            .map(str::to_owned)
            .collect()
    }

    /// Whether some call may fill it.
    pub(super) fn is_filled(&self, scope: &str) -> bool {
        self.families.iter().any(|family| family.has(scope))
    }

    /// Refuses each of `scopes` that is not known.
    pub(super) fn known_only(&mut self, scopes: &[ScopeToken], at: String) {
        let known = self.known_scopes();
        for scope in self.unknown(scopes) {
            let nearest = nearest_scope(&scope, &known);
            self.refuse(ScopeConflict::UnknownScope { scope, nearest, at: at.clone() });
        }
    }
}

/// The known scope that was most likely meant.
pub(super) fn nearest_scope(scope: &str, known: &ScopeSet) -> Option<String> {
    nearest(scope, known.iter().map(Scope::as_str).filter(|other| *other != scope)).map(str::to_owned)
}
