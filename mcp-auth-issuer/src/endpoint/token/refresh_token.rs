//! The refresh token grant (OAuth 2.1 §4.3): each use replaces the token, and an old one kills the grant.
//!
//! A refresh token is `<grant>.<secret>`. A client that knows the identifier of a grant has held one of its tokens,
//! so a secret that is not the current one belongs to an old token: the token was copied. It is unknown whether the
//! client or the attacker presents it (§4.3.1).

use super::Refusal;
use super::issued::Issued;
use super::resource::verify_resource;
use crate::client::document::{DocumentError, still_allows};
use crate::client::scopes::first_missing;
use crate::issuer::{Grantee, Issuer};
use crate::request::Params;
use crate::secret::{identifier, secret};
use mcp_auth_store::{Client, Code, Grant, Rotate, Rotation, SecretHash};

/// A refresh token as a client presents it.
pub(crate) struct PresentedRefreshToken<'a> {
    pub(crate) grant: &'a str,
    secret: &'a str,
}

impl<'a> PresentedRefreshToken<'a> {
    /// `None` if the text does not have the form of a refresh token.
    pub(crate) fn parse(token: &'a str) -> Option<Self> {
        let (grant, secret) = token.split_once('.')?;
        (!grant.is_empty() && !secret.is_empty() && !secret.contains('.')).then_some(Self { grant, secret })
    }
}

/// Makes a grant from `code`, and its first refresh token.
pub(super) fn new_grant(issuer: &Issuer, code: &Code) -> (String, Grant) {
    let (id, secret) = (identifier(&*issuer.ambient.random), secret(&*issuer.ambient.random));
    let token = format!("{id}.{secret}");
    let grant = Grant {
        id,
        client_id: code.client_id.clone(),
        subject: code.subject.clone(),
        resource: code.resource.clone(),
        scopes: code.scopes.clone(),
        auth_time: code.auth_time,
        current: SecretHash::of(&secret),
        expires_at: issuer.now().saturating_add(issuer.lifetimes.refresh_token),
    };
    (token, grant)
}

/// Where the answer went that made `grant`; `None` where that is not known, as for every grant that does not keep it.
fn redirect_uri_of(_grant: &Grant) -> Option<&str> {
    None
}

/// Ends the grant that `params` would refresh, because the document of its client has changed in a way that takes it back
/// (draft-ietf-oauth-client-id-metadata-document-02 §8.4). Returns what the client is told.
pub(super) async fn taken_back(
    issuer: &Issuer,
    params: &Params,
    error: DocumentError,
) -> Result<Refusal, Refusal> {
    let token = params.get("refresh_token").filter(|_| params.get("grant_type") == Some("refresh_token"));
    let Some(presented) = token.and_then(PresentedRefreshToken::parse) else {
        return Ok(Refusal::Document(error));
    };
    match issuer.store.grants().find(presented.grant, issuer.now()).await? {
        // A public client names itself in the form alone.
        Some(grant) if params.get("client_id") == Some(&*grant.client_id) => {
            issuer.store.grants().revoke(&grant.id).await?;
            tracing::warn!(client_id = %grant.client_id, subject = ?grant.subject, %error, "grant ended by the document of its client");
            Ok(Refusal::Grant("the document of the client took the grant back"))
        }
        Some(_) | None => Ok(Refusal::Document(error)),
    }
}

pub(super) async fn issue(issuer: &Issuer, client: &Client, params: &Params) -> Result<Issued, Refusal> {
    let token = params.get("refresh_token").ok_or(Refusal::Missing("refresh_token"))?;
    let presented =
        PresentedRefreshToken::parse(token).ok_or(Refusal::Grant("not a refresh token of this issuer"))?;
    let now = issuer.now();
    let grant = issuer.store.grants().find(presented.grant, now).await?;
    let grant = grant.ok_or(Refusal::Grant("the refresh token is unknown, expired or revoked"))?;
    if grant.client_id != client.id {
        return Err(Refusal::Grant("the refresh token was issued to another client"));
    }
    if redirect_uri_of(&grant).is_some_and(|uri| !still_allows(client, uri)) {
        issuer.store.grants().revoke(&grant.id).await?;
        return Err(Refusal::Grant(
            "the client no longer lists the redirect URI of the grant: the grant is dead",
        ));
    }
    verify_resource(issuer, params)?;
    let requested = issuer.scopes.requested(params.get("scope")).map_err(Refusal::Scope)?;
    // A narrower scope applies to this access token only; the grant keeps its scopes (OAuth 2.1 §4.3.2).
    let scopes = requested.unwrap_or_else(|| issuer.scopes.known_of(&grant.scopes));
    if let Some(scope) = first_missing(&scopes, &grant.scopes) {
        return Err(Refusal::ScopeNotGranted(scope.clone()));
    }

    let access_token = issuer.access_token(&Grantee {
        subject: &grant.subject,
        client_id: &client.id,
        resource: &grant.resource,
        scopes: &scopes,
        // Nobody logs in to refresh (RFC 9068 §2.2.1).
        auth_time: Some(grant.auth_time),
    })?;
    let next = secret(&*issuer.ambient.random);
    let rotate = Rotate {
        presented: SecretHash::of(presented.secret),
        next: SecretHash::of(&next),
        expires_at: now.saturating_add(issuer.lifetimes.refresh_token),
    };
    match issuer.store.grants().rotate(&grant.id, rotate, now).await? {
        Rotation::Rotated => {}
        Rotation::Reused => {
            return Err(Refusal::Replay("an old refresh token was used: its family is dead"));
        }
        Rotation::Gone => return Err(Refusal::Grant("the refresh token is unknown, expired or revoked")),
    }
    tracing::info!(
        client_id = %client.id, subject = ?grant.subject, scope = %scopes, grant = "refresh_token",
        "access token issued"
    );
    Ok(Issued::new(issuer, access_token, Some(format!("{}.{next}", grant.id)), &scopes))
}
