//! The page on which a person changes the password of their account, and sets up or removes its second factor, and what the login shows of it.

use std::borrow::Cow;

use axum::response::{IntoResponse, Response};
use http::StatusCode;
use maud::{Markup, html};
use mcp_auth_core::SecretText;
use mcp_auth_store::{Account, MOST_PASSKEYS, Passkey};

use super::claim::visible;
use super::lifetime::ago;
use super::passkeys::passkey_creation;
use super::qr::qr;
use super::reset::{PASSWORD_RULES, new_password};
use super::shell::{page, page_with_passkeys};
use crate::issuer::Issuer;
use crate::person::accounts::{LONGEST_NAME, PasskeySetup, Setup};

/// What a person logs in with who logged in just now.
pub(crate) struct FactorsPage<'a> {
    pub(crate) issuer: &'a Issuer,
    pub(crate) account: &'a Account,
    /// Whether nobody logs in without a second factor.
    pub(crate) is_needed: bool,
    /// Whether people can add passkeys here.
    pub(crate) takes_passkeys: bool,
    /// The URL that the forms post to.
    pub(crate) action: &'a str,
    pub(crate) csrf: &'a str,
    pub(crate) shown: Shown,
    /// What was done, with the status 200, or why it is shown again.
    pub(crate) notice: Option<(StatusCode, Cow<'static, str>)>,
}

/// What the page shows.
pub(crate) enum Shown {
    /// What there is, and what can be done.
    Overview,
    /// Another password to be chosen.
    Password,
    /// Codes to be set up.
    Setup(Setup),
    /// A passkey to be made.
    Passkey(PasskeySetup),
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
                @match qr(setup.uri.expose(), "QR code for an authenticator app. It says the same as the key below.") {
                    Some(picture) => {
                        "In an authenticator app, add an account: scan the code, or type the key below it."
                        p { (picture) }
                    }
                    None => "In an authenticator app, add an account by this key:",
                }
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
        p { "Each of them logs you in once after your password, instead of a code of the app or a passkey. Keep them where you find them without your device: they are not shown again." }
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
        let account = self.account;
        let how = match (account.totp.is_some(), account.passkeys().next().is_some()) {
            (false, false) => {
                "You log in with your password alone. With a passkey or a code from an app besides, nobody logs in with your password alone."
            }
            (true, false) => "You log in with your password and a code from an authenticator app.",
            (false, true) => "You log in with a passkey, or with your password and a passkey.",
            (true, true) => {
                "You log in with a passkey, or with your password and a passkey or a code from an authenticator app."
            }
        };
        html! {
            p { (how) }
            h2 { "Password" }
            @match account.password.is_some() {
                true => (self.form(&html! {
                    div.buttons { button type="submit" name="decision" value="begin-password" { "Change the password" } }
                })),
                false => p.hint { "You have no password. Who runs this server can give you a link that sets one." }
            }
            (self.passkeys())
            (self.codes())
            @if account.has_second_factor() {
                h2 { "Recovery codes" }
                p { strong { (account.recovery_codes.len()) } " of your recovery codes are left. Each logs you in once after your password." }
                (self.form(&html! {
                    div.buttons { button type="submit" name="decision" value="renew" { "Make new recovery codes" } }
                }))
            }
            @if self.is_needed { p.hint { "This server asks everybody for a second step. Codes can be replaced and not removed, and where there are none, the last passkey stays." } }
        }
    }

    fn password(&self) -> Markup {
        self.form(&html! {
            fieldset {
                // It tells programs that keep passwords whose it is.
                label { "Your name" input name="username" value=(self.account.name) autocomplete="username" readonly; }
                label { "Current password" input type="password" name="current" autocomplete="current-password" required; }
                (new_password())
            }
            p.hint { (PASSWORD_RULES) }
            p.hint { "You are logged out in all other browsers. Applications that you allowed stay connected." }
            div.buttons { button.primary type="submit" name="decision" value="change-password" { "Change the password" } }
        })
    }

    fn passkeys(&self) -> Markup {
        let passkeys: Vec<&Passkey> = self.account.passkeys().collect();
        if passkeys.is_empty() && !self.takes_passkeys {
            return Markup::default();
        }
        html! {
            h2 { "Passkeys" }
            @for passkey in &passkeys { (self.passkey(passkey)) }
            @if !self.takes_passkeys {
                p.hint { "Passkeys are not used at this server now." }
            } @else if passkeys.len() >= MOST_PASSKEYS {
                p.hint { "You have as many passkeys as one person can have. Remove one to add another." }
            } @else {
                (self.form(&html! {
                    fieldset {
                        label {
                            "Name of a new passkey"
                            input name="name" maxlength=(LONGEST_NAME) autocomplete="off";
                        }
                    }
                    div.buttons { button type="submit" name="decision" value="begin-passkey" { "Add a passkey" } }
                }))
            }
        }
    }

    fn passkey(&self, passkey: &Passkey) -> Markup {
        let ago = |at: u64| ago(self.issuer.now().saturating_sub(at));
        html! {
            section.application {
                dl {
                    dt { "Name" }
                    dd { strong { bdi { (visible(&passkey.name)) } } }
                    dt { "Added" }
                    dd { (ago(passkey.created_at)) }
                    dt { "Last used" }
                    dd { @match passkey.last_used { Some(at) => (ago(at)), None => "never" } }
                }
                (self.form(&html! {
                    input type="hidden" name="removed" value=(passkey.hash().digits());
                    div.buttons {
                        button type="submit" name="decision" value="remove-passkey" {
                            "Remove " bdi { (visible(&passkey.name)) }
                        }
                    }
                }))
            }
        }
    }

    fn codes(&self) -> Markup {
        html! {
            h2 { "Codes from an app" }
            @match self.account.totp.is_some() {
                false => (self.form(&html! {
                    div.buttons { button type="submit" name="decision" value="begin" { "Set up codes" } }
                })),
                true => (self.form(&html! {
                    div.buttons {
                        button type="submit" name="decision" value="begin" { "Set up another app" }
                        @if !self.is_needed {
                            button type="submit" name="decision" value="remove" { "Remove the codes" }
                        }
                    }
                })),
            }
        }
    }
}

