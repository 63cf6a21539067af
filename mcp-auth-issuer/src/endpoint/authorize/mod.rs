//! The authorization endpoint (OAuth 2.1 §4.1.1): a person logs in and decides what the client gets.
//!
//! `GET` shows a page and changes nothing, so clients may try the URL themselves first. Each page's form posts to the
//! very same URL: the authorization request lives in the query, is verified again each time, and nothing of it is
//! kept until a person allowed it.
//!
//! - `request`: reads and verifies the authorization request.
//! - `refusal`: what may be wrong with it, and whether the person or the client is told.
//! - `response`: the answer to the client, by redirect.

mod refusal;
mod request;
mod response;

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header::SET_COOKIE;
use http::{HeaderMap, StatusCode, Uri};
use mcp_auth_core::{Scope, ScopeSet};

use self::refusal::{Refusal, Untrusted};
use self::request::AuthorizationRequest;
use self::response::see_other;
use crate::body::form;
use crate::issuer::Issuer;
use crate::login::LoginError;
use crate::page::{Consent, ErrorPage, LoginPage, Notice, Said, ScopeLine};
use crate::secret::{SecretHash, secret};
use crate::store::{CodeGrant, Session};

/// `GET /authorize`
pub(super) async fn get(State(issuer): State<Arc<Issuer>>, uri: Uri, headers: HeaderMap) -> Response {
    match show(&issuer, &uri, &headers).await {
        Ok(response) => response,
        Err(refusal) => refusal.respond(&issuer),
    }
}

/// `POST /authorize`: one of our own forms, saying what the person decided.
pub(super) async fn post(
    State(issuer): State<Arc<Issuer>>,
    uri: Uri,
    headers: HeaderMap,
    body: Body,
) -> Response {
    match decide(&issuer, &uri, &headers, body).await {
        Ok(response) => response,
        Err(refusal) => refusal.respond(&issuer),
    }
}

async fn show(issuer: &Issuer, uri: &Uri, headers: &HeaderMap) -> Result<Response, Refusal> {
    if !issuer.origin.is_host_of(headers) {
        return Err(Untrusted::Host.into());
    }
    let request = AuthorizationRequest::read(issuer, uri.query().unwrap_or_default()).await?;
    page(issuer, headers, &request, None).await
}

async fn decide(issuer: &Issuer, uri: &Uri, headers: &HeaderMap, body: Body) -> Result<Response, Refusal> {
    if !issuer.origin.is_host_of(headers) {
        return Err(Untrusted::Host.into());
    }
    if !issuer.origin.is_sender_of(headers) {
        return Err(Untrusted::Sender.into());
    }
    let request = AuthorizationRequest::read(issuer, uri.query().unwrap_or_default()).await?;
    let form = form(headers, body).await.map_err(Untrusted::Form)?;
    let (cookie, session) = issuer.session(headers).await?;
    let genuine = |cookie| {
        let token = form.get("csrf").unwrap_or_default();
        form.repeated().is_none() && issuer.csrf.verify(cookie, &request.query, token)
    };
    let Some(cookie) = cookie.filter(|cookie| genuine(cookie)) else {
        return Err(Untrusted::Stale { page: request.url() }.into());
    };

    match (form.get("decision"), session) {
        (Some("login"), _) => match issuer.login.login(&form).await {
            Ok(user) => begin_session(issuer, cookie, &request, user.subject).await,
            Err(error) => {
                tracing::warn!(%error, client_id = %request.client.id, "login refused");
                let notice = match error {
                    LoginError::Refused | LoginError::UnknownUser => Notice::Refused(issuer.login.refusal()),
                    LoginError::Unavailable(_) => Notice::Unavailable,
                };
                page(issuer, headers, &request, Some(notice)).await
            }
        },
        (Some("logout"), _) => {
            issuer.store.end_session(SecretHash::of(cookie)).await?;
            Ok(see_other(&request.url()))
        }
        (Some("allow"), Some(session)) => allow(issuer, &request, session).await,
        // Also on the login page: nobody must say who they are to say no.
        (Some("deny"), session) => {
            let subject = session.map(|session| session.subject);
            tracing::info!(client_id = %request.client.id, ?subject, "access denied by the user");
            Ok(request.answer.error("access_denied", "the user denied the request"))
        }
        // The session ended while the page was open: log in again, same request.
        (Some("allow"), None) => page(issuer, headers, &request, Some(Notice::Ended)).await,
        (_, _) => Err(Untrusted::Stale { page: request.url() }.into()),
    }
}

