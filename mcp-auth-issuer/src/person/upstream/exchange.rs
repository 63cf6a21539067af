//! The code for an ID token, at the provider's token endpoint (OpenID Connect Core 1.0 §3.1.3).

use std::time::Duration;

use base64::prelude::{BASE64_STANDARD, Engine as _};
use http::header::AUTHORIZATION;
use http::{HeaderValue, StatusCode};
use mcp_auth_core::strict_json;
use mcp_auth_runtime::facade::{Fetch, FetchError, FetchRequest};
use serde_json::Value;
use tokio::time::timeout;
use url::form_urlencoded::{Serializer, byte_serialize};

use super::metadata::{ClientAuth, Metadata};
use super::options::UpstreamOptions;

/// The longest that the provider may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// The longest answer, in bytes.
const LONGEST: usize = 64 * 1024;

/// Why there is no ID token.
#[derive(Debug, thiserror::Error)]
pub(super) enum NoToken {
    /// The provider refuses this code: the person has to log in again.
    #[error("the provider refuses the code")]
    Code,
    #[error("the provider's token endpoint cannot be asked")]
    Fetch(#[source] FetchError),
    #[error("the provider's token endpoint answered with status {0}")]
    Status(StatusCode),
    #[error("the provider's token endpoint answered without an ID token")]
    Answer,
    #[error("the client identifier or its secret cannot be sent in a header")]
    Credentials,
}

/// Redeems `code`.
///
/// # Errors
/// [`NoToken`].
pub(super) async fn id_token(
    fetch: &dyn Fetch,
    metadata: &Metadata,
    options: &UpstreamOptions,
    (code, redirect_uri, verifier): (&str, &str, &str),
) -> Result<String, NoToken> {
    let request = request(metadata, options, (code, redirect_uri, verifier))?;
    let answer = timeout(PATIENCE, fetch.fetch(request, LONGEST)).await;
    let answer = answer.unwrap_or(Err(FetchError::Timeout)).map_err(NoToken::Fetch)?;
    let body = strict_json::object(&answer.body);
    let said = |member: &str| body.as_ref().ok().and_then(|body| body.get(member)).and_then(Value::as_str);
    match answer.status {
        StatusCode::OK => said("id_token").map(str::to_owned).ok_or(NoToken::Answer),
        StatusCode::BAD_REQUEST if said("error") == Some("invalid_grant") => Err(NoToken::Code),
        status => Err(NoToken::Status(status)),
    }
}

/// The token request.
fn request(
    metadata: &Metadata,
    options: &UpstreamOptions,
    (code, redirect_uri, verifier): (&str, &str, &str),
) -> Result<FetchRequest, NoToken> {
    let mut form = Serializer::new(String::new());
    form.extend_pairs([
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", redirect_uri),
        ("code_verifier", verifier),
    ]);
    let basic = match (&options.client_secret, metadata.client_auth) {
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
    let url = metadata.token_endpoint.clone();
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
