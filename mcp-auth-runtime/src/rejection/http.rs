//! A rejection as an HTTP answer: status, headers, JSON-RPC body.

use axum::body::Body;
use http::header::{ACCEPT_ENCODING, ALLOW, CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, Response};
use mcp_auth_core::Era;
use serde_json::{Value, json};

use super::{Facts, Rejection};
use crate::transport::limits::BodyError;

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
    /// `denial = "tool-error"`: the refusal as a tool result the model reads, with the result type where `era`
    /// requires one.
    pub fn respond_as_tool_error(&self, id: &Value, era: Era) -> Response<Body> {
        let mut result = json!({
            "content": [{ "type": "text", "text": self.message() }],
            "structuredContent": self.data(None),
            "isError": true,
        });
        if era == Era::Stateless {
            result["resultType"] = "complete".into();
        }
        let body = json!({ "jsonrpc": "2.0", "id": id, "result": result });
        let mut response = Response::new(Body::from(body.to_string()));
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        response
    }

    /// The whole HTTP answer to the message `id` (null when it had none or none could be read).
    pub fn respond(&self, id: &Value, resource_metadata: &str) -> Response<Body> {
        let challenge = self.challenge();
        let body = Answer {
            jsonrpc: "2.0",
            id,
            error: Error {
                code: self.code(),
                message: &self.message(),
                data: self.facts(challenge.as_ref(), Some(resource_metadata)),
            },
        };
        let body = serde_json::to_vec(&body).unwrap_or_default(); // strings and numbers: nothing can fail
        let mut response = Response::new(Body::from(body));
        *response.status_mut() = self.status();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(challenge) = challenge {
            headers.insert(WWW_AUTHENTICATE, challenge.header(resource_metadata));
        }
        match self {
            Self::KeysUnavailable { retry_after } => {
                headers.insert(RETRY_AFTER, HeaderValue::from(*retry_after));
            }
            Self::TooManySessions | Self::StoreUnavailable => {
                headers.insert(RETRY_AFTER, HeaderValue::from(30));
            }
            // RFC 9110 §15.5.16: a 415 about the content coding says which codings are taken.
            Self::ContentEncoding => {
                headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
            }
            Self::MethodNotAllowed { allow } => {
                headers.insert(ALLOW, HeaderValue::from_static(allow));
            }
            _ => {}
        }
        response
    }
}

impl From<&BodyError> for Rejection {
    fn from(error: &BodyError) -> Self {
        match error {
            BodyError::TooLarge { .. } => Self::BodyTooLarge,
            BodyError::TimedOut => Self::BodyTimeout,
            BodyError::Encoded => Self::ContentEncoding,
            BodyError::Broken => Self::BodyBroken,
        }
    }
}
