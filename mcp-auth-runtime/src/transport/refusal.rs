//! What a layer in front of the gate says when the answer is no: a status and a JSON-RPC error without an id.

use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::{HeaderValue, StatusCode, header};

/// An answer given before the caller's identity or the message is known.
///
/// - Shape: `{"jsonrpc":"2.0","id":null,"error":{"code":<status>,"message":…}}`, never cached. The code is
///   the HTTP status, which lies outside JSON-RPC's reserved range.
/// - The message says what was wrong and where to allow it; it never repeats what the client sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    status: StatusCode,
    message: String,
}

impl Refusal {
    /// A refusal with this status and text.
    pub fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self { status, message: message.into() }
    }

    /// The HTTP status.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The text, for a log or for another body.
    pub fn message(&self) -> &str {
        &self.message
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let body = serde_json::json!({
            "jsonrpc": "2.0",
            "id": null,
            "error": { "code": self.status.as_u16(), "message": self.message },
        });
        let headers = [
            (header::CONTENT_TYPE, HeaderValue::from_static("application/json")),
            (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        ];
        (self.status, headers, Bytes::from(body.to_string())).into_response()
    }
}