impl IntoResponse for FactorsPage<'_> {
    fn into_response(self) -> Response {
        let status = self.notice.as_ref().map_or(StatusCode::OK, |(status, _)| *status);
        let body = html! {
            h1 { "How you log in" }
            @match &self.notice {
                // What a person did themselves is told without a warning.
                Some((status, done)) if *status == StatusCode::OK => p.done role="status" { (done) },
                Some((_, notice)) => p.warning role="alert" { (notice) },
                None => {}
            }
            dl { dt { "You are" } dd { strong { bdi { (visible(&self.account.name)) } } } }
            @match &self.shown {
                Shown::Overview => (self.overview()),
                Shown::Password => {
                    (self.password())
                    div.buttons { a.button href=(self.action) { "Back" } }
                }
                Shown::Setup(setup) => (self.form(&html! {
                    input type="hidden" name="begun" value=(setup.begun().digits());
                    (totp_setup(setup))
                    div.buttons { button.primary type="submit" name="decision" value="confirm" { "Confirm" } }
                })),
                Shown::Passkey(setup) => {
                    p { "Your browser asks where the passkey is to be kept: on this device, on your phone, or on a security key." }
                    (self.form(&html! {
                        input type="hidden" name="begun" value=(setup.begun.expose());
                        input type="hidden" name="decision" value="add-passkey";
                        (passkey_creation("Make the passkey", &setup.options))
                    }))
                    div.buttons { a.button href=(self.action) { "Back" } }
                }
                Shown::Codes(codes) => {
                    (recovery_codes(codes))
                    div.buttons { a.button href=(self.action) { "Back" } }
                }
            }
        };
        let show = if matches!(self.shown, Shown::Passkey(_)) { page_with_passkeys } else { page };
        show(self.issuer, status, "How you log in", &body)
    }
}
