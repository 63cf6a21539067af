//! `POST /authorize/device`: what a person does on the pages for devices, sent by one of our own forms.

use std::net::IpAddr;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, Uri};
use mcp_auth_store::{Browser, Client, DeviceAnswer, DeviceAuthorization, GrantType};

use super::devices::Devices;
use super::get::{log_in_again, page};
use super::place::{Place, login_step};
use super::refusal::{Ended, Refusal, ended};
use super::user_code::UserCode;
use crate::endpoint::authorize::Untrusted;
use crate::endpoint::choice::Choice;
use crate::endpoint::log_out::LogOut;
use crate::endpoint::login_step::Answered;
use crate::endpoint::page_form::PageForm;
use crate::issuer::{ClientError, Issuer};
use crate::observe::device::{DeviceAllowed, DeviceDenied, UserCodeRefused};
use crate::observe::login::LoginCancelled;
use crate::observe::{Event as _, Reason};
use crate::person::page::{DeviceConsent, WrongCode, texts};
use crate::rate_limit::TooSoon;
use crate::request::Params;
use crate::request::address::CameFrom;

/// `POST /authorize/device`
pub(super) async fn post(
    State(devices): State<Arc<Devices>>,
    CameFrom(address): CameFrom,
    uri: Uri,
    headers: HeaderMap,
    body: Body,
) -> Response {
    match decide(&devices, address, &uri, &headers, body).await {
        Ok(response) => response,
        Err(refusal) => refusal.respond(&devices.issuer, address),
    }
}

async fn decide(
    devices: &Devices,
    from: Option<IpAddr>,
    uri: &Uri,
    headers: &HeaderMap,
    body: Body,
) -> Result<Response, Refusal> {
    let issuer = &devices.issuer;
    PageForm::is_sent_by_our_page(issuer, headers)?;
    let place = Place::read(uri.query().unwrap_or_default())?;
    let url = place.url();
    let form: Result<_, Refusal> = PageForm::read(issuer, headers, body, (&url, &url)).await;
    let PageForm { fields: form, cookie, browser } = form?;

    match (form.get("decision"), place, browser) {
        (Some("login"), Place::Form(_), _) => {
            match login_step(&url).answered(issuer, (headers, from), cookie, &form).await? {
                Answered::Person(user) => Ok(login_step(&url).begin(issuer, (cookie, from), user).await?),
                Answered::Page(page) => Ok(page),
            }
        }
        // The login page has this button too.
        (Some("deny"), Place::Form(_), _) => {
            LoginCancelled { client_id: None, address: from }.happened();
            Ok(ended(issuer, Ended::Cancelled))
        }
        (Some("logout"), place, browser) => {
            Ok(LogOut::Here.at(issuer, (cookie, browser.as_ref()), from, &place.form().url()).await?)
        }
        (Some("code"), Place::Form(_), browser) => {
            let entered = form.get("user_code").and_then(UserCode::read);
            match (entered, browser) {
                (entered, None) => log_in_again(devices, headers, Place::Form(entered)).await,
                // It cannot be a code, so there is nothing to be counted.
                (None, Some(_)) => {
                    page(devices, headers, &Place::Form(None), Some(WrongCode::Malformed)).await
                }
                (Some(code), Some(person)) => enter(devices, from, headers, (cookie, person), code).await,
            }
        }
        (Some("allow"), Place::Answer(code), Some(person)) => {
            allow(devices, (code, from), (cookie, person), &form).await
        }
        (Some("deny"), Place::Answer(code), person) => deny(devices, (&code, from), person).await,
        // The login ended while the page was open, so the person logs in again, and enters the code again.
        (Some("allow"), place @ Place::Answer(_), None) => log_in_again(devices, headers, place).await,
        (_, place, _) => Err(Untrusted::Stale { page: place.form().url() }.into()),
    }
}

/// The person has entered a code: they see what is asked for with it.
async fn enter(
    devices: &Devices,
    from: Option<IpAddr>,
    headers: &HeaderMap,
    (cookie, person): (&str, Browser),
    code: UserCode,
) -> Result<Response, Refusal> {
    let issuer = &devices.issuer;
    devices.count_code(&person.subject, from).await?.inspect_err(|TooSoon { retry_after }| {
        let reason = Reason::Refused(&"too many codes");
        let (subject, wait) = (Some(&*person.subject), Some(*retry_after));
        UserCodeRefused { subject, address: from, wait, reason }.happened();
    })?;
    let Some((client, asked)) = waiting(devices, &code).await? else {
        let reason = Reason::Refused(&"no device waits for it");
        UserCodeRefused { subject: Some(&person.subject), address: from, wait: None, reason }.happened();
        return page(devices, headers, &Place::Form(None), Some(WrongCode::Unknown)).await;
    };
    consent(issuer, (cookie, &person), code, (&client, &asked), None).await
}

