//! A rejection as an HTTP answer: status, headers, JSON-RPC body.

use ::http::header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use ::http::{HeaderValue, Response, StatusCode};
use axum::body::Body;
use mcp_auth_core::Era;
use rmcp::ErrorData;
use rmcp::model::ErrorCode;
use serde_json::Value;

use super::Rejection;
use super::data::Facts;
use super::schemes::Schemes;
use crate::owned::{TRY_AGAIN, is_unavailable};

/// A JSON-RPC error response.
#[derive(serde::Serialize)]
struct Answer<'a> {
    jsonrpc: &'static str,
    id: &'a Value,
    error: Error<'a>,
}

#[derive(serde::Serialize)]
struct Error<'a> {
    code: i32,
    message: &'a str,
    #[serde(skip_serializing_if = "Facts::is_empty")]
    data: Facts<'a>,
}

impl Rejection {
    /// The whole HTTP answer to the message `id` (null when the message had no id or it could not be read). A challenge in
    /// it names `resource_metadata`, where there is an issuer to log in at.
    pub fn respond(&self, id: &Value, resource_metadata: Option<&str>) -> Response<Body> {
        self.respond_by(id, resource_metadata, &Schemes::bearer_alone())
    }

    /// The same, with a challenge for each of `schemes`. `Bearer` is first: some clients read the first challenge only.
    pub(crate) fn respond_by(
        &self,
        id: &Value,
        resource_metadata: Option<&str>,
        schemes: &Schemes,
    ) -> Response<Body> {
        let row = self.row();
        let challenge = row.challenge();
        let data = Facts::of(&row, challenge.as_ref(), resource_metadata);
        let body = Answer { jsonrpc: "2.0", id, error: Error { code: row.code, message: &row.text, data } };
        let body = serde_json::to_vec(&body).unwrap_or_default(); // strings and numbers: nothing can fail
        let mut response = Response::new(Body::from(body));
        *response.status_mut() = row.status;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(challenge) = challenge {
            for challenge in schemes.challenges(challenge) {
                headers.append(WWW_AUTHENTICATE, challenge.header(resource_metadata));
            }
        }
        if let Some((name, value)) = row.header {
            headers.insert(name, value);
        }
        response
    }

    /// The same for a layer in front of the gate, which has not read the message and does not know the caller.
    pub(crate) fn respond_early(&self) -> Response<Body> {
        self.respond(&Value::Null, None)
    }
}

/// The answer to a notification, which has none: as rmcp's.
pub(crate) fn accepted() -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::ACCEPTED;
    response
}

/// The status of a JSON-RPC error that a handler answered (MCP 2026-07-28 Streamable HTTP): 200 but for what is about
/// the request itself, and for a store that is down; before 2026-07-28 always 200.
pub(crate) fn status_of_error(error: &ErrorData, era: Era) -> StatusCode {
    match error.code {
        _ if era == Era::Sessions => StatusCode::OK,
        _ if is_unavailable(error) => StatusCode::SERVICE_UNAVAILABLE,
        ErrorCode::UNSUPPORTED_PROTOCOL_VERSION
        | ErrorCode::MISSING_REQUIRED_CLIENT_CAPABILITY
        | ErrorCode::HEADER_MISMATCH => StatusCode::BAD_REQUEST,
        ErrorCode::METHOD_NOT_FOUND => StatusCode::NOT_FOUND,
        _ => StatusCode::OK,
    }
}

/// Says when to try again (RFC 9110 §10.2.3), if it does not work now.
pub(crate) fn say_when(response: &mut Response<Body>) {
    if response.status() == StatusCode::SERVICE_UNAVAILABLE {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(TRY_AGAIN));
    }
}
