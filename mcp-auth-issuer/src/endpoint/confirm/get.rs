//! `GET /authorize/confirm`: shows the page. It changes nothing.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, Uri};

use super::call::WaitingCall;
use super::ended::words;
use crate::endpoint::authorize::Untrusted;
use crate::endpoint::waiting::NotAnswered;
use crate::issuer::Issuer;
use crate::person::page::{ConfirmPage, Notice};
use crate::request::address::CameFrom;

/// `GET /authorize/confirm`
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
    let call = WaitingCall::read(issuer, uri.query().unwrap_or_default()).await?;
    page(issuer, headers, &call, None).await
}

/// The call, for the person who logged in for it; else the login page.
pub(super) async fn page(
    issuer: &Issuer,
    headers: &HeaderMap,
    call: &WaitingCall,
    notice: Option<Notice>,
) -> Result<Response, NotAnswered> {
    let (cookie, browser) = issuer.session(headers).await?;
    let its_person = browser.filter(|browser| call.is_logged_in_at(browser));
    if let (Some(cookie), Some(person)) = (cookie, its_person) {
        let csrf = issuer.csrf.token(cookie, &call.0.url, &*issuer.ambient.random).await?;
        let page = ConfirmPage {
            issuer,
            client: call.0.client.as_ref(),
            call: &call.0.asked,
            person: (&person).into(),
            action: &call.0.url,
            csrf: &csrf,
        };
        return Ok(page.into_response());
    }
    Ok(call.login_step().page(issuer, headers, notice).await?)
}
