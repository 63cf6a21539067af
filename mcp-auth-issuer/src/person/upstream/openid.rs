//! An OpenID Connect provider, which says in an ID token who logged in.

use std::sync::Arc;
use std::time::Duration;

use mcp_auth_core::IssuerIdentifier;
use mcp_auth_core::ambient::Ambient;
use mcp_auth_core::net::is_secure;
use mcp_auth_runtime::facade::{
    ANY_TENANT, Accepted, Fetch, IssuerMetadata, IssuerRules, JwtVerifier, KeyRefresh, KeySource, Tenant,
    TokenError, TokenRules, Unpublished,
};
use serde_json::Value;

use super::exchange::{NoToken, Redeemed, redeem};
use super::invalid::InvalidUpstream;
use super::metadata::Metadata;
use super::options::{UpstreamOptions, UpstreamTenants};
use super::said::Said;
use crate::person::login::LoginError;

/// How long keys are used before they are fetched again: nothing fetches them meanwhile.
const KEYS_KEPT: Duration = Duration::from_secs(60 * 60);

/// The provider, with its keys.
pub(super) struct OpenId {
    issuer: IssuerIdentifier,
    metadata: IssuerMetadata,
    verifier: JwtVerifier,
    fetch: Arc<dyn Fetch>,
}

/// An ID token of another login than the one that asked.
#[derive(Debug, thiserror::Error)]
#[error("its nonce is missing or of another login")]
struct Nonce;

impl OpenId {
    pub(super) fn new(
        options: &UpstreamOptions,
        (issuer, tenants): (&IssuerIdentifier, Option<&UpstreamTenants>),
        fetch: Arc<dyn Fetch>,
        ambient: Ambient,
    ) -> Result<Self, InvalidUpstream> {
        if !is_secure(issuer.url()) {
            return Err(InvalidUpstream::NotEncrypted(issuer.to_string()));
        }
        if !options.scopes.contains("openid") {
            return Err(InvalidUpstream::NoOpenid);
        }
        let refresh = KeyRefresh { keep: KEYS_KEPT, ..KeyRefresh::default() };
        let (accepted, also_called) = names(issuer, tenants);
        let rules = IssuerRules {
            accepted,
            also_called: also_called.clone(),
            refresh: refresh.clone(),
            tokens: TokenRules::new(vec![options.client_id.clone()]),
            ..IssuerRules::new(issuer.clone(), vec![options.client_id.clone()], KeySource::Discovery)
        };
        let verifier = JwtVerifier::new(vec![rules], Arc::clone(&fetch), ambient)
            .map_err(|error| InvalidUpstream::Rules(error.to_string()))?;
        let metadata = IssuerMetadata::new(issuer.clone(), also_called, Arc::clone(&fetch), refresh);
        Ok(Self { issuer: issuer.clone(), metadata, verifier, fetch })
    }

    pub(super) async fn endpoints(&self) -> Result<Metadata, LoginError> {
        let document = self.metadata.document().await.map_err(|why| {
            let why = match why {
                Unpublished::Absent => "the provider has no metadata",
                Unpublished::Unavailable { .. } => "the provider's metadata cannot be had now",
            };
            LoginError::Unavailable(why.into())
        })?;
        Metadata::read(&document, &self.issuer).map_err(|error| LoginError::Unavailable(error.into()))
    }

    /// Whom the ID token names that the provider gives for this code.
    pub(super) async fn said(
        &self,
        options: &UpstreamOptions,
        metadata: &Metadata,
        (redeemed, nonce): (Redeemed<'_>, &str),
    ) -> Result<Said, LoginError> {
        let answer = redeem(&*self.fetch, &metadata.token_endpoint, options, redeemed).await?;
        let token = answer.get("id_token").and_then(Value::as_str).ok_or(NoToken::Answer("an ID token"))?;
        let claims = self.verifier.id_token(token).await.map_err(|error| match error {
            TokenError::KeysUnavailable { .. } => LoginError::Unavailable(error.into()),
            error => LoginError::Answer(error.into()),
        })?;
        if claims.get("nonce").and_then(Value::as_str) != Some(nonce) {
            return Err(LoginError::Answer(Nonce.into()));
        }
        // The verifier knows no other than its own.
        let iss = claims.get("iss").and_then(Value::as_str).unwrap_or_default().to_owned();
        Ok(Said { iss, claims })
    }
}

/// What `iss` of its ID tokens may say, and what else its metadata may call it.
fn names(issuer: &IssuerIdentifier, tenants: Option<&UpstreamTenants>) -> (Vec<Accepted>, Vec<String>) {
    let Some(tenants) = tenants else { return (vec![Accepted::plain(issuer.as_str())], Vec::new()) };
    let accepted = tenants.names.iter().map(|name| {
        let tenant = Tenant { name: name.as_str().into(), claim: Some(tenants.claim.clone()) };
        Accepted { tenant: Some(tenant), ..Accepted::plain(&tenants.iss(name)) }
    });
    // Where it is for several tenants, its metadata has the template.
    let is_of_several = !tenants.names.iter().any(|name| tenants.iss(name) == issuer.as_str());
    let also_called = is_of_several.then(|| tenants.template.clone());
    (accepted.collect(), also_called.into_iter().filter(|name| name.contains(ANY_TENANT)).collect())
}

/// A code that is refused is the person's matter; the rest is ours, or the provider's.
impl From<NoToken> for LoginError {
    fn from(error: NoToken) -> Self {
        match error {
            NoToken::Code => Self::Answer(error.into()),
            NoToken::Fetch(_)
            | NoToken::Status(_)
            | NoToken::Refused(_)
            | NoToken::Answer(_)
            | NoToken::Credentials => Self::Unavailable(error.into()),
        }
    }
}
