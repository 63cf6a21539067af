//! The page on which a person sets a password.

use axum::response::{IntoResponse, Response};
use http::StatusCode;
use maud::{Markup, html};
use mcp_auth_runtime::facade::{said, said_plainly};

use super::claim::visible;
use super::shell::page;
use super::speaking::texts;
use crate::issuer::Issuer;
use crate::person::accounts::UnfitPassword;

/// The fields of a password that is chosen.
pub(super) fn new_password() -> Markup {
    html! {
        label { (texts().new_password) input type="password" name="password" autocomplete="new-password" required; }
        label { (texts().same_again) input type="password" name="again" autocomplete="new-password" required; }
    }
}

/// Why a password cannot be chosen, and what to do.
pub(crate) fn unfit(why: UnfitPassword) -> String {
    let texts = texts();
    let why = match why {
        UnfitPassword::TooShort => texts.unfit_too_short,
        UnfitPassword::TooLong => texts.unfit_too_long,
        UnfitPassword::IsName => texts.unfit_is_name,
        UnfitPassword::IsServer => texts.unfit_is_server,
        UnfitPassword::Common => texts.unfit_common,
        UnfitPassword::TooUniform => texts.unfit_uniform,
    };
    said_plainly(texts.unfit_password, &[("why", why)])
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
        let texts = texts();
        let status = self.notice.as_ref().map_or(StatusCode::OK, |(status, _)| *status);
        let body = html! {
            h1 { (said(texts.set_password_for, &[("server", &html! { bdi { (server) } })])) }
            @if let Some((_, notice)) = &self.notice {
                p.warning role="alert" { (notice) }
            }
            form method="post" action=(self.action) {
                input type="hidden" name="csrf" value=(self.csrf);
                fieldset {
                    label { (texts.your_name) input name="username" value=(self.name) autocomplete="username" readonly; }
                    (new_password())
                }
                p.hint { (texts.password_rules) }
                div.buttons { button.primary type="submit" name="decision" value="set" { (texts.set_password) } }
            }
        };
        let title = said_plainly(texts.set_password_for, &[("server", &server)]);
        page(self.issuer, status, &title, &body)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_says_of_a_password_what_the_command_says() {
        for why in [
            UnfitPassword::TooShort,
            UnfitPassword::TooLong,
            UnfitPassword::IsName,
            UnfitPassword::IsServer,
            UnfitPassword::Common,
            UnfitPassword::TooUniform,
        ] {
            assert_eq!(unfit(why), format!("That password cannot be chosen: {why}."));
        }
    }
}
