//! The page on which a person sets a password.

use axum::response::{IntoResponse, Response};
use http::StatusCode;
use maud::{Markup, html};

use super::claim::visible;
use super::shell::page;
use crate::issuer::Issuer;

/// What may be chosen.
pub(super) const PASSWORD_RULES: &str = "12 to 128 characters, of any kind: a few words that do not belong together are good. Not one that you use elsewhere.";

/// The fields of a password that is chosen.
pub(super) fn new_password() -> Markup {
    html! {
        label { "New password" input type="password" name="password" autocomplete="new-password" required; }
        label { "The same again" input type="password" name="again" autocomplete="new-password" required; }
    }
}

/// Asks a person, who came by a link that works, for a new password.
pub(crate) struct ResetPage<'a> {
    pub(crate) issuer: &'a Issuer,
    /// The name of the account.
    pub(crate) name: &'a str,
    /// The URL that the form posts to.
    pub(crate) action: &'a str,
    pub(crate) csrf: &'a str,
    /// Why it is shown again.
    pub(crate) notice: Option<(StatusCode, String)>,
}

impl IntoResponse for ResetPage<'_> {
    fn into_response(self) -> Response {
        let server = visible(&self.issuer.server_name);
        let status = self.notice.as_ref().map_or(StatusCode::OK, |(status, _)| *status);
        let body = html! {
            h1 { "Set your password for " bdi { (server) } }
            @if let Some((_, notice)) = &self.notice {
                p.warning role="alert" { (notice) }
            }
            form method="post" action=(self.action) {
                input type="hidden" name="csrf" value=(self.csrf);
                fieldset {
                    label { "Your name" input name="username" value=(self.name) autocomplete="username" readonly; }
                    (new_password())
                }
                p.hint { (PASSWORD_RULES) }
                div.buttons { button.primary type="submit" name="decision" value="set" { "Set the password" } }
            }
        };
        page(self.issuer, status, &format!("Set your password for {server}"), &body)
    }
}
