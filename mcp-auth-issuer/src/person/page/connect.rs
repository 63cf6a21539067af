//! The page on which a person connects an account at a provider that a tool acts at, and the one after it.

use axum::response::{IntoResponse, Response};
use http::StatusCode;
use maud::{Markup, html};
use mcp_auth_core::seen::shown;
use mcp_auth_runtime::facade::{said, said_plainly};
use mcp_auth_store::Client;

use super::claim::{application, visible};
use super::login::Notice;
use super::shell::{page, retry_after};
use super::speaking::texts;
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
    pub(crate) person: &'a str,
    /// Why it is not connected yet.
    pub(crate) notice: Option<&'a Notice>,
    /// The URL that the form posts to.
    pub(crate) action: &'a str,
    pub(crate) csrf: &'a str,
}

impl IntoResponse for ConnectPage<'_> {
    fn into_response(self) -> Response {
        let (server, texts) = (visible(&self.issuer.server_name), texts());
        let (name, host) = provider_and_host(self.provider);
        let alert = self.notice.map(Notice::alert);
        let body = html! {
            h1 { (said(texts.connect_account, &[("provider", &name), ("server", &html! { bdi { (server) } })])) }
            @if let Some(alert) = &alert {
                p.warning role="alert" { (alert.text) }
            }
            form.decision method="post" action=(self.action) {
                input type="hidden" name="csrf" value=(self.csrf);
                dl {
                    (application(self.issuer, self.client))
                    dt { (texts.calls_tool) }
                    dd { code.url { bdi { (shown(self.tool)) } } }
                    dt { (texts.you_are) }
                    dd { strong { bdi { (visible(self.person)) } } }
                    dt { (texts.acts_for_you_at) }
                    dd { strong { (name) } p.hint { (host) } }
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
                p #on-deny { (said(texts.on_deny_connect, &[])) }
                p #on-allow { (said(texts.on_connect, &[("provider", &name)])) }
                div.buttons {
                    button type="submit" name="decision" value="deny" aria-describedby="on-deny" { (texts.do_not_connect) }
                    button.primary type="submit" name="decision" value="connect" aria-describedby="on-allow" {
                        (said(texts.connect_at, &[("provider", &name)]))
                    }
                }
            }
        };
        let plain = self.provider.called();
        let title = said_plainly(texts.connect_account, &[("provider", &plain), ("server", &server)]);
        let status = alert.as_ref().map_or(StatusCode::OK, |alert| alert.status);
        let mut response = page(self.issuer, status, &title, &body);
        if let Some(seconds) = alert.and_then(|alert| alert.retry_after) {
            retry_after(&mut response, seconds);
        }
        response
    }
}

/// Says which account was connected.
pub(crate) struct ConnectedPage<'a> {
    pub(crate) issuer: &'a Issuer,
    pub(crate) provider: &'a UpstreamLogin,
    /// Its name, where the provider says one.
    pub(crate) name: Option<&'a str>,
}

impl IntoResponse for ConnectedPage<'_> {
    fn into_response(self) -> Response {
        let (texts, (provider, _)) = (texts(), provider_and_host(self.provider));
        let body = html! {
            h1 { (said(texts.account_connected, &[("provider", &provider)])) }
            @if let Some(name) = self.name {
                p { (said(texts.connected_as, &[("name", &html! { strong { bdi { (visible(name)) } } })])) }
            }
            p { (said(texts.connected_then, &[])) }
        };
        let title = said_plainly(texts.account_connected, &[("provider", &self.provider.called())]);
        page(self.issuer, StatusCode::OK, &title, &body)
    }
}

/// What a provider is called, and where it is.
fn provider_and_host(provider: &UpstreamLogin) -> (Markup, Markup) {
    let host = provider.site().map(|site| site.host).unwrap_or_default();
    (html! { bdi { (visible(&provider.called())) } }, html! { bdi { (visible(&host)) } })
}
