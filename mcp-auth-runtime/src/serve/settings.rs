//! What the configuration comes to, for each place that acts. No other code reads a limit: a new one is a field in its
//! section, a line in `mcp.toml.example`, and a line here.

use std::net::SocketAddr;
use std::sync::Arc;

use super::local_issuer::LocalIssuer;
use crate::answer::{ProtectedResourceMetadata, Schemes};
use crate::authn::{
    A_YEAR, Accepted, ApiKeyDigest, ApiKeyRules, AssertionKey, BindingMode, ClientAuth, Held, Identity,
    IntrospectionRules, IssuerRules, KeyRefresh, KeySource, RevocationPace, RoleGrants, RoleRule, RoleRules,
    ScopePrefix, Tenant, TokenRules, local,
};
use crate::authz::Connect;
use crate::config::api_keys::ApiKeyEntry;
use crate::config::auth::Ready;
use crate::config::introspection::{AuthMethod, Introspection};
use crate::config::issuers::{AcceptedIssuer, ScopesFrom, TrustedIssuer};
use crate::config::roles::RoleEntry;
use crate::config::{Advertise, Checked, Config, Denial, IssuerReach, Rounds, claim_test, key};
use crate::dispatch::{CallLimits, Logins, Pages};
use crate::envelope::EnvelopeLimits;
use crate::error::{Error, Result};
use crate::gate::{EndpointLimits, ToolErrors, ToolHeaders};
use crate::observe::health::Demand;
use crate::owned::{Cursors, RequestStates, SessionLimits, ShareLimits};
use crate::transport::client_address::TrustedProxies;
use crate::transport::client_certificate::ClientCertificates;
use crate::transport::host::{AllowedHosts, HostSettings};
use crate::transport::http::ConnectionLimits;
use crate::transport::origin::{AllowedOrigins, OriginSettings};
use crate::transport::peer::IssuerPeers;
use crate::transport::place::Places;
use crate::transport::stdio::{DRAIN, StdioLimits};
use mcp_auth_core::ambient::Ambient;
use mcp_auth_core::net::{Authority, Origin};
use mcp_auth_core::own_claims::ROLES_CLAIM;
use mcp_auth_core::{ApiKey, IssuerIdentifier, Resource, RoleSet, ScopeSet};
use mcp_auth_store::Store;

/// Where operators allow another host or origin.
const HOSTS_SETTING: &str = "server.allowed_hosts in mcp.toml";
const ORIGINS_SETTING: &str = "cors.allowed_origins in mcp.toml";

/// What one message at the MCP endpoint may cost.
pub(super) fn endpoint_limits(config: &Config) -> EndpointLimits {
    EndpointLimits {
        body: config.limits.body.get(),
        unverified_body: config.limits.unverified_body.get(),
        body_timeout: config.limits.body_timeout.get(),
        heartbeat: config.limits.heartbeat.get(),
        envelope: envelope_limits(config),
    }
}

/// What one connection may cost, and how many there are.
pub(super) fn connection_limits(config: &Config) -> ConnectionLimits {
    ConnectionLimits {
        max_connections: config.limits.connections.get(),
        max_headers: config.limits.headers.get(),
        max_header_bytes: config.limits.header_bytes.get(),
        header_timeout: config.limits.header_timeout.get(),
        body_timeout: config.limits.body_timeout.get(),
        idle_timeout: config.limits.idle_timeout.get(),
        write_timeout: config.limits.write_timeout.get(),
        drain_timeout: config.limits.drain_timeout.get(),
    }
}

/// How many issuers must have keys for the server to be ready.
pub(super) fn ready_demand(config: &Config) -> Demand {
    match config.auth.ready {
        Ready::Any => Demand::Any,
        Ready::All => Demand::All,
    }
}

/// How many legacy sessions there are; `verifies` says whether callers are verified.
pub(super) fn session_limits(config: &Config, verifies: bool) -> SessionLimits {
    let limits = &config.limits;
    SessionLimits {
        all: limits.sessions.get(),
        caller: limits.caller_sessions.get(),
        anonymous: if verifies { 0 } else { limits.anonymous_sessions.get() },
        idle: limits.session_timeout.get(),
    }
}

/// What one caller may have of the server.
pub(super) fn share_limits(config: &Config, verifies: bool) -> ShareLimits {
    let limits = &config.limits;
    ShareLimits {
        connections: limits.connections.get(),
        caller_calls: limits.caller_calls.get(),
        caller_streams: limits.caller_streams.get(),
        // Half of it is one caller's, and one body must find room in it.
        bodies: limits.bodies.get().max(2 * limits.body.get()),
        tells_callers_apart: verifies,
    }
}

