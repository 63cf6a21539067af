//! The authorization response (OAuth 2.1 §4.1.2, RFC 9207): parameters added to the redirect URI, sent with status
//! 303.

use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, LOCATION, REFERRER_POLICY};
use http::{HeaderValue, StatusCode};
use url::form_urlencoded::Serializer;

use crate::request::oauth_error::NO_STORE;

/// Where the answer to a client is sent, and the values it always carries.
#[derive(Debug, Clone)]
pub(in crate::endpoint) struct Answer {
    /// The redirect URI as the client sent it, already checked against its registration.
    pub(super) redirect_uri: String,
    /// The `state` parameter as the client sent it.
    pub(super) state: Option<String>,
    /// The issuer identifier, in every answer (RFC 9207 §2).
    pub(super) iss: String,
}

impl Answer {
    /// Answers with an authorization code.
    pub(super) fn code(&self, code: &str) -> Response {
        self.redirect(&[("code", code)])
    }

    /// Answers with an error (OAuth 2.1 §4.1.2.1).
    pub(super) fn error(&self, code: &str, description: &str) -> Response {
        self.redirect(&[("error", code), ("error_description", description)])
    }

    fn redirect(&self, params: &[(&str, &str)]) -> Response {
        let mut query = Serializer::new(String::new());
        query.extend_pairs(params);
        if let Some(state) = &self.state {
            query.append_pair("state", state);
        }
        query.append_pair("iss", &self.iss);
        // Parameters are added to the client's own bytes, which are never parsed and rewritten.
        let joint = match self.redirect_uri.split_once('?') {
            None => "?",
            Some((_, "")) => "",
            Some(_) => "&",
        };
        see_other(&format!("{}{joint}{}", self.redirect_uri, query.finish()))
    }
}

/// 303: the next request is a GET without the form that was just posted, for every method of the first request. A 307
/// would send the form on (RFC 9700 §4.12).
pub(in crate::endpoint) fn see_other(location: &str) -> Response {
    let Ok(location) = HeaderValue::try_from(location) else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let headers = [
        (LOCATION, location),
        (CACHE_CONTROL, NO_STORE),
        (REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    ];
    (StatusCode::SEE_OTHER, headers).into_response()
}
