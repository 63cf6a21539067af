//! What a call is answered whose store is down: an error of the server's, and the cause in its log.

use mcp_auth_store::StoreError;
use rmcp::ErrorData;
use rmcp::model::ErrorCode;
use serde_json::{Value, json};

/// What is said of when to try again, in seconds.
pub(crate) const TRY_AGAIN: u64 = 30;

pub(crate) fn unavailable(error: StoreError) -> ErrorData {
    tracing::error!(cause = %error.cause(), "{error}");
    ErrorData::internal_error(error.to_string(), Some(data()))
}

/// Whether it is the answer of [`unavailable`].
pub(crate) fn is_unavailable(error: &ErrorData) -> bool {
    error.code == ErrorCode::INTERNAL_ERROR && error.data.as_ref() == Some(&data())
}

/// What a client reads that gets no headers: over stdio, and in a stream.
fn data() -> Value {
    json!({ "retryAfter": TRY_AGAIN })
}
