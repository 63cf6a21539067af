//! The pages for devices without a browser: where a code is entered, and where a person decides what the device gets.

use axum::response::{IntoResponse, Response};
use http::StatusCode;
use maud::{Markup, html};
use mcp_auth_store::{Client, DeviceAuthorization};

use super::claim::{cut, named, visible};
use super::consent::{ScopeLine, on_allow, scope_list};
use super::lifetime::in_words;
use super::shell::page;
use crate::issuer::Issuer;

/// Asks a logged-in person for the code that their device shows.
pub(crate) struct DeviceCodePage<'a> {
    pub(crate) issuer: &'a Issuer,
    /// Who is logged in.
    pub(crate) person: &'a str,
    /// The code that came with the link.
    pub(crate) filled_in: Option<&'a str>,
    pub(crate) wrong: Option<WrongCode>,
    /// The URL that the form posts to.
    pub(crate) action: &'a str,
    pub(crate) csrf: &'a str,
}

/// Why the page is shown again.
#[derive(Debug, Clone, Copy)]
pub(crate) enum WrongCode {
    /// No code is written so.
    Malformed,
    /// Nothing waits under it.
    Unknown,
}

/// Asks a logged-in person who has entered a code to allow or deny what the device asks for.
pub(crate) struct DeviceConsent<'a> {
    pub(crate) issuer: &'a Issuer,
    pub(crate) client: &'a Client,
    pub(crate) asked: &'a DeviceAuthorization,
    pub(crate) code: &'a str,
    /// Who is logged in.
    pub(crate) person: &'a str,
    pub(crate) scopes: Vec<ScopeLine<'a>>,
    /// Why the page is shown again.
    pub(crate) alert: Option<&'static str>,
    /// In Unix seconds.
    pub(crate) now: u64,
    /// The URL that the form posts to.
    pub(crate) action: &'a str,
    pub(crate) csrf: &'a str,
}

impl WrongCode {
    fn said(self) -> &'static str {
        match self {
            Self::Malformed => "A code has eight letters, such as WDJB-MJHT. Look at your device again.",
            Self::Unknown => {
                "No device waits with this code. Look at your device again: codes expire after ten minutes."
            }
        }
    }
}

impl IntoResponse for DeviceCodePage<'_> {
    fn into_response(self) -> Response {
        let server = visible(&self.issuer.server_name);
        let (status, state) = match self.wrong {
            None => (StatusCode::OK, ""),
            Some(_) => (StatusCode::BAD_REQUEST, "Wrong code: "),
        };
        let body = html! {
            h1 { "Connect a device to " bdi { (server) } }
            @if let Some(wrong) = self.wrong {
                p.warning role="alert" { (wrong.said()) }
            }
            (warning())
            form method="post" action=(self.action) {
                input type="hidden" name="csrf" value=(self.csrf);
                p {
                    label for="user_code" { "The code that your device shows" }
                    input.code #user_code type="text" name="user_code" value=[self.filled_in] required maxlength="32"
                        autocomplete="off" autocapitalize="characters" autocorrect="off" spellcheck="false";
                }
                @if self.filled_in.is_some() {
                    p.hint { "This code came with the link. Go on only if your device shows the same one." }
                }
                dl {
                    dt { "You are" }
                    dd { strong { bdi { (visible(self.person)) } } }
                }
                p { "The next page shows what the device asks for, and you decide." }
                div.buttons {
                    button.primary type="submit" name="decision" value="code" { "Continue" }
                }
            }
            form.aside method="post" action=(self.action) {
                input type="hidden" name="csrf" value=(self.csrf);
                button.link type="submit" name="decision" value="logout" { "Use another account" }
            }
        };
        page(self.issuer, status, &format!("{state}Connect a device to {server}"), &body)
    }
}

impl IntoResponse for DeviceConsent<'_> {
    fn into_response(self) -> Response {
        let server = visible(&self.issuer.server_name);
        let body = html! {
            h1 { "Allow a device access to " bdi { (server) } "?" }
            // One form around everything, so that its buttons stay in sight while it is read.
            form.decision method="post" action=(self.action) {
                input type="hidden" name="csrf" value=(self.csrf);
                @if let Some(alert) = self.alert { p.warning role="alert" { (alert) } }
                (warning())
                (self.facts())
                (scope_list(&self.scopes))
                h2 { "Your answer" }
                p #on-deny { strong { "Deny:" } " the device gets nothing, and is told so." }
                (on_allow(self.issuer, self.client, self.person))
                // Deny is the first button, so that pressing Enter by mistake denies. No button has the focus when
                // the page opens.
                div.buttons {
                    button type="submit" name="decision" value="deny" aria-describedby="on-deny" { "Deny" }
                    button.primary type="submit" name="decision" value="allow" aria-describedby="on-allow" { "Allow" }
                }
            }
            form.aside method="post" action=(self.action) {
                input type="hidden" name="csrf" value=(self.csrf);
                button.link type="submit" name="decision" value="logout" { "Use another account" }
            }
        };
        let (status, state) = match self.alert {
            Some(_) => (StatusCode::BAD_REQUEST, "Nothing was ticked: "),
            None => (StatusCode::OK, ""),
        };
        page(self.issuer, status, &format!("{state}Allow a device access to {server}?"), &body)
    }
}

impl DeviceConsent<'_> {
    fn facts(&self) -> Markup {
        let ago = self.now.saturating_sub(self.asked.asked_at);
        html! {
            dl {
                (named(self.client))
                dt { "Code" }
                dd { strong { (self.code) } p.hint { "Your device shows the same one." } }
                dt { "It asked" }
                dd {
                    @match ago {
                        ..60 => { "less than a minute ago" }
                        _ => { (in_words(ago - ago % 60)) " ago" }
                    }
                    @match &self.asked.from {
                        Some(from) => { ", from the address " code.url { bdi { (cut(from)) } } }
                        None => { ", from an address that this server does not know" }
                    }
                }
                dt { "Server" }
                dd { code.url { (self.issuer.resource) } }
                dt { "You are" }
                dd { strong { bdi { (visible(self.person)) } } }
            }
        }
    }
}

/// Who sends such a code to somebody else gets access as them (RFC 8628 §5.4).
fn warning() -> Markup {
    html! {
        p.warning {
            strong { "Only go on if you started this yourself on a device in front of you." }
            " If somebody sent you the code or the link, close this page: they would get access as you."
        }
    }
}
