//! A person's own page: which applications they let in.

use axum::response::{IntoResponse, Response};
use http::StatusCode;
use maud::{Markup, html};
use mcp_auth_core::ScopeSet;
use mcp_auth_runtime::facade::{said, said_plainly};
use mcp_auth_store::{Browser, Client, ConnectedAccount};

use super::claim::{application, visible};
use super::connect::of_account;
use super::consent::named;
use super::lifetime::ago;
use super::shell::page;
use super::speaking::texts;
use super::who::Who;
use crate::endpoint::FACTORS;
use crate::issuer::Issuer;
use crate::person::upstream::UpstreamLogin;

/// Shows a person which applications they allowed something.
pub(crate) struct AccountPage<'a> {
    pub(crate) issuer: &'a Issuer,
    /// The login at this browser.
    pub(crate) browser: &'a Browser,
    pub(crate) allowed: Vec<AllowedApplication>,
    pub(crate) connected: Vec<ConnectedLine<'a>>,
    /// Whether there are more applications than the page shows.
    pub(crate) there_may_be_more: bool,
    /// The URL that the forms post to.
    pub(crate) action: &'a str,
    pub(crate) csrf: &'a str,
}

/// An account that a person connected.
pub(crate) struct ConnectedLine<'a> {
    /// The provider, by its name in the configuration.
    pub(crate) upstream: &'a str,
    pub(crate) provider: &'a UpstreamLogin,
    pub(crate) account: ConnectedAccount,
}

/// An application that a person allowed something.
pub(crate) struct AllowedApplication {
    pub(crate) client_id: String,
    /// `None` where the client is gone.
    pub(crate) client: Option<Client>,
    pub(crate) scopes: ScopeSet,
    /// What the access tokens of its grants call these.
    pub(crate) grants: Vec<String>,
    /// When it was first allowed what it still has, in Unix seconds.
    pub(crate) since: u64,
    /// When it last got a token of its grants, at their begin or by a refresh; `None` where it has none.
    pub(crate) last_used: Option<u64>,
    /// Whether the person said that it need not ask again.
    pub(crate) is_remembered: bool,
}

impl AllowedApplication {
    /// One of which nothing else is known.
    pub(crate) fn new(client_id: &str, since: u64) -> Self {
        Self {
            client_id: client_id.to_owned(),
            client: None,
            scopes: ScopeSet::default(),
            grants: Vec::new(),
            since,
            last_used: None,
            is_remembered: false,
        }
    }
}

impl IntoResponse for AccountPage<'_> {
    fn into_response(self) -> Response {
        let server = visible(&self.issuer.server_name);
        let texts = texts();
        let body = html! {
            h1 { (said(texts.your_access, &[("server", &html! { bdi { (server) } })])) }
            dl {
                (Who::from(self.browser).line())
            }
            h2 { (texts.let_in) }
            @if self.allowed.is_empty() {
                p { (texts.nobody_let_in) }
            }
            @for allowed in &self.allowed { (self.application(allowed)) }
            @if self.there_may_be_more {
                p.hint { (texts.only_some_shown) }
            }
            @if !self.connected.is_empty() {
                h2 { (texts.connected_accounts) }
                p.hint { (texts.connected_accounts_are) }
                @for connected in &self.connected { (self.connection(connected)) }
            }
            @if self.issuer.accounts.is_some() {
                h2 { (texts.how_you_log_in) }
                p { a href=(FACTORS) { (texts.factors_link) } }
            }
            h2 { (texts.log_out) }
            form method="post" action=(self.action) {
                input type="hidden" name="csrf" value=(self.csrf);
                label.choice {
                    input type="checkbox" name="everywhere" value="yes";
                    span { (texts.log_out_everywhere) }
                }
                div.buttons { button type="submit" name="decision" value="logout" { (texts.log_out) } }
            }
        };
        let title = said_plainly(texts.your_access, &[("server", &server)]);
        page(self.issuer, StatusCode::OK, &title, &body)
    }
}

impl AccountPage<'_> {
    fn connection(&self, connected: &ConnectedLine<'_>) -> Markup {
        let (texts, called) = (texts(), connected.provider.called());
        html! {
            section.application {
                p {
                    bdi { (visible(&called)) } ": " (of_account(&connected.account).named())
                }
                form method="post" action=(self.action) {
                    input type="hidden" name="csrf" value=(self.csrf);
                    input type="hidden" name="upstream" value=(connected.upstream);
                    div.buttons { button type="submit" name="decision" value="disconnect" { (texts.disconnect) } }
                }
            }
        }
    }

    fn application(&self, allowed: &AllowedApplication) -> Markup {
        let (declared, now) = (&self.issuer.scopes, self.issuer.now());
        let texts = texts();
        let scopes = declared.known_of(&allowed.scopes);
        html! {
            section.application {
                dl {
                    (application(self.issuer, allowed.client.as_ref()))
                    dt { (texts.let_in_since) }
                    dd { (ago(now.saturating_sub(allowed.since))) }
                    @if let Some(last_used) = allowed.last_used {
                        dt { (texts.last_token) }
                        dd { (ago(now.saturating_sub(last_used))) }
                    }
                    @if allowed.is_remembered {
                        dt { (texts.asking_you) }
                        dd { (texts.need_not_ask) }
                    }
                }
                ul.scopes {
                    @for scope in &scopes { li { (named(scope.as_str(), &declared.described(scope))) } }
                }
                form method="post" action=(self.action) {
                    input type="hidden" name="csrf" value=(self.csrf);
                    input type="hidden" name="application" value=(allowed.client_id);
                    div.buttons { button type="submit" name="decision" value="end" { (texts.end_access) } }
                }
            }
        }
    }
}
