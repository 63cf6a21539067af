//! Asking the application, at each refresh and wherever a login of before is to count, whether a person still has an account there.

use std::sync::Arc;
use std::time::Duration;

use http::header::AUTHORIZATION;
use http::{HeaderValue, StatusCode};
use mcp_auth_core::strict_json;
use mcp_auth_runtime::facade::{Fetch, FetchError, FetchRequest};
use serde_json::{Value, json};
use tokio::time::timeout;

use super::options::OwnLoginCheck;

/// The longest that the application may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// The longest answer, in bytes.
const LONGEST: usize = 4 * 1024;

/// Why it is not known. What needs it is answered 503, and nothing ends.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unknown {
    #[error("the application cannot be asked")]
    Fetch(#[source] FetchError),
    #[error("the application answered with status {0}")]
    Status(StatusCode),
    #[error("the application's answer is not {{\"active\": true}} or {{\"active\": false}}")]
    Answer,
    #[error("the secret cannot be sent in a header")]
    Secret,
}

/// Whether the person of `subject` still has an account.
///
/// # Errors
/// [`Unknown`] for every answer but the two.
pub(super) async fn is_active(
    check: &OwnLoginCheck,
    fetch: &Arc<dyn Fetch>,
    subject: &str,
) -> Result<bool, Unknown> {
    let body = json!({ "sub": subject }).to_string();
    let mut request = FetchRequest::post(check.url.url().clone(), "application/json", body);
    let bearer = HeaderValue::try_from(format!("Bearer {}", check.secret.expose()));
    let mut bearer = bearer.map_err(|_| Unknown::Secret)?;
    bearer.set_sensitive(true);
    request.headers.insert(AUTHORIZATION, bearer);
    let answer = timeout(PATIENCE, fetch.fetch(request, LONGEST)).await;
    let answer = answer.unwrap_or(Err(FetchError::Timeout)).map_err(Unknown::Fetch)?;
    if answer.status != StatusCode::OK {
        return Err(Unknown::Status(answer.status));
    }
    let answer = strict_json::object(&answer.body).map_err(|_| Unknown::Answer)?;
    answer.get("active").and_then(Value::as_bool).ok_or(Unknown::Answer)
}