/// The page that shows what is asked for with a code that was entered.
async fn consent(
    issuer: &Issuer,
    (cookie, person): (&str, &Browser),
    code: UserCode,
    (client, asked): (&Client, &DeviceAuthorization),
    alert: Option<&'static str>,
) -> Result<Response, Refusal> {
    let allowed = issuer.store.consents().allowed(&person.subject, &client.id).await?;
    let shown = code.shown();
    let url = Place::Answer(code).url();
    let page = DeviceConsent {
        issuer,
        client,
        asked,
        code: &shown,
        person: person.into(),
        scopes: Choice { issuer, asked: &asked.scopes }.lines(&allowed),
        alert,
        now: issuer.now(),
        action: &url,
        csrf: &issuer.csrf.token(cookie, &url, &*issuer.ambient.random).await?,
    };
    Ok(page.into_response())
}

/// What waits for an answer under this code, and the client that asked, if it may still use devices.
async fn waiting(
    devices: &Devices,
    code: &UserCode,
) -> Result<Option<(Client, DeviceAuthorization)>, Refusal> {
    let issuer = &devices.issuer;
    let kept = code.kept(&devices.user_codes).await?;
    let Some(asked) = issuer.store.device_codes().find_by_user_code(kept, issuer.now()).await? else {
        return Ok(None);
    };
    let client = match issuer.client(&asked.client_id).await {
        Ok(client) => client.filter(|client| issuer.may_use_devices(client)),
        // Devices are for clients of the configuration, which nothing is fetched for.
        Err(ClientError::Document(_)) => None,
        Err(ClientError::Store(error)) => return Err(error.into()),
    };
    Ok(client.map(|client| (client, asked)))
}

/// The person allows what they left ticked.
async fn allow(
    devices: &Devices,
    (code, address): (UserCode, Option<IpAddr>),
    (cookie, person): (&str, Browser),
    form: &Params,
) -> Result<Response, Refusal> {
    let issuer = &devices.issuer;
    let (client, asked) = waiting(devices, &code).await?.ok_or(Refusal::Gone)?;
    let Ok(chosen) = (Choice { issuer, asked: &asked.scopes }).chosen(form) else {
        return Err(Untrusted::NotAsked { page: Place::Form(Some(code)).url() }.into());
    };
    let Some(scopes) = chosen else {
        return consent(issuer, (cookie, &person), code, (&client, &asked), Some(texts().tick_or_deny)).await;
    };
    let subject = person.subject.clone();
    let answer = DeviceAnswer::Allowed {
        subject: person.subject,
        authentication: person.authentication,
        scopes: scopes.clone(),
        refresh: client.may(GrantType::RefreshToken),
    };
    answered(devices, &code, answer).await?;
    DeviceAllowed {
        subject: &subject,
        client_id: &client.id,
        scopes: &scopes,
        address,
        device_address: asked.from.as_deref(),
    }
    .happened();
    Ok(ended(issuer, Ended::Allowed))
}

async fn deny(
    devices: &Devices,
    (code, address): (&UserCode, Option<IpAddr>),
    person: Option<Browser>,
) -> Result<Response, Refusal> {
    let (client, asked) = waiting(devices, code).await?.ok_or(Refusal::Gone)?;
    answered(devices, code, DeviceAnswer::Denied).await?;
    let subject = person.map(|person| person.subject);
    DeviceDenied {
        subject: subject.as_deref(),
        client_id: &client.id,
        address,
        device_address: asked.from.as_deref(),
    }
    .happened();
    Ok(ended(&devices.issuer, Ended::Denied))
}

/// Answers what waits under this code, once.
async fn answered(devices: &Devices, code: &UserCode, answer: DeviceAnswer) -> Result<(), Refusal> {
    let issuer = &devices.issuer;
    let kept = code.kept(&devices.user_codes).await?;
    match issuer.store.device_codes().answer(kept, answer, issuer.now()).await? {
        true => Ok(()),
        false => Err(Refusal::Gone),
    }
}
