//! What each value allows and all together do not: every combination that is not safe stops the start, by name.

use super::conflict::Conflict;
use std::collections::{BTreeMap, BTreeSet};

use crate::authz::{Connect, Policy, Settings, Visibility};
use crate::config::error::{ConfigError, Warning};
use crate::config::load::Config;
use crate::config::section::auth::Mode;
use crate::config::section::scopes::ScopeToken;
use crate::config::section::server::Transport;
use crate::config::value::nearest;
use crate::declared::registry::Registry;
use mcp_auth_core::{Cycle, Hierarchy, Scope, ScopeSet};

/// The scope that asks for refresh tokens: a matter between client and issuer, never of a resource.
const OFFLINE_ACCESS: &str = "offline_access";

/// What the checks found out on the way.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Checked {
    /// What messages without a rule of their own need.
    pub connect: Connect,
    /// Which scopes count for which.
    pub hierarchy: Hierarchy,
    /// Who may do what: the operations' rules with what is configured folded in.
    pub policy: Policy,
    /// Every scope that is declared or configured, with its description: what the consent page shows.
    pub scopes: BTreeMap<String, Option<String>>,
    /// What the operator should know.
    pub warnings: Vec<Warning>,
}

impl Config {
    /// Checks what is configured against what is declared, all of it.
    ///
    /// # Errors
    /// [`ConfigError::Refused`] with every [`Conflict`].
    pub fn check(&self, registry: &Registry) -> Result<Checked, ConfigError> {
        self.check_with(Some(registry))
    }

    /// Checks what can be told without knowing the operations: not whether a scope is one of theirs, and nothing
    /// that follows from what they need. `connect` is then as configured, else for servers with protected operations.
    ///
    /// # Errors
    /// As [`Config::check`].
    pub fn check_alone(&self) -> Result<Checked, ConfigError> {
        self.check_with(None)
    }

    fn check_with(&self, registry: Option<&Registry>) -> Result<Checked, ConfigError> {
        let rules = || registry.into_iter().flat_map(Registry::rules);
        let declared = Policy::compile(rules(), &Hierarchy::default(), Settings::default());
        let mut checks = Checks {
            config: self,
            registry,
            declared: declared.scopes(),
            refusals: Vec::new(),
            warnings: self.warnings().to_vec(),
        };
        checks.mode();
        match self.server.transport {
            Transport::Http => checks.listening(),
            Transport::Stdio => checks.stdio(),
        }
        checks.public_url();
        checks.issuers();
        checks.embedded();
        checks.base_scopes();
        let hierarchy = checks.scopes();
        if !checks.refusals.is_empty() {
            return Err(ConfigError::Refused(checks.refusals));
        }
        let mut scopes: BTreeMap<String, Option<String>> =
            declared.scopes().iter().map(|scope| (scope.to_string(), None)).collect();
        for (scope, entry) in &self.scopes {
            scopes.insert(scope.as_str().to_owned(), entry.description.clone());
        }
        let connect = match registry {
            Some(registry) => self.auth.connect(registry),
            None => self.auth.connect.unwrap_or(Connect::Authenticated),
        };
        let (visibility, base_scopes) = (self.auth.visibility, self.auth.base_scopes());
        let policy = Policy::compile(rules(), &hierarchy, Settings { connect, visibility, base_scopes });
        Ok(Checked { connect, hierarchy, policy, scopes, warnings: checks.warnings })
    }

    /// Whether callers are verified at all: over HTTP always, on stdio only with a credential.
    fn verifies(&self) -> bool {
        self.server.transport == Transport::Http || self.stdio.credential.is_some()
    }
}

struct Checks<'a> {
    config: &'a Config,
    /// None while the operations are not known: what depends on them is not checked.
    registry: Option<&'a Registry>,
    /// Every scope that an operation needs.
    declared: &'a ScopeSet,
    refusals: Vec<Conflict>,
    warnings: Vec<Warning>,
}

