//! The refresh token grant (OAuth 2.1 §4.3): each use replaces the token, and an old one kills the family.
//!
//! A refresh token is `<family>.<secret>`. Whoever knows a family's identifier has held one of its tokens, so any
//! other secret than the current one is an old token: somebody holds a copy. Who that is cannot be told (§4.3.1).

use super::Refusal;
use super::post::{Issued, verify_resource};
use crate::client::Client;
use crate::client::scopes::first_missing;
use crate::issuer::{Grantee, Issuer};
use crate::request::Params;
use crate::secret::{SecretHash, identifier, secret};
use crate::store::{CodeGrant, RefreshFamily, Rotation};

/// A refresh token as a client presents it.
pub(crate) struct PresentedRefreshToken<'a> {
    pub(crate) family: &'a str,
    secret: &'a str,
}

impl<'a> PresentedRefreshToken<'a> {
    /// None if it has not the shape of one.
    pub(crate) fn parse(token: &'a str) -> Option<Self> {
        let (family, secret) = token.split_once('.')?;
        (!family.is_empty() && !secret.is_empty() && !secret.contains('.')).then_some(Self { family, secret })
    }
}

/// A family for what `grant` allows, and its first token.
pub(super) fn new_family(issuer: &Issuer, grant: &CodeGrant) -> (String, RefreshFamily) {
    let (id, secret) = (identifier(&*issuer.ambient.random), secret(&*issuer.ambient.random));
    let token = format!("{id}.{secret}");
    let family = RefreshFamily {
        id,
        client_id: grant.client_id.clone(),
        subject: grant.subject.clone(),
        resource: grant.resource.clone(),
        scopes: grant.scopes.clone(),
        current: SecretHash::of(&secret),
        expires_at: issuer.now().saturating_add(issuer.lifetimes.refresh_token),
    };
    (token, family)
}

pub(super) async fn issue(issuer: &Issuer, client: &Client, params: &Params) -> Result<Issued, Refusal> {
    let token = params.get("refresh_token").ok_or(Refusal::Missing("refresh_token"))?;
    let presented = PresentedRefreshToken::parse(token).ok_or(Refusal::Grant("no refresh token of ours"))?;
    let now = issuer.now();
    let family = issuer.store.family(presented.family, now).await?;
    let family = family.ok_or(Refusal::Grant("the refresh token is unknown, expired or revoked"))?;
    if family.client_id != client.id {
        return Err(Refusal::Grant("the refresh token was issued to another client"));
    }
    verify_resource(issuer, params)?;
    let requested = issuer.scopes.requested(params.get("scope")).map_err(Refusal::Scope)?;
    // Narrower for this access token; the family keeps what was granted (OAuth 2.1 §4.3.2).
    let scopes = requested.unwrap_or_else(|| family.scopes.clone());
    if let Some(scope) = first_missing(&scopes, &family.scopes) {
        return Err(Refusal::ScopeNotGranted(scope.clone()));
    }

    let access_token = issuer.access_token(&Grantee {
        subject: &family.subject,
        client_id: &client.id,
        resource: &family.resource,
        scopes: &scopes,
    })?;
    let next = secret(&*issuer.ambient.random);
    let expires_at = now.saturating_add(issuer.lifetimes.refresh_token);
    let hashes = (SecretHash::of(presented.secret), SecretHash::of(&next));
    match issuer.store.rotate_refresh(&family.id, hashes.0, hashes.1, expires_at, now).await? {
        Rotation::Rotated => {}
        Rotation::Reused => {
            return Err(Refusal::Replay("an old refresh token was used: its family is dead"));
        }
        Rotation::Gone => return Err(Refusal::Grant("the refresh token is unknown, expired or revoked")),
    }
    tracing::info!(
        client_id = %client.id, subject = ?family.subject, scope = %scopes, grant = "refresh_token",
        "access token issued"
    );
    Ok(Issued::new(issuer, access_token, Some(format!("{}.{next}", family.id)), &scopes))
}
