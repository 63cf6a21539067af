//! The page for mistakes that no client is told of (OAuth 2.1 §4.1.2.1: no redirect to an address nobody vouches for).

use axum::response::{IntoResponse, Response};
use http::StatusCode;
use maud::html;

use super::shell::page;
use crate::issuer::Issuer;

/// Says what is wrong, and perhaps how to go on.
pub(crate) struct ErrorPage<'a> {
    issuer: &'a Issuer,
    status: StatusCode,
    text: &'static str,
    retry: Option<String>,
}

impl<'a> ErrorPage<'a> {
    pub(crate) fn new(issuer: &'a Issuer, status: StatusCode, text: &'static str) -> Self {
        Self { issuer, status, text, retry: None }
    }

    /// With a link to try again.
    pub(crate) fn with_retry(self, url: String) -> Self {
        Self { retry: Some(url), ..self }
    }
}

impl IntoResponse for ErrorPage<'_> {
    fn into_response(self) -> Response {
        let body = html! {
            h1 { "This did not work" }
            p { (self.text) }
            @if let Some(url) = &self.retry {
                p { a href=(url) { "Start again" } }
            }
            p.hint { "Authorization server " code { (self.issuer.origin.as_str()) } }
        };
        page(self.status, "This did not work", &self.issuer.server_name, &body)
    }
}
