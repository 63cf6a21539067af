//! `[tools.NAME]`, `[prompts.NAME]`, `[resources."uri"]`: each names what the program declares, and adds what there is. And the
//! roles that the program itself asks for.

use std::collections::BTreeMap;

use mcp_auth_core::{Role, ScopeSet};

use super::conflict::{OperationConflict, RoleConflict, ScopeConflict};
use super::findings::{Findings, nearest_scope};
use crate::config::section::auth::Verify;
use crate::config::section::operations::{Narrowed, OperationEntry};
use crate::config::section::server::Transport;
use crate::config::value::{RoleName, ScopeToken, UpstreamName, nearest};
use crate::config::{Key, Warning, key};
use crate::declared::registry::{Declaration, Registry};
use crate::declared::{Confirm, Kind};

/// A table of operations: its kind, its entries, and the keys of one.
type Table<'a> = (Kind, &'a Narrowed, fn(&String) -> [Key; 3]);

impl Findings<'_> {
    /// Checks them against what the program declares itself; its names and scopes only where they are known.
    pub(super) fn operations(&mut self, declared: Option<&Registry>) {
        let config = self.config;
        let tables: [Table<'_>; 3] = [
            (Kind::Tool, &config.tools, |name| {
                [key!(tools[name]), key!(tools[name].scopes), key!(tools[name].roles)]
            }),
            (Kind::Prompt, &config.prompts, |name| {
                [key!(prompts[name]), key!(prompts[name].scopes), key!(prompts[name].roles)]
            }),
            (Kind::Resource, &config.resources, |uri| {
                [key!(resources[uri]), key!(resources[uri].scopes), key!(resources[uri].roles)]
            }),
        ];
        for (kind, entries, keys) in tables {
            for (name, entry) in entries {
                let [itself, scopes, roles] = keys(name);
                if let Some(declared) = declared {
                    self.is_declared(declared, kind, name, itself);
                    self.adds_known_scopes(declared, entry, scopes);
                }
                self.adds_known_roles(entry, &roles);
                self.adds_a_login_in_common(declared, (kind, name), entry);
                if entry.confirm.how().is_some() && kind != Kind::Tool {
                    let at = self.at(keys(name)[0].clone());
                    self.refuse(OperationConflict::ConfirmsNoTool { kind, name: name.clone(), at });
                }
            }
        }
        self.needs_known_roles(declared);
    }

    /// Refuses a table for something that the program does not declare.
    fn is_declared(&mut self, declared: &Registry, kind: Kind, name: &str, key: Key) {
        let all = || declared.iter().map(|(_, declaration)| declaration).filter(|one| is_of(one, kind));
        if all().all(|declaration| declaration.name() != name) {
            let nearest = nearest(name, all().map(Declaration::name)).map(str::to_owned);
            let at = self.at(key);
            self.refuse(OperationConflict::UnknownOperation { kind, name: name.to_owned(), nearest, at });
        }
    }

    /// A scope that is added is one that the program declares or that `[scopes]` describes: a misspelt one would shut everyone
    /// out.
    fn adds_known_scopes(&mut self, declared: &Registry, entry: &OperationEntry, key: Key) {
        let described = self.config.scopes.keys().map(|scope| scope.scope());
        let known: ScopeSet = declared.scopes().iter().chain(described).cloned().collect();
        let is_known = |scope: &&ScopeToken| known.contains(scope.as_str()) || self.is_filled(scope.as_str());
        let unknown: Vec<_> = entry.scopes.iter().filter(|scope| !is_known(scope)).collect();
        for scope in unknown {
            let (scope, nearest) = (scope.to_string(), nearest_scope(scope.as_str(), &known));
            let at = self.at(key.clone());
            self.refuse(ScopeConflict::UnknownScope { scope, nearest, at });
        }
        // Its holders would be those of one value: they hold it for that, and not for what is added here.
        let chosen: Vec<_> = entry.scopes.iter().filter(|scope| self.is_filled(scope.as_str())).collect();
        for scope in chosen {
            let at = self.at(key.clone());
            self.refuse(OperationConflict::ChosenScope { scope: scope.to_string(), at });
        }
    }

    fn adds_known_roles(&mut self, entry: &OperationEntry, key: &Key) {
        for role in &entry.roles {
            if let Some(nearest) = self.unknown_role(role.role()) {
                let at = self.at(key.clone());
                self.refuse(RoleConflict::UnknownRole { role: role.to_string(), nearest, at });
            }
        }
    }

    /// Some way of logging in is taken by the program and by what is added.
    fn adds_a_login_in_common(
        &mut self,
        declared: Option<&Registry>,
        (kind, name): (Kind, &str),
        entry: &OperationEntry,
    ) {
        let all = declared.into_iter().flat_map(Registry::iter).map(|(_, declaration)| declaration);
        let terms = entry.login_terms();
        let is_it = |declaration: &&Declaration| is_of(declaration, kind) && declaration.name() == name;
        let nothing_will_do = all.filter(is_it).any(|declaration| declaration.login_with(&terms).is_none());
        if nothing_will_do {
            let at = self.at(match kind {
                Kind::Tool => key!(tools[name].acr),
                Kind::Prompt => key!(prompts[name].acr),
                _ => key!(resources[name].acr),
            });
            self.refuse(OperationConflict::NoCommonAcr { kind, name: name.to_owned(), at });
        }
    }

    /// The built-in issuer has the page for confirmations by a login: without it nobody could call such a tool. Over HTTP that stops
    /// the start. Over stdio, where the same program may serve other tools, it is a warning.
    pub(super) fn confirms_where_there_is_a_page(&mut self) {
        let has_page = self.config.built_in_issuer().is_some() && self.config.auth.verify == Verify::Tokens;
        let over_stdio = self.config.server.transport == Transport::Stdio;
        if has_page && !over_stdio {
            return;
        }
        let by_login = |how: Option<Confirm>| how == Some(Confirm::ByLogin);
        let config = self.config;
        let added = config.tools.iter().filter(|(_, entry)| by_login(entry.confirm.how()) && !entry.disabled);
        let added: BTreeMap<&str, Key> =
            added.map(|(name, _)| (name.as_str(), key!(tools[name].confirm))).collect();
        let all = self.registry.into_iter().flat_map(Registry::iter).map(|(_, declaration)| declaration);
        let said = all.filter(|one| by_login(one.rule.confirm()) && !added.contains_key(one.name()));
        let said: Vec<(&str, Key)> = said.map(|one| (one.name(), key!(issuer))).collect();
        for (name, key) in said.into_iter().chain(added) {
            let name = name.to_owned();
            match over_stdio {
                true => self.warnings.push(Warning::NotOverStdio(name)),
                false => {
                    let at = self.at(key);
                    self.refuse(OperationConflict::NoPageToConfirmOn { name, at });
                }
            }
        }
    }

    /// The upstream that a tool names is one that people log in at or connect accounts at: else nobody could call it. Over stdio, where nobody
    /// does, the tool says so itself.
    pub(super) fn reaches_upstreams_that_are_there(&mut self) {
        let config = self.config;
        if config.server.transport == Transport::Stdio {
            return;
        }
        let (issuer, key_of_issuer) = match (&config.issuer, config.auth.verify) {
            (_, verify) if verify != Verify::Tokens => (Some("auth.verify = \"tokens\""), key!(auth.verify)),
            (Some(_), _) if config.built_in_issuer().is_none() => {
                (Some("issuer.enabled = true"), key!(issuer?.enabled))
            }
            (None, _) if config.built_in_issuer().is_none() => (Some("[issuer]"), key!(issuer)),
            (_, _) => (None, key!(issuer)),
        };
        for (_, declaration) in self.registry.into_iter().flat_map(Registry::iter) {
            let Some(upstream) = declaration.upstream() else { continue };
            let has_table = config.upstreams.keys().any(|name| name.as_str() == upstream);
            let (missing, key) = match (has_table, issuer) {
                (true, None) => continue,
                (true, Some(issuer)) => (issuer.to_owned(), key_of_issuer.clone()),
                (false, None) => (format!("[upstreams.{upstream}]"), key!(upstreams)),
                (false, Some(issuer)) => (format!("[upstreams.{upstream}] and {issuer}"), key!(upstreams)),
            };
            let nearest = match has_table {
                true => None,
                false => {
                    nearest(upstream, config.upstreams.keys().map(UpstreamName::as_str)).map(str::to_owned)
                }
            };
            let (name, upstream) = (declaration.name().to_owned(), upstream.to_owned());
            let at = self.at(key);
            self.refuse(OperationConflict::UnknownUpstream { name, upstream, missing, nearest, at });
        }
    }

    /// Every role that the program asks for is one that a caller may hold.
    fn needs_known_roles(&mut self, declared: Option<&Registry>) {
        for (_, declaration) in declared.into_iter().flat_map(Registry::iter) {
            for role in declaration.rule.roles().iter().flatten() {
                let Some(nearest) = self.unknown_role(role) else { continue };
                let (kind, operation) = (declaration.kind(), declaration.name().to_owned());
                let (role, at) = (role.to_string(), self.at(key!(roles)));
                self.refuse(OperationConflict::UnknownRoleOfOperation { kind, operation, role, nearest, at });
            }
        }
    }

    /// For a role without a table: the configured one that was most likely meant, if one is near.
    fn unknown_role(&self, role: &Role) -> Option<Option<String>> {
        let known = &self.config.roles;
        let is_known = known.keys().any(|known| known.role() == role);
        let nearest = || nearest(role.as_str(), known.keys().map(RoleName::as_str)).map(str::to_owned);
        (!is_known).then(nearest)
    }
}

/// Whether tables of this kind are about it.
fn is_of(declaration: &Declaration, kind: Kind) -> bool {
    match declaration.kind() {
        Kind::ResourceTemplate => kind == Kind::Resource,
        other => kind == other,
    }
}
