//! The login page.

use std::borrow::Cow;

use axum::response::{IntoResponse, Response};
use http::StatusCode;
use maud::{Markup, html};
use mcp_auth_runtime::facade::{said, said_plainly};
use mcp_auth_store::Client;

use super::claim::{application, visible};
use super::consent::{Alert, ScopeLine, answer_goes_to, named};
use super::shell::{page, page_with_passkeys, retry_after, titled};
use super::speaking::texts;
use crate::client::redirect_uri::destination;
use crate::issuer::Issuer;

/// The login page: asks the person to log in. The controls come from the [`Login`](crate::Login).
pub(crate) struct LoginPage<'a> {
    pub(crate) issuer: &'a Issuer,
    /// Whether an application asks.
    pub(crate) is_asked: bool,
    /// The client that asks, where it is known.
    pub(crate) client: Option<&'a Client>,
    /// What it asks for, where the person goes to another site before they decide.
    pub(crate) asks: Option<Asks<'a>>,
    /// What the page says about the next step.
    pub(crate) then: &'static str,
    /// The label of the button that refuses.
    pub(crate) refuse: &'static str,
    pub(crate) controls: Markup,
    /// Whether the controls have some of passkeys, which a script works.
    pub(crate) with_passkeys: bool,
    pub(crate) notice: Option<Notice>,
    /// The URL that the form posts to.
    pub(crate) action: &'a str,
    pub(crate) csrf: &'a str,
    /// The secret name of what the login has found out so far.
    pub(crate) login: Option<&'a str>,
}

/// What an application asks for.
pub(crate) struct Asks<'a> {
    pub(crate) redirect_uri: &'a str,
    pub(crate) scopes: Vec<ScopeLine<'a>>,
}

/// Why the page is shown again.
#[derive(Debug, Clone)]
pub(crate) enum Notice {
    /// The login was refused; holds the text of the [`Login`](crate::Login).
    Refused(Cow<'static, str>),
    /// A passkey was refused.
    RefusedPasskey,
    Unavailable,
    /// It was tried too often; holds for how many seconds it is.
    TooOften(u64),
    /// A form of the login was sent twice or too late.
    Late,
    /// The person came back from another page without a login.
    Cancelled,
    /// They logged in elsewhere too long ago for this request.
    Old,
    /// The request asks for a new login, which the other page cannot give.
    AgeUnknown,
    /// They wanted another account, and the other page answered with an error when it was asked for one.
    NoChoice,
    /// The person answered after their login had ended.
    Ended,
    /// They answered a page that is not the one that asks now.
    OtherPage,
    /// They allowed nothing, on the page before a provider; holds what the page says of it.
    Unticked(&'static str),
}

impl Notice {
    /// The same, on the page where a person decides before they log in.
    pub(crate) fn alert(&self) -> Alert<'_> {
        let (status, text) = self.said();
        let title = Some(texts().not_logged_in);
        match self {
            Self::Unticked(_) => Alert::nothing_ticked(text),
            Self::OtherPage => Alert::other_page(),
            Self::TooOften(wait) => Alert { status, title, text, retry_after: Some(*wait) },
            _ => Alert { status, title, text, retry_after: None },
        }
    }

    fn said(&self) -> (StatusCode, &str) {
        let texts = texts();
        match self {
            Self::Refused(text) => (StatusCode::FORBIDDEN, text),
            Self::RefusedPasskey => (StatusCode::FORBIDDEN, texts.refused_passkey),
            Self::Unavailable => (StatusCode::SERVICE_UNAVAILABLE, texts.login_unavailable),
            Self::TooOften(_) => (StatusCode::TOO_MANY_REQUESTS, texts.login_too_often),
            Self::Late => (StatusCode::FORBIDDEN, texts.login_late),
            Self::Cancelled => (StatusCode::FORBIDDEN, texts.login_cancelled),
            Self::Old => (StatusCode::FORBIDDEN, texts.login_old),
            Self::AgeUnknown => (StatusCode::FORBIDDEN, texts.login_age_unknown),
            Self::NoChoice => (StatusCode::FORBIDDEN, texts.login_no_choice),
            Self::Ended => (StatusCode::FORBIDDEN, texts.login_ended),
            Self::OtherPage => (StatusCode::FORBIDDEN, texts.other_page),
            Self::Unticked(text) => (StatusCode::BAD_REQUEST, text),
        }
    }
}

impl IntoResponse for LoginPage<'_> {
    fn into_response(self) -> Response {
        let server = visible(&self.issuer.server_name);
        let texts = texts();
        let (status, notice) = match &self.notice {
            None => (StatusCode::OK, None),
            Some(notice) => {
                let (status, text) = notice.said();
                (status, Some(text))
            }
        };
        let body = html! {
            h1 { (said(texts.log_in_to, &[("server", &html! { bdi { (server) } })])) }
            @if let Some(notice) = notice {
                p.warning role="alert" { (notice) }
            }
            @if self.is_asked {
                dl {
                    (application(self.issuer, self.client))
                    @if let Some(asks) = &self.asks {
                        (answer_goes_to(&destination(asks.redirect_uri)))
                        dt { (texts.asks_to) }
                        dd {
                            @if asks.scopes.is_empty() {
                                (texts.only_who_you_are)
                            } @else {
                                ul {
                                    @for line in &asks.scopes { li { (named(line.scope, &line.told)) } }
                                }
                            }
                        }
                    }
                }
            }
            p { (self.then) }
            form method="post" action=(self.action) {
                input type="hidden" name="csrf" value=(self.csrf);
                input type="hidden" name="decision" value="login";
                @if let Some(login) = self.login {
                    input type="hidden" name="login" value=(login);
                }
                (self.controls)
            }
            form.aside method="post" action=(self.action) {
                input type="hidden" name="csrf" value=(self.csrf);
                button.link type="submit" name="decision" value="deny" { (self.refuse) }
            }
        };
        let state = notice.map(|_| texts.not_logged_in);
        let title = said_plainly(texts.log_in_to, &[("server", &server)]);
        let show = if self.with_passkeys { page_with_passkeys } else { page };
        let mut response = show(self.issuer, status, &titled(state, &title), &body);
        if let Some(Notice::TooOften(wait)) = self.notice {
            retry_after(&mut response, wait);
        }
        response
    }
}