/// What one connection over standard input and output may cost.
pub(super) fn stdio_limits(config: &Config) -> StdioLimits {
    StdioLimits { line_bytes: config.limits.body.get(), envelope: envelope_limits(config), drain: DRAIN }
}

/// What one call may cost, over HTTP and stdio.
pub(super) fn call_limits(config: &Config) -> CallLimits {
    CallLimits {
        timeout: config.limits.call_timeout.get(),
        guard: config.limits.guard_timeout.get(),
        answer: config.limits.answer.get(),
    }
}

fn envelope_limits(config: &Config) -> EnvelopeLimits {
    EnvelopeLimits {
        max_depth: config.limits.envelope_depth.get(),
        max_values: config.limits.envelope_values.get(),
    }
}

/// What seals the state of a call that asks, and how often it is opened.
pub(super) fn request_states(config: &Config, store: &Store, ambient: &Ambient) -> RequestStates {
    RequestStates::new(store.clone(), ambient, config.server.rounds == Rounds::Once)
}

/// How lists come, over HTTP and stdio.
pub(super) fn pages(config: &Config, store: &Store, ambient: &Ambient) -> Pages {
    match config.limits.page_size.get() {
        0 => Pages::Whole,
        size => Pages::Of(size, Box::new(Cursors::new(store.clone(), ambient))),
    }
}

/// Which peers are proxies, and where they say for whom they ask.
pub(super) fn trusted_proxies(config: &Config) -> TrustedProxies {
    let networks = config.server.trusted_proxies.iter().filter_map(|proxy| proxy.network()).collect();
    TrustedProxies::new(networks, config.server.client_address_header.name().clone())
}

/// Whose listener the requests come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Listener {
    /// Ours, which speaks TLS where `[server.tls]` is.
    Own,
    /// That of the application that took the router. `[server.tls]` says nothing about it.
    Application {
        /// The application says that it speaks TLS only.
        speaks_tls: bool,
    },
}

/// Which requests the built-in issuer answers.
///
/// # Errors
/// Other computers reach the issuer, and nothing says that they do so by TLS.
pub(super) fn issuer_peers(config: &Config, listener: Listener) -> Result<IssuerPeers> {
    let is_encrypted = match listener {
        Listener::Own => config.server.tls.is_some(),
        Listener::Application { speaks_tls } => speaks_tls,
    };
    match config.issuer_reach() {
        IssuerReach::ThisComputer => Ok(IssuerPeers::ThisComputer),
        IssuerReach::Network if is_encrypted => Ok(IssuerPeers::Encrypted),
        IssuerReach::Network
            if config.server.trusted_proxies.is_empty() && config.built_in_issuer().is_some() =>
        {
            Err(Error::from(format!(
                "the built-in issuer answers requests that come by https only, and the application that serves this router may speak \
                 http: name the proxies before it in server.trusted_proxies, or call ServerBuilder::served_by_tls if its own \
                 listener speaks TLS: {}",
                config.place(&key!(issuer))
            )))
        }
        IssuerReach::Network => Ok(IssuerPeers::Proxied(trusted_proxies(config))),
    }
}

/// How the certificate of a client is found.
pub(super) fn client_certificates(config: &Config) -> ClientCertificates {
    let header = config.server.client_cert_header.as_ref();
    let header = header.map(|header| (header.name.name().clone(), header.format));
    ClientCertificates::new(trusted_proxies(config), header)
}

/// Where requests get their ids from.
pub(super) fn places(config: &Config, ambient: &Ambient) -> Places {
    Places::new(Arc::clone(&ambient.random), trusted_proxies(config))
}

/// The headers of a request that tools see.
pub(super) fn tool_headers(config: &Config) -> ToolHeaders {
    ToolHeaders::and(config.server.tool_headers.iter().map(|header| header.name().clone()).collect())
}

/// The hosts that a request may name.
pub(super) fn allowed_hosts(config: &Config, resource: &Resource, listen: SocketAddr) -> AllowedHosts {
    let extra: &Vec<Authority> = &config.server.allowed_hosts.iter().map(|host| (**host).clone()).collect();
    AllowedHosts::new(&HostSettings { resource, listen, extra, setting: HOSTS_SETTING })
}

