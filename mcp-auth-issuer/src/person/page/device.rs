//! The pages for devices without a browser: where a code is entered, and where a person decides what the device gets.

use axum::response::{IntoResponse, Response};
use http::StatusCode;
use maud::{Markup, html};
use mcp_auth_runtime::facade::{said, said_plainly};
use mcp_auth_store::{Client, DeviceAuthorization};

use super::claim::{cut, named, visible};
use super::consent::{ScopeLine, on_allow, scope_list};
use super::lifetime::ago;
use super::shell::{page, titled};
use super::speaking::texts;
use super::who::Who;
use crate::issuer::Issuer;

/// Asks a logged-in person for the code that their device shows.
pub(crate) struct DeviceCodePage<'a> {
    pub(crate) issuer: &'a Issuer,
    /// Who is logged in.
    pub(crate) person: Who<'a>,
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
    pub(crate) person: Who<'a>,
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
            Self::Malformed => texts().malformed_code,
            Self::Unknown => texts().unknown_code,
        }
    }
}

impl IntoResponse for DeviceCodePage<'_> {
    fn into_response(self) -> Response {
        let server = visible(&self.issuer.server_name);
        let texts = texts();
        let (status, state) = match self.wrong {
            None => (StatusCode::OK, None),
            Some(_) => (StatusCode::BAD_REQUEST, Some(texts.wrong_code)),
        };
        let body = html! {
            h1 { (said(texts.connect_device, &[("server", &html! { bdi { (server) } })])) }
            @if let Some(wrong) = self.wrong {
                p.warning role="alert" { (wrong.said()) }
            }
            (warning())
            form method="post" action=(self.action) {
                input type="hidden" name="csrf" value=(self.csrf);
                p {
                    label for="user_code" { (texts.device_code) }
                    input.code #user_code type="text" name="user_code" value=[self.filled_in] required maxlength="32"
                        autocomplete="off" autocapitalize="characters" autocorrect="off" spellcheck="false";
                }
                @if self.filled_in.is_some() {
                    p.hint { (texts.code_came_with_link) }
                }
                dl {
                    (self.person.line())
                }
                p { (texts.next_page_shows) }
                div.buttons {
                    button.primary type="submit" name="decision" value="code" { (texts.continue_on) }
                }
            }
            form.aside method="post" action=(self.action) {
                input type="hidden" name="csrf" value=(self.csrf);
                button.link type="submit" name="decision" value="logout" { (texts.use_another_account) }
            }
        };
        let title = said_plainly(texts.connect_device, &[("server", &server)]);
        page(self.issuer, status, &titled(state, &title), &body)
    }
}

impl IntoResponse for DeviceConsent<'_> {
    fn into_response(self) -> Response {
        let server = visible(&self.issuer.server_name);
        let texts = texts();
        let body = html! {
            h1 { (said(texts.allow_device, &[("server", &html! { bdi { (server) } })])) }
            // One form around everything, so that its buttons stay in sight while it is read.
            form.decision method="post" action=(self.action) {
                input type="hidden" name="csrf" value=(self.csrf);
                @if let Some(alert) = self.alert { p.warning role="alert" { (alert) } }
                (warning())
                (self.facts())
                (scope_list(&self.scopes))
                h2 { (texts.your_answer) }
                p #on-deny { (said(texts.on_deny_device, &[])) }
                (on_allow(self.issuer, self.client, self.person.name))
                // Deny is the first button, so that pressing Enter by mistake denies. No button has the focus when
                // the page opens.
                div.buttons {
                    button type="submit" name="decision" value="deny" aria-describedby="on-deny" { (texts.deny) }
                    button.primary type="submit" name="decision" value="allow" aria-describedby="on-allow" { (texts.allow) }
                }
            }
            form.aside method="post" action=(self.action) {
                input type="hidden" name="csrf" value=(self.csrf);
                button.link type="submit" name="decision" value="logout" { (texts.use_another_account) }
            }
        };
        let (status, state) = match self.alert {
            Some(_) => (StatusCode::BAD_REQUEST, Some(texts.nothing_ticked)),
            None => (StatusCode::OK, None),
        };
        let title = said_plainly(texts.allow_device, &[("server", &server)]);
        page(self.issuer, status, &titled(state, &title), &body)
    }
}

impl DeviceConsent<'_> {
    fn facts(&self) -> Markup {
        let texts = texts();
        let passed = self.now.saturating_sub(self.asked.asked_at);
        let when = if passed < 60 { texts.less_than_a_minute_ago.to_owned() } else { ago(passed) };
        let when = html! { (when) };
        let asked = match &self.asked.from {
            Some(from) => {
                let address = html! { code.url { bdi { (cut(from)) } } };
                said(texts.asked_from, &[("when", &when), ("address", &address)])
            }
            None => said(texts.asked_from_unknown, &[("when", &when)]),
        };
        html! {
            dl {
                (named(self.client))
                dt { (texts.code) }
                dd { strong { (self.code) } p.hint { (texts.same_on_device) } }
                dt { (texts.it_asked) }
                dd { (asked) }
                dt { (texts.server) }
                dd { code.url { (self.issuer.resource) } }
                (self.person.line())
            }
        }
    }
}

/// Who sends such a code to somebody else gets access as them (RFC 8628 §5.4).
fn warning() -> Markup {
    html! { p.warning { (said(texts().device_warning, &[])) } }
}
