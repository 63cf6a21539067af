//! `POST /authorize`: the person's decision, sent by one of our own forms.

use std::net::IpAddr;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use http::header::SET_COOKIE;
use http::{HeaderMap, Uri};
use mcp_auth_core::ScopeSet;
use mcp_auth_store::{Browser, SecretHash};

use super::get::{consent, login};
use super::grant::grant;
use super::refusal::{Refusal, Untrusted};
use super::request::AuthorizationRequest;
use super::visit::Visit;
use crate::endpoint::away::Decision;
use crate::endpoint::choice::NotAsked;
use crate::endpoint::log_out::LogOut;
use crate::endpoint::login_step::Answered;
use crate::endpoint::page_form::PageForm;
use crate::endpoint::press::{Press, end_presses};
use crate::issuer::Issuer;
use crate::observe::Event as _;
use crate::observe::authorization::{AccessAllowed, AccessDenied};
use crate::person::ConsentPage;
use crate::person::page::{Alert, Notice, texts};
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
    from: (&HeaderMap, Option<IpAddr>),
    body: Body,
) -> Result<Response, Refusal> {
    let (headers, address) = from;
    let form: Result<_, Refusal> =
        PageForm::read(issuer, headers, body, (&request.shown, &request.url)).await;
    let form = form?;
    let visit = Visit::of_form(issuer, from, &form).await?;
    let person = request.login_of(issuer, form.browser.clone()).await?;
    // Where people log in at a provider, the page asks them before they do.
    let asks_first = issuer.login.site().is_some();
    // The page that asks now. Another one may still be open, which asked somebody else, or before they logged in.
    let last = visit.last(issuer, request).map(|(subject, _)| subject);
    let is_of_this_page = form.is_of(match &person {
        Some(person) => ConsentPage::LoggedIn(&person.subject),
        None => ConsentPage::BeforeLogin(last),
    });

    match (form.fields.get("decision"), person) {
        (Some("login"), _) if !asks_first => log_in(issuer, request, (&form, &visit)).await,
        (Some("logout"), _) => {
            let browser = (form.cookie, form.browser.as_ref());
            Ok(LogOut::Here.at(issuer, browser, address, &request.url).await?)
        }
        (Some("allow" | "deny"), Some(person)) if !is_of_this_page => {
            let alert = (None, Some(Alert::other_page()));
            consent(issuer, request, (form.cookie, &person), &visit.memory, alert).await
        }
        (Some("allow"), Some(person)) => allow(issuer, request, (&form, &visit), person).await,
        (Some("allow"), None) if asks_first && !is_of_this_page => {
            login(issuer, request, &visit, Some(Notice::OtherPage)).await
        }
        (Some("allow"), None) if asks_first => allow_first(issuer, request, (&form, &visit)).await,
        (Some("deny"), Some(person)) => deny(issuer, request, (&form, &visit), &person).await,
        // The page before the login has this button too: a person can deny without logging in.
        (Some("deny"), None) => {
            end_presses(issuer, form.cookie).await?;
            let told = request.forget_here(issuer, &visit.memory).await?;
            request.use_up(issuer, form.cookie).await?;
            AccessDenied { subject: None, client_id: &request.client.id, address }.happened();
            // That of a provider's login said where the answer goes.
            let mut answer =
                if asks_first { request.denied() } else { request.denied_before_login(issuer).await? };
            answer.headers_mut().extend(told.map(|cookie| (SET_COOKIE, cookie)));
            Ok(answer)
        }
        // The session ended while the page was open, so the person logs in again for the same request.
        (Some("allow"), None) => login(issuer, request, &visit, Some(Notice::Ended)).await,
        (_, _) => Err(Untrusted::Stale { page: request.url.clone() }.into()),
    }
}

/// Takes what the person answered to the login.
async fn log_in(
    issuer: &Issuer,
    request: &AuthorizationRequest,
    (form, visit): (&PageForm<'_>, &Visit<'_>),
) -> Result<Response, Refusal> {
    let login = request.login_step(issuer, visit, None);
    match login.answered(issuer, visit.from(), form.cookie, &form.fields).await? {
        Answered::Person(user) => Ok(login.begin(issuer, (form.cookie, visit.address), user).await?),
        Answered::Page(page) => Ok(page),
    }
}

