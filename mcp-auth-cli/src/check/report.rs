//! The meaning of a configuration as data: what `--json` prints, and what the page is made of.

use std::path::Path;

use mcp_auth_core::ambient::{Clock as _, SystemClock};
use mcp_auth_core::resource::WELL_KNOWN;
use mcp_auth_runtime::config::claim_test::ClaimTests;
use mcp_auth_runtime::config::issuer::BuiltInIssuer;
use mcp_auth_runtime::config::issuers::ScopesFrom;
use mcp_auth_runtime::config::roles::{AnyOf, Condition, RoleEntry};
use mcp_auth_runtime::config::{
    Checked, Config, Connect, Denial, RoleName, Transport, Verify, Visibility, api_keys, introspection,
    issuers,
};
use mcp_auth_runtime::facade::{HEALTHZ, Kind, READYZ, Registry, Rule, StdioCaller};
use serde::Serialize;
use serde_json::Value;

use super::advice;
use super::caller::{Who, over_stdio};
use super::locked::Locked;

/// The whole report on a configuration with which a server would start.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    /// The path of the configuration file, if there is one.
    pub(super) file: Option<String>,
    /// The path of the profile's file that is laid over it, if there is one.
    pub(super) profile: Option<String>,
    pub(super) serves: Serves,
    pub(super) trusts: Trusts,
    pub(super) access: Access,
    /// `None` if the operations are not known.
    pub(super) operations: Option<Vec<Operation>>,
    pub(super) scopes: Vec<Scope>,
    pub(super) roles: Vec<Role>,
    /// How the operations compare with `mcp.lock`; `None` if that was not asked for.
    pub(super) locked: Option<Locked>,
    /// What the server itself warns about when it starts, and what else is unwise.
    pub(super) warnings: Vec<String>,
    /// Usual settings that are good to know.
    pub(super) notes: Vec<String>,
}

/// What is served, and at which URL.
#[derive(Debug, Serialize)]
#[serde(tag = "transport", rename_all = "lowercase")]
pub(super) enum Serves {
    Http {
        listen: String,
        /// The MCP endpoint's URL and the resource identifier (RFC 8707 §2).
        resource: String,
        /// Whether `public_url` says so; otherwise it follows from `listen`.
        public_url: bool,
        /// The URLs of the protected resource metadata (RFC 9728 §3.1); empty if callers are not verified, or by API keys
        /// alone.
        metadata: Vec<String>,
        health: Vec<String>,
        /// Where the client's address comes from; `None` if it is the sender's.
        client_address: Option<ClientAddress>,
        /// Which certificates clients show where TLS ends in the server: `none`, `any`, `optional` or `required`; `None` if it ends
        /// elsewhere.
        tls: Option<&'static str>,
        /// The header in which these proxies pass on the certificate of a client.
        client_cert_header: Option<String>,
    },
    Stdio {
        /// The caller that all requests over stdio count as, by where that comes from.
        caller: String,
        /// Who that is; `None` if nobody is known, or only a start can tell.
        who: Option<Who>,
        /// Why only a start can tell.
        untold: Option<&'static str>,
        /// What that caller may call, as far as its claims fit `Claims<T>`, and no guard and no person refuses it; `None` if it is not
        /// known who it is, or which operations there are.
        may_call: Option<Vec<String>>,
    },
}

/// Where the address of a client comes from, behind proxies.
#[derive(Debug, Serialize)]
pub(super) struct ClientAddress {
    /// The one header that is read.
    pub(super) header: String,
    /// The proxies that are believed.
    pub(super) proxies: Vec<String>,
}

/// The issuers whose tokens are accepted.
#[derive(Debug, Serialize)]
pub(super) struct Trusts {
    /// How callers are verified: `tokens` or `none`.
    pub(super) verify: &'static str,
    /// The built-in issuer; `None` if this process does not issue tokens.
    pub(super) built_in: Option<BuiltIn>,
    pub(super) issuers: Vec<TrustedIssuer>,
    pub(super) api_keys: Vec<ApiKey>,
    /// Whether a key may come in `X-API-Key` too.
    pub(super) x_api_key: bool,
    /// The verifiers of the program's own that are asked.
    pub(super) verifiers: Vec<String>,
    /// How many tables of `[[auth.deny]]` there are.
    pub(super) deny: usize,
}

