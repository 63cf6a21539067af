//! The refresh token grant (OAuth 2.1 §4.3): each use replaces the token, and an old one kills the grant.
//!
//! A refresh token is `<grant>.<secret>`. A client that knows the identifier of a grant has held one of its tokens,
//! so a secret that is not the current one belongs to an old token: the token was copied. It is unknown whether the
//! client or the attacker presents it (§4.3.1).

use super::Refusal;
use super::issued::Issued;
use super::resource::verify_resource;
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
