//! Issues the code (OAuth 2.1 §4.1.2).

use axum::response::Response;
use mcp_auth_core::ScopeSet;
use mcp_auth_store::{Browser, Code, GrantType, SecretHash};

use super::refusal::{Refusal, Untrusted};
use super::request::AuthorizationRequest;
use crate::issuer::Issuer;
use crate::observe::Event as _;
use crate::observe::client::ClientEvicted;
use crate::rate_limit::{RateLimit, TooSoon};
use crate::secret::secret;

/// Gives the client a code for `scopes`, which this person allowed at the browser of this session identifier.
pub(super) async fn grant(
    issuer: &Issuer,
    request: &AuthorizationRequest,
    (cookie, person): (&str, Browser),
    scopes: ScopeSet,
) -> Result<Response, Refusal> {
    let now = issuer.now();
    // No person answers so many pages: a program of theirs does, and each answer is kept.
    let limit = RateLimit::of(format!("issuer-codes {}", person.subject), issuer.codes);
    if let Err(TooSoon { retry_after }) = limit.count(&issuer.store, now).await? {
        return Err(Untrusted::TooOften { page: request.url.clone(), retry_after }.into());
    }
    request.use_up(issuer, cookie).await?;
    let text = secret(&*issuer.ambient.random);
    let code = Code {
        client_id: request.client.id.clone(),
        subject: person.subject,
        redirect_uri: request.answer.redirect_uri.clone(),
        code_challenge: request.checked.code_challenge.clone(),
        resource: issuer.resource.to_string(),
        scopes,
        refresh: request.client.may(GrantType::RefreshToken),
        authentication: person.authentication,
        dpop_jkt: request.checked.dpop_jkt.clone(),
        expires_at: now.saturating_add(issuer.lifetimes.code),
    };
    let evicted = issuer.store.codes().issue(SecretHash::of(&text), code, now).await?;
    evicted.iter().for_each(|client_id| ClientEvicted { client_id }.happened());
    Ok(request.answer.code(&text))
}