/// One entry of `[[auth.api_keys]]`: nothing of the key.
#[derive(Debug, Serialize)]
pub(super) struct ApiKey {
    pub(super) name: String,
    pub(super) scopes: Vec<String>,
    pub(super) roles: Vec<String>,
    /// When it is refused; `None` if it has no end.
    pub(super) expires: Option<String>,
    /// The networks that it may be used from; `None` for any.
    pub(super) allowed_addresses: Option<Vec<String>>,
}

/// One entry of `[[auth.issuers]]`.
#[derive(Debug, Serialize)]
pub(super) struct TrustedIssuer {
    /// Each `iss` that is accepted.
    pub(super) issuer: Vec<String>,
    /// Whom clients are told to ask for a token.
    pub(super) authorization_servers: Vec<String>,
    /// Whether the first issuer stands for all.
    pub(super) shared_subjects: bool,
    pub(super) tenant_claim: Option<String>,
    pub(super) audience: Vec<String>,
    /// Whether a token may name none.
    pub(super) audience_optional: bool,
    /// The only algorithms; `None` if each key says its own.
    pub(super) algorithms: Option<Vec<String>>,
    /// The URL of the keys; `None` if it is discovered at the start.
    pub(super) jwks_uri: Option<String>,
    pub(super) scope_claims: Vec<String>,
    pub(super) scopes_from_roles: bool,
    /// What stands in front of scopes where clients ask for them.
    pub(super) requested_scope_prefix: Option<String>,
    /// And in tokens.
    pub(super) token_scope_prefix: Option<String>,
    pub(super) client_claims: Vec<String>,
    pub(super) subject_claims: Vec<String>,
    /// What claims must say, as `mcp.toml` writes it.
    pub(super) require_claims: Value,
    /// What claims must not say.
    pub(super) refuse_claims: Value,
    /// What claims say in tokens of programs.
    pub(super) client_when: Value,
    pub(super) clock_skew: String,
    pub(super) max_token_lifetime: String,
    /// The clients whose tokens are accepted; `None` for every client.
    pub(super) allowed_clients: Option<Vec<String>>,
    /// Whether its keys verify tokens; where they do not, they are not fetched.
    pub(super) has_keys: bool,
    /// How it is asked about its opaque tokens, if it is.
    pub(super) introspection: Option<Introspection>,
}

/// How an issuer is asked about its opaque tokens.
#[derive(Debug, Serialize)]
pub(super) struct Introspection {
    pub(super) kind: &'static str,
    /// The stated URL; `None` if it is the kind's own or is discovered at the start.
    pub(super) endpoint: Option<String>,
    /// How this server shows itself there.
    pub(super) auth: &'static str,
    pub(super) client_id: Option<String>,
    /// `opaque` or `all`.
    pub(super) tokens: &'static str,
    /// What they begin with; empty for anything.
    pub(super) prefixes: Vec<String>,
    pub(super) cache_ttl: String,
}

