//! GitHub, which says at its API who logged in.
//!
//! - Source: docs.github.com/en/apps/oauth-apps/building-oauth-apps/authorizing-oauth-apps, docs.github.com/en/rest/users/users,
//!   docs.github.com/en/rest/orgs/orgs.

use std::sync::Arc;

use http::header::{ACCEPT, AUTHORIZATION, USER_AGENT};
use http::{HeaderValue, StatusCode};
use mcp_auth_core::SecretText;
use mcp_auth_core::net::is_secure;
use mcp_auth_core::strict_json;
use mcp_auth_runtime::facade::{Fetch, FetchError, FetchRequest};
use serde_json::{Map, Value};
use tokio::time::timeout;
use url::Url;

use super::exchange::{ClientAuth, NoToken, PATIENCE, Presented, Redeemed, TokenEndpoint, ask, refresh};
use super::invalid::InvalidUpstream;
use super::options::{GitHubEndpoints, UpstreamOptions};
use super::provider::NotSeen;
use super::said::Said;
use crate::person::login::LoginError;

/// The claim under which the names of organizations are kept.
const ORGANIZATIONS: &str = "organizations";
/// The most organizations on one page, as the API has it.
const A_PAGE: usize = 100;
/// The most pages of organizations that are read.
const MOST_PAGES: usize = 10;
/// The longest answer about a person, and the longest page of organizations, in bytes.
const LONGEST: usize = 512 * 1024;
/// The most values in one of them.
const MOST_VALUES: usize = 20_000;

/// GitHub, or a GitHub Enterprise Server.
pub(super) struct GitHub {
    endpoints: GitHubEndpoints,
    token_endpoint: TokenEndpoint,
    /// Whether organizations are asked for.
    asks_for_organizations: bool,
    fetch: Arc<dyn Fetch>,
}