/// The origins of pages that may call.
pub(super) fn allowed_origins(config: &Config, resource: &Resource, listen: SocketAddr) -> AllowedOrigins {
    let extra: &Vec<Origin> = &config.cors.allowed_origins.iter().map(|origin| (**origin).clone()).collect();
    AllowedOrigins::new(&OriginSettings { resource, listen, extra, setting: ORIGINS_SETTING })
}

/// What metadata says of the scopes that operations need.
pub(super) fn advertised(config: &Config) -> impl Fn(&ScopeSet) -> ScopeSet + Clone + Send + Sync + 'static {
    let fixed = match config.auth.advertise {
        Advertise::All if config.asks_for_scopes() => None,
        Advertise::All | Advertise::Base => Some(config.auth.base_scopes()),
    };
    let prefix = requested_prefix(config);
    move |needed| {
        let scopes = fixed.as_ref().unwrap_or(needed);
        prefix.as_ref().map_or_else(|| scopes.clone(), |prefix| prefix.asked(scopes))
    }
}

/// What a client reads to find out whom to ask for a token, and for which scopes.
pub(super) fn protected_resource_metadata(
    config: &Config,
    resource: &Resource,
    local: Option<&LocalIssuer>,
    scopes: &ScopeSet,
) -> ProtectedResourceMetadata {
    let server = &config.server;
    let configured = config.auth.issuers.iter().flat_map(TrustedIssuer::authorization_servers);
    // The built-in issuer first: clients take the first, and who turns it on wants to log in there.
    let mut issuers = Vec::new();
    for issuer in local.map(|local| local.issuer.clone()).into_iter().chain(configured) {
        if !issuers.contains(&issuer) {
            issuers.push(issuer);
        }
    }
    let scopes = advertised(config)(scopes);
    let mut metadata = ProtectedResourceMetadata::new(resource.clone(), issuers, &scopes);
    metadata.offering(&schemes(config, local.is_some()));
    if requires_certificates(config, local.is_some()) {
        metadata.requiring_certificates();
    }
    metadata.resource_name = server.name.as_ref().map(|name| name.as_str().to_owned());
    metadata.resource_documentation = server.documentation.as_ref().map(|url| url.as_str().to_owned());
    metadata.resource_policy_uri = server.policy.as_ref().map(|url| url.as_str().to_owned());
    metadata.resource_tos_uri = server.terms.as_ref().map(|url| url.as_str().to_owned());
    metadata
}

/// How clients may present a token: with `local`, the issuer in this process issues some too.
pub(super) fn schemes(config: &Config, local: bool) -> Schemes {
    let issuers = &config.auth.issuers;
    if !reads_proofs(config) {
        return Schemes::bearer_alone();
    }
    if !issuers.iter().any(|issuer| issuer.dpop.is_on()) {
        return Schemes::bearer_first();
    }
    // What is not of these issuers comes as a bearer token.
    let has_others = local || config.accepts_others();
    match !has_others && issuers.iter().all(|issuer| issuer.dpop == BindingMode::Required) {
        true => Schemes::dpop_alone(),
        false => Schemes::both(),
    }
}

/// Whether every token has to be bound to a client certificate: with `local`, the issuer in this process issues some that are
/// not.
fn requires_certificates(config: &Config, local: bool) -> bool {
    let issuers = &config.auth.issuers;
    let all = issuers.iter().all(|issuer| issuer.certificate_bound == BindingMode::Required);
    all && !issuers.is_empty() && !local && !config.accepts_others()
}

/// How current the server is about what the built-in issuer revoked.
pub(super) fn revocation_pace(config: &Config) -> RevocationPace {
    let store = &config.store;
    RevocationPace { lag: store.revocation_lag.get(), stale: store.revocation_stale.get() }
}

/// Whether tokens of any issuer may be bound to a key.
pub(super) fn reads_proofs(config: &Config) -> bool {
    config.auth.issuers.iter().any(|issuer| issuer.dpop.is_on()) || own_dpop(config).is_on()
}

/// Whether tokens of the built-in issuer may be bound to a key: its clients choose. With `auth.token_header` no proof could come.
pub(super) fn own_dpop(config: &Config) -> BindingMode {
    match config.built_in_issuer().is_some() && config.auth.token_header.is_none() {
        true => BindingMode::Allowed,
        false => BindingMode::Off,
    }
}

/// Where challenges say that the protected resource metadata is; `None` where there is no issuer to log in at.
pub(super) fn challenge_metadata(config: &Config, resource: &Resource) -> Option<String> {
    (!config.accepts_no_tokens()).then(|| resource.metadata_url())
}

