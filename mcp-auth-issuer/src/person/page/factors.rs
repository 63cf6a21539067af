//! The page on which a person changes the password of their account, and sets up or removes its second factor, and what the login shows of it.

use std::borrow::Cow;

use axum::response::{IntoResponse, Response};
use http::StatusCode;
use maud::{Markup, html};
use mcp_auth_core::SecretText;
use mcp_auth_runtime::facade::said;
use mcp_auth_store::{Account, MOST_PASSKEYS, Passkey};

use super::claim::visible;
use super::lifetime::ago;
use super::passkeys::passkey_creation;
use super::qr::qr;
use super::reset::new_password;
use super::shell::{page, page_with_passkeys};
use super::speaking::texts;
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
    let (key, texts) = (setup.secret.expose(), texts());
    let groups: Vec<&str> =
        (0..key.len()).step_by(4).filter_map(|at| key.get(at..key.len().min(at + 4))).collect();
    html! {
        ol {
            li {
                @match qr(setup.uri.expose(), texts.qr_label) {
                    Some(picture) => {
                        (texts.scan_code)
                        p { (picture) }
                    }
                    None => (texts.add_by_key),
                }
                p { code.url { (groups.join(" ")) } }
                p.hint { (said(texts.totp_kind, &[("address", &html! { code { (setup.uri.expose()) } })])) }
            }
            li {
                (texts.type_code)
                fieldset {
                    label {
                        (texts.code)
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
        h2 { (texts().your_recovery_codes) }
        p { (texts().recovery_codes_hint) }
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
        let (account, texts) = (self.account, texts());
        let how = match (account.totp.is_some(), account.passkeys().next().is_some()) {
            (false, false) => texts.password_alone,
            (true, false) => texts.password_and_code,
            (false, true) => texts.passkey_or_both,
            (true, true) => texts.passkey_or_either,
        };
        html! {
            p { (how) }
            h2 { (texts.password) }
            @match account.password.is_some() {
                true => (self.form(&html! {
                    div.buttons { button type="submit" name="decision" value="begin-password" { (texts.change_password) } }
                })),
                false => p.hint { (texts.no_password) }
            }
            (self.passkeys())
            (self.codes())
            @if account.has_second_factor() {
                h2 { (texts.recovery_codes) }
                p { (said(texts.recovery_codes_left, &[("count", &html! { (account.recovery_codes.len()) })])) }
                (self.form(&html! {
                    div.buttons { button type="submit" name="decision" value="renew" { (texts.new_recovery_codes) } }
                }))
            }
            @if self.is_needed { p.hint { (texts.second_step_needed) } }
        }
    }

    fn password(&self) -> Markup {
        self.form(&html! {
            fieldset {
                // It tells programs that keep passwords whose it is.
                label { (texts().your_name) input name="username" value=(self.account.name) autocomplete="username" readonly; }
                label { (texts().current_password) input type="password" name="current" autocomplete="current-password" required; }
                (new_password())
            }
            p.hint { (texts().password_rules) }
            p.hint { (texts().logged_out_elsewhere) }
            div.buttons { button.primary type="submit" name="decision" value="change-password" { (texts().change_password) } }
        })
    }

    fn passkeys(&self) -> Markup {
        let passkeys: Vec<&Passkey> = self.account.passkeys().collect();
        if passkeys.is_empty() && !self.takes_passkeys {
            return Markup::default();
        }
        html! {
            h2 { (texts().passkeys) }
            @for passkey in &passkeys { (self.passkey(passkey)) }
            @if !self.takes_passkeys {
                p.hint { (texts().passkeys_off) }
            } @else if passkeys.len() >= MOST_PASSKEYS {
                p.hint { (texts().most_passkeys) }
            } @else {
                (self.form(&html! {
                    fieldset {
                        label {
                            (texts().passkey_name)
                            input name="name" maxlength=(LONGEST_NAME) autocomplete="off";
                        }
                    }
                    div.buttons { button type="submit" name="decision" value="begin-passkey" { (texts().add_passkey) } }
                }))
            }
        }
    }

    fn passkey(&self, passkey: &Passkey) -> Markup {
        let ago = |at: u64| ago(self.issuer.now().saturating_sub(at));
        html! {
            section.application {
                dl {
                    dt { (texts().name) }
                    dd { strong { bdi { (visible(&passkey.name)) } } }
                    dt { (texts().added) }
                    dd { (ago(passkey.created_at)) }
                    dt { (texts().last_used) }
                    dd { @match passkey.last_used { Some(at) => (ago(at)), None => (texts().never) } }
                }
                (self.form(&html! {
                    input type="hidden" name="removed" value=(passkey.hash().digits());
                    div.buttons {
                        button type="submit" name="decision" value="remove-passkey" {
                            (said(texts().remove_passkey, &[("name", &html! { bdi { (visible(&passkey.name)) } })]))
                        }
                    }
                }))
            }
        }
    }

    fn codes(&self) -> Markup {
        html! {
            h2 { (texts().codes_from_app) }
            @match self.account.totp.is_some() {
                false => (self.form(&html! {
                    div.buttons { button type="submit" name="decision" value="begin" { (texts().set_up_codes) } }
                })),
                true => (self.form(&html! {
                    div.buttons {
                        button type="submit" name="decision" value="begin" { (texts().set_up_another_app) }
                        @if !self.is_needed {
                            button type="submit" name="decision" value="remove" { (texts().remove_codes) }
                        }
                    }
                })),
            }
        }
    }
}

impl IntoResponse for FactorsPage<'_> {
    fn into_response(self) -> Response {
        let texts = texts();
        let status = self.notice.as_ref().map_or(StatusCode::OK, |(status, _)| *status);
        let body = html! {
            h1 { (texts.how_you_log_in) }
            @match &self.notice {
                // What a person did themselves is told without a warning.
                Some((status, done)) if *status == StatusCode::OK => p.done role="status" { (done) },
                Some((_, notice)) => p.warning role="alert" { (notice) },
                None => {}
            }
            dl { dt { (texts.you_are) } dd { strong { bdi { (visible(&self.account.name)) } } } }
            @match &self.shown {
                Shown::Overview => (self.overview()),
                Shown::Password => {
                    (self.password())
                    div.buttons { a.button href=(self.action) { (texts.back) } }
                }
                Shown::Setup(setup) => (self.form(&html! {
                    input type="hidden" name="begun" value=(setup.begun().digits());
                    (totp_setup(setup))
                    div.buttons { button.primary type="submit" name="decision" value="confirm" { (texts.confirm) } }
                })),
                Shown::Passkey(setup) => {
                    p { (texts.passkey_place) }
                    (self.form(&html! {
                        input type="hidden" name="begun" value=(setup.begun.expose());
                        input type="hidden" name="decision" value="add-passkey";
                        (passkey_creation(texts.make_passkey, &setup.options))
                    }))
                    div.buttons { a.button href=(self.action) { (texts.back) } }
                }
                Shown::Codes(codes) => {
                    (recovery_codes(codes))
                    div.buttons { a.button href=(self.action) { (texts.back) } }
                }
            }
        };
        let show = if matches!(self.shown, Shown::Passkey(_)) { page_with_passkeys } else { page };
        show(self.issuer, status, texts.how_you_log_in, &body)
    }
}
