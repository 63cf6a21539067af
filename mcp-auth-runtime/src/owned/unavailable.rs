//! What a call is answered whose store is down: an error of the server's, and the cause in its log.

use mcp_auth_store::StoreError;
use rmcp::ErrorData;

pub(crate) fn unavailable(error: StoreError) -> ErrorData {
    tracing::error!(cause = %error.cause(), "{error}");
    ErrorData::internal_error(error.to_string(), None)
}