/// Which refusals are told as the result of a tool, over HTTP and stdio.
pub(super) fn tool_errors(config: &Config, connect: Connect) -> ToolErrors {
    match config.auth.denial {
        Denial::Http403 => ToolErrors::Never,
        Denial::ToolError => ToolErrors::told(connect),
    }
}

/// How clients log in, as lists of tools say; `verifies` says whether callers are verified.
pub(super) fn logins(config: &Config, verifies: bool) -> Logins {
    match verifies && !config.accepts_no_tokens() {
        true => Logins::AtIssuer(requested_prefix(config)),
        false => Logins::Nowhere,
    }
}

/// What clients put in front of this server's scopes: the same for every issuer, or the start was refused.
pub(super) fn requested_prefix(config: &Config) -> Option<ScopePrefix> {
    config.auth.issuers.first()?.requested_prefix().map(ScopePrefix::new)
}

/// What tokens of a configured issuer must be, for each authorization server of it.
pub(super) fn rules(issuer: &TrustedIssuer, audiences: &[String]) -> Vec<IssuerRules> {
    let each = issuer.authorization_servers().into_iter().map(|server| {
        let accepted = accepted(issuer, |accepted| accepted.server == server);
        let also_called = also_called(issuer, &server);
        IssuerRules { accepted, also_called, ..rules_of(issuer, server, audiences.to_vec()) }
    });
    each.collect()
}

/// Those `iss` of a configured issuer that are `meant`.
fn accepted(issuer: &TrustedIssuer, meant: impl Fn(&AcceptedIssuer) -> bool) -> Vec<Accepted> {
    let claim = issuer.tenant_claim.as_ref().map(|claim| claim.as_str().to_owned());
    let accepted = issuer.accepted().into_iter().filter(meant).map(|accepted| Accepted {
        iss: Arc::from(accepted.iss.as_str()),
        stands_for: Arc::from(accepted.stands_for.as_str()),
        tenant: accepted.tenant.map(|name| Tenant { name: Arc::from(name), claim: claim.clone() }),
    });
    accepted.collect()
}

/// What else its metadata may call this authorization server of a configured issuer.
fn also_called(issuer: &TrustedIssuer, server: &IssuerIdentifier) -> Vec<String> {
    issuer.names_of(server).into_iter().filter(|name| *server != name.as_str()).collect()
}

/// What tokens of this authorization server of a configured issuer must be.
fn rules_of(issuer: &TrustedIssuer, server: IssuerIdentifier, audiences: Vec<String>) -> IssuerRules {
    let keys = match &issuer.jwks_uri {
        Some(uri) => KeySource::JwksUri(uri.url().clone()),
        None => KeySource::Discovery,
    };
    let mut rules = IssuerRules::new(server, audiences, keys);
    rules.keys_optional = issuer.introspection.is_some();
    rules.allow_http = issuer.allow_http.as_ref().map(|host| host.host().clone());
    rules.algorithms = issuer.algorithms.as_ref().map(|only| only.to_vec());
    rules.tokens.scope_claims = issuer.scope_claims.iter().map(|claim| claim.as_str().to_owned()).collect();
    rules.tokens.scope_prefix = issuer.token_prefix().map(ScopePrefix::new);
    rules.tokens.client_claims = issuer.client_claims.iter().map(|claim| claim.as_str().to_owned()).collect();
    rules.tokens.subject_claims =
        issuer.subject_claims.iter().map(|claim| claim.as_str().to_owned()).collect();
    rules.tokens.auth_time_claims =
        issuer.auth_time_claims.iter().map(|claim| claim.as_str().to_owned()).collect();
    rules.tokens.acr_claims = issuer.acr_claims.iter().map(|claim| claim.as_str().to_owned()).collect();
    rules.tokens.require_claims = claim_test::tests(&issuer.require_claims);
    rules.tokens.refuse_claims = claim_test::tests(&issuer.refuse_claims);
    rules.tokens.client_when = claim_test::tests(&issuer.client_when);
    rules.tokens.clock_skew = issuer.clock_skew.get();
    rules.tokens.max_token_lifetime = issuer.max_token_lifetime.get();
    rules.require_at_jwt = issuer.require_at_jwt;
    rules.tokens.audience_optional = issuer.audience_optional;
    rules.tokens.single_audience = issuer.single_audience;
    rules.tokens.allowed_clients = issuer
        .allowed_clients
        .as_ref()
        .map(|clients| clients.iter().map(|client| client.as_str().to_owned()).collect());
    rules.tokens.bindings.dpop = issuer.dpop;
    rules.tokens.bindings.certificate = issuer.certificate_bound;
    rules.tokens.token_cache_ttl = issuer.token_cache_ttl.get();
    rules.refresh = key_refresh(issuer);
    rules
}

