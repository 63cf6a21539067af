//! What the provider says of the person of an access token (OpenID Connect Core 1.0 §5.3), where it gives no new ID token.

use http::header::{ACCEPT, AUTHORIZATION};
use http::{HeaderValue, StatusCode};
use mcp_auth_core::SecretText;
use mcp_auth_core::strict_json;
use mcp_auth_runtime::facade::{Fetch, FetchError, FetchRequest};
use serde_json::{Map, Value};
use tokio::time::timeout;
use url::Url;

use super::exchange::PATIENCE;
use crate::person::login::LoginError;

/// The longest answer, in bytes.
const LONGEST: usize = 64 * 1024;

/// Why it is not known what the provider says.
#[derive(Debug, thiserror::Error)]
pub(super) enum NoUserinfo {
    #[error("the provider's userinfo endpoint cannot be asked")]
    Fetch(#[source] FetchError),
    #[error("the provider's userinfo endpoint answered with status {0}")]
    Status(StatusCode),
    #[error("the provider's userinfo endpoint answered without a JSON object")]
    Shape,
    #[error("the access token cannot be sent in a header")]
    Token,
}

impl From<NoUserinfo> for LoginError {
    fn from(error: NoUserinfo) -> Self {
        Self::Unavailable(error.into())
    }
}

/// Asks the userinfo endpoint. Whom it names is for the caller to compare (§5.3.2).
///
/// # Errors
/// [`NoUserinfo`].
pub(super) async fn userinfo(
    fetch: &dyn Fetch,
    endpoint: &Url,
    token: &SecretText,
) -> Result<Map<String, Value>, LoginError> {
    let mut bearer =
        HeaderValue::try_from(format!("Bearer {}", token.expose())).map_err(|_| NoUserinfo::Token)?;
    bearer.set_sensitive(true);
    let mut request = FetchRequest::get(endpoint.clone());
    request.headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
    request.headers.insert(AUTHORIZATION, bearer);
    let answer = timeout(PATIENCE, fetch.fetch(request, LONGEST)).await;
    let answer = answer.unwrap_or(Err(FetchError::Timeout)).map_err(NoUserinfo::Fetch)?;
    if answer.status != StatusCode::OK {
        return Err(NoUserinfo::Status(answer.status).into());
    }
    strict_json::object(&answer.body).map_err(|_| NoUserinfo::Shape.into())
}
