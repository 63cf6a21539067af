//! The page for mistakes that are not told to a client (OAuth 2.1 §4.1.2.1: no redirect to an unverified address).

use axum::response::{IntoResponse, Response};
use http::StatusCode;
use maud::html;

use super::claim::cut;
use super::shell::{page, retry_after};
use super::speaking::texts;
use crate::issuer::Issuer;

/// A page that says what is wrong and how to continue.
pub(crate) struct ErrorPage<'a> {
    issuer: &'a Issuer,
    status: StatusCode,
    text: ErrorText,
    shown: Vec<(&'static str, String)>,
    mistake: Option<String>,
    retry: Option<String>,
    retry_after: Option<u64>,
}

/// The three texts of an error page.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ErrorText {
    /// What happened, as a heading.
    pub(crate) title: &'static str,
    /// The reason, in a sentence.
    pub(crate) why: &'static str,
    /// What the person can do about it.
    pub(crate) next: &'static str,
}

impl<'a> ErrorPage<'a> {
    pub(crate) fn new(issuer: &'a Issuer, status: StatusCode, text: ErrorText) -> Self {
        Self { issuer, status, text, shown: Vec::new(), mistake: None, retry: None, retry_after: None }
    }

    /// Adds a value from the request, which may be made up by an attacker.
    pub(crate) fn with_value(mut self, what: &'static str, value: &str) -> Self {
        self.shown.push((what, cut(value)));
        self
    }

    /// Adds what is wrong with the request, in words for the developers of the application.
    pub(crate) fn with_mistake(self, what: &str) -> Self {
        Self { mistake: Some(cut(what)), ..self }
    }

    /// Adds a link to try again.
    pub(crate) fn with_retry(self, url: String) -> Self {
        Self { retry: Some(url), ..self }
    }

    /// Says after how many seconds to try again; a page with 503 that was not told says how long what this server needs takes.
    pub(crate) fn after(self, seconds: Option<u64>) -> Self {
        Self { retry_after: seconds, ..self }
    }
}

impl IntoResponse for ErrorPage<'_> {
    fn into_response(self) -> Response {
        let ErrorText { title, why, next } = self.text;
        let body = html! {
            h1 { (title) }
            p { (why) }
            @if !self.shown.is_empty() || self.mistake.is_some() {
                dl {
                    @for (what, value) in &self.shown {
                        dt { (what) }
                        dd { code { bdi { (value) } } }
                    }
                    @if let Some(mistake) = &self.mistake {
                        dt { (texts().the_mistake) }
                        dd { code lang="en" { bdi { (mistake) } } }
                    }
                }
            }
            p { (next) }
            @if let Some(url) = &self.retry {
                p { a.button href=(url) { (texts().show_request_again) } }
            }
            p.hint { (texts().nothing_was_allowed) }
        };
        let mut response = page(self.issuer, self.status, title, &body);
        if let Some(seconds) = self.retry_after {
            retry_after(&mut response, seconds);
        }
        response
    }
}
