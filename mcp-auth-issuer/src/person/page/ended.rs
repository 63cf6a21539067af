//! The page at the end of what a person had to do here.

use axum::response::{IntoResponse, Response};
use http::StatusCode;
use maud::html;

use super::error::ErrorText;
use super::shell::page;
use crate::issuer::Issuer;

/// A page that says how it ended.
pub(crate) struct EndedPage<'a> {
    pub(crate) issuer: &'a Issuer,
    pub(crate) status: StatusCode,
    pub(crate) text: ErrorText,
}

impl IntoResponse for EndedPage<'_> {
    fn into_response(self) -> Response {
        let ErrorText { title, why, next } = self.text;
        let body = html! {
            h1 { (title) }
            p { (why) }
            p { (next) }
        };
        page(self.issuer, self.status, title, &body)
    }
}