/// How a configured issuer is asked about its opaque tokens, if it is. `tokens` is what they must say.
///
/// # Errors
/// A secret or a key that cannot be read, by its key.
pub(super) fn introspection(
    config: &Config,
    index: usize,
    tokens: TokenRules,
) -> Result<Option<IntrospectionRules>, Error> {
    let issuer = &config.auth.issuers[index];
    let Some(section) = &issuer.introspection else { return Ok(None) };
    let audiences = tokens.audiences.clone();
    let client = client_auth(config, index, section)?;
    let Some(server) = issuer.authorization_servers().into_iter().next() else { return Ok(None) };
    let also_called = also_called(issuer, &server);
    let mut rules = IntrospectionRules::new(server, audiences, client);
    rules.accepted = accepted(issuer, |_| true);
    rules.also_called = also_called;
    rules.kind = section.kind;
    rules.endpoint = section.endpoint.as_ref().map(|url| url.url().clone());
    rules.allow_http = issuer.allow_http.as_ref().map(|host| host.host().clone());
    rules.reach = section.tokens;
    rules.prefixes = section.prefixes();
    rules.username_as_subject = section.username_as_subject;
    rules.beside_keys = issuer.has_keys();
    rules.negative_ttl = section.negative_ttl.get();
    rules.timeout = section.timeout.get();
    rules.tokens = TokenRules { token_cache_ttl: section.cache_ttl.get(), ..tokens };
    Ok(Some(rules))
}

/// Who this server is to an introspection endpoint.
fn client_auth(config: &Config, index: usize, section: &Introspection) -> Result<ClientAuth, Error> {
    let id = section.client_id.as_ref().map(|id| id.as_str().to_owned());
    let named = || {
        let at = config.place(&key!(auth.issuers[index].introspection?.client_id));
        id.clone().ok_or_else(|| Error::from(format!("client_id is missing: {at}")))
    };
    let secret = || match &section.client_secret {
        Some(secret) => Ok(config.secret(secret).read()?),
        None => {
            let at = config.place(&key!(auth.issuers[index].introspection?.client_secret));
            Err(Error::from(format!("client_secret is missing: {at}")))
        }
    };
    Ok(match section.auth() {
        AuthMethod::None => ClientAuth::None { client_id: id },
        AuthMethod::Basic => ClientAuth::Basic { client_id: named()?, secret: secret()? },
        AuthMethod::Post => ClientAuth::Post { client_id: named()?, secret: secret()? },
        AuthMethod::Bearer => ClientAuth::Bearer { key: secret()? },
        AuthMethod::PrivateKeyJwt => {
            let at = config.place(&key!(auth.issuers[index].introspection?.private_key));
            let secret = section.private_key.as_ref();
            let secret = secret.ok_or_else(|| Error::from(format!("private_key is missing: {at}")))?;
            let key = AssertionKey::read(config.secret(secret).read()?.expose());
            let key = key.map_err(|error| Error::from(format!("private_key {error}: {at}")))?;
            ClientAuth::PrivateKeyJwt { client_id: named()?, key: Arc::new(key) }
        }
    })
}

/// How what an issuer publishes is kept fresh.
pub(super) fn key_refresh(issuer: &TrustedIssuer) -> KeyRefresh {
    KeyRefresh {
        min: issuer.jwks_min_refresh.get(),
        max: issuer.jwks_max_refresh.get(),
        cooldown: issuer.unknown_kid_cooldown.get(),
        keep: issuer.jwks_max_stale.get(),
        fetch: issuer.jwks_timeout.get(),
        ..KeyRefresh::default()
    }
}

/// How the keys of the built-in issuer are kept current: as what it revoked, for a key that leaked is withdrawn as a token is.
pub(super) fn own_key_refresh(config: &Config, store_lasts: bool) -> KeyRefresh {
    let RevocationPace { lag, stale } = revocation_pace(config);
    // A directory that cannot be read tells nothing: who could change keys in it is the owner of this process.
    let keep = if store_lasts { stale } else { A_YEAR };
    KeyRefresh { min: lag, max: lag, cooldown: lag, keep, ..KeyRefresh::default() }
}