impl Checks<'_> {
    fn at(&self, path: &[&str]) -> String {
        self.config.place(path)
    }

    fn refuse(&mut self, refusal: Conflict) {
        self.refusals.push(refusal);
    }

    /// The first operation that needs something, with its kind, name and rule.
    fn first_operation(
        &self,
        needs: impl Fn(&crate::declared::Rule) -> bool,
    ) -> Option<(crate::declared::Kind, String, String)> {
        let mut all = self.registry?.iter().map(|(_, declaration)| declaration);
        all.find(|declaration| needs(&declaration.rule))
            .map(|d| (d.kind(), d.name().to_owned(), d.rule.to_string()))
    }

    fn mode(&mut self) {
        let at = self.at(&["auth", "mode"]);
        match self.config.auth.mode {
            Mode::None => {
                let protected = self.first_operation(|rule| !rule.is_public());
                if let Some((kind, operation, rule)) = protected.filter(|_| self.config.verifies()) {
                    self.refuse(Conflict::ModeNone { kind, operation, rule, at });
                }
                if self.config.stdio.credential.is_some() && self.config.server.transport == Transport::Stdio
                {
                    let at = self.at(&["stdio", "credential"]);
                    self.refuse(Conflict::StdioCredentialUnverified { at });
                }
            }
            Mode::Verify if self.config.auth.issuers.is_empty() && self.config.verifies() => {
                self.refuse(Conflict::NoIssuers { at });
            }
            Mode::Verify | Mode::Embedded => {}
        }
        if self.config.auth.mode != Mode::Verify && !self.config.auth.issuers.is_empty() {
            self.warnings.push(Warning::IssuersNotUsed(self.config.auth.mode.as_str()));
        }
    }

    fn listening(&mut self) {
        let server = &self.config.server;
        let listen = server.listen.to_string();
        if !server.listen.is_loopback() && server.public_url.is_none() {
            let at = self.at(&["server", "listen"]);
            self.refuse(Conflict::PublicUrlMissing { listen, at });
        }
    }

    fn stdio(&mut self) {
        let stdio = &self.config.stdio;
        if let Some(source) = self.config.stdio_credential() {
            let at = self.at(&["stdio", "credential"]);
            if stdio.audience.is_none() && self.config.server.public_url.is_none() {
                self.refuse(Conflict::StdioAudienceMissing { at: at.clone() });
            }
            if let Err(error) = source.read() {
                self.refuse(Conflict::Secret { error, at });
            }
        }
        for unknown in self.unknown(&stdio.local_scopes) {
            self.warnings.push(Warning::UnknownLocalScope(unknown));
        }
    }

    fn public_url(&mut self) {
        let server = &self.config.server;
        let Some(url) = &server.public_url else { return };
        let at = self.at(&["server", "public_url"]);
        let text = url.as_str().to_owned();
        if !url.is_secure() {
            self.refuse(Conflict::PublicUrlNotHttps { url: text.clone(), at: at.clone() });
        }
        let path = server.path.as_str();
        if path != "/" && !url.path().ends_with(path) {
            self.refuse(Conflict::PublicUrlPath { url: text.clone(), path: path.to_owned(), at });
        }
        if !url.is_canonical() {
            let canonical = url.canonical().to_owned();
            self.warnings.push(Warning::PublicUrlNotCanonical { configured: text, canonical });
        }
    }

    fn issuers(&mut self) {
        let mut seen = BTreeSet::new();
        for (index, issuer) in self.config.auth.issuers.iter().enumerate() {
            let index = index.to_string();
            let at = |key: &str| self.config.place(&["auth", "issuers", &index, key]);
            let mut found = Vec::new();
            let name = issuer.issuer.as_str().to_owned();
            if !issuer.issuer.is_secure() {
                found.push(Conflict::IssuerNotHttps { issuer: name.clone(), at: at("issuer") });
            }
            if let Some(uri) = issuer.jwks_uri.as_ref().filter(|uri| !uri.is_secure()) {
                found.push(Conflict::JwksUriNotHttps { uri: uri.as_str().to_owned(), at: at("jwks_uri") });
            }
            if issuer.jwks_min_refresh.get() > issuer.jwks_max_refresh.get() {
                found.push(Conflict::RefreshBounds { at: at("jwks_min_refresh") });
            }
            if !seen.insert(name.clone()) {
                found.push(Conflict::DuplicateIssuer { issuer: name, at: at("issuer") });
            }
            self.refusals.extend(found);
        }
    }

    fn embedded(&mut self) {
        let config = self.config;
        if config.auth.mode != Mode::Embedded {
            return;
        }
        if !config.server.listen.is_loopback() {
            let (listen, at) = (config.server.listen.to_string(), self.at(&["server", "listen"]));
            self.refuse(Conflict::EmbeddedListensOffLoopback { listen, at });
        }
        if let Some(url) = config.server.public_url.as_ref().filter(|url| !url.is_loopback()) {
            let (url, at) = (url.as_str().to_owned(), self.at(&["server", "public_url"]));
            self.refuse(Conflict::EmbeddedOffLoopback { url, at });
        }
        if config.auth.embedded.users.is_empty() {
            let at = self.at(&["auth", "embedded", "users"]);
            self.refuse(Conflict::EmbeddedWithoutUsers { at });
        }
        let mut seen = BTreeSet::new();
        for (index, client) in config.auth.embedded.clients.iter().enumerate() {
            let index = index.to_string();
            let at = |key: &str| config.place(&["auth", "embedded", "clients", &index, key]);
            if !seen.insert(client.client_id.as_str()) {
                let (client, at) = (client.client_id.as_str().to_owned(), at("client_id"));
                self.refuse(Conflict::DuplicateClient { client, at });
            }
            if let Err(error) = config.secret(&client.client_secret).read() {
                self.refuse(Conflict::Secret { error, at: at("client_secret") });
            }
            self.known_only(&client.scopes, at("scopes"));
        }
    }

    fn base_scopes(&mut self) {
        let auth = &self.config.auth;
        let at = self.at(&["auth", "base_scopes"]);
        let in_need = self.first_operation(|rule| !rule.scopes().is_empty());
        let Some(base_scopes) = &auth.base_scopes else {
            // With mode "none" nobody logs in, and where that is a mistake, base scopes would not mend it.
            if let Some((kind, operation, rule)) = in_need.filter(|_| auth.mode != Mode::None) {
                self.refuse(Conflict::BaseScopesMissing { kind, operation, rule, at });
            }
            return;
        };
        let http = self.config.server.transport == Transport::Http;
        if http && in_need.is_some() && base_scopes.is_empty() {
            self.warnings.push(Warning::EmptyBaseScopes);
        }
        if http && in_need.is_some() && auth.visibility == Visibility::Granted {
            self.warnings.push(Warning::StepUpThroughBaseScopesOnly);
        }
        if base_scopes.iter().any(|scope| scope.as_str() == OFFLINE_ACCESS) {
            self.refuse(Conflict::OfflineAccess { at });
        } else if auth.mode == Mode::Embedded {
            self.known_only(base_scopes, at);
        } else {
            self.warnings.extend(self.unknown(base_scopes).into_iter().map(Warning::UnknownBaseScope));
        }
    }

    fn scopes(&mut self) -> Hierarchy {
        let declared = self.declared;
        for (scope, entry) in &self.config.scopes {
            let at = self.at(&["scopes", scope.as_str()]);
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
            let at = self.at(&["scopes", scope.as_str(), "implies"]);
            self.known_only(&entry.implies, at);
        }
        let implies = self.config.scopes.iter().map(|(scope, entry)| {
            (scope.scope().clone(), entry.implies.iter().map(|narrower| narrower.scope().clone()).collect())
        });
        Hierarchy::new(implies).unwrap_or_else(|cycle: Cycle| {
            let first = cycle.0.first().map(Scope::to_string).unwrap_or_default();
            let at = self.at(&["scopes", &first, "implies"]);
            self.refuse(Conflict::ImpliesCycle { cycle, at });
            Hierarchy::default()
        })
    }

    /// Every scope that an operation declares or a section describes.
    fn known_scopes(&self) -> ScopeSet {
        let mut known = self.declared.clone();
        known.extend(self.config.scopes.keys().map(|scope| scope.scope().clone()));
        known
    }

    fn unknown(&self, scopes: &[ScopeToken]) -> Vec<String> {
        if self.registry.is_none() {
            return Vec::new();
        }
        let known = self.known_scopes();
        scopes
            .iter()
            .map(ScopeToken::as_str)
            .filter(|scope| !known.contains(scope))
            .map(str::to_owned)
            .collect()
    }

    fn known_only(&mut self, scopes: &[ScopeToken], at: String) {
        let known = self.known_scopes();
        for scope in self.unknown(scopes) {
            let nearest = nearest_scope(&scope, &known);
            self.refuse(Conflict::UnknownScope { scope, nearest, at: at.clone() });
        }
    }
}

fn nearest_scope(scope: &str, known: &ScopeSet) -> Option<String> {
    nearest(scope, known.iter().map(Scope::as_str).filter(|other| *other != scope)).map(str::to_owned)
}
