//! `[scopes]`: every scope is known, and none implies itself.

use mcp_auth_core::{Cycle, Hierarchy};

use super::conflict::ScopeConflict;
use super::findings::{Findings, OFFLINE_ACCESS, nearest_scope};
use crate::config::key;

impl Findings<'_> {
    pub(super) fn scopes(&mut self) -> Hierarchy {
        let config = self.config;
        let declared = self.declared;
        for (scope, entry) in &config.scopes {
            let at = self.at(key!(scopes[scope]));
            if scope.as_str() == OFFLINE_ACCESS || entry.implies.iter().any(|s| s.as_str() == OFFLINE_ACCESS)
            {
                self.refuse(ScopeConflict::OfflineAccess { at });
                continue;
            }
            self.family(scope, entry);
            let is_declared = match scope.family() {
                Some(family) => self.declared_families.iter().any(|other| other.is_written_as(family)),
                None => declared.contains(scope.as_str()) || self.is_filled(scope.as_str()),
            };
            let unused = !is_declared && entry.implies.is_empty();
            if unused && self.registry.is_some() {
                let families =
                    self.declared_families.iter().filter_map(|family| family.to_string().parse().ok());
                let names = declared.iter().cloned().chain(families).collect();
                let nearest = nearest_scope(scope.as_str(), &names);
                self.refuse(ScopeConflict::UnusedScope { scope: scope.as_str().to_owned(), nearest, at });
            }
            let at = self.at(key!(scopes[scope].implies));
            self.known_only(&entry.implies, at);
        }
        let scopes = self.config.scopes.iter().filter(|(scope, _)| scope.family().is_none());
        let implies = scopes.map(|(scope, entry)| {
            (scope.scope().clone(), entry.implies.iter().map(|narrower| narrower.scope().clone()).collect())
        });
        Hierarchy::new(implies).unwrap_or_else(|cycle: Cycle| {
            let at = match cycle.0.first() {
                Some(first) => self.at(key!(scopes[first].implies)),
                None => self.at(key!(scopes)),
            };
            self.refuse(ScopeConflict::ImpliesCycle { cycle, at });
            Hierarchy::default()
        })
    }
}