/// What the person left ticked; none if that is nothing.
fn chosen(
    issuer: &Issuer,
    request: &AuthorizationRequest,
    form: &PageForm<'_>,
) -> Result<Option<ScopeSet>, Untrusted> {
    let chosen = request.choice(issuer).chosen(&form.fields);
    chosen.map_err(|NotAsked| Untrusted::NotAsked { page: request.url.clone() })
}

/// The person allows what they left ticked, and goes to the provider. It is not counted: they may come back from there without having logged in,
/// and press the button once more. Each of these ways is used up by itself.
async fn allow_first(
    issuer: &Issuer,
    request: &AuthorizationRequest,
    (form, visit): (&PageForm<'_>, &Visit<'_>),
) -> Result<Response, Refusal> {
    let Some(scopes) = chosen(issuer, request, form)? else {
        return login(issuer, request, visit, Some(Notice::Unticked(texts().tick_or_deny))).await;
    };
    let remember = request.may_be_remembered() && form.fields.get("remember") == Some("yes");
    let by = visit.last(issuer, request).map(|(subject, _)| subject.to_owned());
    let press = match &by {
        Some(subject) => Some(Press::now(issuer, form.cookie, (subject, &request.client.id)).await?),
        None => None,
    };
    let decision = Decision { scopes, remember, by, asked: true, press };
    Ok(request.login_step(issuer, visit, Some(&decision)).leave_decided(issuer, visit.from()).await?)
}

/// The person allows what they left ticked.
async fn allow(
    issuer: &Issuer,
    request: &AuthorizationRequest,
    (form, visit): (&PageForm<'_>, &Visit<'_>),
    person: Browser,
) -> Result<Response, Refusal> {
    let Some(scopes) = chosen(issuer, request, form)? else {
        let alert = (None, Some(Alert::nothing_ticked(texts().tick_or_deny)));
        return consent(issuer, request, (form.cookie, &person), &visit.memory, alert).await;
    };
    count_once(issuer, request, form, &person).await?;
    let remember = form.fields.get("remember") == Some("yes");
    let mut told = None;
    if !remember {
        told = request.forget(issuer, &visit.memory, &person.subject).await?;
    }
    let mut answer = grant(issuer, request, (form.cookie, person.clone()), scopes.clone()).await?;
    AccessAllowed {
        subject: &person.subject,
        client_id: &request.client.id,
        scopes: &scopes,
        asked: &request.checked.scopes,
        unasked: false,
        remember,
        address: visit.address,
    }
    .happened();
    if remember {
        told = request.remember(issuer, &visit.memory, &person, scopes).await;
    }
    if let Some(cookie) = told {
        answer.headers_mut().append(SET_COOKIE, cookie);
    }
    Ok(answer)
}

/// The person denies it, and what they said before counts no more, at this browser or on the way over a provider.
async fn deny(
    issuer: &Issuer,
    request: &AuthorizationRequest,
    (form, visit): (&PageForm<'_>, &Visit<'_>),
    person: &Browser,
) -> Result<Response, Refusal> {
    count_once(issuer, request, form, person).await?;
    end_presses(issuer, form.cookie).await?;
    let told = request.forget(issuer, &visit.memory, &person.subject).await?;
    request.use_up(issuer, form.cookie).await?;
    let (subject, client_id) = (Some(&*person.subject), &*request.client.id);
    AccessDenied { subject, client_id, address: visit.address }.happened();
    let mut answer = request.denied();
    if let Some(cookie) = told {
        answer.headers_mut().append(SET_COOKIE, cookie);
    }
    Ok(answer)
}

/// Each page that asks a person who is logged in is answered once: a form that is posted again gives no second code. What was spent
/// is remembered until the login it was shown to ends, after which the form counts no more anyway. A decision that waited for it is answered too.
async fn count_once(
    issuer: &Issuer,
    request: &AuthorizationRequest,
    form: &PageForm<'_>,
    person: &Browser,
) -> Result<(), Refusal> {
    let token = SecretHash::of(form.fields.get("csrf").unwrap_or_default());
    match issuer.store.spent().spend(token, person.expires_at, issuer.now()).await? {
        true => Ok(request.drop_decision(issuer, form.cookie).await?),
        false => Err(Untrusted::Answered { page: request.url.clone() }.into()),
    }
}
