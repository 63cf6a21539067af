//! The page on which a person connects an account at a provider that a tool acts at, and the one after it.

use axum::response::{IntoResponse, Response};
use http::StatusCode;
use maud::{Markup, html};
use mcp_auth_core::seen::shown;
use mcp_auth_runtime::facade::{said, said_plainly};
use mcp_auth_store::{Client, ConnectedAccount, SecretHash};

use super::claim::{application, visible};
use super::shell::{page, retry_after};
use super::speaking::texts;
use super::who::Who;
use crate::issuer::Issuer;
use crate::person::Login as _;
use crate::person::upstream::UpstreamLogin;

/// Asks the person whom a tool acts for whether they connect their account.
pub(crate) struct ConnectPage<'a> {
    pub(crate) issuer: &'a Issuer,
    /// The client that called, where it is known.
    pub(crate) client: Option<&'a Client>,
    /// The tool that it called.
    pub(crate) tool: &'a str,
    pub(crate) provider: &'a UpstreamLogin,
    /// Who is logged in here.
    pub(crate) person: Who<'a>,
    /// The account that the provider named, if it did: this one, or another.
    pub(crate) account: Option<&'a ConnectedAccount>,
    /// Why none is connected yet.
    pub(crate) why: Option<NotConnected>,
    /// The URL that the form posts to.
    pub(crate) action: &'a str,
    pub(crate) csrf: &'a str,
}

/// Why no account is connected yet.
#[derive(Debug, Clone, Copy)]
pub(crate) enum NotConnected {
    /// The provider's answer is not good, or the account is not one that may be connected.
    Refused,
    /// The person came back without an account.
    Cancelled,
    /// Their login ended, or another window went on.
    Late,
    /// The provider cannot be asked now.
    Unavailable,
    /// People go there too often, for so many seconds more.
    TooOften {
        /// In seconds.
        wait: u64,
    },
}

impl NotConnected {
    fn said(self) -> (StatusCode, &'static str) {
        let texts = texts();
        match self {
            Self::Refused => (StatusCode::FORBIDDEN, texts.account_refused),
            Self::Cancelled => (StatusCode::FORBIDDEN, texts.connect_cancelled),
            Self::Late => (StatusCode::FORBIDDEN, texts.connect_late),
            Self::Unavailable => (StatusCode::SERVICE_UNAVAILABLE, texts.provider_unavailable),
            Self::TooOften { .. } => (StatusCode::TOO_MANY_REQUESTS, texts.connect_too_often),
        }
    }
}

impl IntoResponse for ConnectPage<'_> {
    fn into_response(self) -> Response {
        let (server, texts) = (visible(&self.issuer.server_name), texts());
        let (name, _) = provider_and_host(self.provider);
        let (asks, on_connect) = match self.account {
            Some(_) => (texts.connect_this_account, texts.on_connect_this),
            None => (texts.connect_account, texts.on_connect),
        };
        let body = html! {
            h1 { (said(asks, &[("provider", &name), ("server", &html! { bdi { (server) } })])) }
            @if let Some((_, text)) = self.why.map(NotConnected::said) {
                p.warning role="alert" { (text) }
            }
            form.decision method="post" action=(self.action) {
                input type="hidden" name="csrf" value=(self.csrf);
                @if let Some(account) = self.account {
                    input type="hidden" name="account" value=(SecretHash::of(&account.subject).digits());
                }
                (self.facts())
                p #on-deny { (said(texts.on_deny_connect, &[])) }
                p #on-allow { (said(on_connect, &[("provider", &name)])) }
                (self.buttons(&name))
            }
            @if self.account.is_some() {
                form.aside method="post" action=(self.action) {
                    input type="hidden" name="csrf" value=(self.csrf);
                    button.link type="submit" name="decision" value="connect" { (texts.use_another_account) }
                }
            }
        };
        let title = said_plainly(asks, &[("provider", &self.provider.called()), ("server", &server)]);
        let status = self.why.map_or(StatusCode::OK, |why| why.said().0);
        let mut response = page(self.issuer, status, &title, &body);
        if let Some(NotConnected::TooOften { wait }) = self.why {
            retry_after(&mut response, wait);
        }
        response
    }
}

impl ConnectPage<'_> {
    fn facts(&self) -> Markup {
        let (texts, (name, host)) = (texts(), provider_and_host(self.provider));
        html! {
            dl {
                (application(self.issuer, self.client))
                dt { (texts.calls_tool) }
                dd { code.url { bdi { (shown(self.tool)) } } }
                (self.person.line())
                dt { (texts.acts_for_you_at) }
                dd { strong { (name) } p.hint { (host) } }
                @if let Some(account) = self.account {
                    dt { (texts.with_the_account) }
                    dd { (of_account(account).named()) }
                }
                @if !self.provider.scopes().is_empty() {
                    dt { (texts.asks_provider_for) }
                    dd {
                        @for (n, scope) in self.provider.scopes().iter().enumerate() {
                            @if n > 0 { " " }
                            code { (scope) }
                        }
                    }
                }
            }
        }
    }

    /// No is the first button, so that pressing Enter by mistake connects nothing.
    fn buttons(&self, name: &Markup) -> Markup {
        let texts = texts();
        let (value, label) = match self.account {
            None => ("connect", said(texts.connect_at, &[("provider", name)])),
            Some(_) => ("use", said(texts.connect_this, &[])),
        };
        html! {
            div.buttons {
                button type="submit" name="decision" value="deny" aria-describedby="on-deny" { (texts.do_not_connect) }
                button.primary type="submit" name="decision" value=(value) aria-describedby="on-allow" { (label) }
            }
        }
    }
}

/// Says which account was connected.
pub(crate) struct ConnectedPage<'a> {
    pub(crate) issuer: &'a Issuer,
    pub(crate) provider: &'a UpstreamLogin,
    pub(crate) account: &'a ConnectedAccount,
}

impl IntoResponse for ConnectedPage<'_> {
    fn into_response(self) -> Response {
        let (texts, (provider, _)) = (texts(), provider_and_host(self.provider));
        let body = html! {
            h1 { (said(texts.account_connected, &[("provider", &provider)])) }
            p { (said(texts.connected_as, &[("name", &of_account(self.account).named())])) }
            p { (said(texts.connected_then, &[])) }
        };
        let title = said_plainly(texts.account_connected, &[("provider", &self.provider.called())]);
        page(self.issuer, StatusCode::OK, &title, &body)
    }
}

/// How pages name an account.
pub(super) fn of_account(account: &ConnectedAccount) -> Who<'_> {
    Who::new(&account.subject, account.name.as_deref(), account.known_as.as_deref())
}

/// What a provider is called, and where it is.
fn provider_and_host(provider: &UpstreamLogin) -> (Markup, Markup) {
    let host = provider.site().map(|site| site.host).unwrap_or_default();
    (html! { bdi { (visible(&provider.called())) } }, html! { bdi { (visible(&host)) } })
}
