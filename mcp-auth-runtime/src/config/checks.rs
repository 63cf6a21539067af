//! What each value allows and all together do not: every combination that is not safe stops the start, by name.

use std::collections::{BTreeMap, BTreeSet};

use super::auth::{Connect, Mode, Visibility};
use super::cors::CorsOrigin;
use super::error::{ConfigError, Warning};
use super::load::Config;
use super::scopes::ScopeToken;
use super::secret::SecretError;
use super::server::Transport;
use super::value::nearest;
use crate::authz::{Cycle, Hierarchy, Scope, ScopeSet};
use crate::registry::Registry;

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
    /// Every scope that is declared or configured, with its description: what the consent page shows.
    pub scopes: BTreeMap<String, Option<String>>,
    /// What the operator should know.
    pub warnings: Vec<Warning>,
}

/// A combination that is not safe. `at` names the key and who set it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// Operations need a caller, and nobody is verified.
    #[error(
        "mode is \"none\", but {kind} `{operation}` needs {requirement}: set it to \"verify\" or \"embedded\", or make \
         every operation public: {at}"
    )]
    ModeNone {
        /// What kind of operation.
        kind: &'static str,
        /// Its name.
        operation: String,
        /// What it needs.
        requirement: String,
        /// Key and source.
        at: String,
    },
    /// Tokens are to be verified, of nobody.
    #[error(
        "mode is \"verify\", but no issuer is configured: add [[auth.issuers]] or set another mode: {at}"
    )]
    NoIssuers {
        /// Key and source.
        at: String,
    },
    /// A server others can reach that does not know its own URL.
    #[error(
        "listen is {listen}, which other machines can reach, so public_url must say under which URL they do: {at}"
    )]
    PublicUrlMissing {
        /// The address.
        listen: String,
        /// Key and source.
        at: String,
    },
    /// Tokens would travel in the clear.
    #[error("public_url is {url:?}: off loopback it must start with https://: {at}")]
    PublicUrlNotHttps {
        /// The URL.
        url: String,
        /// Key and source.
        at: String,
    },
    /// The metadata would name a URL that is not the endpoint.
    #[error("public_url is {url:?}, but its path must end with server.path, {path:?}: {at}")]
    PublicUrlPath {
        /// The URL.
        url: String,
        /// The endpoint's path.
        path: String,
        /// Key and source.
        at: String,
    },
    /// Keys would be fetched in the clear.
    #[error("issuer is {issuer:?}: off loopback it must start with https://: {at}")]
    IssuerNotHttps {
        /// The issuer.
        issuer: String,
        /// Key and source.
        at: String,
    },
    /// Keys would be fetched in the clear.
    #[error("jwks_uri is {uri:?}: off loopback it must start with https://: {at}")]
    JwksUriNotHttps {
        /// The URI.
        uri: String,
        /// Key and source.
        at: String,
    },
    /// Two entries one token could mean.
    #[error("issuer {issuer:?} is configured twice: {at}")]
    DuplicateIssuer {
        /// The issuer.
        issuer: String,
        /// Key and source of the second.
        at: String,
    },
    /// Bounds the wrong way round.
    #[error("jwks_min_refresh is longer than jwks_max_refresh: {at}")]
    RefreshBounds {
        /// Key and source.
        at: String,
    },
    /// Anybody could log in as anybody.
    #[error(
        "mode is \"embedded\", whose login asks for no password, but listen is {listen}, which other machines can \
         reach: {at}"
    )]
    EmbeddedListensOffLoopback {
        /// The address.
        listen: String,
        /// Key and source.
        at: String,
    },
    /// Anybody could log in as anybody.
    #[error(
        "mode is \"embedded\", whose login asks for no password, but public_url is {url:?}, which is not on loopback: \
         {at}"
    )]
    EmbeddedOffLoopback {
        /// The URL.
        url: String,
        /// Key and source.
        at: String,
    },
    /// Nobody could log in.
    #[error("users is empty, so nobody could log in at the built-in issuer: {at}")]
    EmbeddedWithoutUsers {
        /// Key and source.
        at: String,
    },
    /// Two clients of one name.
    #[error("client {client:?} is configured twice: {at}")]
    DuplicateClient {
        /// The client.
        client: String,
        /// Key and source of the second.
        at: String,
    },
    /// Operations need scopes, and what a first login asks for is not said.
    #[error(
        "{kind} `{operation}` needs {requirement}, so auth.base_scopes must say what clients ask for when they log in: \
         base_scopes = [\"…\"], or [] to let them ask for everything: {at}"
    )]
    BaseScopesMissing {
        /// What kind of operation.
        kind: &'static str,
        /// Its name.
        operation: String,
        /// What it needs.
        requirement: String,
        /// Key and source.
        at: String,
    },
    /// An entry that changes nothing.
    #[error("scope {scope:?} is declared by no operation and implies nothing{}: {at}", hint(nearest.as_deref()))]
    UnusedScope {
        /// The scope.
        scope: String,
        /// The declared scope that was most likely meant.
        nearest: Option<String>,
        /// Key and source.
        at: String,
    },
    /// A scope that neither the operations nor the configuration know.
    #[error(
        "scope {scope:?} is declared by no operation and has no [scopes] entry{}: {at}", hint(nearest.as_deref())
    )]
    UnknownScope {
        /// The scope.
        scope: String,
        /// The known scope that was most likely meant.
        nearest: Option<String>,
        /// Key and source.
        at: String,
    },
    /// Scopes in a circle.
    #[error("{cycle}: {at}")]
    ImpliesCycle {
        /// The way round.
        cycle: Cycle,
        /// Key and source.
        at: String,
    },
    /// `offline_access` where scopes of this server belong.
    #[error(
        "\"offline_access\" is between a client and its issuer and is never a scope of a server; remove it: {at}"
    )]
    OfflineAccess {
        /// Key and source.
        at: String,
    },
    /// A credential that could be for anybody.
    #[error(
        "a stdio credential needs server.public_url or stdio.audience, or nobody knows whom it must be for: {at}"
    )]
    StdioAudienceMissing {
        /// Key and source.
        at: String,
    },
    /// A credential nobody could verify.
    #[error("mode is \"none\", so nobody could verify the stdio credential: {at}")]
    StdioCredentialUnverified {
        /// Key and source.
        at: String,
    },
    /// A page anywhere could use what only this machine should.
    #[error(
        "allowed_origins is \"*\" on a server that listens on loopback, where any web page could reach it: {at}"
    )]
    AnyOriginOnLoopback {
        /// Key and source.
        at: String,
    },
    /// `"*"` besides other origins.
    #[error("allowed_origins holds \"*\" and other origins; \"*\" stands alone: {at}")]
    AnyOriginAndOthers {
        /// Key and source.
        at: String,
    },
    /// A secret that cannot be had.
    #[error("{error}: {at}")]
    Secret {
        /// Why.
        error: SecretError,
        /// Key and source.
        at: String,
    },
}

