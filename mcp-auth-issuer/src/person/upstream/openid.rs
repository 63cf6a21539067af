//! An OpenID Connect provider, which says in an ID token who logged in.

use std::sync::Arc;
use std::time::Duration;

use mcp_auth_core::IssuerIdentifier;
use mcp_auth_core::SecretText;
use mcp_auth_core::ambient::Ambient;
use mcp_auth_core::net::is_secure;
use mcp_auth_runtime::facade::{
    ANY_TENANT, Accepted, Fetch, IssuerMetadata, IssuerRules, JwtVerifier, KeyRefresh, KeySource, Tenant,
    TokenError, TokenRules, Unpublished,
};
use mcp_auth_store::UpstreamGrant;
use serde_json::{Map, Value};

use super::exchange::{NoToken, Presented, Redeemed, ask, refresh};
use super::invalid::InvalidUpstream;
use super::metadata::Metadata;
use super::options::{UpstreamOptions, UpstreamTenants};
use super::provider::NotSeen;
use super::said::Said;
use super::userinfo::userinfo;
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

    /// Whom the ID token names that the provider gives for this code, and all that it gave.
    pub(super) async fn said(
        &self,
        options: &UpstreamOptions,
        metadata: &Metadata,
        (redeemed, nonce): (Redeemed<'_>, &str),
    ) -> Result<(Said, Map<String, Value>), LoginError> {
        let presented = Presented::Code(redeemed);
        let answer = ask(&*self.fetch, &metadata.token_endpoint, options, presented).await?;
        let token = answer.get("id_token").and_then(Value::as_str).ok_or(NoToken::Answer("an ID token"))?;
        let said = self.id_token(token).await?;
        if said.claims.get("nonce").and_then(Value::as_str) != Some(nonce) {
            return Err(LoginError::Answer(Nonce.into()));
        }
        Ok((said, answer))
    }

    /// What the provider gives for this refresh token.
    pub(super) async fn refreshed(
        &self,
        options: &UpstreamOptions,
        token: &SecretText,
    ) -> Result<Map<String, Value>, NotSeen> {
        let metadata = self.endpoints().await?;
        Ok(refresh(&*self.fetch, &metadata.token_endpoint, options, token).await?)
    }

    /// What the provider says of the person after a refresh that gave `answer`: in a new ID token, or without one where an access token says it
    /// (OpenID Connect Core 1.0 §12.2 and §5.3). Nothing, where it says it nowhere.
    pub(super) async fn said_again(
        &self,
        options: &UpstreamOptions,
        grant: &UpstreamGrant,
        answer: &Map<String, Value>,
    ) -> Result<Option<Said>, NotSeen> {
        if let Some(token) = answer.get("id_token").and_then(Value::as_str) {
            let said = self.id_token(token).await?;
            let nonce = said.claims.get("nonce");
            let before = grant.nonce.as_ref().map(SecretText::expose);
            if nonce.is_some() && nonce.and_then(Value::as_str) != before {
                return Err(LoginError::Answer(Nonce.into()).into());
            }
            return Ok(Some(said));
        }
        let metadata = self.endpoints().await?;
        match (&metadata.userinfo_endpoint, &grant.access_token) {
            (Some(endpoint), Some(token)) => {
                let claims = userinfo(&*self.fetch, endpoint, token).await?;
                Ok(Some(Said { iss: options.issuer().to_owned(), claims }))
            }
            (_, _) => Ok(None),
        }
    }

    /// What an ID token says.
    async fn id_token(&self, token: &str) -> Result<Said, LoginError> {
        let claims = self.verifier.id_token(token).await.map_err(|error| match error {
            TokenError::KeysUnavailable { .. } => LoginError::Unavailable(error.into()),
            error => LoginError::Answer(error.into()),
        })?;
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
            NoToken::Grant => Self::Answer(error.into()),
            NoToken::Fetch(_)
            | NoToken::Status(_)
            | NoToken::Refused(_)
            | NoToken::Answer(_)
            | NoToken::Credentials => Self::Unavailable(error.into()),
        }
    }
}
