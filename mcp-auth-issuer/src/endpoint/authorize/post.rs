//! `POST /authorize`: the person's decision, sent by one of our own forms.

use std::net::IpAddr;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use http::{HeaderMap, Uri};
use mcp_auth_store::{Browser, SecretHash};

use super::get::{consent, login};
use super::grant::grant;
use super::refusal::{Refusal, Untrusted};
use super::request::AuthorizationRequest;
use super::response::see_other;
use crate::endpoint::choice::{NOTHING_TICKED, NotAsked};
use crate::endpoint::login_step::Answered;
use crate::endpoint::page_form::PageForm;
use crate::issuer::Issuer;
use crate::observe::Event as _;
use crate::observe::authorization::{AccessAllowed, AccessDenied};
use crate::observe::login::LoggedOut;
use crate::person::page::Notice;
use crate::request::address::CameFrom;

/// `POST /authorize`: the person's decision, sent by one of our own forms.
pub(crate) async fn post(
    State(issuer): State<Arc<Issuer>>,
    uri: Uri,
    CameFrom(address): CameFrom,
    headers: HeaderMap,
    body: Body,
) -> Response {
    match decide(&issuer, &uri, (&headers, address), body).await {
        Ok(response) => response,
        Err(refusal) => refusal.respond(&issuer, address),
    }
}

async fn decide(
    issuer: &Issuer,
    uri: &Uri,
    (headers, address): (&HeaderMap, Option<IpAddr>),
    body: Body,
) -> Result<Response, Refusal> {
    PageForm::is_sent_by_our_page(issuer, headers)?;
    let request = AuthorizationRequest::read(issuer, uri.query().unwrap_or_default(), address).await?;
    let decided = decide_request(issuer, &request, (headers, address), body).await;
    decided.map_err(|refusal| refusal.about(&request.client))
}

async fn decide_request(
    issuer: &Issuer,
    request: &AuthorizationRequest,
    (headers, address): (&HeaderMap, Option<IpAddr>),
    body: Body,
) -> Result<Response, Refusal> {
    let form: Result<_, Refusal> =
        PageForm::read(issuer, headers, body, (&request.shown, &request.url)).await;
    let form = form?;
    let person = request.login_of(issuer, form.browser.clone()).await?;

    match (form.fields.get("decision"), person) {
        (Some("login"), _) => log_in(issuer, (headers, address), request, &form).await,
        (Some("logout"), _) => {
            issuer.store.browser_sessions().end(SecretHash::of(form.cookie)).await?;
            if let Some(browser) = &form.browser {
                LoggedOut { subject: &browser.subject, everywhere: false, address }.happened();
            }
            Ok(see_other(&request.url))
        }
        (Some("allow"), Some(person)) => allow(issuer, request, (&form, address), person).await,
        (Some("deny"), Some(person)) => deny(issuer, request, (&form, address), &person).await,
        // The login page has this button too: a person can deny without logging in.
        (Some("deny"), None) => {
            request.use_up(issuer, form.cookie).await?;
            AccessDenied { subject: None, client_id: &request.client.id, address }.happened();
            request.denied_before_login(issuer).await
        }
        // The session ended while the page was open, so the person logs in again for the same request.
        (Some("allow"), None) => login(issuer, headers, request, Some(Notice::Ended)).await,
        (_, _) => Err(Untrusted::Stale { page: request.url.clone() }.into()),
    }
}

/// Takes what the person answered to the login.
async fn log_in(
    issuer: &Issuer,
    (headers, address): (&HeaderMap, Option<IpAddr>),
    request: &AuthorizationRequest,
    form: &PageForm<'_>,
) -> Result<Response, Refusal> {
    let login = request.login_step();
    match login.answered(issuer, (headers, address), form.cookie, &form.fields).await? {
        Answered::Person(user) => Ok(login.begin(issuer, (form.cookie, address), user).await?),
        Answered::Page(page) => Ok(page),
    }
}

/// The person allows what they left ticked.
async fn allow(
    issuer: &Issuer,
    request: &AuthorizationRequest,
    (form, address): (&PageForm<'_>, Option<IpAddr>),
    person: Browser,
) -> Result<Response, Refusal> {
    let chosen = request.choice(issuer).chosen(&form.fields);
    let chosen = chosen.map_err(|NotAsked| Untrusted::NotAsked { page: request.url.clone() })?;
    let Some(scopes) = chosen else {
        return consent(issuer, request, (form.cookie, &person), Some(NOTHING_TICKED)).await;
    };
    count_once(issuer, request, form, &person).await?;
    let is_to_be_remembered = form.fields.get("remember") == Some("yes");
    if !is_to_be_remembered {
        request.forget(issuer, &person).await?;
    }
    let answer = grant(issuer, request, (form.cookie, person.clone()), scopes.clone()).await?;
    AccessAllowed {
        subject: &person.subject,
        client_id: &request.client.id,
        scopes: &scopes,
        asked: &request.checked.scopes,
        unasked: false,
        remember: is_to_be_remembered,
        address,
    }
    .happened();
    if is_to_be_remembered {
        request.remember(issuer, &person, scopes).await;
    }
    Ok(answer)
}

/// The person denies it, and what they said before counts no more.
async fn deny(
    issuer: &Issuer,
    request: &AuthorizationRequest,
    (form, address): (&PageForm<'_>, Option<IpAddr>),
    person: &Browser,
) -> Result<Response, Refusal> {
    count_once(issuer, request, form, person).await?;
    request.forget(issuer, person).await?;
    request.use_up(issuer, form.cookie).await?;
    AccessDenied { subject: Some(&person.subject), client_id: &request.client.id, address }.happened();
    Ok(request.denied())
}

/// Each page that asks for a decision is answered once: a form that is posted again gives no second code. What was spent
/// is remembered until the login it was shown to ends, after which the form counts no more anyway.
async fn count_once(
    issuer: &Issuer,
    request: &AuthorizationRequest,
    form: &PageForm<'_>,
    person: &Browser,
) -> Result<(), Refusal> {
    let token = SecretHash::of(form.fields.get("csrf").unwrap_or_default());
    match issuer.store.spent().spend(token, person.expires_at, issuer.now()).await? {
        true => Ok(()),
        false => Err(Untrusted::Answered { page: request.url.clone() }.into()),
    }
}
