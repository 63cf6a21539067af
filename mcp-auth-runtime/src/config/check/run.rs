//! All checks in order: what is configured against what is declared.

use std::collections::BTreeMap;

use mcp_auth_core::{Hierarchy, RoleSet, ScopeFamily, ScopeSet};

use super::findings::Findings;
use crate::authz::{Connect, Policy, Settings};
use crate::config::error::ConfigError;
use crate::config::load::Config;
use crate::config::section::server::Transport;
use crate::config::value::RoleName;
use crate::config::warning::Warning;
use crate::declared::registry::Registry;

/// What the checks found out on the way.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Checked {
    /// What messages without a rule of their own need.
    pub connect: Connect,
    /// Which scopes count for which.
    pub hierarchy: Hierarchy,
    /// Every role with what its holder has: the role itself, and all that it implies.
    pub roles: BTreeMap<RoleName, RoleSet>,
    /// Who may do what: the operations' rules with what is configured folded in.
    pub policy: Policy,
    /// Every scope that is declared or configured, with its description: what the consent page shows.
    pub scopes: BTreeMap<String, Option<String>>,
    /// Every family of scopes that `[scopes]` describes, with its description.
    pub families: Vec<(ScopeFamily, Option<String>)>,
    /// What the operator should know.
    pub warnings: Vec<Warning>,
}

impl Config {
    /// Checks `[[auth.deny]]` alone, which is read again while a server runs: what else has changed since its start does not
    /// count, and does not stand in its way.
    ///
    /// # Errors
    /// As [`Config::check`].
    pub(crate) fn check_deny(&self) -> Result<Vec<Warning>, ConfigError> {
        let declared = ScopeSet::new();
        let mut checks = Findings {
            config: self,
            registry: None,
            declared: &declared,
            families: Vec::new(),
            declared_families: &[],
            conflicts: Vec::new(),
            warnings: Vec::new(),
        };
        checks.deny();
        match checks.conflicts.is_empty() {
            true => Ok(checks.warnings),
            false => Err(ConfigError::Refused(checks.conflicts)),
        }
    }

    /// Checks what is configured against what is declared, all of it. Where tools come and go while the server runs, what names a
    /// tool or a scope that is not there yet is a warning.
    ///
    /// # Errors
    /// [`ConfigError::Refused`] with every [`Conflict`](super::Conflict).
    pub fn check(&self, registry: &Registry) -> Result<Checked, ConfigError> {
        self.check_with(Some(registry))
    }

    /// Checks what can be told without knowing the operations: not whether one of them declares a scope, and nothing
    /// that follows from what they need. `connect` is then as configured, else for servers with protected operations.
    ///
    /// # Errors
    /// As [`Config::check`].
    pub fn check_alone(&self) -> Result<Checked, ConfigError> {
        self.check_with(None)
    }

