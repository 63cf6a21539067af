//! `GET /authorize`: shows the page for an authorization request. It changes nothing, unless the person said before that they need not be
//! asked.

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, Method, Uri};
use mcp_auth_store::Browser;

use super::grant::grant;
use super::refusal::{Refusal, Untrusted};
use super::request::AuthorizationRequest;
use crate::issuer::Issuer;
use crate::observe::Event as _;
use crate::observe::authorization::AccessAllowed;
use crate::person::page::{Consent, Notice};
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
    let (cookie, browser) = issuer.session(headers).await?;
    let person = request.login_of(issuer, browser).await?;
    if let (Some(cookie), Some(person)) = (cookie, &person) {
        // Who only looks gets no code.
        if is_opened(method, headers) && request.is_allowed_already(issuer, person).await? {
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
            return Ok(answer);
        }
    }
    if request.checked.prompt.none {
        return Err(request.needs_interaction(issuer, person.is_some()).await);
    }
    match (cookie, person) {
        (Some(cookie), Some(person)) => consent(issuer, request, (cookie, &person), None).await,
        (_, _) => login(issuer, headers, request, None).await,
    }
}

/// The login page.
pub(super) async fn login(
    issuer: &Issuer,
    headers: &HeaderMap,
    request: &AuthorizationRequest,
    notice: Option<Notice>,
) -> Result<Response, Refusal> {
    Ok(request.login_step().page(issuer, headers, notice).await?)
}

/// The consent page, for the person who is logged in at the browser of this session identifier. A client's name and identifier prove nothing,
/// so an earlier consent applies to this request only where the person said so, and where nobody else can get the answer.
pub(super) async fn consent(
    issuer: &Issuer,
    request: &AuthorizationRequest,
    (cookie, person): (&str, &Browser),
    alert: Option<&'static str>,
) -> Result<Response, Refusal> {
    let csrf = issuer.csrf.token(cookie, &request.shown, &*issuer.ambient.random).await?;
    let is_remembered = request.remembered(issuer, person).await?.is_some();
    let allowed = issuer.store.consents().allowed(&person.subject, &request.client.id).await?;
    let page = Consent {
        issuer,
        client: &request.client,
        redirect_uri: &request.answer.redirect_uri,
        subject: person.name.as_deref().unwrap_or(&person.subject),
        scopes: request.choice(issuer).lines(&allowed),
        remember: request.may_be_remembered().then_some(is_remembered),
        alert,
        action: &request.url,
        csrf: &csrf,
    };
    Ok(page.into_response())
}
