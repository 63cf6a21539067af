//! `GET /authorize/device`: shows the page where a code is entered. It changes nothing, and looks up nothing.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, Uri};

use super::devices::Devices;
use super::place::{Place, login_step};
use super::refusal::Refusal;
use crate::endpoint::authorize::Untrusted;
use crate::person::page::{DeviceCodePage, Notice, WrongCode};
use crate::request::address::CameFrom;

/// `GET /authorize/device`
pub(super) async fn get(
    State(devices): State<Arc<Devices>>,
    CameFrom(address): CameFrom,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    match show(&devices, &uri, &headers).await {
        Ok(response) => response,
        Err(refusal) => refusal.respond(&devices.issuer, address),
    }
}

async fn show(devices: &Devices, uri: &Uri, headers: &HeaderMap) -> Result<Response, Refusal> {
    if !devices.issuer.origin.is_host_of(headers) {
        return Err(Untrusted::Host.into());
    }
    let place = Place::read(uri.query().unwrap_or_default())?.form();
    page(devices, headers, &place, None).await
}

/// The page where a code is entered, for a person who is logged in; else the login page.
pub(super) async fn page(
    devices: &Devices,
    headers: &HeaderMap,
    place: &Place,
    wrong: Option<WrongCode>,
) -> Result<Response, Refusal> {
    let issuer = &devices.issuer;
    let url = place.url();
    let (cookie, session) = issuer.session(headers).await?;
    let (Some(cookie), Some(session)) = (cookie, session) else {
        return Ok(login_step(&url).page(issuer, headers, None).await?);
    };
    let filled_in = match place {
        Place::Form(Some(code)) => Some(code.shown()),
        Place::Form(None) | Place::Answer(_) => None,
    };
    let page = DeviceCodePage {
        issuer,
        person: (&session).into(),
        filled_in: filled_in.as_deref(),
        wrong,
        action: &url,
        csrf: &issuer.csrf.token(cookie, &url, &*issuer.ambient.random).await?,
    };
    Ok(page.into_response())
}

/// The login page, for a person whose login had ended when they answered.
pub(super) async fn log_in_again(
    devices: &Devices,
    headers: &HeaderMap,
    place: Place,
) -> Result<Response, Refusal> {
    let url = place.form().url();
    Ok(login_step(&url).page(&devices.issuer, headers, Some(Notice::Ended)).await?)
}
