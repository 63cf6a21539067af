//! The login that leads over an OpenID Connect provider.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use mcp_auth_core::ambient::Ambient;
use mcp_auth_core::net::{Origin, is_secure};
use mcp_auth_core::{Acr, SecretText};
use mcp_auth_runtime::facade::{
    Fetch, IssuerMetadata, IssuerRules, JwtVerifier, KeyRefresh, KeySource, TokenError, TokenRules,
    Unpublished,
};

use super::exchange::{NoToken, id_token};
use super::metadata::Metadata;
use super::options::UpstreamOptions;
use super::person::person;
use super::request::Kept;
use crate::person::acr::counts_as;
use crate::person::login::{Attempt, Form, KnownFuture, Leave, Login, LoginError, LoginFuture, Step};
use crate::request::Params;

/// How long keys are used before they are fetched again: nothing fetches them meanwhile.
const KEYS_KEPT: Duration = Duration::from_secs(60 * 60);

/// People log in at an OpenID Connect provider.
pub struct UpstreamLogin {
    options: UpstreamOptions,
    metadata: IssuerMetadata,
    verifier: JwtVerifier,
    fetch: Arc<dyn Fetch>,
    ambient: Ambient,
}

/// Options with which nobody could log in, or not safely.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidUpstream {
    /// Anybody on the way could be the provider.
    #[error(
        "issuer {0:?} is reached without encryption: give the provider's https URL (http only on loopback)"
    )]
    NotEncrypted(String),
    /// Without it there is no ID token.
    #[error(
        "scopes have no openid, without which the provider says nothing of the person: add openid to scopes"
    )]
    NoOpenid,
    /// An empty identifier, for example.
    #[error("ID tokens cannot be verified with these settings: {0}")]
    Rules(String),
}

impl UpstreamLogin {
    /// The login at the provider of `options`, which is asked over `fetch`.
    ///
    /// # Errors
    /// [`InvalidUpstream`].
    pub fn new(
        options: UpstreamOptions,
        fetch: Arc<dyn Fetch>,
        ambient: Ambient,
    ) -> Result<Self, InvalidUpstream> {
        if !is_secure(options.issuer.url()) {
            return Err(InvalidUpstream::NotEncrypted(options.issuer.to_string()));
        }
        if !options.scopes.contains("openid") {
            return Err(InvalidUpstream::NoOpenid);
        }
        let refresh = KeyRefresh { keep: KEYS_KEPT, ..KeyRefresh::default() };
        let rules = IssuerRules {
            refresh: refresh.clone(),
            tokens: TokenRules::new(vec![options.client_id.clone()]),
            ..IssuerRules::new(options.issuer.clone(), vec![options.client_id.clone()], KeySource::Discovery)
        };
        let verifier = JwtVerifier::new(vec![rules], Arc::clone(&fetch), ambient.clone())
            .map_err(|error| InvalidUpstream::Rules(error.to_string()))?;
        let metadata = IssuerMetadata::new(options.issuer.clone(), Vec::new(), Arc::clone(&fetch), refresh);
        Ok(Self { options, metadata, verifier, fetch, ambient })
    }

    fn host(&self) -> String {
        Origin::of(self.options.issuer.url())
            .map_or_else(String::new, |origin| origin.authority().to_string())
    }

    async fn endpoints(&self) -> Result<Metadata, LoginError> {
        let document = self.metadata.document().await.map_err(|why| {
            let why = match why {
                Unpublished::Absent => "the provider has no metadata",
                Unpublished::Unavailable { .. } => "the provider's metadata cannot be had now",
            };
            LoginError::Unavailable(why.into())
        })?;
        Metadata::read(&document, &self.options.issuer).map_err(|error| LoginError::Unavailable(error.into()))
    }