/// The login page, or for somebody logged in the consent page. The person is asked every time: a client's name and
/// identifier prove nothing, so an earlier yes cannot speak for this request.
async fn page(
    issuer: &Issuer,
    headers: &HeaderMap,
    request: &AuthorizationRequest,
    notice: Option<Notice>,
) -> Result<Response, Refusal> {
    let (cookie, session) = issuer.session(headers).await?;
    if request.no_interaction {
        return Err(request.needs_interaction(session.is_some()));
    }
    if let (Some(cookie), Some(session)) = (cookie, session) {
        let allowed = issuer.store.allowed(&session.subject, &request.client.id).await?;
        let page = Consent {
            issuer,
            client: &request.client,
            redirect_uri: &request.answer.redirect_uri,
            subject: &session.subject,
            scopes: describe(issuer, &request.scopes, &allowed),
            action: &request.url(),
            csrf: &issuer.csrf.token(cookie, &request.query),
        };
        return Ok(page.into_response());
    }

    // Somebody we do not know gets an identifier that is nowhere stored; it only ties the form to the browser.
    let fresh = cookie.is_none().then(|| secret(&*issuer.ambient.random));
    let id = fresh.as_deref().or(cookie).unwrap_or_default();
    let page = LoginPage {
        issuer,
        client: &request.client,
        controls: issuer.login.controls(),
        notice,
        action: &request.url(),
        csrf: &issuer.csrf.token(id, &request.query),
    };
    let mut response = page.into_response();
    if let Some(cookie) = fresh.and_then(|id| issuer.cookie.set(&id)) {
        response.headers_mut().insert(SET_COOKIE, cookie);
    }
    Ok(response)
}

/// Each scope, what it is for and brings along, and whether this person allowed it to this client before.
fn describe<'a>(issuer: &'a Issuer, scopes: &'a ScopeSet, allowed: &ScopeSet) -> Vec<ScopeLine<'a>> {
    let declared = &issuer.scopes;
    let line = |scope: &'a Scope| {
        let besides = declared.implied_by(scope).filter(|narrower| !scopes.contains(narrower.as_str()));
        ScopeLine {
            scope: scope.as_str(),
            description: declared.description(scope),
            includes: besides.map(|narrower| (narrower.as_str(), declared.description(narrower))).collect(),
            before: allowed.contains(scope.as_str()),
        }
    };
    scopes.iter().map(line).collect()
}

/// A new identifier at each login: one that somebody planted in the browser before is worth nothing after it.
async fn begin_session(
    issuer: &Issuer,
    before: &str,
    request: &AuthorizationRequest,
    subject: String,
) -> Result<Response, Refusal> {
    let now = issuer.now();
    let id = secret(&*issuer.ambient.random);
    tracing::info!(?subject, client_id = %request.client.id, "user logged in");
    let session = Session { subject, expires_at: now.saturating_add(issuer.lifetimes.session) };
    issuer.store.begin_session(Some(SecretHash::of(before)), SecretHash::of(&id), session, now).await?;
    let mut response = see_other(&request.url());
    if let Some(cookie) = issuer.cookie.set(&id) {
        response.headers_mut().insert(SET_COOKIE, cookie);
    }
    Ok(response)
}

/// Issues the code (OAuth 2.1 §4.1.2).
async fn allow(
    issuer: &Issuer,
    request: &AuthorizationRequest,
    session: Session,
) -> Result<Response, Refusal> {
    let now = issuer.now();
    let code = secret(&*issuer.ambient.random);
    tracing::info!(
        client_id = %request.client.id, subject = ?session.subject, scope = %request.scopes,
        "access allowed by the user"
    );
    let grant = CodeGrant {
        client_id: request.client.id.clone(),
        subject: session.subject,
        redirect_uri: request.answer.redirect_uri.clone(),
        code_challenge: request.code_challenge.clone(),
        resource: issuer.resource.clone(),
        scopes: request.scopes.clone(),
        expires_at: now.saturating_add(issuer.lifetimes.code),
    };
    issuer.store.add_code(SecretHash::of(&code), grant, now).await?;
    Ok(request.answer.code(&code))
}

impl Refusal {
    /// Tells the client by redirect, or else the person by a page: never by redirect to where nobody vouches for.
    fn respond(self, issuer: &Issuer) -> Response {
        match self {
            Self::Tell(answer, refusal) => {
                tracing::warn!(reason = %refusal, redirect_uri = %answer.redirect_uri, "authorization request refused");
                let (code, description) = refusal.wire();
                answer.error(code, &description)
            }
            Self::Untrusted(untrusted) => {
                tracing::warn!(reason = %untrusted, "authorization request refused, no redirect");
                untrusted.page(issuer).into_response()
            }
            Self::Store(error) => {
                tracing::error!(%error, cause = ?error.0, "authorization request failed");
                let said = Said {
                    title: "This does not work now",
                    why: "The authorization server cannot reach what it remembers.",
                    next: "Reload this page in a moment. Its log says more.",
                };
                ErrorPage::new(issuer, StatusCode::SERVICE_UNAVAILABLE, said).into_response()
            }
        }
    }
}