fn hint(nearest: Option<&str>) -> String {
    nearest
        .map(|nearest| format!("; did you mean {nearest:?}?"))
        .unwrap_or_default()
}

impl Config {
    /// Checks what is configured against what is declared, all of it.
    ///
    /// # Errors
    /// [`ConfigError::Refused`] with every [`Refusal`].
    pub fn check(&self, registry: &Registry) -> Result<Checked, ConfigError> {
        let mut checks = Checks {
            config: self,
            registry,
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
        let mut scopes: BTreeMap<String, Option<String>> = registry
            .scopes()
            .iter()
            .map(|scope| (scope.to_string(), None))
            .collect();
        for (scope, entry) in &self.scopes {
            scopes.insert(scope.as_str().to_owned(), entry.description.clone());
        }
        Ok(Checked {
            connect: self.auth.connect(registry),
            hierarchy,
            scopes,
            warnings: checks.warnings,
        })
    }

    /// Whether callers are verified at all: over HTTP always, on stdio only with a credential.
    fn verifies(&self) -> bool {
        self.server.transport == Transport::Http || self.stdio.credential.is_some()
    }
}

struct Checks<'a> {
    config: &'a Config,
    registry: &'a Registry,
    refusals: Vec<Refusal>,
    warnings: Vec<Warning>,
}

