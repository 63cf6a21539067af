//! `GET /authorize`: shows the page for an authorization request. It changes nothing, unless the person said before that they need not be
//! asked: then the client gets its code, or the person goes to the provider that they log in at.

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, Method, Uri};
use mcp_auth_store::Browser;

use super::grant::grant;
use super::refusal::{Refusal, Untrusted};
use super::remembered::Memory;
use super::request::AuthorizationRequest;
use super::visit::Visit;
use crate::endpoint::away::Decision;
use crate::issuer::Issuer;
use crate::observe::Event as _;
use crate::observe::authorization::AccessAllowed;
use crate::person::ConsentPage;
use crate::person::page::{Alert, Consent, Decides, Notice};
use crate::request::address::CameFrom;
use crate::request::opened::is_opened;

/// `GET /authorize`
pub(crate) async fn get(
    State(issuer): State<Arc<Issuer>>,
    method: Method,
    uri: Uri,
    CameFrom(address): CameFrom,
    headers: HeaderMap,
) -> Response {
    let from = (&headers, address);
    match show(&issuer, &method, &uri, from).await {
        Ok(response) => response,
        Err(refusal) => refusal.respond(&issuer, address),
    }
}

async fn show(
    issuer: &Issuer,
    method: &Method,
    uri: &Uri,
    (headers, address): (&HeaderMap, Option<IpAddr>),
) -> Result<Response, Refusal> {
    if !issuer.origin.is_host_of(headers) {
        return Err(Untrusted::Host.into());
    }
    // A page of anybody's could make this browser ask for as many clients as it likes, by pictures for example.
    if headers.get("sec-fetch-mode").is_some_and(|mode| mode != "navigate") {
        return Err(Untrusted::NotNavigated.into());
    }
    let request = AuthorizationRequest::read(issuer, uri.query().unwrap_or_default(), address).await?;
    let shown = show_request(issuer, method, &request, (headers, address)).await;
    shown.map_err(|refusal| refusal.about(&request.client))
}

async fn show_request(
    issuer: &Issuer,
    method: &Method,
    request: &AuthorizationRequest,
    (headers, address): (&HeaderMap, Option<IpAddr>),
) -> Result<Response, Refusal> {
    let visit = Visit::read(issuer, headers, address).await?;
    let person = request.login_of(issuer, visit.browser.clone()).await?;
    // Who only looks gets no code, and goes nowhere.
    let is_opened = is_opened(method, headers);
    match (visit.cookie, person) {
        (Some(cookie), Some(person)) => {
            let waiting = request.waiting_decision(issuer, cookie).await?;
            if is_opened
                && waiting.is_none()
                && request.is_allowed_already(issuer, &visit.memory, &person.subject).await?
            {
                return unasked(issuer, request, (cookie, person), address).await;
            }
            if request.checked.prompt.none {
                return Err(request.needs_interaction(issuer, true).await);
            }
            let alert = waiting.as_ref().map(|decision| Alert::look(decision.why_again(&person.subject)));
            consent(issuer, request, (cookie, &person), &visit.memory, (waiting.as_ref(), alert)).await
        }
        (_, _) if request.checked.prompt.none => Err(request.needs_interaction(issuer, false).await),
        (_, _) => {
            let remembered =
                if is_opened { remembered_decision(issuer, request, &visit).await? } else { None };
            match remembered {
                Some(decision) => {
                    let step = request.login_step(issuer, &visit, Some(&decision));
                    Ok(step.leave_decided(issuer, visit.from()).await?)
                }
                None => login(issuer, request, &visit, None).await,
            }
        }
    }
}

/// Gives the client what this person need not be asked for.
async fn unasked(
    issuer: &Issuer,
    request: &AuthorizationRequest,
    (cookie, person): (&str, Browser),
    address: Option<IpAddr>,
) -> Result<Response, Refusal> {
    let (asked, scopes) = (&request.checked.scopes, request.checked.scopes.clone());
    let answer = grant(issuer, request, (cookie, person.clone()), scopes).await?;
    AccessAllowed {
        subject: &person.subject,
        client_id: &request.client.id,
        scopes: asked,
        asked,
        unasked: true,
        remember: true,
        address,
    }
    .happened();
    Ok(answer)
}

/// What the person who was at this browser last need not be asked: they go to the provider at once, and the decision is theirs alone.
async fn remembered_decision(
    issuer: &Issuer,
    request: &AuthorizationRequest,
    visit: &Visit<'_>,
) -> Result<Option<Decision>, Refusal> {
    if issuer.login.site().is_none() {
        return Ok(None);
    }
    let Some((subject, _)) = visit.last(issuer, request) else { return Ok(None) };
    if !request.is_allowed_already(issuer, &visit.memory, subject).await? {
        return Ok(None);
    }
    let (scopes, by) = (request.checked.scopes.clone(), Some(subject.to_owned()));
    Ok(Some(Decision { scopes, remember: true, by, asked: false, press: None }))
}

/// The login page. Where people log in at a provider, it asks for their decision too.
pub(super) async fn login(
    issuer: &Issuer,
    request: &AuthorizationRequest,
    visit: &Visit<'_>,
    notice: Option<Notice>,
) -> Result<Response, Refusal> {
    Ok(request.login_step(issuer, visit, None).page(issuer, visit.headers, notice).await?)
}

/// The consent page, for the person who is logged in at the browser of this session identifier. A client's name and identifier prove nothing,
/// so an earlier consent applies to this request only where the person said so, and where nobody else can get the answer.
pub(super) async fn consent(
    issuer: &Issuer,
    request: &AuthorizationRequest,
    (cookie, person): (&str, &Browser),
    memory: &Memory,
    (decision, alert): (Option<&Decision>, Option<Alert<'_>>),
) -> Result<Response, Refusal> {
    let form_of = ConsentPage::LoggedIn(&person.subject);
    let csrf = issuer.csrf.token_on(form_of, (cookie, &request.shown), &*issuer.ambient.random).await?;
    // The answer of another person, of before, says nothing of this one.
    let decision = decision.filter(|decision| decision.asked);
    let is_remembered = request.remembered(issuer, memory, &person.subject).await?.is_some();
    let is_remembered = is_remembered || decision.is_some_and(|decision| decision.remember);
    let allowed = issuer.store.consents().allowed(&person.subject, &request.client.id).await?;
    let page = Consent {
        issuer,
        client: &request.client,
        redirect_uri: &request.answer.redirect_uri,
        who: Decides::LoggedIn(person.into()),
        scopes: request.choice(issuer).lines_as(&allowed, decision),
        remember: request.may_be_remembered().then_some(is_remembered),
        alert,
        action: &request.url,
        csrf: &csrf,
    };
    Ok(page.into_response())
}
