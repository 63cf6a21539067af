//! `GET /authorize`: shows the page for an authorization request. It changes nothing.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, Uri};
use mcp_auth_core::{Scope, ScopeSet};

use super::refusal::{Refusal, Untrusted};
use super::request::AuthorizationRequest;
use crate::issuer::Issuer;
use crate::person::page::{Consent, Notice, ScopeLine};

/// `GET /authorize`
pub(crate) async fn get(State(issuer): State<Arc<Issuer>>, uri: Uri, headers: HeaderMap) -> Response {
    match show(&issuer, &uri, &headers).await {
        Ok(response) => response,
        Err(refusal) => refusal.respond(&issuer),
    }
}

async fn show(issuer: &Issuer, uri: &Uri, headers: &HeaderMap) -> Result<Response, Refusal> {
    if !issuer.origin.is_host_of(headers) {
        return Err(Untrusted::Host.into());
    }
    // A page of anybody's could make this browser ask for as many clients as it likes, by pictures for example.
    if headers.get("sec-fetch-mode").is_some_and(|mode| mode != "navigate") {
        return Err(Untrusted::NotNavigated.into());
    }
    let request = AuthorizationRequest::read(issuer, uri.query().unwrap_or_default()).await?;
    page(issuer, headers, &request, None).await
}

/// The login page, or the consent page if a person is logged in. The person is asked every time: a client's name and
/// identifier prove nothing, so an earlier consent does not apply to this request.
pub(super) async fn page(
    issuer: &Issuer,
    headers: &HeaderMap,
    request: &AuthorizationRequest,
    notice: Option<Notice>,
) -> Result<Response, Refusal> {
    let (cookie, session) = issuer.session(headers).await?;
    let session =
        session.filter(|session| request.checked.login.is_met_by(session, request.hash(), issuer.now()));
    if request.checked.no_interaction {
        return Err(request.needs_interaction(issuer, session.is_some()).await);
    }
    if let (Some(cookie), Some(session)) = (cookie, session) {
        let allowed = issuer.store.consents().allowed(&session.subject, &request.client.id).await?;
        let csrf = issuer.csrf.token(cookie, &request.shown, &*issuer.ambient.random).await?;
        let page = Consent {
            issuer,
            client: &request.client,
            redirect_uri: &request.answer.redirect_uri,
            subject: &session.subject,
            scopes: describe(issuer, &request.checked.scopes, &allowed),
            action: &request.url,
            csrf: &csrf,
        };
        return Ok(page.into_response());
    }

    Ok(request.login_step().page(issuer, headers, notice).await?)
}

/// Each scope with its description, the scopes it implies, and whether this person allowed it to this client before. What the
/// server itself names comes first: of scopes with a value a client asks for as many as it likes.
fn describe<'a>(issuer: &'a Issuer, scopes: &'a ScopeSet, allowed: &ScopeSet) -> Vec<ScopeLine<'a>> {
    let declared = &issuer.scopes;
    let line = |scope: &'a Scope| {
        let besides = declared.implied_by(scope).filter(|narrower| !scopes.contains(narrower.as_str()));
        ScopeLine {
            scope: scope.as_str(),
            told: declared.described(scope),
            includes: besides.map(|narrower| (narrower.as_str(), declared.described(narrower))).collect(),
            before: allowed.contains(scope.as_str()),
        }
    };
    let (named, filled): (Vec<_>, Vec<_>) =
        scopes.iter().partition(|scope| declared.is_named(scope.as_str()));
    named.into_iter().chain(filled).map(line).collect()
}
