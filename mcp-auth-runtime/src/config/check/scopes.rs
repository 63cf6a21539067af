//! `[scopes]`: every scope is known, and none implies itself.

use mcp_auth_core::{Cycle, Hierarchy};

use super::conflict::Conflict;
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
                self.refuse(Conflict::OfflineAccess { at });
                continue;
            }
            let unused = !declared.contains(scope.as_str()) && entry.implies.is_empty();
            if unused && self.registry.is_some() {
                let nearest = nearest_scope(scope.as_str(), declared);
                self.refuse(Conflict::UnusedScope { scope: scope.as_str().to_owned(), nearest, at });
            }
            let at = self.at(key!(scopes[scope].implies));
            self.known_only(&entry.implies, at);
        }
        let implies = self.config.scopes.iter().map(|(scope, entry)| {
            (scope.scope().clone(), entry.implies.iter().map(|narrower| narrower.scope().clone()).collect())
        });
        Hierarchy::new(implies).unwrap_or_else(|cycle: Cycle| {
            let at = match cycle.0.first() {
                Some(first) => self.at(key!(scopes[first].implies)),
                None => self.at(key!(scopes)),
            };
            self.refuse(Conflict::ImpliesCycle { cycle, at });
            Hierarchy::default()
        })
    }
}
