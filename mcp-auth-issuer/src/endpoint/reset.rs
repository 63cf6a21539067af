//! `/authorize/reset`: a person sets their password, by a link that an operator had made for them. It is below `/authorize`, where the other
//! pages for people are.
//!
//! The link is a secret. The page loads nothing and leads nowhere, and what a browser is told of referrers lets no other site see it; it is
//! not logged. It is used up by the password that is set.

use std::net::IpAddr;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header::SET_COOKIE;
use http::{HeaderMap, StatusCode, Uri};
use mcp_auth_core::SecretText;

use super::authorize::Untrusted;
use super::page_form::PageForm;
use super::page_not_shown::PageNotShown;
use super::path::RESET;
use crate::issuer::Issuer;
use crate::observe::account::{PasswordLinkRefused, PasswordSet};
use crate::observe::{Event as _, Reason};
use crate::person::accounts::{AccountsLogin, ResetError, Resettable};
use crate::person::page::{EndedPage, ResetPage, errors, texts, unfit};
use crate::request::Params;
use crate::request::address::CameFrom;
use crate::secret::secret;

/// A link that works.
struct Link<'a> {
    accounts: &'a AccountsLogin,
    of: Resettable,
    /// The URL of its page, relative to the origin.
    url: String,
}

/// `GET /authorize/reset`: shows the page. It changes nothing, so that a program that looks at links beforehand uses none up.
pub(crate) async fn get(
    State(issuer): State<Arc<Issuer>>,
    uri: Uri,
    CameFrom(address): CameFrom,
    headers: HeaderMap,
) -> Response {
    let shown = async {
        if !issuer.origin.is_host_of(&headers) {
            return Err(Untrusted::Host.into());
        }
        let link = Link::read(&issuer, &uri, address).await?;
        link.page(&issuer, &headers, None).await
    };
    shown.await.unwrap_or_else(|why: PageNotShown| why.respond(&issuer, address))
}

/// `POST /authorize/reset`: sets the password.
pub(crate) async fn post(
    State(issuer): State<Arc<Issuer>>,
    uri: Uri,
    CameFrom(address): CameFrom,
    headers: HeaderMap,
    body: Body,
) -> Response {
    match set(&issuer, &uri, (&headers, address), body).await {
        Ok(response) => response,
        Err(why) => why.respond(&issuer, address),
    }
}

async fn set(
    issuer: &Issuer,
    uri: &Uri,
    (headers, address): (&HeaderMap, Option<IpAddr>),
    body: Body,
) -> Result<Response, PageNotShown> {
    PageForm::is_sent_by_our_page(issuer, headers)?;
    let link = Link::read(issuer, uri, address).await?;
    let form: Result<_, PageNotShown> = PageForm::read(issuer, headers, body, (&link.url, &link.url)).await;
    let PageForm { fields, .. } = form?;
    let password = fields.get("password").unwrap_or_default();
    if fields.get("again").unwrap_or_default() != password {
        let notice = texts().passwords_differ.to_owned();
        return link.page(issuer, headers, Some(notice)).await;
    }
    let subject = Some(&*link.of.name);
    match link.accounts.set_password(&link.of, &SecretText::new(password)).await {
        Ok(()) => {
            PasswordSet { subject: &link.of.name, address }.happened();
            Ok(EndedPage { issuer, status: StatusCode::OK, text: errors().password_set }.into_response())
        }
        Err(ResetError::Unfit(why)) => {
            PasswordLinkRefused { subject, address, reason: Reason::Refused(&why) }.happened();
            let notice = unfit(why);
            link.page(issuer, headers, Some(notice)).await
        }
        Err(ResetError::Gone) => Err(gone(subject, address)),
        Err(ResetError::Hash(error)) => Err(PageNotShown::Failed(error.into())),
        Err(ResetError::Store(error)) => Err(error.into()),
    }
}

impl<'a> Link<'a> {
    /// Reads the link of `uri`.
    async fn read(issuer: &'a Issuer, uri: &Uri, address: Option<IpAddr>) -> Result<Self, PageNotShown> {
        let gone = || gone(None, address);
        let accounts = issuer.accounts.as_deref().ok_or_else(gone)?;
        let params = Params::parse(uri.query().unwrap_or_default()).map_err(Untrusted::Unreadable)?;
        let token = params.get("token").filter(|_| params.count("token") == 1).ok_or_else(gone)?;
        let of = accounts.resettable(token).await?.ok_or_else(gone)?;
        Ok(Self { accounts, of, url: format!("{RESET}?token={token}") })
    }

    async fn page(
        &self,
        issuer: &Issuer,
        headers: &HeaderMap,
        notice: Option<String>,
    ) -> Result<Response, PageNotShown> {
        let cookie = issuer.cookie.read(headers);
        // As on the login page: an identifier that is not stored ties the form to the browser.
        let fresh = cookie.is_none().then(|| secret(&*issuer.ambient.random));
        let id = fresh.as_deref().or(cookie).unwrap_or_default();
        let page = ResetPage {
            issuer,
            name: &self.of.name,
            action: &self.url,
            csrf: &issuer.csrf.token(id, &self.url, &*issuer.ambient.random).await?,
            notice: notice.map(|notice| (StatusCode::UNPROCESSABLE_ENTITY, notice)),
        };
        let mut response = page.into_response();
        if let Some(cookie) = fresh.and_then(|id| issuer.cookie.set(&id)) {
            response.headers_mut().insert(SET_COOKIE, cookie);
        }
        Ok(response)
    }
}

/// The same for every link that does not work, so that it does not reveal which accounts exist.
fn gone(subject: Option<&str>, address: Option<IpAddr>) -> PageNotShown {
    PasswordLinkRefused { subject, address, reason: Reason::Refused(&"the link does not work") }.happened();
    PageNotShown::Page(StatusCode::GONE, errors().password_link_gone)
}
