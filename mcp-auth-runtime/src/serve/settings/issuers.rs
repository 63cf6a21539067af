//! Whose tokens are accepted, and by which rules.

use crate::authn::{
    A_YEAR, Accepted, AssertionKey, BindingMode, ClientAuth, IntrospectionRules, IssuerRules, KeyRefresh,
    KeySource, RevocationPace, ScopePrefix, Tenant, TokenRules,
};
use crate::config::introspection::{AuthMethod, Introspection};
use crate::config::issuers::{AcceptedIssuer, TrustedIssuer};
use crate::config::{Config, claim_test, key};
use crate::error::{Error, Result};
use mcp_auth_core::IssuerIdentifier;
use std::sync::Arc;

/// How current the server is about what the built-in issuer revoked.
pub(in crate::serve) fn revocation_pace(config: &Config) -> RevocationPace {
    let store = &config.store;
    RevocationPace { lag: store.revocation_lag.get(), stale: store.revocation_stale.get() }
}

/// Whether tokens of any issuer may be bound to a key.
pub(in crate::serve) fn reads_proofs(config: &Config) -> bool {
    config.auth.issuers.iter().any(|issuer| issuer.dpop.is_on()) || own_dpop(config).is_on()
}

/// Whether tokens of the built-in issuer may be bound to a key: its clients choose. With `auth.token_header` no proof could come.
pub(in crate::serve) fn own_dpop(config: &Config) -> BindingMode {
    match config.built_in_issuer().is_some() && config.auth.token_header.is_none() {
        true => BindingMode::Allowed,
        false => BindingMode::Off,
    }
}

/// What tokens of a configured issuer must be, for each authorization server of it.
pub(in crate::serve) fn rules(issuer: &TrustedIssuer, audiences: &[String]) -> Vec<IssuerRules> {
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
pub(in crate::serve) fn introspection(
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
pub(in crate::serve) fn key_refresh(issuer: &TrustedIssuer) -> KeyRefresh {
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
pub(in crate::serve) fn own_key_refresh(config: &Config, store_lasts: bool) -> KeyRefresh {
    let RevocationPace { lag, stale } = revocation_pace(config);
    // A directory that cannot be read tells nothing: who could change keys in it is the owner of this process.
    let keep = if store_lasts { stale } else { A_YEAR };
    KeyRefresh { min: lag, max: lag, cooldown: lag, keep, ..KeyRefresh::default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_of_the_configuration_are_those_of_the_verifier() {
        let config = Config::from_toml_str("[[auth.issuers]]\nissuer = \"https://a.example\"").unwrap();
        let audiences = vec!["https://rs.example/mcp".to_owned()];
        let configured = rules(&config.auth.issuers[0], &audiences).remove(0);
        let expected =
            IssuerRules::new("https://a.example".parse().unwrap(), audiences, KeySource::Discovery);
        assert_eq!(format!("{configured:?}"), format!("{expected:?}"));
    }
}
