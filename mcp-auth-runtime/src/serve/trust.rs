//! From configuration to authenticator: whom this server trusts, in the vocabulary of `authn`.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::local_issuer::LocalIssuer;
use super::settings;
use crate::authn::{
    ApiKeyVerifier, Authenticator, CacheBounds, Fetch, IssuerRules, JwtVerifier, KeySource, LoadFailure,
    Verify,
};
use crate::config::issuers::TrustedIssuer;
use crate::config::{Checked, Config, key};
use crate::error::Error;
use mcp_auth_core::ambient::Ambient;

/// The longest a start waits for keys.
const START_PATIENCE: Duration = Duration::from_secs(5);

/// What verifies every kind of credential that the configuration accepts; `None` if no caller is verified. `audiences`
/// says what a token of an issuer must be for.
///
/// Verifiers stand in the order they are asked in: one that claims fewer credentials stands before one that claims
/// more, and signed tokens stand last.
pub(super) fn authenticator(
    config: &Config,
    checked: &Checked,
    local: Option<&LocalIssuer>,
    audiences: impl Fn(Option<&TrustedIssuer>) -> Vec<String>,
    fetch: Arc<dyn Fetch>,
    ambient: &Ambient,
) -> Result<Option<Arc<Authenticator>>, Error> {
    let others: Vec<Arc<dyn Verify>> =
        [signed_tokens(config, checked, local, audiences, fetch, ambient)?].into_iter().flatten().collect();
    if others.is_empty() && config.auth.api_keys.is_empty() {
        return Ok(None);
    }
    let keys = api_keys(config, checked, ambient)?;
    let verifiers = [keys].into_iter().chain(others).collect();
    let clock = Arc::clone(&ambient.clock);
    Ok(Some(Arc::new(Authenticator::new(verifiers, clock, CacheBounds::default()))))
}

/// API keys. Without any this verifier is there too, so that a key of another server is sent to no one.
fn api_keys(config: &Config, checked: &Checked, ambient: &Ambient) -> Result<Arc<dyn Verify>, Error> {
    let keys = settings::api_keys(config, checked)?;
    Ok(Arc::new(ApiKeyVerifier::new(keys, Arc::clone(&ambient.clock))))
}

/// Signed tokens: those of the configured issuers and, if there is one, of the issuer in this process.
fn signed_tokens(
    config: &Config,
    checked: &Checked,
    local: Option<&LocalIssuer>,
    audiences: impl Fn(Option<&TrustedIssuer>) -> Vec<String>,
    fetch: Arc<dyn Fetch>,
    ambient: &Ambient,
) -> Result<Option<Arc<dyn Verify>>, Error> {
    let mut rules: Vec<IssuerRules> =
        config.auth.issuers.iter().map(|issuer| settings::rules(issuer, audiences(Some(issuer)))).collect();
    if let Some(local) = local {
        let keys = KeySource::Static(local.jwks.clone());
        let mut own = IssuerRules::new(local.issuer.clone(), audiences(None), keys);
        own.require_at_jwt = true;
        rules.push(own);
    }
    for rules in &mut rules {
        rules.tokens.roles = settings::roles(config, checked, &rules.issuer);
    }
    if rules.is_empty() {
        return Ok(None);
    }
    Ok(Some(Arc::new(JwtVerifier::new(rules, fetch, ambient.clone())?)))
}

/// Loads the keys before anything is served. Issuers that cannot be reached do not hold up a start: it goes on
/// after [`START_PATIENCE`] without their keys, which are asked for until they come.
///
/// # Errors
/// Names the issuer whose metadata contradicts the configuration (RFC 8414 §3.3): waiting would not help.
pub(super) async fn load_keys(
    authenticator: &Authenticator,
    config: &Config,
    stopping: CancellationToken,
) -> Result<(), Error> {
    let loading = tokio::time::timeout(START_PATIENCE, authenticator.load());
    tokio::select! {
        _ = loading => {}
        () = stopping.cancelled() => return Ok(()),
    }
    for failure in authenticator.failures() {
        let LoadFailure { issuer, cause } = &failure;
        match cause {
            Some(cause) if failure.is_misconfiguration() => {
                let index = config.auth.issuers.iter().position(|known| known.issuer.as_str() == issuer);
                let index = index.unwrap_or(0);
                let place = config.place(&key!(auth.issuers[index].issuer));
                return Err(Error::from(format!("issuer {issuer} cannot be used: {cause}: {place}")));
            }
            _ => tracing::warn!(
                issuer,
                "no keys of this issuer yet: its tokens are answered 503 until they are loaded"
            ),
        }
    }
    Ok(())
}