/// The settings of the built-in issuer.
#[derive(Debug, Serialize)]
pub(super) struct BuiltIn {
    pub(super) issuer: String,
    pub(super) audience: String,
    pub(super) algorithms: [&'static str; 1],
    pub(super) users: Vec<String>,
    pub(super) clients: Vec<String>,
    /// Where its signing keys are if the store is in memory: `issuer.state_dir`.
    pub(super) state_dir: String,
    /// Whether they are in the store instead.
    pub(super) keys_in_store: bool,
    pub(super) access_token_lifetime: String,
    /// How people log in: `issuer.login`.
    pub(super) login: String,
    /// Whether that asks for no proof.
    pub(super) development_only: bool,
}

/// What a caller needs before it calls an operation.
#[derive(Debug, Serialize)]
pub(super) struct Access {
    /// What a caller needs for `initialize`, lists and the like.
    pub(super) connect: &'static str,
    pub(super) base_scopes: Vec<String>,
    pub(super) visibility: &'static str,
    pub(super) denial: &'static str,
    /// The operations that anyone may call; `None` if the operations are not known.
    pub(super) public: Option<Vec<String>>,
}

/// One operation.
#[derive(Debug, Serialize)]
pub(super) struct Operation {
    pub(super) kind: Kind,
    pub(super) name: String,
    /// Its rule in words, as `--scopes` prints it: who may call it (`public`, `authenticated`, `a and b`, `a or b`), then what is asked
    /// besides (`role manager`, `login 5m`, `guard may_read`, `confirmed`).
    pub(super) needs: String,
    pub(super) description: Option<String>,
}

/// One scope that is declared or configured.
#[derive(Debug, Serialize)]
pub(super) struct Scope {
    pub(super) scope: String,
    /// Whether it is asked for in the first login.
    pub(super) base: bool,
    pub(super) implies: Vec<String>,
    /// The names of the operations that need it.
    pub(super) needed_by: Vec<String>,
    pub(super) description: Option<String>,
}

/// One configured role.
#[derive(Debug, Serialize)]
pub(super) struct Role {
    pub(super) role: String,
    /// The conditions, of which one suffices, as `mcp.toml` writes them.
    pub(super) when: Vec<When>,
    pub(super) implies: Vec<String>,
    /// The scopes that it gives.
    pub(super) grants: Vec<String>,
}

/// What one claim must say: exactly one of `equals`, `contains` and `any` is there.
#[derive(Debug, Serialize)]
pub(super) struct When {
    /// The issuer whose tokens are meant; left out where only one issuer's tokens are accepted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) issuer: Option<String>,
    /// The names that lead to the claim.
    pub(super) claim: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) equals: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) contains: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) any: Option<Vec<Value>>,
}

impl Report {
    /// `caller` is who calls over stdio, if that is what is served.
    pub(super) fn new(
        config: &Config,
        checked: &Checked,
        registry: Option<&Registry>,
        caller: Option<&StdioCaller>,
    ) -> Self {
        let advice = advice::of(config, checked, registry);
        let mut warnings: Vec<String> = checked.warnings.iter().map(ToString::to_string).collect();
        let expired = config.expired_api_keys(SystemClock.unix_now());
        warnings.extend(expired.iter().map(ToString::to_string));
        warnings.extend(advice.warnings);
        Self {
            file: config.file().map(from_here),
            profile: config.profile().map(from_here),
            serves: caller
                .map_or_else(|| over_http(config), |caller| over_stdio(config, checked, registry, caller)),
            trusts: trusts(config),
            access: access(config, checked.connect, registry),
            operations: registry.map(operations),
            scopes: scopes(config, checked, registry),
            roles: roles(config),
            locked: None,
            warnings,
            notes: advice.notes,
        }
    }

    /// Whether the operations are not those of the lock.
    pub(super) fn differs(&self) -> bool {
        self.locked.as_ref().is_some_and(|locked| !locked.differences.is_empty())
    }

    /// The report with its verdict: `fine`, `unwise`, or `unlocked`: the operations are not those of the lock.
    ///
    /// # Errors
    /// Never: everything in it serializes.
    pub(super) fn json(&self) -> serde_json::Result<serde_json::Value> {
        let mut json = serde_json::to_value(self)?;
        let verdict = match (self.differs(), self.warnings.is_empty()) {
            (true, _) => "unlocked",
            (false, true) => "fine",
            (false, false) => "unwise",
        };
        json["verdict"] = verdict.into();
        Ok(json)
    }
}

/// The path relative to the current directory.
fn from_here(path: &Path) -> String {
    let here = std::env::current_dir().ok();
    let below = here.and_then(|here| path.strip_prefix(here).ok().map(Path::to_path_buf));
    below.as_deref().unwrap_or(path).display().to_string()
}

fn over_http(config: &Config) -> Serves {
    let resource = config.resource();
    let mut metadata = Vec::new();
    if config.auth.verify != Verify::None && !config.accepts_no_tokens() {
        metadata.push(resource.metadata_url());
        let root = format!("{}{WELL_KNOWN}", resource.origin());
        if !metadata.contains(&root) {
            metadata.push(root);
        }
    }
    let tls = config.server.tls.as_ref();
    let scheme = if tls.is_some() { "https" } else { "http" };
    Serves::Http {
        listen: config.server.listen.to_string(),
        public_url: config.server.public_url.is_some(),
        metadata,
        health: [HEALTHZ, READYZ].map(|path| format!("{scheme}://{}{path}", config.server.listen)).into(),
        resource: resource.to_string(),
        client_address: client_address(config),
        tls: tls.map(|tls| tls.asked().map_or("none", |asked| asked.as_str())),
        client_cert_header: config
            .server
            .client_cert_header
            .as_ref()
            .map(|header| header.name.name().to_string()),
    }
}

