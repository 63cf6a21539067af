//! What the provider's token endpoint gives for a code or a refresh token (OAuth 2.1 §4.1.3 and §4.3, OpenID Connect Core 1.0 §3.1.3 and §12).

use std::time::Duration;

use base64::prelude::{BASE64_STANDARD, Engine as _};
use http::header::AUTHORIZATION;
use http::{HeaderValue, StatusCode};
use mcp_auth_core::SecretText;
use mcp_auth_core::seen::Excerpt;
use mcp_auth_core::strict_json;
use mcp_auth_runtime::facade::{Fetch, FetchError, FetchRequest};
use serde_json::{Map, Value};
use tokio::time::timeout;
use url::Url;
use url::form_urlencoded::{Serializer, byte_serialize};

use super::options::UpstreamOptions;

/// The longest that the provider may take.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);
/// The longest answer, in bytes.
const LONGEST: usize = 64 * 1024;

/// The errors by which a provider says that the person has to log in again: that of OAuth 2.1 §3.2.4, GitHub's words for a code and a refresh token
/// that are used up, and what Entra ID says where the person has to prove or allow more.
const ENDED: [&str; 6] = [
    "invalid_grant",
    "bad_verification_code",
    "bad_refresh_token",
    "interaction_required",
    "login_required",
    "consent_required",
];

/// Where codes and refresh tokens are presented.
#[derive(Debug, Clone)]
pub(super) struct TokenEndpoint {
    pub(super) url: Url,
    /// How a client with a secret shows itself.
    pub(super) client_auth: ClientAuth,
}

/// How a client with a secret shows itself at the token endpoint (OpenID Connect Core 1.0 §9).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ClientAuth {
    Basic,
    Post,
}

/// A code that came back, and what it was asked for with.
#[derive(Clone, Copy)]
pub(super) struct Redeemed<'a> {
    pub(super) code: &'a str,
    pub(super) redirect_uri: &'a str,
    pub(super) verifier: &'a str,
}

/// What tokens are asked for with.
#[derive(Clone, Copy)]
pub(super) enum Presented<'a> {
    Code(Redeemed<'a>),
    RefreshToken(&'a SecretText),
}

/// Why there is no token.
#[derive(Debug, thiserror::Error)]
pub(super) enum NoToken {
    /// The provider refuses this code or refresh token: the person has to log in again.
    #[error("the provider refuses the code or the refresh token")]
    Grant,
    #[error("the provider's token endpoint cannot be asked")]
    Fetch(#[source] FetchError),
    #[error("the provider's token endpoint answered with status {0}")]
    Status(StatusCode),
    /// What is wrong is ours: the client's secret, or its redirect URI there.
    #[error("the provider's token endpoint answered with the error {0}")]
    Refused(Excerpt),
    #[error("the provider's token endpoint answered without {0}")]
    Answer(&'static str),
    #[error("the client identifier or its secret cannot be sent in a header")]
    Credentials,
}

/// Asks for tokens: all that the token endpoint answers.
///
/// # Errors
/// [`NoToken`].
pub(super) async fn ask(
    fetch: &dyn Fetch,
    endpoint: &TokenEndpoint,
    options: &UpstreamOptions,
    presented: Presented<'_>,
) -> Result<Map<String, Value>, NoToken> {
    let request = request(endpoint, options, presented)?;
    let answer = timeout(PATIENCE, fetch.fetch(request, LONGEST)).await;
    let answer = answer.unwrap_or(Err(FetchError::Timeout)).map_err(NoToken::Fetch)?;
    let body = strict_json::object(&answer.body);
    let error = body.as_ref().ok().and_then(|body| body.get("error"));
    let error = error.map(|error| error.as_str().unwrap_or_default());
    // GitHub answers with 200 also where it refuses, and Auth0 with 403.
    let says_why = answer.status == StatusCode::OK
        || answer.status.is_client_error() && answer.status != StatusCode::TOO_MANY_REQUESTS;
    match (answer.status, error.filter(|_| says_why), body.as_ref().is_ok()) {
        (_, Some(error), _) if ENDED.contains(&error) => Err(NoToken::Grant),
        (_, Some(error), _) => Err(NoToken::Refused(Excerpt::of(error))),
        (StatusCode::OK, None, true) => body.map_err(|_| NoToken::Answer("a JSON object")),
        (StatusCode::OK, _, _) => Err(NoToken::Answer("a JSON object")),
        (status, _, _) => Err(NoToken::Status(status)),
    }
}

/// Asks for new tokens with a refresh token: all that the token endpoint answers, an access token at least (OAuth 2.1 §3.2.3).
///
/// # Errors
/// [`NoToken`].
pub(super) async fn refresh(
    fetch: &dyn Fetch,
    endpoint: &TokenEndpoint,
    options: &UpstreamOptions,
    token: &SecretText,
) -> Result<Map<String, Value>, NoToken> {
    let answer = ask(fetch, endpoint, options, Presented::RefreshToken(token)).await?;
    match answer.get("access_token").and_then(Value::as_str) {
        Some(token) if !token.is_empty() => Ok(answer),
        Some(_) | None => Err(NoToken::Answer("an access token")),
    }
}

/// The token request.
fn request(
    endpoint: &TokenEndpoint,
    options: &UpstreamOptions,
    presented: Presented<'_>,
) -> Result<FetchRequest, NoToken> {
    let mut form = Serializer::new(String::new());
    match presented {
        Presented::Code(redeemed) => form.extend_pairs([
            ("grant_type", "authorization_code"),
            ("code", redeemed.code),
            ("redirect_uri", redeemed.redirect_uri),
            ("code_verifier", redeemed.verifier),
        ]),
        // Without `scope` the scopes stay (RFC 6749 §6).
        Presented::RefreshToken(token) => {
            form.extend_pairs([("grant_type", "refresh_token"), ("refresh_token", token.expose())])
        }
    };
    let basic = match (&options.client_secret, endpoint.client_auth) {
        (Some(secret), ClientAuth::Basic) => Some(basic(&options.client_id, secret.expose())?),
        (Some(secret), ClientAuth::Post) => {
            form.extend_pairs([("client_id", &*options.client_id), ("client_secret", secret.expose())]);
            None
        }
        (None, _) => {
            form.append_pair("client_id", &options.client_id);
            None
        }
    };
    let url = endpoint.url.clone();
    let mut request = FetchRequest::post(url, "application/x-www-form-urlencoded", form.finish());
    if let Some(basic) = basic {
        request.headers.insert(AUTHORIZATION, basic);
    }
    Ok(request)
}

/// RFC 6749 §2.3.1: both are form-encoded first.
fn basic(id: &str, secret: &str) -> Result<HeaderValue, NoToken> {
    let encoded = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
    let pair = BASE64_STANDARD.encode(format!("{}:{}", encoded(id), encoded(secret)));
    let mut value = HeaderValue::try_from(format!("Basic {pair}")).map_err(|_| NoToken::Credentials)?;
    value.set_sensitive(true);
    Ok(value)
}
