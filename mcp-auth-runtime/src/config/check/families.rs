//! Scopes that calls fill: what `[scopes."files:{}:read"]` says of a family, and that no two of them can be taken for each
//! other.

use mcp_auth_core::ScopeFamily;

use super::conflict::ScopeConflict;
use super::findings::Findings;
use crate::config::load::Config;
use crate::config::section::scopes::ScopeEntry;
use crate::config::value::ScopeName;
use crate::config::{Warning, key};

impl Config {
    /// The families that operations declare and those that a section describes, each with the characters of its values.
    pub(super) fn known_families(&self, declared: &[ScopeFamily]) -> Vec<ScopeFamily> {
        let described: Vec<ScopeFamily> = self.families().into_iter().map(|(family, _)| family).collect();
        let is_described = |family: &&ScopeFamily| described.iter().any(|other| other.is_written_as(family));
        let others: Vec<ScopeFamily> =
            declared.iter().filter(|family| !is_described(family)).cloned().collect();
        described.into_iter().chain(others).collect()
    }

    /// The families that a section describes, with their descriptions. One with characters that it may not have is as without.
    pub fn families(&self) -> Vec<(ScopeFamily, Option<String>)> {
        let described = self.scopes.iter().filter_map(|(name, entry)| {
            let family = name.family()?.clone();
            let more = entry.value_characters.as_deref().unwrap_or_default();
            Some((family.clone().with_characters(more).unwrap_or(family), entry.description.clone()))
        });
        described.collect()
    }
}

impl Findings<'_> {
    /// What a table says of one scope or one family, as far as that goes.
    pub(super) fn family(&mut self, scope: &ScopeName, entry: &ScopeEntry) {
        let characters = entry.value_characters.as_deref();
        let refused = match (scope.family(), characters) {
            (None, Some(_)) => Some("it has no `{}`, so it has no values".to_owned()),
            (Some(family), Some(more)) => {
                family.clone().with_characters(more).err().map(|wrong| wrong.to_string())
            }
            (_, None) => None,
        };
        if let Some(why) = refused {
            let at = self.at(key!(scopes[scope].value_characters));
            self.refuse(ScopeConflict::ValueCharacters { scope: scope.to_string(), why, at });
        }
        // Whoever chooses a value would choose what comes with it.
        let is_chosen = scope.family().is_some() || self.is_filled(scope.as_str());
        if is_chosen && !entry.implies.is_empty() {
            let at = self.at(key!(scopes[scope].implies));
            self.refuse(ScopeConflict::FamilyImplies { scope: scope.to_string(), at });
        }
    }

    /// No scope of one family can be one of another, or one that an operation declares: who holds the one would hold the other.
    pub(super) fn families(&mut self) {
        let declared = self.declared_families;
        let families = self.families.clone();
        let others = self.declared.iter().map(|scope| (scope.to_string(), ScopeFamily::of_one(scope)));
        let all: Vec<(String, ScopeFamily)> =
            families.iter().map(|family| (family.to_string(), family.clone())).chain(others).collect();
        for (at, family) in families.iter().enumerate() {
            for (name, _) in all.iter().skip(at + 1).filter(|(_, other)| family.overlaps(other)) {
                let at = self.at(key!(scopes));
                self.refuse(ScopeConflict::OverlappingScopes {
                    scope: family.to_string(),
                    other: name.clone(),
                    at,
                });
            }
        }
        if self.config.built_in_issuer().is_none() {
            return;
        }
        let described = self.config.families();
        for family in declared {
            if !described.iter().any(|(other, _)| other.is_written_as(family)) {
                self.warnings.push(Warning::UndescribedFamily(family.to_string()));
            }
        }
    }
}