    async fn leave(&self, attempt: &Attempt<'_>) -> Result<Step, LoginError> {
        let metadata = self.endpoints().await?;
        let kept = Kept::random(&*self.ambient.random);
        let found = serde_json::to_string(&kept).map_err(|error| LoginError::Unavailable(error.into()))?;
        let url = kept.request(&metadata.authorization_endpoint, &self.options, attempt);
        Ok(Step::Leave(Leave { url, found: Some(SecretText::new(found)) }))
    }

    async fn back(&self, attempt: &Attempt<'_>, answer: &Params) -> Result<Step, LoginError> {
        let kept = Kept::read(attempt.found).ok_or(LoginError::Refused)?;
        let metadata = self.endpoints().await?;
        let issuer = self.options.issuer.as_str();
        // RFC 9207 §2.4, before anything else of the answer is used: another provider may have mixed itself in.
        match answer.get("iss") {
            Some(iss) if iss == issuer => {}
            None if !metadata.always_says_iss && answer.count("iss") == 0 => {}
            Some(_) | None => return Err(LoginError::Answer("its iss is not that of the provider".into())),
        }
        let code = match (answer.get("code"), answer.get("error")) {
            (Some(code), None) => code,
            (None, Some("access_denied")) => return Err(LoginError::Cancelled),
            (None, Some(_)) => {
                return Err(LoginError::Unavailable("the provider answered with an error".into()));
            }
            (_, _) => return Err(LoginError::Refused),
        };
        let redeemed = (code, &*attempt.return_to(), &*kept.verifier);
        let token =
            id_token(&*self.fetch, &metadata, &self.options, redeemed).await.map_err(
                |error| match error {
                    NoToken::Code => LoginError::Answer(error.into()),
                    error => LoginError::Unavailable(error.into()),
                },
            )?;
        let claims = self.verifier.id_token(&token).await.map_err(|error| match error {
            TokenError::KeysUnavailable { .. } => LoginError::Unavailable(error.into()),
            error => LoginError::Answer(error.into()),
        })?;
        let user = person(&claims, (issuer, &kept.nonce), &self.options.admitted, attempt.now);
        let mut user = user.map_err(|error| LoginError::Answer(error.into()))?;
        user.acr = counts_as(user.acr, attempt.asked.acr_values, &self.options.acr_values);
        Ok(Step::Done(user))
    }
}

/// Names the provider, never a secret.
impl fmt::Debug for UpstreamLogin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UpstreamLogin").field("options", &self.options).finish_non_exhaustive()
    }
}

impl Login for UpstreamLogin {
    fn kind(&self) -> Cow<'_, str> {
        format!("upstream {}", self.options.issuer.as_str()).into()
    }

    fn begin<'a>(&'a self, _: &'a Attempt<'a>) -> LoginFuture<'a> {
        let form = Form::continue_to(&self.host());
        Box::pin(async move { Ok(Step::Ask(form)) })
    }

    /// The person pressed the button.
    fn finish<'a>(&'a self, attempt: &'a Attempt<'a>, _: &'a Params) -> LoginFuture<'a> {
        Box::pin(self.leave(attempt))
    }

    fn acr_values_supported(&self) -> Vec<String> {
        self.options.acr_values.iter().map(Acr::to_string).collect()
    }

    fn transaction<'q>(&self, query: &'q Params) -> Option<&'q str> {
        query.get("state")
    }

    fn returned<'a>(&'a self, attempt: &'a Attempt<'a>, answer: &'a Params) -> LoginFuture<'a> {
        Box::pin(self.back(attempt, answer))
    }

    /// Who is let in still. Whether the provider still has them is seen at their next login.
    fn knows<'a>(&'a self, subject: &'a str) -> KnownFuture<'a> {
        let known = self.options.admitted.lets_in(self.options.issuer.as_str(), subject);
        Box::pin(async move { Ok(known) })
    }

    fn refusal(&self) -> Cow<'static, str> {
        "You came back without a login that counts, or you are not among those who are let in here.".into()
    }
}
