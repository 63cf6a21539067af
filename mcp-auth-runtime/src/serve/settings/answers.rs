//! What clients are told: metadata, challenges, and what a login has to be.

use super::issuers::reads_proofs;
use crate::answer::{ProtectedResourceMetadata, Schemes};
use crate::authn::{BindingMode, ScopePrefix};
use crate::authz::Connect;
use crate::config::issuers::TrustedIssuer;
use crate::config::{Advertise, Config, Denial};
use crate::dispatch::Logins;
use crate::gate::ToolErrors;
use crate::serve::local_issuer::LocalIssuer;
use mcp_auth_core::{Resource, ScopeSet};

/// What metadata says of the scopes that operations need.
pub(in crate::serve) fn advertised(
    config: &Config,
) -> impl Fn(&ScopeSet) -> ScopeSet + Clone + Send + Sync + 'static {
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
pub(in crate::serve) fn protected_resource_metadata(
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
pub(in crate::serve) fn schemes(config: &Config, local: bool) -> Schemes {
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

/// Where challenges say that the protected resource metadata is; `None` where there is no issuer to log in at.
pub(in crate::serve) fn challenge_metadata(config: &Config, resource: &Resource) -> Option<String> {
    (!config.accepts_no_tokens()).then(|| resource.metadata_url())
}

/// Which refusals are told as the result of a tool, over HTTP and stdio.
pub(in crate::serve) fn tool_errors(config: &Config, connect: Connect) -> ToolErrors {
    match config.auth.denial {
        Denial::Http403 => ToolErrors::Never,
        Denial::ToolError => ToolErrors::told(connect),
    }
}

/// How clients log in, as lists of tools say; `verifies` says whether callers are verified.
pub(in crate::serve) fn logins(config: &Config, verifies: bool) -> Logins {
    match verifies && !config.accepts_no_tokens() {
        true => Logins::AtIssuer(requested_prefix(config)),
        false => Logins::Nowhere,
    }
}

/// What clients put in front of this server's scopes: the same for every issuer, or the start was refused.
pub(in crate::serve) fn requested_prefix(config: &Config) -> Option<ScopePrefix> {
    config.auth.issuers.first()?.requested_prefix().map(ScopePrefix::new)
}