fn client_address(config: &Config) -> Option<ClientAddress> {
    let proxies: Vec<String> =
        config.server.trusted_proxies.iter().filter_map(|proxy| Some(proxy.network()?.to_string())).collect();
    let header = config.server.client_address_header.name().to_string();
    (!proxies.is_empty()).then_some(ClientAddress { header, proxies })
}

fn trusts(config: &Config) -> Trusts {
    Trusts {
        verify: config.auth.verify.as_str(),
        built_in: config.built_in_issuer().map(|issuer| built_in(config, issuer)),
        issuers: config.auth.issuers.iter().map(|issuer| trusted(config, issuer)).collect(),
        api_keys: config.auth.api_keys.iter().map(ApiKey::from).collect(),
        x_api_key: config.auth.x_api_key,
        verifiers: config.auth.verifiers.iter().map(|name| name.as_str().to_owned()).collect(),
        deny: config.auth.deny.len(),
    }
}

impl From<&api_keys::ApiKeyEntry> for ApiKey {
    fn from(entry: &api_keys::ApiKeyEntry) -> Self {
        let networks =
            |all: &api_keys::AllowedAddresses| all.iter().map(|network| network.to_string()).collect();
        Self {
            name: entry.name.as_str().to_owned(),
            scopes: entry.scopes.iter().map(ToString::to_string).collect(),
            roles: entry.roles.iter().map(ToString::to_string).collect(),
            expires: entry.expires.map(|moment| moment.to_string()),
            allowed_addresses: entry.allowed_addresses.as_ref().map(networks),
        }
    }
}

fn built_in(config: &Config, issuer: &BuiltInIssuer) -> BuiltIn {
    BuiltIn {
        issuer: config.resource().origin().to_string(),
        audience: config.resource().to_string(),
        algorithms: [issuer.signing_alg.as_str()],
        users: issuer.users.names().map(str::to_owned).collect(),
        clients: issuer.clients.iter().map(|client| client.client_id.as_str().to_owned()).collect(),
        state_dir: from_here(&config.state_dir(issuer)),
        keys_in_store: config.store_lasts(),
        access_token_lifetime: duration(issuer.access_token_lifetime.get()),
        login: issuer.login.as_str().to_owned(),
        development_only: issuer.login.is_for_development(),
    }
}

fn trusted(config: &Config, issuer: &issuers::TrustedIssuer) -> TrustedIssuer {
    let audience = match config.server.transport {
        Transport::Http => config.audiences(issuer, &config.resource()),
        Transport::Stdio => config.stdio_audiences(Some(issuer), &config.resource()),
    };
    TrustedIssuer {
        issuer: issuer.accepted().iter().map(|accepted| accepted.iss.to_string()).collect(),
        authorization_servers: issuer.authorization_servers().iter().map(ToString::to_string).collect(),
        shared_subjects: issuer.shared_subjects,
        tenant_claim: issuer.tenant_claim.as_ref().map(|claim| claim.as_str().to_owned()),
        audience,
        audience_optional: issuer.audience_optional,
        algorithms: issuer.algorithms.as_ref().map(|only| only.iter().map(ToString::to_string).collect()),
        jwks_uri: issuer.jwks_uri.as_ref().map(|uri| uri.as_str().to_owned()),
        scopes_from_roles: issuer.scopes_from == ScopesFrom::Roles,
        scope_claims: issuer.scope_claims.iter().map(|claim| claim.as_str().to_owned()).collect(),
        requested_scope_prefix: issuer.requested_prefix().map(str::to_owned),
        token_scope_prefix: issuer.token_prefix().map(str::to_owned),
        client_claims: issuer.client_claims.iter().map(|claim| claim.as_str().to_owned()).collect(),
        subject_claims: issuer.subject_claims.iter().map(|claim| claim.as_str().to_owned()).collect(),
        require_claims: asked(&issuer.require_claims),
        refuse_claims: asked(&issuer.refuse_claims),
        client_when: asked(&issuer.client_when),
        clock_skew: duration(issuer.clock_skew.get()),
        max_token_lifetime: duration(issuer.max_token_lifetime.get()),
        allowed_clients: issuer
            .allowed_clients
            .as_ref()
            .map(|clients| clients.iter().map(|client| client.as_str().to_owned()).collect()),
        has_keys: issuer.has_keys(),
        introspection: issuer.introspection.as_ref().map(introspection),
    }
}