    fn check_with(&self, program: Option<&Registry>) -> Result<Checked, ConfigError> {
        let narrowed = program.map(|registry| self.narrowed(registry.clone()));
        let registry = narrowed.as_ref();
        let rules = || registry.into_iter().flat_map(Registry::rules);
        let declared = Policy::compile(rules(), &Hierarchy::default(), Settings::default());
        let mut checks = Findings {
            config: self,
            registry,
            declared: declared.scopes(),
            families: self.known_families(declared.families()),
            declared_families: declared.families(),
            conflicts: Vec::new(),
            warnings: self.warnings().to_vec(),
        };
        // Each with the keys that it reads: of what is not as it was meant, nothing is concluded.
        let trust = &["auth.verify", "auth.issuers", "auth.api_keys", "issuer", "issuer.enabled"];
        let place = &["server.transport", "server.listen", "server.public_url", "server.path"];
        checks.reading(&[trust, &["server.transport", "stdio.credential"]], Findings::verify);
        checks.reading(
            &[&["auth.token_header", "server.tool_headers", "server.client_address_header"]],
            Findings::token_header,
        );
        match self.server.transport {
            Transport::Http => checks.reading(&[place], Findings::listening),
            Transport::Stdio => checks.reading(&[place, &["stdio.**"]], Findings::stdio),
        }
        checks.reading(&[place], Findings::public_url);
        checks.reading(&[place, &["server.tls.**"]], Findings::tls);
        checks.reading(&[&["pages.logo"]], Findings::pages);
        checks.reading(&[&["store.**"]], Findings::store);
        checks.reading(
            &[
                trust,
                &["auth.issuers.*.certificate_bound", "auth.token_header", "server.client_cert_header.**"],
                &["server.trusted_proxies", "server.client_address_header"],
            ],
            Findings::client_certificates,
        );
        let own = [
            "issuer",
            "authorization_server",
            "tenants",
            "tenant_claim",
            "shared_subjects",
            "jwks_uri",
            "scope_prefix",
            "scope_prefix_in",
            "audience_optional",
            "allowed_clients",
            "certificate_bound",
            "jwks_min_refresh",
            "jwks_max_refresh",
        ];
        let own = own.map(|key| format!("auth.issuers.*.{key}"));
        let own: Vec<&str> = own.iter().map(String::as_str).collect();
        checks.reading(
            &[trust, place, &own, &["server.client_cert_header", "server.tls.**"]],
            Findings::issuers,
        );
        checks.reading(&[&["auth.verify", "auth.api_keys.**", "roles", "scopes"]], Findings::api_keys);
        checks.reading(
            &[trust, place, &["auth.deny.**", "auth.issuers.*.issuer", "auth.issuers.*.tenants"]],
            Findings::deny,
        );
        checks.reading(
            &[trust, &["auth.issuers.*.introspection.**", "auth.issuers.*.allowed_clients"]],
            Findings::introspection,
        );
        checks.reading(&[&["auth.**"]], Findings::providers);
        checks.reading(
            &[
                trust,
                place,
                &[
                    "issuer.users",
                    "issuer.clients",
                    "issuer.assertions",
                    "issuer.login",
                    "issuer.own_login.**",
                    "server.tls.**",
                    "server.trusted_proxies",
                    "store.url",
                    "store.key",
                    "scopes",
                ],
            ],
            Findings::built_in_issuer,
        );
        checks.reading(&[trust, &["issuer.login", "upstreams.**"]], Findings::upstreams);
        checks.reading(
            &[trust, &["issuer.users", "issuer.login", "issuer.clients.**", "issuer.device_code", "scopes"]],
            Findings::issuer_clients,
        );
        checks.reading(&[trust, &["issuer.registration.**"]], Findings::initial_access_tokens);
        let named =
            ["issuer.users", "issuer.login", "issuer.clients.*.client_id", "issuer.assertions.**", "scopes"];
        checks.reading(&[trust, place, &named], Findings::issuer_assertions);
        checks.reading(
            &[trust, &["server.transport", "auth.base_scopes", "auth.visibility", "scopes"]],
            Findings::base_scopes,
        );
        let refused = registry.into_iter().flat_map(Registry::refused_by_clients);
        checks.warnings.extend(refused.map(Warning::RefusedByClients));
        let hierarchy = checks.reading(&[&["scopes.**"]], Findings::scopes);
        checks.reading(&[trust, &["scopes"]], Findings::families);
        let roles = checks.reading(
            &[
                trust,
                &["auth.issuers.*.issuer", "auth.issuers.*.tenants", "auth.issuers.*.authorization_server"],
                &["auth.api_keys.*.roles", "roles.**"],
            ],
            Findings::roles,
        );
        checks.reading(&[&["tools.**", "prompts.**", "resources.**", "scopes", "roles"]], |checks| {
            checks.operations(program);
        });
        checks.reading(&[trust, &["server.transport", "tools.**"]], Findings::confirms_where_there_is_a_page);
        checks.reading(&[trust, &["server.transport", "issuer.login"]], |checks| {
            checks.reaches_upstreams_that_are_there();
        });
        checks.warnings.extend(checks.acr_out_of_reach());
        if registry.is_some_and(Registry::changes) {
            let waiting = checks.conflicts.extract_if(.., |conflict| conflict.awaits_a_tool());
            checks.warnings.extend(waiting.map(|conflict| Warning::NotThereYet(conflict.to_string())));
        }
        if !checks.conflicts.is_empty() {
            return Err(ConfigError::Refused(checks.conflicts));
        }
        let mut scopes: BTreeMap<String, Option<String>> =
            declared.scopes().iter().map(|scope| (scope.to_string(), None)).collect();
        for (scope, entry) in self.scopes.iter().filter(|(scope, _)| scope.family().is_none()) {
            scopes.insert(scope.as_str().to_owned(), entry.description.clone());
        }
        let families = self.families();
        let connect = match registry {
            Some(registry) => self.auth.connect(registry),
            None => self.auth.connect.unwrap_or(Connect::Authenticated),
        };
        let (visibility, base_scopes) = (self.auth.visibility, self.auth.base_scopes());
        let (asks_for_scopes, wider) = (self.asks_for_scopes(), self.known_families(&[]));
        let settings = Settings { connect, visibility, base_scopes, asks_for_scopes, wider };
        let policy = Policy::compile(rules(), &hierarchy, settings);
        Ok(Checked { connect, hierarchy, roles, policy, scopes, families, warnings: checks.warnings })
    }
}
