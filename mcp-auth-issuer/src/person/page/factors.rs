//! The page on which a person sets up or removes the second factor of their account, and what the login shows of it.

use axum::response::{IntoResponse, Response};
use http::StatusCode;
use maud::{Markup, html};
use mcp_auth_core::SecretText;
use mcp_auth_store::Account;

use super::claim::visible;
use super::shell::page;
use crate::issuer::Issuer;
use crate::person::accounts::Setup;

/// The second factor of a person who logged in just now.
pub(crate) struct FactorsPage<'a> {
    pub(crate) issuer: &'a Issuer,
    pub(crate) account: &'a Account,
    /// Whether nobody logs in without a second factor.
    pub(crate) is_needed: bool,
    /// The URL that the forms post to.
    pub(crate) action: &'a str,
    pub(crate) csrf: &'a str,
    pub(crate) shown: Shown,
    /// Why it is shown again.
    pub(crate) notice: Option<(StatusCode, &'static str)>,
}

/// What the page shows.
pub(crate) enum Shown {
    /// What there is, and what can be done.
    Overview,
    /// Codes to be set up.
    Setup(Setup),
    /// New recovery codes, once.
    Codes(Vec<SecretText>),
}

/// What a person types into their app.
pub(crate) fn totp_setup(setup: &Setup) -> Markup {
    let key = setup.secret.expose();
    let groups: Vec<&str> =
        (0..key.len()).step_by(4).filter_map(|at| key.get(at..key.len().min(at + 4))).collect();
    html! {
        ol {
            li {
                "In an authenticator app, add an account by this key:"
                p { code.url { (groups.join(" ")) } }
                p.hint {
                    "Time-based, 6 digits, 30 seconds. Or open this address in the app: "
                    code { (setup.uri.expose()) }
                }
            }
            li {
                "Type the code that the app shows now."
                fieldset {
                    label {
                        "Code"
                        input name="code" autocomplete="one-time-code" inputmode="numeric" spellcheck="false" required;
                    }
                }
            }
        }
    }
}

/// Recovery codes, which are not shown again.
pub(crate) fn recovery_codes(codes: &[SecretText]) -> Markup {
    html! {
        h2 { "Your recovery codes" }
        p { "Each of them logs you in once, instead of a code of the app. Keep them where you find them without your device: they are not shown again." }
        ul { @for code in codes { li { code.url { (code.expose()) } } } }
    }
}

impl FactorsPage<'_> {
    fn form(&self, content: &Markup) -> Markup {
        html! {
            form method="post" action=(self.action) {
                input type="hidden" name="csrf" value=(self.csrf);
                (content)
            }
        }
    }

    fn overview(&self) -> Markup {
        let left = self.account.recovery_codes.len();
        match self.account.totp.is_some() {
            false => html! {
                p { "You log in with your password alone. With a code from an app besides, nobody logs in with your password alone." }
                (self.form(&html! {
                    div.buttons { button.primary type="submit" name="decision" value="begin" { "Set up codes" } }
                }))
            },
            true => html! {
                p { "You log in with your password and a code from an authenticator app. " strong { (left) } " of your recovery codes are left." }
                (self.form(&html! {
                    div.buttons {
                        button type="submit" name="decision" value="renew" { "Make new recovery codes" }
                        button type="submit" name="decision" value="begin" { "Set up another app" }
                        @if !self.is_needed {
                            button type="submit" name="decision" value="remove" { "Remove the codes" }
                        }
                    }
                }))
                @if self.is_needed { p.hint { "This server asks everybody for a second step, so it can be replaced and not removed." } }
            },
        }
    }
}

impl IntoResponse for FactorsPage<'_> {
    fn into_response(self) -> Response {
        let status = self.notice.map_or(StatusCode::OK, |(status, _)| status);
        let body = html! {
            h1 { "How you log in" }
            @if let Some((_, notice)) = self.notice {
                p.warning role="alert" { (notice) }
            }
            dl { dt { "You are" } dd { strong { bdi { (visible(&self.account.name)) } } } }
            @match &self.shown {
                Shown::Overview => (self.overview()),
                Shown::Setup(setup) => (self.form(&html! {
                    input type="hidden" name="begun" value=(setup.begun().digits());
                    (totp_setup(setup))
                    div.buttons { button.primary type="submit" name="decision" value="confirm" { "Confirm" } }
                })),
                Shown::Codes(codes) => (recovery_codes(codes)),
            }
        };
        page(self.issuer, status, "How you log in", &body)
    }
}
