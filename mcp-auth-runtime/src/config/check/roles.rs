//! `[roles]`: every role is known, can be held and does not imply itself; every condition says what it asks of which
//! issuer's claim.

use std::collections::BTreeMap;

use mcp_auth_core::RoleSet;
use mcp_auth_core::hierarchy::everything_below;

use super::conflict::Conflict;
use super::findings::Findings;
use crate::config::section::roles::Condition;
use crate::config::value::{RoleName, nearest};
use crate::config::{Warning, key};

/// The most roles of one server.
const MOST_ROLES: usize = 256;

impl Findings<'_> {
    /// Each role with what its holder has: the role itself, and all that it implies.
    pub(super) fn roles(&mut self) -> BTreeMap<RoleName, RoleSet> {
        let config = self.config;
        let roles = &config.roles;
        if roles.len() > MOST_ROLES {
            let at = self.at(key!(roles));
            self.refuse(Conflict::TooManyRoles { count: roles.len(), most: MOST_ROLES, at });
        }
        let issuers = self.accepted_issuers();
        let are_given =
            !config.auth.verifiers.is_empty() || roles.keys().any(|role| self.is_given_to_a_key(role));
        if !roles.is_empty() && issuers.is_empty() && !are_given {
            self.warnings.push(Warning::RolesWithoutIssuer);
        }
        for (role, entry) in roles {
            for implied in entry.implies.iter().filter(|implied| !roles.contains_key(*implied)) {
                let others = roles.keys().filter(|other| *other != role).map(RoleName::as_str);
                let nearest = nearest(implied.as_str(), others).map(str::to_owned);
                let at = self.at(key!(roles[role].implies));
                self.refuse(Conflict::UnknownRole { role: implied.to_string(), nearest, at });
            }
            // A verifier of the program's own may give it.
            let may_be_given = self.is_given_to_a_key(role) || !self.config.auth.verifiers.is_empty();
            let is_implied = roles.values().any(|other| other.implies.contains(role));
            if entry.when.is_none() && !is_implied && !may_be_given {
                let at = self.at(key!(roles[role]));
                self.refuse(Conflict::RoleWithoutHolder { role: role.to_string(), at });
            }
            for condition in entry.conditions() {
                let at = self.at(key!(roles[role].when));
                self.condition(condition, &issuers, at);
            }
        }
        self.with_implied_roles()
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
            self.refuse(Conflict::ConditionAsks { given, at: at.clone() });
        }
        match &condition.issuer {
            Some(issuer) if !issuers.iter().flatten().any(|known| **issuer == known.as_str()) => {
                let nearest =
                    nearest(issuer.as_str(), issuers.iter().flatten().map(String::as_str)).map(str::to_owned);
                self.refuse(Conflict::ConditionIssuer { issuer: issuer.to_string(), nearest, at });
            }
            None if issuers.len() > 1 => self.refuse(Conflict::ConditionWithoutIssuer { at }),
            Some(_) | None => {}
        }
    }

    /// Every issuer whose tokens are accepted, with each of its names.
    fn accepted_issuers(&self) -> Vec<Vec<String>> {
        let built_in =
            self.config.built_in_issuer().map(|_| vec![self.config.resource().origin().to_string()]);
        let configured = self.config.auth.issuers.iter().map(|issuer| {
            let all = issuer.accepted().into_iter().flat_map(|accepted| [accepted.iss, accepted.server]);
            all.map(|name| name.as_str().to_owned()).collect()
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
                    self.refuse(Conflict::RoleCycle { way, at });
                    break;
                }
            }
        }
        all
    }
}
