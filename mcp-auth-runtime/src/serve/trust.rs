//! From configuration to authenticator: whom this server trusts, in the vocabulary of `authn`.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::denied;
use super::local_issuer::LocalIssuer;
use super::parts::OwnVerifiers;
use super::settings;
use crate::authn::{
    ApiKeyVerifier, Authenticator, CacheBounds, CredentialVerifier, Denied, Dpop, Fetch, Hinted, Hints,
    IntrospectionVerifier, IssuerRules, JwtVerifier, KeySource, LoadFailure, ProgramVerifier, Revocations,
    TokenRules, Verify,
};
use crate::config::issuers::{AcceptedIssuer, TrustedIssuer};
use crate::config::provider::ProviderName;
use crate::config::{Checked, Config, NonEmpty, key};
use crate::error::Error;
use mcp_auth_core::Role;
use mcp_auth_core::ambient::Ambient;
use mcp_auth_store::Store;

/// The longest a start waits for keys.
const START_PATIENCE: Duration = Duration::from_secs(5);

/// What it is made of whom a server trusts.
pub(super) struct Given<'a> {
    pub(super) config: &'a Config,
    pub(super) checked: &'a Checked,
    /// An issuer in this process.
    pub(super) local: Option<&'a LocalIssuer>,
    pub(super) own: OwnVerifiers,
    pub(super) fetch: &'a Arc<dyn Fetch>,
    pub(super) ambient: &'a Ambient,
    /// Where an issuer in this process says what it revoked; `None` for those who only look.
    pub(super) store: Option<&'a Store>,
    /// What checks proofs of tokens that are bound to a key; `None` on stdio, where none can come.
    pub(super) dpop: Option<Dpop>,
}

/// What verifies every kind of credential that the configuration accepts; `None` if no caller is verified. `audiences`
/// says what a token of an issuer must be for, `denied` what is refused all the same.
pub(super) fn authenticator(
    given: Given<'_>,
    audiences: impl Fn(Option<&TrustedIssuer>) -> Vec<String>,
    denied: impl FnOnce() -> Denied,
) -> Result<Option<Arc<Authenticator>>, Error> {
    Ok(verifying(given, audiences)?.map(|made| Arc::new(made.unless(denied()))))
}

/// The same for those who only look: it follows no file, so it needs no Tokio runtime.
pub(super) fn onlooker(
    given: Given<'_>,
    audiences: impl Fn(Option<&TrustedIssuer>) -> Vec<String>,
) -> Result<Option<Authenticator>, Error> {
    let list = denied::list(&given.config.auth.deny, given.config);
    Ok(verifying(given, audiences)?.map(|made| made.unless(Denied::fixed(list))))
}

/// Verifiers stand in the order they are asked in: one that claims fewer credentials stands before one that claims
/// more, and signed tokens stand last.
fn verifying(
    mut given: Given<'_>,
    audiences: impl Fn(Option<&TrustedIssuer>) -> Vec<String>,
) -> Result<Option<Authenticator>, Error> {
    let (own, dpop) = (std::mem::take(&mut given.own), given.dpop.take());
    let own = own.into_iter().map(|(name, verifier)| of_the_program(&name, verifier, &given));
    let introspected = introspected_tokens(&given, &audiences)?;
    let others: Vec<Arc<dyn Verify>> =
        own.chain(introspected).chain(signed_tokens(&given, &audiences)?).collect();
    if others.is_empty() && given.config.auth.api_keys.is_empty() {
        return Ok(None);
    }
    let verifiers = [api_keys(&given)?].into_iter().chain(others).collect();
    let clock = Arc::clone(&given.ambient.clock);
    let authenticator = Authenticator::new(verifiers, clock, CacheBounds::default());
    let revoked = given.local.zip(given.store).map(|(local, store)| {
        let (pace, clock) = (settings::revocation_pace(given.config), Arc::clone(&given.ambient.clock));
        Revocations::of(local.issuer.as_str(), store.clone(), clock, pace)
    });
    Ok(Some(authenticator.hinting(hints(&given)).proving(dpop).revoking(revoked)))
}

/// What is known of the providers whose tokens could be presented.
fn hints(given: &Given<'_>) -> Hints {
    let configured = given.config.auth.issuers.iter().map(|issuer| Hinted {
        names: issuer.accepted().iter().map(|accepted| accepted.iss.to_string()).collect(),
        asked: issuer.introspection.as_ref().map(|asked| asked.prefixes()),
        hints: issuer.provider.map_or(&[], |name| name.provider().hints),
    });
    let local =
        given.local.map(|local| Hinted { names: vec![local.issuer.to_string()], asked: None, hints: &[] });
    let known = ProviderName::all().flat_map(|name| name.provider().hints);
    Hints::new(configured.chain(local).collect(), known)
}

/// A kind of credential that is the program's own.
fn of_the_program(name: &str, verifier: Arc<dyn CredentialVerifier>, given: &Given<'_>) -> Arc<dyn Verify> {
    let roles =
        given.checked.roles.iter().map(|(name, held)| (name.as_str().to_owned(), held.clone())).collect();
    Arc::new(ProgramVerifier::new(name, verifier, roles, Arc::clone(&given.ambient.clock)))
}