/// Who the bearer of each API key is, and what it may do.
///
/// # Errors
/// A key that cannot be read from where the configuration says it is, by name.
pub(super) fn api_keys(config: &Config, checked: &Checked) -> Result<Vec<ApiKeyRules>> {
    let keys = config.auth.api_keys.iter().enumerate();
    let grants = grants(config);
    keys.map(|(index, entry)| {
        let roles = RoleSet::union_of(entry.roles.iter().filter_map(|role| checked.roles.get(role)));
        let mut scopes: ScopeSet = entry.scopes.iter().map(|scope| scope.scope().clone()).collect();
        // What names scopes has those and no more, as with tokens.
        if scopes.is_empty() {
            scopes = grants.of(&roles);
        }
        Ok(ApiKeyRules {
            name: entry.name.as_str().to_owned(),
            digests: digests(config, entry).map_err(|why| {
                Error::from(format!("{why}: {}", config.place(&key!(auth.api_keys[index].key))))
            })?,
            held: Held { scopes, roles, is_fixed: true, login: None },
            expires_at: entry.expires.map(|moment| moment.unix()),
            allowed_addresses: entry
                .allowed_addresses
                .as_ref()
                .map(|addresses| addresses.iter().map(|cidr| **cidr).collect()),
        })
    })
    .collect()
}

fn digests(config: &Config, entry: &ApiKeyEntry) -> Result<Vec<ApiKeyDigest>> {
    let written = entry.digest.iter().flat_map(|digests| digests.iter().copied());
    let read = entry.key.iter().map(|secret| {
        let text = config.secret(secret).read()?;
        Ok(ApiKeyDigest::of(&text.expose().parse::<ApiKey>()?))
    });
    written.map(Ok).chain(read).collect()
}

/// What roles give to tokens of an issuer, where their scopes come from roles.
pub(super) fn grants_of(config: &Config, issuer: &TrustedIssuer) -> Option<RoleGrants> {
    (issuer.scopes_from == ScopesFrom::Roles).then(|| grants(config))
}

/// What roles give.
fn grants(config: &Config) -> RoleGrants {
    config.grants().map(|(role, scopes)| (role.role().clone(), scopes)).collect()
}

/// Which roles the claims of an issuer's credentials give; `accepted` are its names. A condition that names no issuer is about
/// the only one.
pub(super) fn roles(config: &Config, checked: &Checked, accepted: &[AcceptedIssuer]) -> RoleRules {
    let mut rules = Vec::new();
    for (role, gives) in &checked.roles {
        for condition in config.roles.get(role).into_iter().flat_map(RoleEntry::conditions) {
            let of = condition.issuer.as_ref().map(|named| meant(config, named.as_str(), accepted));
            rules.push(RoleRule {
                of,
                claim: condition.claim.names().map(str::to_owned).collect(),
                equals: condition.equal_to().map(|value| value.json().clone()).collect(),
                contains: condition.contained().map(str::to_owned).collect(),
                gives: gives.clone(),
            });
        }
    }
    rules.into_iter().collect()
}

/// The roles that an issuer in this process names as such.
pub(super) fn named_roles(checked: &Checked) -> impl Iterator<Item = RoleRule> {
    checked.roles.iter().map(|(role, gives)| RoleRule {
        of: None,
        claim: vec![ROLES_CLAIM.to_owned()],
        equals: Vec::new(),
        contains: vec![role.as_str().to_owned()],
        gives: gives.clone(),
    })
}

/// The local caller of a stdio server.
pub(super) fn local_caller(config: &Config, checked: &Checked) -> Identity {
    let stdio = &config.stdio;
    let roles = RoleSet::union_of(stdio.local_roles.iter().filter_map(|role| checked.roles.get(role)));
    let held = Held { roles, ..Held::of(stdio.local_scopes()) };
    local::caller(held, stdio.local_claims.clone())
}

