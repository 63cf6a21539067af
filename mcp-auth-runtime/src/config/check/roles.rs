//! `[roles]`: every role is known, can be held and does not imply itself; every condition says what it asks of which
//! issuer's claim.

use std::collections::BTreeMap;

use mcp_auth_core::RoleSet;
use mcp_auth_core::hierarchy::everything_below;

use super::conflict::{RoleConflict, ScopeConflict};
use super::findings::{Findings, OFFLINE_ACCESS};
use crate::config::section::issuer::BuiltInIssuer;
use crate::config::section::issuers::ScopesFrom;
use crate::config::section::roles::Condition;
use crate::config::value::{RoleName, ScopeToken, nearest};
use crate::config::{Warning, key};
use crate::declared::Rule;

/// The most roles of one server.
const MOST_ROLES: usize = 256;

impl Findings<'_> {
    /// Each role with what its holder has: the role itself, and all that it implies.
    pub(super) fn roles(&mut self) -> BTreeMap<RoleName, RoleSet> {
        let config = self.config;
        let roles = &config.roles;
        if roles.len() > MOST_ROLES {
            let at = self.at(key!(roles));
            self.refuse(RoleConflict::TooManyRoles { count: roles.len(), most: MOST_ROLES, at });
        }
        let issuers = self.accepted_issuers();
        let are_given =
            !config.auth.verifiers.is_empty() || roles.keys().any(|role| self.is_given_by_name(role));
        if !roles.is_empty() && issuers.is_empty() && !are_given {
            self.warnings.push(Warning::RolesWithoutIssuer);
        }
        for (role, entry) in roles {
            for implied in entry.implies.iter().filter(|implied| !roles.contains_key(*implied)) {
                let others = roles.keys().filter(|other| *other != role).map(RoleName::as_str);
                let nearest = nearest(implied.as_str(), others).map(str::to_owned);
                let at = self.at(key!(roles[role].implies));
                self.refuse(RoleConflict::UnknownRole { role: implied.to_string(), nearest, at });
            }
            // A verifier of the program's own may give it.
            let may_be_given = self.is_given_by_name(role) || !self.config.auth.verifiers.is_empty();
            let is_implied = roles.values().any(|other| other.implies.contains(role));
            if entry.when.is_none() && !is_implied && !may_be_given {
                let at = self.at(key!(roles[role]));
                self.refuse(RoleConflict::RoleWithoutHolder { role: role.to_string(), at });
            }
            self.granted(role, &entry.grants);
            for condition in entry.conditions() {
                let at = self.at(key!(roles[role].when));
                self.condition(condition, &issuers, at);
            }
        }
        self.without_grants();
        self.with_implied_roles()
    }

    /// Whether the configuration gives it to somebody by name: to a key, to a user or client of the built-in issuer, or to the
    /// local caller.
    fn is_given_by_name(&self, role: &RoleName) -> bool {
        let config = self.config;
        let to_a_subject =
            |issuer: &BuiltInIssuer| issuer.subjects().any(|(_, roles, _)| roles.contains(role));
        config.auth.api_keys.iter().any(|entry| entry.roles.contains(role))
            || config.built_in_issuer().is_some_and(to_a_subject)
            || config.stdio.local_roles.contains(role)
    }

    /// Refuses what is not one of `[roles]`.
    pub(super) fn known_roles(&mut self, named: &[RoleName], at: String) {
        let roles = &self.config.roles;
        for role in named.iter().filter(|role| !roles.contains_key(*role)) {
            let nearest = nearest(role.as_str(), roles.keys().map(RoleName::as_str)).map(str::to_owned);
            self.refuse(RoleConflict::UnknownRole { role: role.to_string(), nearest, at: at.clone() });
        }
    }

    /// What a role gives.
    fn granted(&mut self, role: &RoleName, grants: &[ScopeToken]) {
        if grants.iter().any(|scope| scope.as_str() == OFFLINE_ACCESS) {
            let at = self.at(key!(roles[role].grants));
            self.refuse(ScopeConflict::OfflineAccess { at });
        }
        for scope in self.unknown(grants).into_iter().filter(|scope| scope != OFFLINE_ACCESS) {
            self.warnings.push(Warning::UnknownGrant { role: role.to_string(), scope });
        }
        let by_role = self.config.auth.issuers.iter().any(|issuer| issuer.scopes_from == ScopesFrom::Roles);
        if !grants.is_empty() && !by_role && self.config.auth.api_keys.is_empty() {
            self.warnings.push(Warning::GrantsUnused(role.to_string()));
        }
    }

    /// Issuers whose tokens can hold no scope.
    fn without_grants(&mut self) {
        let grants_nothing = self.config.roles.values().all(|role| role.grants.is_empty());
        let in_need = self.first_operation(Rule::needs_scopes).is_some();
        let mut by_role =
            self.config.auth.issuers.iter().filter(|issuer| issuer.scopes_from == ScopesFrom::Roles);
        if let Some(issuer) = by_role.next().filter(|_| grants_nothing && in_need) {
            self.warnings.push(Warning::NothingGranted(issuer.issuer[0].as_str().to_owned()));
        }
    }

    fn condition(&mut self, condition: &Condition, issuers: &[Vec<String>], at: String) {
        let asks = [
            ("equals", condition.equals.is_some()),
            ("contains", condition.contains.is_some()),
            ("any", condition.any.is_some()),
        ];
        let asks: Vec<&str> = asks.into_iter().filter(|(_, given)| *given).map(|(name, _)| name).collect();
        if asks.len() != 1 {
            let given = if asks.is_empty() { "none of them".to_owned() } else { asks.join(" and ") };
            self.refuse(RoleConflict::ConditionAsks { given, at: at.clone() });
        }
        match &condition.issuer {
            Some(issuer) if !issuers.iter().flatten().any(|known| **issuer == known.as_str()) => {
                let nearest =
                    nearest(issuer.as_str(), issuers.iter().flatten().map(String::as_str)).map(str::to_owned);
                self.refuse(RoleConflict::ConditionIssuer { issuer: issuer.to_string(), nearest, at });
            }
            None if issuers.len() > 1 => self.refuse(RoleConflict::ConditionWithoutIssuer { at }),
            Some(_) | None => {}
        }
    }

    /// Every issuer whose tokens are accepted, with each of its names.
    fn accepted_issuers(&self) -> Vec<Vec<String>> {
        let built_in =
            self.config.built_in_issuer().map(|_| vec![self.config.resource().origin().to_string()]);
        let configured = self.config.auth.issuers.iter().map(|issuer| {
            let all = issuer.accepted().into_iter().flat_map(|accepted| [accepted.iss, accepted.server]);
            let names: Vec<String> = all.map(|name| name.as_str().to_owned()).collect();
            names.into_iter().chain(issuer.templates()).collect()
        });
        built_in.into_iter().chain(configured).collect()
    }

    fn with_implied_roles(&mut self) -> BTreeMap<RoleName, RoleSet> {
        let config = self.config;
        let roles = &config.roles;
        let implies: BTreeMap<RoleName, Vec<RoleName>> =
            roles.iter().map(|(role, entry)| (role.clone(), entry.implies.clone())).collect();
        let mut all = BTreeMap::new();
        for role in implies.keys() {
            match everything_below(role, &implies) {
                Ok(below) => {
                    let given = below.iter().chain([role]).map(|role| role.role().clone()).collect();
                    all.insert(role.clone(), given);
                }
                Err(way) => {
                    // The others of the circle would say the same.
                    let at = self.at(key!(roles[role].implies));
                    let way = way.iter().map(RoleName::as_str).collect::<Vec<_>>().join(" -> ");
                    self.refuse(RoleConflict::RoleCycle { way, at });
                    break;
                }
            }
        }
        all
    }
}
