//! `POST /authorize`: the person's decision, sent by one of our own forms.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use http::{HeaderMap, Uri};
use mcp_auth_store::{Arrival, Browser, Code, GrantType, SecretHash};

use super::get::page;
use super::refusal::{Refusal, Untrusted};
use super::request::AuthorizationRequest;
use super::response::see_other;
use crate::endpoint::login_step::Answered;
use crate::endpoint::own_form::OwnForm;
use crate::issuer::Issuer;
use crate::person::page::Notice;
use crate::secret::secret;

/// `POST /authorize`: the person's decision, sent by one of our own forms.
pub(crate) async fn post(
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

async fn decide(issuer: &Issuer, uri: &Uri, headers: &HeaderMap, body: Body) -> Result<Response, Refusal> {
    OwnForm::is_sent_by_own_page(issuer, headers)?;
    let request = AuthorizationRequest::read(issuer, uri.query().unwrap_or_default()).await?;
    let form: Result<_, Refusal> = OwnForm::read(issuer, headers, body, (&request.shown, &request.url)).await;
    let OwnForm { fields: form, cookie, browser } = form?;
    let session =
        browser.filter(|browser| request.checked.login.is_met_by(browser, request.hash(), issuer.now()));
    let token = form.get("csrf").unwrap_or_default();

    match (form.get("decision"), session) {
        (Some("login"), _) => match request.login_step().answered(issuer, headers, cookie, &form).await? {
            Answered::Person(user) => Ok(request.login_step().begin(issuer, cookie, user).await?),
            Answered::Page(page) => Ok(page),
        },
        (Some("logout"), _) => {
            issuer.store.browser_sessions().end(SecretHash::of(cookie)).await?;
            Ok(see_other(&request.url))
        }
        (Some("allow"), Some(session)) => {
            count_once(issuer, &request, token, &session).await?;
            allow(issuer, &request, session).await
        }
        (Some("deny"), Some(session)) => {
            count_once(issuer, &request, token, &session).await?;
            tracing::info!(client_id = %request.client.id, subject = ?session.subject, "access denied by the user");
            Ok(request.denied())
        }
        // The login page has this button too: a person can deny without logging in.
        (Some("deny"), None) => {
            tracing::info!(client_id = %request.client.id, "access denied by a user who did not log in");
            request.denied_before_login(issuer).await
        }
        // The session ended while the page was open, so the person logs in again for the same request.
        (Some("allow"), None) => page(issuer, headers, &request, Some(Notice::Ended)).await,
        (_, _) => Err(Untrusted::Stale { page: request.url.clone() }.into()),
    }
}

/// Each page that asks for a decision is answered once: a form that is posted again gives no second code. What was spent
/// is remembered until the login it was shown to ends, after which the form counts no more anyway.
async fn count_once(
    issuer: &Issuer,
    request: &AuthorizationRequest,
    token: &str,
    session: &Browser,
) -> Result<(), Refusal> {
    match issuer.store.spent().spend(SecretHash::of(token), session.expires_at, issuer.now()).await? {
        true => Ok(()),
        false => Err(Untrusted::Answered { page: request.url.clone() }.into()),
    }
}

/// Issues the code (OAuth 2.1 §4.1.2).
async fn allow(
    issuer: &Issuer,
    request: &AuthorizationRequest,
    session: Browser,
) -> Result<Response, Refusal> {
    let now = issuer.now();
    // No person answers so many pages: a program of theirs does, and each answer is kept.
    let key = format!("issuer-codes {}", session.subject);
    if let Arrival::TooSoon { .. } =
        issuer.store.counters().arrive(&key, issuer.codes, now.saturating_mul(1_000_000)).await?
    {
        return Err(Untrusted::TooOften { page: request.url.clone() }.into());
    }
    let text = secret(&*issuer.ambient.random);
    tracing::info!(
        client_id = %request.client.id, subject = ?session.subject, scope = %request.checked.scopes,
        "access allowed by the user"
    );
    let code = Code {
        client_id: request.client.id.clone(),
        subject: session.subject,
        redirect_uri: request.answer.redirect_uri.clone(),
        code_challenge: request.checked.code_challenge.clone(),
        resource: issuer.resource.to_string(),
        scopes: request.checked.scopes.clone(),
        refresh: request.client.may(GrantType::RefreshToken),
        authentication: session.authentication,
        dpop_jkt: None,
        expires_at: now.saturating_add(issuer.lifetimes.code),
    };
    issuer.store.codes().issue(SecretHash::of(&text), code, now).await?;
    Ok(request.answer.code(&text))
}
