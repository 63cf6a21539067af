//! Error responses of the endpoints for programs (OAuth 2.1 §3.2.4, RFC 7591 §3.2.2); they do not show internal
//! causes.

use std::borrow::Cow;

use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, StatusCode};
use mcp_auth_core::seen::head;
use serde_json::json;

/// The most characters of a description, without a mark where it was cut: only ASCII may stand in one (RFC 6749 §5.2).
pub(crate) const LONGEST: usize = 200;

/// `no-store`: a cache may not keep any of these answers (OAuth 2.1 §3.2.3).
pub(crate) const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");

/// The challenge where a client did not authenticate (OAuth 2.1 §3.2.4). The realm (RFC 7617 §2) is one for all endpoints at which clients
/// authenticate: a client sends the same credentials to each of them.
const CLIENTS: HeaderValue = HeaderValue::from_static("Basic realm=\"OAuth clients\"");
/// After so many seconds a request may come again that met a store that is down, or something else that this server needs.
pub(crate) const UNAVAILABLE_FOR: u64 = 30;

/// An error as it is sent. It is made only from a typed cause, by a `match` without `_`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OAuthError {
    pub(crate) status: StatusCode,
    pub(crate) code: &'static str,
    /// Printable ASCII without `"` and `\` (OAuth 2.1 §3.2.4).
    pub(crate) description: Cow<'static, str>,
    /// For `Retry-After`, in seconds: when a client sends requests too often, or the store is down.
    pub(crate) retry_after: Option<u64>,
}

impl OAuthError {
    /// An error with status 400, which most of them have.
    pub(crate) fn bad_request(code: &'static str, description: impl Into<Cow<'static, str>>) -> Self {
        let description: Cow<'static, str> = description.into(); // it may name what was asked for
        let description = match description {
            Cow::Owned(named) if named.len() > LONGEST => head(&named, LONGEST).to_owned().into(),
            description => description,
        };
        Self { status: StatusCode::BAD_REQUEST, code, description, retry_after: None }
    }

    /// It comes too often; so many seconds later it can come again.
    pub(crate) fn too_often(retry_after: u64) -> Self {
        let error = Self::bad_request(
            "temporarily_unavailable",
            "too many requests; send the next one after the seconds in Retry-After",
        );
        Self { retry_after: Some(retry_after), ..error.with_status(StatusCode::TOO_MANY_REQUESTS) }
    }

    /// The store is down, which is not the client's fault and will be over.
    pub(crate) fn store_unavailable() -> Self {
        let error = Self::bad_request(
            "temporarily_unavailable",
            "the server cannot answer now; try again after the seconds in Retry-After",
        );
        Self { retry_after: Some(UNAVAILABLE_FOR), ..error.with_status(StatusCode::SERVICE_UNAVAILABLE) }
    }

    pub(crate) fn with_status(self, status: StatusCode) -> Self {
        Self { status, ..self }
    }
}

/// The description for a parameter that comes twice. It is named where its name can stand in a description.
pub(crate) fn repeated(name: &str) -> Cow<'static, str> {
    let is_plain = name.len() <= 64 && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    match is_plain && !name.is_empty() {
        true => format!("parameter {name} is sent more than once").into(),
        false => "a parameter is sent more than once".into(),
    }
}

impl IntoResponse for OAuthError {
    fn into_response(self) -> Response {
        let body = json!({ "error": self.code, "error_description": self.description });
        let mut response = (self.status, [(CACHE_CONTROL, NO_STORE)], axum::Json(body)).into_response();
        let headers = response.headers_mut();
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(WWW_AUTHENTICATE, CLIENTS);
        }
        if let Some(seconds) = self.retry_after {
            headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parameter_that_comes_twice_is_named_where_its_name_can_stand_in_a_description() {
        assert_eq!(repeated("code_verifier"), "parameter code_verifier is sent more than once");
        for name in ["", "a\"b", "a\\b", "a b", "<b>", "\u{e9}", &"x".repeat(65)] {
            assert_eq!(repeated(name), "a parameter is sent more than once", "{name}");
        }
    }
}
