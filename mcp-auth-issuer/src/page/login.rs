//! The login page.

use axum::response::{IntoResponse, Response};
use http::StatusCode;
use maud::{Markup, html};

use super::claim::shown_name;
use super::shell::page;
use crate::client::Client;

/// Asks who is there. The controls are the [`Login`](crate::Login)'s.
pub(crate) struct LoginPage<'a> {
    pub(crate) server_name: &'a str,
    pub(crate) client: &'a Client,
    pub(crate) controls: Markup,
    pub(crate) notice: Option<Notice>,
    /// Where the form posts to.
    pub(crate) action: &'a str,
    pub(crate) csrf: &'a str,
}

/// Why the page is shown again.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Notice {
    LoginRefused,
    LoginUnavailable,
}

impl IntoResponse for LoginPage<'_> {
    fn into_response(self) -> Response {
        let (status, notice) = match self.notice {
            None => (StatusCode::OK, None),
            Some(Notice::LoginRefused) => (StatusCode::FORBIDDEN, Some("That did not work. Try again.")),
            Some(Notice::LoginUnavailable) => (
                StatusCode::SERVICE_UNAVAILABLE,
                Some("Logging in is not possible now. Try again in a moment."),
            ),
        };
        let body = html! {
            h1 { "Log in to " (self.server_name) }
            p { bdi.claim { (shown_name(self.client)) } " asks for access. You decide on the next page." }
            @if let Some(notice) = notice {
                p.warning role="alert" { (notice) }
            }
            form method="post" action=(self.action) {
                input type="hidden" name="csrf" value=(self.csrf);
                input type="hidden" name="decision" value="login";
                (self.controls)
            }
        };
        page(status, &format!("Log in to {}", self.server_name), self.server_name, &body)
    }
}
