//! `GET /authorize/connect`: shows the page. It changes nothing.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, Uri};

use super::account::WantedAccount;
use super::ended::words;
use crate::endpoint::authorize::Untrusted;
use crate::endpoint::waiting::NotAnswered;
use crate::issuer::Issuer;
use crate::person::page::{ConnectPage, NotConnected, Notice};
use crate::request::address::CameFrom;

/// `GET /authorize/connect`
pub(crate) async fn get(
    State(issuer): State<Arc<Issuer>>,
    uri: Uri,
    CameFrom(address): CameFrom,
    headers: HeaderMap,
) -> Response {
    match show(&issuer, &uri, &headers).await {
        Ok(response) => response,
        Err(why) => why.respond(&issuer, address, words()),
    }
}

async fn show(issuer: &Issuer, uri: &Uri, headers: &HeaderMap) -> Result<Response, NotAnswered> {
    if !issuer.origin.is_host_of(headers) {
        return Err(Untrusted::Host.into());
    }
    let wanted = WantedAccount::read(issuer, uri.query().unwrap_or_default()).await?;
    page(issuer, headers, &wanted, None).await
}

/// What is to be connected, for the person who was asked: any account, or the one that the provider named. Else the login page.
pub(super) async fn page(
    issuer: &Issuer,
    headers: &HeaderMap,
    wanted: &WantedAccount<'_>,
    why: Option<NotConnected>,
) -> Result<Response, NotAnswered> {
    let (cookie, browser) = issuer.session(headers).await?;
    let its_person = browser.filter(|browser| wanted.is_for(browser));
    let (Some(cookie), Some(person)) = (cookie, its_person) else {
        let notice = why.map(|_| Notice::Ended);
        return Ok(wanted.login_step().page(issuer, headers, notice).await?);
    };
    let (url, asked) = (&wanted.waiting.url, &wanted.waiting.asked);
    let named = wanted.named(issuer).await?.and_then(|grant| grant.account);
    let csrf = issuer.csrf.token(cookie, url, &*issuer.ambient.random).await?;
    let page = ConnectPage {
        issuer,
        client: wanted.waiting.client.as_ref(),
        tool: &asked.tool,
        provider: wanted.provider,
        person: (&person).into(),
        account: named.as_ref(),
        why,
        action: url,
        csrf: &csrf,
    };
    Ok(page.into_response())
}