/// The issuers of principals that a condition about `named` is about. What `iss` may say, here or in another entry, means the
/// issuer that it stands for; else the name of an authorization server means all of its tokens.
fn meant(config: &Config, named: &str, accepted: &[AcceptedIssuer]) -> Vec<String> {
    let is_these = |issuer: &&TrustedIssuer| issuer.accepted() == accepted;
    let these = config.auth.issuers.iter().find(is_these);
    if these.is_some_and(|issuer| issuer.templates().any(|template| template == named)) {
        return accepted.iter().map(|name| name.stands_for.to_string()).collect();
    }
    let others = config.auth.issuers.iter().flat_map(TrustedIssuer::accepted);
    let is_iss = accepted.iter().cloned().chain(others).any(|name| name.iss == named);
    let is_meant = |name: &&AcceptedIssuer| if is_iss { name.iss == named } else { name.server == named };
    accepted.iter().filter(is_meant).map(|name| name.stands_for.to_string()).collect()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn every_limit_of_a_connection_is_the_configured_one() {
        let text = "[limits]\nconnections = 7\nheaders = 17\nheader_bytes = \"9 KiB\"\nheader_timeout = \"2s\"\n\
                    body_timeout = \"3s\"\nidle_timeout = \"4s\"\nwrite_timeout = \"5s\"\ndrain_timeout = \"6s\"";
        let expected = ConnectionLimits {
            max_connections: 7,
            max_headers: 17,
            max_header_bytes: 9 * 1024,
            header_timeout: Duration::from_secs(2),
            body_timeout: Duration::from_secs(3),
            idle_timeout: Duration::from_secs(4),
            write_timeout: Duration::from_secs(5),
            drain_timeout: Duration::from_secs(6),
        };
        assert_eq!(connection_limits(&Config::from_toml_str(text).unwrap()), expected);
    }

    #[test]
    fn defaults_of_the_configuration_are_those_of_the_verifier() {
        let config = Config::from_toml_str("[[auth.issuers]]\nissuer = \"https://a.example\"").unwrap();
        let audiences = vec!["https://rs.example/mcp".to_owned()];
        let configured = rules(&config.auth.issuers[0], &audiences).remove(0);
        let expected =
            IssuerRules::new("https://a.example".parse().unwrap(), audiences, KeySource::Discovery);
        assert_eq!(format!("{configured:?}"), format!("{expected:?}"));
    }

    #[test]
    fn condition_reaches_the_rules_of_its_own_issuer_and_gives_what_the_role_implies() {
        let text = r#"
            auth.issuers = [{ issuer = "https://a.example" }, { issuer = "https://b.example" }]
            [roles.viewer]
            [roles.manager]
            implies = ["viewer"]
            when = [
                { issuer = "https://a.example", claim = ["x", "y"], any = ["z", 5] },
                { issuer = "https://b.example", claim = "x.y", equals = "z" },
            ]
        "#;
        let config = Config::from_toml_str(text).unwrap();
        let checked = config.check_alone().unwrap();
        let held = |issuer: &str, claims: serde_json::Value| {
            let rules = roles(&config, &checked, &[AcceptedIssuer::plain(issuer.parse().unwrap())]);
            rules.held(issuer, claims.as_object().unwrap()).to_string()
        };
        let nested = |value: serde_json::Value| serde_json::json!({ "x": { "y": value } });
        for value in [serde_json::json!("z"), serde_json::json!(5), serde_json::json!(["z"])] {
            assert_eq!(held("https://a.example", nested(value.clone())), "manager viewer");
            assert_eq!(held("https://b.example", nested(value.clone())), "");
            assert_eq!(held("https://c.example", nested(value)), "");
        }
        let dotted = serde_json::json!({ "x.y": "z" });
        assert_eq!(held("https://b.example", dotted.clone()), "manager viewer");
        assert_eq!(held("https://a.example", dotted), "");
    }
    #[test]
    fn condition_about_an_issuer_is_not_about_another_entry_that_has_it_as_authorization_server() {
        let held = |about: &str| {
            let text = format!(
                "[[auth.issuers]]\nissuer = \"https://a.example\"\n\
                 [[auth.issuers]]\nissuer = \"https://b.example\"\nauthorization_server = \"{}\"\n\
                 [roles.m]\nwhen = {{ issuer = {about:?}, claim = \"x\", equals = 1 }}",
                if about.ends_with("as.example") { about } else { "https://a.example" }
            );
            let config = Config::from_toml_str(&text).unwrap();
            let checked = config.check_alone().unwrap();
            let is_held = |index: usize, issuer: &str| {
                let rules = roles(&config, &checked, &config.auth.issuers[index].accepted());
                !rules.held(issuer, serde_json::json!({ "x": 1 }).as_object().unwrap()).is_empty()
            };
            [is_held(0, "https://a.example"), is_held(1, "https://b.example")]
        };
        assert_eq!(held("https://a.example"), [true, false]);
        assert_eq!(held("https://b.example"), [false, true]);
        assert_eq!(
            held("https://as.example"),
            [false, true],
            "no token says it, so all of the server's are meant"
        );
    }

    #[test]
    fn condition_about_a_name_is_about_the_issuer_that_it_stands_for() {
        let held = |keys: &str, about: &str, issuer: &str| {
            let text = format!(
                "[[auth.issuers]]\n{keys}\n[roles.m]\nwhen = {{ issuer = {about:?}, claim = \"x\", equals = 1 }}"
            );
            let config = Config::from_toml_str(&text).unwrap();
            let checked = config.check_alone().unwrap();
            let rules = roles(&config, &checked, &config.auth.issuers[0].accepted());
            !rules.held(issuer, serde_json::json!({ "x": 1 }).as_object().unwrap()).is_empty()
        };
        let several = "issuer = [\"https://a.example\", \"https://b.example\"]";
        let shared = format!("{several}\nshared_subjects = true");
        let tenants = "issuer = [\"https://a.example/{tenant}\", \"https://b.example/{tenant}\"]\nshared_subjects = true\n\
                       tenants = [\"t\", \"u\"]\nauthorization_server = \"https://as.example/{tenant}\"";
        for (keys, about, issuer, is_held) in [
            (several, "https://a.example", "https://a.example", true),
            (several, "https://b.example", "https://a.example", false),
            (several, "https://b.example", "https://b.example", true),
            (&shared, "https://b.example", "https://a.example", true),
            (tenants, "https://b.example/t", "https://a.example/t", true),
            (tenants, "https://b.example/t", "https://a.example/u", false),
            (tenants, "https://as.example/t", "https://a.example/t", true),
            (tenants, "https://as.example/t", "https://a.example/u", false),
        ] {
            assert_eq!(held(keys, about, issuer), is_held, "{keys} {about} {issuer}");
        }
    }

    /// As [`issuer_peers`] says it, of a listener.
    fn peers(server: &str, listener: Listener) -> Result<&'static str> {
        let text = format!("[server]\n{server}\n[issuer]");
        let peers = issuer_peers(&Config::from_toml_str(&text).unwrap(), listener)?;
        Ok(match peers {
            IssuerPeers::ThisComputer => "this computer",
            IssuerPeers::Encrypted => "all",
            IssuerPeers::Proxied(_) => "proxies",
        })
    }

    #[test]
    fn the_tls_of_our_listener_does_not_make_http_of_another_application_encrypted() {
        const TAKEN: Listener = Listener::Application { speaks_tls: false };
        const TAKEN_BY_TLS: Listener = Listener::Application { speaks_tls: true };
        let out = "public_url = \"https://mcp.example.com/mcp\"";
        let proxies = "trusted_proxies = [\"10.0.0.0/8\"]";
        let tls = "tls = { certificate = \"file:a.pem\", key = \"file:b.pem\" }";
        for (server, listener, answered) in [
            (format!("{out}\n{tls}"), Listener::Own, Some("all")),
            (format!("{out}\n{tls}"), TAKEN, None),
            (format!("{out}\n{tls}"), TAKEN_BY_TLS, Some("all")),
            (format!("{out}\n{proxies}"), Listener::Own, Some("proxies")),
            (format!("{out}\n{proxies}"), TAKEN, Some("proxies")),
            (format!("{out}\n{proxies}\n{tls}"), Listener::Own, Some("all")),
            (format!("{out}\n{proxies}\n{tls}"), TAKEN, Some("proxies")),
            (String::new(), Listener::Own, Some("this computer")),
            (String::new(), TAKEN, Some("this computer")),
            (String::new(), TAKEN_BY_TLS, Some("this computer")),
            (tls.to_owned(), TAKEN, Some("this computer")),
        ] {
            let peers = peers(&server, listener);
            assert_eq!(peers.as_ref().ok().copied(), answered, "{server} {listener:?}: {peers:?}");
            if let Err(refused) = peers {
                assert!(refused.to_string().contains("served_by_tls"), "{refused}");
            }
        }
    }

    #[test]
    fn without_a_built_in_issuer_any_application_can_take_the_router() {
        let text = "[server]\npublic_url = \"https://mcp.example.com/mcp\"\n[[auth.issuers]]\nissuer = \"https://a.example\"";
        let config = Config::from_toml_str(text).unwrap();
        let peers = issuer_peers(&config, Listener::Application { speaks_tls: false });
        assert!(matches!(peers, Ok(IssuerPeers::Proxied(_))), "{peers:?}");
    }
}