/// The verifiers of the program's own, in the order in which it gave them.
///
/// # Errors
/// A name that is not one, or is given twice; names that the configuration has and the program does not, and the reverse.
pub(super) fn own_verifiers(config: &Config, given: OwnVerifiers) -> Result<OwnVerifiers, Error> {
    let place = config.place(&key!(auth.verifiers));
    let named = |name: &str| config.auth.verifiers.iter().any(|known| known.as_str() == name);
    for (index, (name, _)) in given.iter().enumerate() {
        if let Err(why) = name.parse::<Role>() {
            return Err(Error::from(format!("a verifier has the name {name:?}: {why}")));
        }
        if given[..index].iter().any(|(other, _)| other == name) {
            return Err(Error::from(format!("the program has two verifiers of the name {name:?}")));
        }
        if !named(name) {
            return Err(Error::from(format!(
                "the program has a verifier {name:?} that is not in use: write verifiers = [{name:?}] in [auth], or leave it \
                 out of the program: {place}"
            )));
        }
    }
    for name in config.auth.verifiers.iter().map(NonEmpty::as_str) {
        if !given.iter().any(|(known, _)| known == name) {
            return Err(Error::from(format!("the program has no verifier of the name {name:?}: {place}")));
        }
    }
    Ok(given)
}

/// API keys. Without any this verifier is there too, so that a key of another server is sent to no one.
fn api_keys(given: &Given<'_>) -> Result<Arc<dyn Verify>, Error> {
    let keys = settings::api_keys(given.config, given.checked)?;
    Ok(Arc::new(ApiKeyVerifier::new(keys, Arc::clone(&given.ambient.clock))))
}

/// Opaque tokens: those of the configured issuers that are asked about them.
fn introspected_tokens(
    given: &Given<'_>,
    audiences: impl Fn(Option<&TrustedIssuer>) -> Vec<String>,
) -> Result<Option<Arc<dyn Verify>>, Error> {
    let Given { config, checked, fetch, ambient, .. } = given;
    let mut asked = Vec::new();
    for (index, issuer) in config.auth.issuers.iter().enumerate() {
        let Some(rules) = settings::rules(issuer, &audiences(Some(issuer))).into_iter().next() else {
            continue;
        };
        let roles = settings::roles(config, checked, &issuer.accepted());
        let tokens = TokenRules { roles, grants: settings::grants_of(config, issuer), ..rules.tokens };
        asked.extend(settings::introspection(config, index, tokens)?);
    }
    if asked.is_empty() {
        return Ok(None);
    }
    Ok(Some(Arc::new(IntrospectionVerifier::new(asked, Arc::clone(fetch), (*ambient).clone())?)))
}

/// Signed tokens: those of the configured issuers and, if there is one, of the issuer in this process.
fn signed_tokens(
    given: &Given<'_>,
    audiences: impl Fn(Option<&TrustedIssuer>) -> Vec<String>,
) -> Result<Option<Arc<dyn Verify>>, Error> {
    let Given { config, checked, local, fetch, ambient, store, .. } = given;
    let with_keys = config.auth.issuers.iter().filter(|issuer| issuer.has_keys());
    let mut rules: Vec<IssuerRules> = Vec::new();
    for issuer in with_keys {
        let roles = settings::roles(config, checked, &issuer.accepted());
        for mut each in settings::rules(issuer, &audiences(Some(issuer))) {
            each.tokens.roles = roles.clone();
            each.tokens.grants = settings::grants_of(config, issuer);
            rules.push(each);
        }
    }
    if let Some(local) = local {
        let keys = KeySource::Own(Arc::clone(&local.keys));
        let mut own = IssuerRules::new(local.issuer.clone(), audiences(None), keys);
        own.require_at_jwt = true;
        own.tokens.bindings.dpop = settings::own_dpop(config);
        own.refresh = settings::own_key_refresh(config, store.is_some_and(Store::lasts));
        own.tokens.roles = settings::roles(config, checked, &[AcceptedIssuer::plain(local.issuer.clone())]);
        own.tokens.roles.extend(settings::named_roles(checked));
        rules.push(own);
    }
    if rules.is_empty() {
        return Ok(None);
    }
    Ok(Some(Arc::new(JwtVerifier::new(rules, Arc::clone(fetch), (*ambient).clone())?)))
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
    authenticator.read_revocations().await?;
    for failure in authenticator.failures() {
        let LoadFailure { issuer, cause } = &failure;
        match cause {
            Some(cause) if failure.is_misconfiguration() => {
                let is_it = |known: &TrustedIssuer| {
                    known.authorization_servers().iter().any(|server| server == issuer.as_str())
                };
                let index = config.auth.issuers.iter().position(is_it);
                let index = index.unwrap_or(0);
                let place = config.place(&key!(auth.issuers[index].issuer));
                return Err(Error::from(format!("issuer {issuer} cannot be used: {cause}: {place}")));
            }
            _ => tracing::warn!(
                issuer,
                "no keys of this issuer yet, or it cannot be asked: its tokens are answered 503 until that changes"
            ),
        }
    }
    Ok(())
}
