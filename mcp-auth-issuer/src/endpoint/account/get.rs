//! `GET /account`: shows the page. It changes nothing.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::HeaderMap;

use super::visit::{Known, connected_accounts, login_step};
use crate::endpoint::authorize::Untrusted;
use crate::endpoint::page_not_shown::PageNotShown;
use crate::endpoint::path::ACCOUNT;
use crate::issuer::Issuer;
use crate::person::page::AccountPage;
use crate::request::address::CameFrom;

/// `GET /account`
pub(crate) async fn get(
    State(issuer): State<Arc<Issuer>>,
    CameFrom(address): CameFrom,
    headers: HeaderMap,
) -> Response {
    match show(&issuer, &headers).await {
        Ok(response) => response,
        Err(why) => why.respond(&issuer, address),
    }
}

async fn show(issuer: &Issuer, headers: &HeaderMap) -> Result<Response, PageNotShown> {
    if !issuer.origin.is_host_of(headers) {
        return Err(Untrusted::Host.into());
    }
    page(issuer, headers).await
}

/// The page of the person who is logged in; else the login page.
pub(super) async fn page(issuer: &Issuer, headers: &HeaderMap) -> Result<Response, PageNotShown> {
    let (cookie, browser) = issuer.session(headers).await?;
    let (Some(cookie), Some(browser)) = (cookie, browser) else {
        return Ok(login_step().page(issuer, headers, None).await?);
    };
    let known = Known::of(issuer, &browser.subject).await?;
    let page = AccountPage {
        issuer,
        browser: &browser,
        there_may_be_more: known.there_may_be_more,
        allowed: known.applications,
        connected: connected_accounts(issuer, &browser.subject).await?,
        action: ACCOUNT,
        csrf: &issuer.csrf.token(cookie, ACCOUNT, &*issuer.ambient.random).await?,
    };
    Ok(page.into_response())
}
