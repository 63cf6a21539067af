//! From configuration to verifier: whom this server trusts, in the vocabulary of `authn`.

use std::sync::Arc;

use crate::ambient::Ambient;
use crate::authn::{CacheBounds, Fetch, IssuerRules, KeyRefresh, KeySource, Verifier};
use crate::config::Config;
use crate::config::issuers::Issuer;
use crate::error::Error;
use crate::local_issuer::LocalIssuer;

/// The verifier of the configured issuers and, if there is one, of the issuer in this process; `None` where
/// nobody is verified. `audiences` says what a token of an issuer must be for.
pub(super) fn verifier(
    config: &Config,
    local: Option<&LocalIssuer>,
    audiences: impl Fn(Option<&Issuer>) -> Vec<String>,
    fetch: Arc<dyn Fetch>,
    ambient: &Ambient,
) -> Result<Option<Arc<Verifier>>, Error> {
    let mut rules: Vec<IssuerRules> =
        config.auth.issuers.iter().map(|issuer| rules(issuer, audiences(Some(issuer)))).collect();
    if let Some(local) = local {
        let keys = KeySource::Static(local.jwks.clone());
        let mut own = IssuerRules::new(&local.issuer, audiences(None), keys);
        own.require_at_jwt = true;
        rules.push(own);
    }
    if rules.is_empty() {
        return Ok(None);
    }
    Ok(Some(Arc::new(Verifier::new(rules, fetch, ambient.clone(), CacheBounds::default())?)))
}

fn rules(issuer: &Issuer, audiences: Vec<String>) -> IssuerRules {
    let keys = match &issuer.jwks_uri {
        Some(uri) => KeySource::JwksUri(uri.url().clone()),
        None => KeySource::Discovery,
    };
    let mut rules = IssuerRules::new(issuer.issuer.as_str(), audiences, keys);
    rules.algorithms = issuer.algorithms.to_vec();
    rules.scope_claims = issuer.scope_claims.iter().map(|claim| claim.as_str().to_owned()).collect();
    rules.clock_skew = issuer.clock_skew.get();
    rules.max_token_lifetime = issuer.max_token_lifetime.get();
    rules.require_at_jwt = issuer.require_at_jwt;
    rules.single_audience = issuer.single_audience;
    rules.allowed_clients = issuer
        .allowed_clients
        .as_ref()
        .map(|clients| clients.iter().map(|client| client.as_str().to_owned()).collect());
    rules.token_cache_ttl = issuer.token_cache_ttl.get();
    rules.refresh = KeyRefresh {
        min: issuer.jwks_min_refresh.get(),
        max: issuer.jwks_max_refresh.get(),
        cooldown: issuer.unknown_kid_cooldown.get(),
        keep: issuer.jwks_max_stale.get(),
        ..KeyRefresh::default()
    };
    rules
}