/// Why it is not known who logged in.
#[derive(Debug, thiserror::Error)]
enum NotTold {
    #[error("the provider's API cannot be asked")]
    Fetch(#[source] FetchError),
    #[error("the provider's API answered with status {0}")]
    Status(StatusCode),
    #[error("the provider's API answered {0}, and not what it documents")]
    Shape(&'static str),
    #[error("the person is in more organizations than are read")]
    TooMany,
    #[error("the access token cannot be sent in a header")]
    Token,
    /// The person, or the operator, took it back.
    #[error("the provider's API does not take the access token")]
    Revoked,
}

impl From<NotTold> for NotSeen {
    fn from(error: NotTold) -> Self {
        match error {
            NotTold::Revoked => Self::Over("the provider does not take its access token any more"),
            error => Self::Now(error.into()),
        }
    }
}

impl From<NotTold> for LoginError {
    fn from(error: NotTold) -> Self {
        Self::Unavailable(error.into())
    }
}

impl GitHub {
    pub(super) fn new(
        options: &UpstreamOptions,
        endpoints: &GitHubEndpoints,
        fetch: Arc<dyn Fetch>,
    ) -> Result<Self, InvalidUpstream> {
        for url in [&endpoints.authorization, &endpoints.token, &endpoints.api] {
            if !is_secure(url) {
                return Err(InvalidUpstream::NotEncrypted(url.to_string()));
            }
        }
        if !options.acr_values.is_empty() {
            return Err(InvalidUpstream::NoAcr);
        }
        let is_passed_on = |path: &Vec<String>| path.first().is_some_and(|name| name == ORGANIZATIONS);
        Ok(Self {
            endpoints: endpoints.clone(),
            token_endpoint: TokenEndpoint { url: endpoints.token.clone(), client_auth: ClientAuth::Post },
            asks_for_organizations: options.admitted.asks_for_organizations()
                || options.claims.iter().any(is_passed_on),
            fetch,
        })
    }

    /// Where people log in.
    pub(super) fn authorization_endpoint(&self) -> &Url {
        &self.endpoints.authorization
    }

    /// Who logged in, for whom GitHub gives an access token for this code, and all that it gave.
    pub(super) async fn said(
        &self,
        options: &UpstreamOptions,
        redeemed: Redeemed<'_>,
    ) -> Result<(Said, Map<String, Value>), LoginError> {
        let presented = Presented::Code(redeemed);
        let answer = ask(&*self.fetch, &self.token_endpoint, options, presented).await?;
        let token = answer.get("access_token").and_then(Value::as_str);
        let token = SecretText::new(token.ok_or(NoToken::Answer("an access token"))?);
        Ok((self.says(options, &token).await?, answer))
    }

    /// What GitHub gives for this refresh token: the applications that it calls GitHub Apps have some.
    pub(super) async fn refreshed(
        &self,
        options: &UpstreamOptions,
        token: &SecretText,
    ) -> Result<Map<String, Value>, NotSeen> {
        Ok(refresh(&*self.fetch, &self.token_endpoint, options, token).await?)
    }

    /// What GitHub says of the person of this access token, for as long as they have not taken it back.
    pub(super) async fn said_again(
        &self,
        options: &UpstreamOptions,
        token: &SecretText,
    ) -> Result<Said, NotSeen> {
        self.says(options, token).await.map_err(NotSeen::from)
    }

    async fn says(&self, options: &UpstreamOptions, token: &SecretText) -> Result<Said, NotTold> {
        let bearer = bearer(token.expose())?;
        let mut claims = self.user(&bearer).await?;
        if self.asks_for_organizations {
            claims.insert(ORGANIZATIONS.to_owned(), self.organizations(&bearer).await?.into());
        }
        Ok(Said { iss: options.issuer().to_owned(), claims })
    }

    /// `GET /user`: what is known of the person, with the number that never changes as a text.
    async fn user(&self, bearer: &HeaderValue) -> Result<Map<String, Value>, NotTold> {
        let user = self.ask("user", None, bearer).await?;
        let Value::Object(mut user) = user else { return Err(NotTold::Shape("/user without an object")) };
        let id = user.get("id").and_then(Value::as_u64).filter(|id| *id > 0);
        let id = id.ok_or(NotTold::Shape("/user without the number of the person"))?;
        // What is not GitHub's to say, so that nothing else is read out of it. A name is only shown.
        user.retain(|member, _| {
            !["acr", "amr", "auth_time", "iss", "sub", ORGANIZATIONS].contains(&&**member)
        });
        user.insert("id".to_owned(), id.to_string().into());
        Ok(user)
    }

    /// `GET /user/orgs`: the names of the organizations that the person is in, in lower case.
    async fn organizations(&self, bearer: &HeaderValue) -> Result<Vec<Value>, NotTold> {
        let mut all = Vec::new();
        for page in 1..=MOST_PAGES {
            let Value::Array(organizations) = self.ask("user/orgs", Some(page), bearer).await? else {
                return Err(NotTold::Shape("/user/orgs without a list"));
            };
            for organization in &organizations {
                let login = organization.get("login").and_then(Value::as_str);
                let login = login.ok_or(NotTold::Shape("/user/orgs with an organization without a name"))?;
                all.push(login.to_ascii_lowercase().into());
            }
            if organizations.len() < A_PAGE {
                return Ok(all);
            }
        }
        Err(NotTold::TooMany)
    }

    async fn ask(&self, path: &str, page: Option<usize>, bearer: &HeaderValue) -> Result<Value, NotTold> {
        let mut url = self.endpoints.api.clone();
        url.set_path(&format!("{}/{path}", url.path().trim_end_matches('/')));
        if let Some(page) = page {
            let (a_page, page) = (A_PAGE.to_string(), page.to_string());
            url.query_pairs_mut().extend_pairs([("per_page", &a_page), ("page", &page)]);
        }
        let mut request = FetchRequest::get(url);
        request.headers.insert(ACCEPT, HeaderValue::from_static("application/vnd.github+json"));
        request.headers.insert(USER_AGENT, HeaderValue::from_static("mcp-auth"));
        request.headers.insert(AUTHORIZATION, bearer.clone());
        let answer = timeout(PATIENCE, self.fetch.fetch(request, LONGEST)).await;
        let answer = answer.unwrap_or(Err(FetchError::Timeout)).map_err(NotTold::Fetch)?;
        // "Bad credentials", in JSON: what stands between may say it otherwise.
        if answer.status == StatusCode::UNAUTHORIZED && strict_json::object(&answer.body).is_ok() {
            return Err(NotTold::Revoked);
        }
        if answer.status != StatusCode::OK {
            return Err(NotTold::Status(answer.status));
        }
        strict_json::value(&answer.body, MOST_VALUES).ok_or(NotTold::Shape("without JSON"))
    }
}

fn bearer(token: &str) -> Result<HeaderValue, NotTold> {
    let mut value = HeaderValue::try_from(format!("Bearer {token}")).map_err(|_| NotTold::Token)?;
    value.set_sensitive(true);
    Ok(value)
}