impl Checks<'_> {
    fn at(&self, path: &[&str]) -> String {
        self.config.place(path)
    }

    fn refuse(&mut self, refusal: Refusal) {
        self.refusals.push(refusal);
    }

    /// The first operation that needs something, with its kind, name and requirement.
    fn first_operation(
        &self,
        needs: impl Fn(&crate::authz::Requirement) -> bool,
    ) -> Option<(&'static str, String, String)> {
        let mut all = self.registry.iter().map(|(_, declaration)| declaration);
        all.find(|declaration| needs(&declaration.requirement))
            .map(|d| (d.kind(), d.name().to_owned(), d.requirement.to_string()))
    }

    fn mode(&mut self) {
        let at = self.at(&["auth", "mode"]);
        match self.config.auth.mode {
            Mode::None => {
                let protected = self.first_operation(|requirement| !requirement.is_public());
                if let Some((kind, operation, requirement)) = protected.filter(|_| self.config.verifies()) {
                    self.refuse(Refusal::ModeNone {
                        kind,
                        operation,
                        requirement,
                        at,
                    });
                }
                if self.config.stdio.credential.is_some() && self.config.server.transport == Transport::Stdio
                {
                    let at = self.at(&["stdio", "credential"]);
                    self.refuse(Refusal::StdioCredentialUnverified { at });
                }
            }
            Mode::Verify if self.config.auth.issuers.is_empty() && self.config.verifies() => {
                self.refuse(Refusal::NoIssuers { at });
            }
            Mode::Verify | Mode::Embedded => {}
        }
        if self.config.auth.mode != Mode::Verify && !self.config.auth.issuers.is_empty() {
            self.warnings
                .push(Warning::IssuersNotUsed(self.config.auth.mode.as_str()));
        }
    }

    fn listening(&mut self) {
        let server = &self.config.server;
        let listen = server.listen.to_string();
        if !server.listen.is_loopback() && server.public_url.is_none() {
            let at = self.at(&["server", "listen"]);
            self.refuse(Refusal::PublicUrlMissing { listen, at });
        }
        let Some(origins) = &self.config.cors.allowed_origins else {
            return;
        };
        if origins.contains(&CorsOrigin::Any) {
            let at = self.at(&["cors", "allowed_origins"]);
            if self.config.is_loopback_only() {
                self.refuse(Refusal::AnyOriginOnLoopback { at });
            } else if origins.len() > 1 {
                self.refuse(Refusal::AnyOriginAndOthers { at });
            }
        }
    }

    fn stdio(&mut self) {
        let stdio = &self.config.stdio;
        if let Some(source) = self.config.stdio_credential() {
            let at = self.at(&["stdio", "credential"]);
            if stdio.audience.is_none() && self.config.server.public_url.is_none() {
                self.refuse(Refusal::StdioAudienceMissing { at: at.clone() });
            }
            if let Err(error) = source.read() {
                self.refuse(Refusal::Secret { error, at });
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
        if !url.is_https() && !url.is_loopback() {
            self.refuse(Refusal::PublicUrlNotHttps {
                url: text.clone(),
                at: at.clone(),
            });
        }
        let path = server.path.as_str();
        if path != "/" && !url.url().path().ends_with(path) {
            self.refuse(Refusal::PublicUrlPath {
                url: text.clone(),
                path: path.to_owned(),
                at,
            });
        }
        if !url.is_canonical() {
            let canonical = url.url().to_string();
            self.warnings.push(Warning::PublicUrlNotCanonical {
                configured: text,
                canonical,
            });
        }
    }

    fn issuers(&mut self) {
        let mut seen = BTreeSet::new();
        for (index, issuer) in self.config.auth.issuers.iter().enumerate() {
            let index = index.to_string();
            let at = |key: &str| self.config.place(&["auth", "issuers", &index, key]);
            let mut found = Vec::new();
            let name = issuer.issuer.as_str().to_owned();
            if !issuer.issuer.is_https() && !issuer.issuer.is_loopback() {
                found.push(Refusal::IssuerNotHttps {
                    issuer: name.clone(),
                    at: at("issuer"),
                });
            }
            if let Some(uri) = issuer
                .jwks_uri
                .as_ref()
                .filter(|uri| !uri.is_https() && !uri.is_loopback())
            {
                found.push(Refusal::JwksUriNotHttps {
                    uri: uri.as_str().to_owned(),
                    at: at("jwks_uri"),
                });
            }
            if issuer.jwks_min_refresh.get() > issuer.jwks_max_refresh.get() {
                found.push(Refusal::RefreshBounds {
                    at: at("jwks_min_refresh"),
                });
            }
            if !seen.insert(name.clone()) {
                found.push(Refusal::DuplicateIssuer {
                    issuer: name,
                    at: at("issuer"),
                });
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
            self.refuse(Refusal::EmbeddedListensOffLoopback { listen, at });
        }
        if let Some(url) = config.server.public_url.as_ref().filter(|url| !url.is_loopback()) {
            let (url, at) = (url.as_str().to_owned(), self.at(&["server", "public_url"]));
            self.refuse(Refusal::EmbeddedOffLoopback { url, at });
        }
        if config.auth.embedded.users.is_empty() {
            let at = self.at(&["auth", "embedded", "users"]);
            self.refuse(Refusal::EmbeddedWithoutUsers { at });
        }
        let mut seen = BTreeSet::new();
        for (index, client) in config.auth.embedded.clients.iter().enumerate() {
            let index = index.to_string();
            let at = |key: &str| config.place(&["auth", "embedded", "clients", &index, key]);
            if !seen.insert(client.client_id.as_str()) {
                let (client, at) = (client.client_id.as_str().to_owned(), at("client_id"));
                self.refuse(Refusal::DuplicateClient { client, at });
            }
            if let Err(error) = config.secret(&client.client_secret).read() {
                self.refuse(Refusal::Secret {
                    error,
                    at: at("client_secret"),
                });
            }
            self.known_only(&client.scopes, at("scopes"));
        }
    }

    fn base_scopes(&mut self) {
        let auth = &self.config.auth;
        let at = self.at(&["auth", "base_scopes"]);
        let in_need = self.first_operation(|requirement| !requirement.scopes().is_empty());
        let Some(base_scopes) = &auth.base_scopes else {
            if let Some((kind, operation, requirement)) = in_need {
                self.refuse(Refusal::BaseScopesMissing {
                    kind,
                    operation,
                    requirement,
                    at,
                });
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
            self.refuse(Refusal::OfflineAccess { at });
        } else if auth.mode == Mode::Embedded {
            self.known_only(base_scopes, at);
        } else {
            self.warnings.extend(
                self.unknown(base_scopes)
                    .into_iter()
                    .map(Warning::UnknownBaseScope),
            );
        }
    }

    fn scopes(&mut self) -> Hierarchy {
        let declared = self.registry.scopes();
        for (scope, entry) in &self.config.scopes {
            let at = self.at(&["scopes", scope.as_str()]);
            if scope.as_str() == OFFLINE_ACCESS || entry.implies.iter().any(|s| s.as_str() == OFFLINE_ACCESS)
            {
                self.refuse(Refusal::OfflineAccess { at });
                continue;
            }
            if !declared.contains(scope.as_str()) && entry.implies.is_empty() {
                let nearest = nearest_scope(scope.as_str(), &declared);
                self.refuse(Refusal::UnusedScope {
                    scope: scope.as_str().to_owned(),
                    nearest,
                    at,
                });
            }
            let at = self.at(&["scopes", scope.as_str(), "implies"]);
            self.known_only(&entry.implies, at);
        }
        let implies = self.config.scopes.iter().map(|(scope, entry)| {
            (
                scope.scope().clone(),
                entry
                    .implies
                    .iter()
                    .map(|narrower| narrower.scope().clone())
                    .collect(),
            )
        });
        Hierarchy::new(implies).unwrap_or_else(|cycle: Cycle| {
            let first = cycle.0.first().map(Scope::to_string).unwrap_or_default();
            let at = self.at(&["scopes", &first, "implies"]);
            self.refuse(Refusal::ImpliesCycle { cycle, at });
            Hierarchy::default()
        })
    }

    /// Every scope that an operation declares or a section describes.
    fn known_scopes(&self) -> ScopeSet {
        let mut known = self.registry.scopes();
        known.extend(self.config.scopes.keys().map(|scope| scope.scope().clone()));
        known
    }

    fn unknown(&self, scopes: &[ScopeToken]) -> Vec<String> {
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
            self.refuse(Refusal::UnknownScope {
                scope,
                nearest,
                at: at.clone(),
            });
        }
    }
}

fn nearest_scope(scope: &str, known: &ScopeSet) -> Option<String> {
    nearest(
        scope,
        known.iter().map(Scope::as_str).filter(|other| *other != scope),
    )
    .map(str::to_owned)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]
    use rmcp::model::Tool;

    use super::super::surroundings::MemoryFiles;
    use super::*;
    use crate::authz::Requirement;
    use crate::registry::{Declaration, Item};

    /// A server whose tools need these scopes, one tool each; `""` is a public tool.
    fn registry(scopes: &[&'static str]) -> Registry {
        let declare = |scope: &&'static str| Declaration {
            requirement: match *scope {
                "" => Requirement::Public,
                scope => Requirement::All([Scope::new(scope).unwrap()].into_iter().collect()),
            },
            item: Item::Tool(Tool::new(format!("tool-{scope}"), "", serde_json::Map::new())),
        };
        Registry::new(scopes.iter().map(declare).collect()).unwrap()
    }

    fn check(text: &str, scopes: &[&'static str]) -> Result<Checked, Vec<Refusal>> {
        let files = MemoryFiles::default()
            .with_world_readable("/work/open", "s3cr3t")
            .with("/work/ok", "s3cr3t");
        let around = files
            .surroundings()
            .variable("TOKEN", "ey.J.x")
            .variable("EMPTY", "");
        let config = Config::builder().surroundings(around).toml(text).build().unwrap();
        match config.check(&registry(scopes)) {
            Ok(checked) => Ok(checked),
            Err(ConfigError::Refused(refusals)) => Err(refusals),
            Err(other) => panic!("{other}"),
        }
    }

    /// Asserts that `text` is refused for one reason alone, which is of this kind, and gives its message.
    macro_rules! refused {
        ($text:expr, $scopes:expr, $kind:ident) => {{
            let refusals = check($text, $scopes).expect_err("accepted");
            assert!(
                matches!(refusals.as_slice(), [Refusal::$kind { .. }]),
                "{refusals:#?}"
            );
            refusals[0].to_string()
        }};
    }

    const ISSUER: &str = "issuers = [{ issuer = \"https://i.example\" }]";

    fn verify(more: &str) -> String {
        format!("[auth]\n{ISSUER}\nbase_scopes = [\"a\"]\n{more}")
    }

    #[test]
    fn complete_configuration_is_accepted_without_a_warning() {
        let checked = check(&verify(""), &["a", ""]).unwrap();
        assert_eq!(checked.warnings, []);
        assert_eq!(checked.connect, Connect::Authenticated);
        assert_eq!(checked.scopes.keys().collect::<Vec<_>>(), ["a"]);
    }

    #[test]
    fn mode_none_is_for_public_operations_only() {
        let message = refused!(
            "auth = { mode = \"none\", base_scopes = [] }",
            &["", "a"],
            ModeNone
        );
        assert!(
            message.contains("tool `tool-a` needs a")
                && message.ends_with("auth.mode in the configuration text")
        );
        let checked = check("auth.mode = \"none\"", &[""]).unwrap();
        assert_eq!(checked.connect, Connect::Anonymous);
    }

    #[test]
    fn mode_none_on_stdio_trusts_the_local_caller_and_no_credential() {
        let stdio = "auth = { mode = \"none\", base_scopes = [] }\nserver.transport = \"stdio\"\n";
        assert!(check(&format!("{stdio}stdio.local_scopes = [\"a\"]"), &["a"]).is_ok());
        let refusals = check(
            &format!("{stdio}stdio = {{ credential = \"env:TOKEN\", audience = \"x\" }}"),
            &[""],
        );
        assert!(matches!(
            refusals.unwrap_err()[..],
            [Refusal::StdioCredentialUnverified { .. }]
        ));
    }

    #[test]
    fn mode_verify_needs_an_issuer_unless_nothing_is_verified() {
        refused!("auth.base_scopes = [\"a\"]", &["a"], NoIssuers);
        assert!(check("server.transport = \"stdio\"\nauth.base_scopes = [\"a\"]", &["a"]).is_ok());
    }

    #[test]
    fn listening_off_loopback_needs_a_public_url() {
        let off = format!("server.listen = \"0.0.0.0:80\"\n{}", verify(""));
        let message = refused!(&off, &["a"], PublicUrlMissing);
        assert!(
            message.contains("server.listen in the configuration text"),
            "{message}"
        );
        let with = format!("server.public_url = \"https://a.example/mcp\"\n{off}");
        assert!(check(&with, &["a"]).is_ok());
    }

    #[test]
    fn public_url_off_loopback_is_https_and_ends_with_the_path() {
        let with = |url: &str| format!("server.public_url = {url:?}\n{}", verify(""));
        refused!(&with("http://a.example/mcp"), &["a"], PublicUrlNotHttps);
        refused!(&with("https://a.example/"), &["a"], PublicUrlPath);
        refused!(&with("https://a.example/mcp/"), &["a"], PublicUrlPath);
        refused!(&with("https://a.example/xmcp"), &["a"], PublicUrlPath);
        for ok in [
            "https://a.example/mcp",
            "https://a.example/todos/mcp",
            "http://localhost:8080/mcp",
        ] {
            assert_eq!(check(&with(ok), &["a"]).unwrap().warnings, [], "{ok}");
        }
        let odd = check(&with("https://A.example/mcp"), &["a"]).unwrap();
        assert!(matches!(
            odd.warnings[..],
            [Warning::PublicUrlNotCanonical { .. }]
        ));
    }

    #[test]
    fn c03_issuer_and_jwks_off_loopback_are_https() {
        let with = |issuer: &str| format!("[auth]\nbase_scopes = []\nissuers = [{{ {issuer} }}]");
        refused!(&with("issuer = \"http://i.example\""), &[""], IssuerNotHttps);
        refused!(
            &with("issuer = \"https://i.example\", jwks_uri = \"http://i.example/k\""),
            &[""],
            JwksUriNotHttps
        );
        for ok in [
            "issuer = \"http://127.0.0.1:9\"",
            "issuer = \"https://i\", jwks_uri = \"http://[::1]:9/k\"",
        ] {
            assert!(check(&with(ok), &[""]).is_ok(), "{ok}");
        }
    }

    #[test]
    fn issuer_configured_twice_is_refused() {
        let twice = |a: &str, b: &str| format!("auth.issuers = [{{ issuer = {a:?} }}, {{ issuer = {b:?} }}]");
        let message = refused!(
            &twice("https://i.example", "https://i.example"),
            &[""],
            DuplicateIssuer
        );
        assert!(message.contains("auth.issuers[1].issuer in"), "{message}");
        assert!(check(&twice("https://i.example", "https://i.example/"), &[""]).is_ok());
    }

    #[test]
    fn refresh_bounds_are_the_right_way_round() {
        let with = |min: &str| {
            format!(
                "auth.issuers = [{{ issuer = \"https://i.example\", jwks_min_refresh = {min:?}, jwks_max_refresh = \"1m\" }}]"
            )
        };
        refused!(&with("2m"), &[""], RefreshBounds);
        assert!(check(&with("1m"), &[""]).is_ok());
    }

    #[test]
    fn embedded_issuer_stays_on_loopback() {
        let with = |server: &str| {
            format!("server = {{ {server} }}\nauth = {{ mode = \"embedded\", base_scopes = [] }}")
        };
        refused!(
            &with("listen = \"0.0.0.0:80\", public_url = \"http://localhost/mcp\""),
            &[""],
            EmbeddedListensOffLoopback
        );
        refused!(
            &with("public_url = \"https://a.example/mcp\""),
            &[""],
            EmbeddedOffLoopback
        );
        let off_and_in_the_clear = check(&with("public_url = \"http://a.example/mcp\""), &[""]).unwrap_err();
        assert!(
            off_and_in_the_clear
                .iter()
                .any(|r| matches!(r, Refusal::EmbeddedOffLoopback { .. }))
        );
        for ok in [
            "",
            "listen = \"127.0.0.1:0\"",
            "public_url = \"http://localhost:8080/mcp\"",
        ] {
            assert!(check(&with(ok), &[""]).is_ok(), "{ok}");
        }
    }

    #[test]
    fn embedded_issuer_needs_a_user_and_clients_of_different_names() {
        let with = |embedded: &str| format!("auth = {{ mode = \"embedded\", embedded = {{ {embedded} }} }}");
        refused!(&with("users = []"), &[""], EmbeddedWithoutUsers);
        let client = "{ client_id = \"c\", client_secret = \"file:ok\" }";
        refused!(
            &with(&format!("clients = [{client}, {client}]")),
            &[""],
            DuplicateClient
        );
        assert!(check(&with(&format!("clients = [{client}]")), &[""]).is_ok());
    }

    #[test]
    fn c07_embedded_client_secret_that_cannot_be_had_is_refused() {
        for (secret, why) in [
            ("env:NONE", "NONE is not set"),
            ("env:EMPTY", "is empty"),
            ("file:open", "chmod o-r"),
        ] {
            let client = format!("[{{ client_id = \"c\", client_secret = {secret:?} }}]");
            let text = format!("auth = {{ mode = \"embedded\", embedded = {{ clients = {client} }} }}");
            let message = refused!(&text, &[""], Secret);
            assert!(
                message.contains(why) && message.contains("clients[0].client_secret in"),
                "{message}"
            );
        }
    }

    #[test]
    fn needed_scopes_need_base_scopes() {
        let without = format!("auth.{ISSUER}");
        let message = refused!(&without, &["", "a"], BaseScopesMissing);
        assert!(message.contains("tool `tool-a` needs a"), "{message}");
        assert!(check(&without, &[""]).is_ok());
        let empty = check(&format!("{without}\nauth.base_scopes = []"), &["a"]).unwrap();
        assert_eq!(empty.warnings, [Warning::EmptyBaseScopes]);
    }

    #[test]
    fn base_scope_nobody_knows_is_refused_by_the_built_in_issuer_and_warned_about_otherwise() {
        let warned = check(&format!("[auth]\n{ISSUER}\nbase_scopes = [\"openid\"]"), &["a"]).unwrap();
        assert_eq!(warned.warnings, [Warning::UnknownBaseScope("openid".to_owned())]);
        let message = refused!(
            "auth = { mode = \"embedded\", base_scopes = [\"todos.raed\"] }",
            &["todos.read"],
            UnknownScope
        );
        assert!(message.contains("did you mean \"todos.read\""), "{message}");
    }

    #[test]
    fn a5_offline_access_is_never_a_scope_of_ours() {
        refused!(
            &format!("[auth]\n{ISSUER}\nbase_scopes = [\"a\", \"offline_access\"]"),
            &["a"],
            OfflineAccess
        );
        refused!(
            &verify("[scopes.offline_access]\nimplies = [\"a\"]"),
            &["a"],
            OfflineAccess
        );
        refused!(
            &verify("[scopes.b]\nimplies = [\"offline_access\"]"),
            &["a", "b"],
            OfflineAccess
        );
    }

    #[test]
    fn scope_entry_that_changes_nothing_is_refused() {
        let message = refused!(
            &verify("[scopes.\"todos.raed\"]\ndescription = \"x\""),
            &["a", "todos.read"],
            UnusedScope
        );
        assert!(message.contains("did you mean \"todos.read\""), "{message}");
        assert!(
            message.contains("scopes.\"todos.raed\" in the configuration text"),
            "{message}"
        );
        assert!(check(&verify("[scopes.a]\ndescription = \"x\""), &["a"]).is_ok());
        assert!(check(&verify("[scopes.all]\nimplies = [\"a\"]"), &["a"]).is_ok());
    }

    #[test]
    fn implied_scope_nobody_knows_is_refused() {
        refused!(&verify("[scopes.all]\nimplies = [\"b\"]"), &["a"], UnknownScope);
    }

    #[test]
    fn scopes_in_a_circle_are_refused_with_the_way_round() {
        let circle = "[scopes.a]\nimplies = [\"b\"]\n[scopes.b]\nimplies = [\"a\"]";
        let message = refused!(&verify(circle), &["a", "b"], ImpliesCycle);
        assert!(
            message.starts_with("scopes imply each other in a circle: a -> b -> a: scopes.a.implies in"),
            "{message}"
        );
    }

    #[test]
    fn broader_scope_counts_for_narrower_ones_and_keeps_its_description() {
        let checked = check(
            &verify("[scopes.all]\nimplies = [\"a\"]\ndescription = \"Everything\""),
            &["a"],
        )
        .unwrap();
        assert!(checked.hierarchy.satisfies(&ScopeSet::parse_lossy("all"), "a"));
        assert!(!checked.hierarchy.satisfies(&ScopeSet::parse_lossy("a"), "all"));
        assert_eq!(checked.scopes["all"].as_deref(), Some("Everything"));
    }

    #[test]
    fn stdio_credential_needs_an_audience_and_must_be_there() {
        let with = |stdio: &str| {
            format!(
                "server.transport = \"stdio\"\nstdio = {{ {stdio} }}\n{}",
                verify("")
            )
        };
        refused!(&with("credential = \"env:TOKEN\""), &["a"], StdioAudienceMissing);
        assert!(check(&with("credential = \"env:TOKEN\", audience = \"x\""), &["a"]).is_ok());
        for (credential, why) in [
            ("env:NONE", "NONE is not set: stdio.credential in"),
            ("env:EMPTY", "EMPTY is empty"),
            ("file:open", "every user of this machine"),
            ("file:none", "cannot be read"),
        ] {
            let message = refused!(
                &with(&format!("credential = {credential:?}, audience = \"x\"")),
                &["a"],
                Secret
            );
            assert!(message.contains(why), "{message}");
        }
    }

    #[test]
    fn any_origin_is_never_allowed_on_loopback_and_stands_alone() {
        let any = |origins: &str| format!("cors.allowed_origins = {origins}\n{}", verify(""));
        refused!(&any("[\"*\"]"), &["a"], AnyOriginOnLoopback);
        let public = |origins| format!("server.public_url = \"https://a.example/mcp\"\n{}", any(origins));
        refused!(
            &public("[\"*\", \"https://b.example\"]"),
            &["a"],
            AnyOriginAndOthers
        );
        assert!(check(&public("[\"*\"]"), &["a"]).is_ok());
    }

    #[test]
    fn what_is_configured_and_not_used_is_warned_about() {
        let checked = check(&verify("mode = \"embedded\"\nvisibility = \"granted\""), &["a"]).unwrap();
        let not_used = Warning::IssuersNotUsed("embedded");
        assert_eq!(checked.warnings, [not_used, Warning::StepUpThroughBaseScopesOnly]);
        let local = "server.transport = \"stdio\"\nstdio.local_scopes = [\"b\"]\n";
        let checked = check(&format!("{local}{}", verify("")), &["a"]).unwrap();
        assert_eq!(checked.warnings, [Warning::UnknownLocalScope("b".to_owned())]);
    }

    #[test]
    fn all_refusals_are_told_at_once() {
        let text =
            "server.listen = \"0.0.0.0:80\"\nauth.mode = \"embedded\"\n[scopes.x]\ndescription = \"x\"";
        let refusals = check(text, &["a"]).unwrap_err();
        assert_eq!(refusals.len(), 4, "{refusals:#?}");
        let told = ConfigError::Refused(refusals).to_string();
        assert!(
            told.starts_with("4 reasons not to start:\n  - listen is 0.0.0.0:80"),
            "{told}"
        );
    }
}