fn introspection(asked: &introspection::Introspection) -> Introspection {
    Introspection {
        kind: asked.kind.as_str(),
        endpoint: asked.endpoint.as_ref().map(|url| url.as_str().to_owned()),
        auth: asked.auth().as_str(),
        client_id: asked.client_id.as_ref().map(|id| id.as_str().to_owned()),
        tokens: asked.tokens.as_str(),
        prefixes: asked.prefixes(),
        cache_ttl: duration(asked.cache_ttl.get()),
    }
}

fn asked(tests: &ClaimTests) -> Value {
    serde_json::to_value(tests).unwrap_or_default()
}

fn duration(duration: std::time::Duration) -> String {
    humantime::format_duration(duration).to_string()
}

fn access(config: &Config, connect: Connect, registry: Option<&Registry>) -> Access {
    let public = |registry: &Registry| {
        let all = registry.iter().map(|(_, declaration)| declaration);
        all.filter(|declaration| declaration.rule.is_public()).map(|d| d.name().to_owned()).collect()
    };
    Access {
        connect: connect.as_str(),
        base_scopes: config.auth.base_scopes().iter().map(ToString::to_string).collect(),
        visibility: match config.auth.visibility {
            Visibility::All => "all",
            Visibility::Granted => "granted",
        },
        denial: match config.auth.denial {
            Denial::Http403 => "http-403",
            Denial::ToolError => "tool-error",
        },
        public: registry.map(public),
    }
}

fn operations(registry: &Registry) -> Vec<Operation> {
    let all = registry.iter().map(|(_, declaration)| Operation {
        kind: declaration.kind(),
        name: declaration.name().to_owned(),
        needs: declaration.rule.to_string(),
        description: declaration.description().map(str::to_owned),
    });
    all.collect()
}

fn scopes(config: &Config, checked: &Checked, registry: Option<&Registry>) -> Vec<Scope> {
    let base = config.auth.base_scopes();
    let mut all = checked.scopes.clone();
    for scope in base.iter() {
        all.entry(scope.to_string()).or_default();
    }
    let row = |(scope, description): (String, Option<String>)| {
        let entry = config.scopes.iter().find(|(name, _)| name.as_str() == scope).map(|(_, entry)| entry);
        let implies = entry.iter().flat_map(|entry| &entry.implies).map(|s| s.as_str().to_owned()).collect();
        let names = |rule: &Rule| rule.scopes().iter().any(|s| s.as_str() == scope);
        let needed_by = registry.iter().flat_map(|registry| registry.iter());
        let needed_by = needed_by.filter(|(_, d)| names(&d.rule)).map(|(_, d)| d.name().to_owned());
        Scope { base: base.contains(&scope), implies, needed_by: needed_by.collect(), description, scope }
    };
    all.into_iter().map(row).collect()
}

fn roles(config: &Config) -> Vec<Role> {
    let role = |(role, entry): (&RoleName, &RoleEntry)| Role {
        role: role.to_string(),
        when: entry.conditions().map(When::from).collect(),
        implies: entry.implies.iter().map(ToString::to_string).collect(),
        grants: entry.grants.iter().map(|scope| scope.as_str().to_owned()).collect(),
    };
    config.roles.iter().map(role).collect()
}

impl From<&Condition> for When {
    fn from(condition: &Condition) -> Self {
        let values = |any: &AnyOf| any.iter().map(|value| value.json().clone()).collect();
        Self {
            issuer: condition.issuer.as_ref().map(|issuer| issuer.as_str().to_owned()),
            claim: condition.claim.names().map(str::to_owned).collect(),
            equals: condition.equals.as_ref().map(|value| value.json().clone()),
            contains: condition.contains.as_ref().map(|text| text.as_str().to_owned()),
            any: condition.any.as_ref().map(values),
        }
    }
}
