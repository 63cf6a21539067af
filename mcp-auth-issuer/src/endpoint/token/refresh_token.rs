//! The refresh token grant (OAuth 2.1 §4.3): each use replaces the token, and an old one kills the grant.
//!
//! A refresh token is `<grant>.<secret>`. A client that knows the identifier of a grant has held one of its tokens,
//! so a secret that is not the current one belongs to an old token: the token was copied. It is unknown whether the
//! client or the attacker presents it (§4.3.1).

use mcp_auth_core::{ScopeSet, SecretText};
use mcp_auth_store::{Client, Grant, GrantType, Rotate, Rotation, SecretHash, grant_name};

use super::issued::{Issued, To};
use super::may_go_on::why_over;
use super::new_grant::expiry;
use super::proof::Proven;
use super::renewed::renewed;
use super::{Binding, scope};
use crate::client::assertion::named_by;
use crate::client::document::DocumentError;
use crate::endpoint::client_request::{
    Authenticated, InvalidGrant, Refusal, Replayed, may_use, verify_resource,
};
use crate::issuer::{Grantee, Issuer};
use crate::observe::token::GrantEnded;
use crate::observe::{Event as _, Reason, Word};
use crate::request::Params;
use crate::secret::secret;

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

    /// Whether it is the only valid one of this grant.
    pub(crate) fn is_current_of(&self, grant: &Grant) -> bool {
        grant.current.matches(self.secret)
    }
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
    // A public client names itself in the form alone, and one that authenticates by a key in its assertion.
    let named =
        params.get("client_id").map(str::to_owned).or_else(|| named_by(params.get("client_assertion")?));
    match issuer.store.grants().find(presented.grant, issuer.now()).await? {
        Some(grant) if named.as_ref() == Some(&grant.client_id) => {
            issuer.store.grants().revoke(&grant.subject, &grant.id, issuer.now()).await?;
            ended(&grant, &error);
            Ok(InvalidGrant::TakenBack.into())
        }
        Some(_) | None => Ok(Refusal::Document(error)),
    }
}

/// Tells the operator that the issuer ended `grant`.
fn ended(grant: &Grant, why: &dyn std::fmt::Display) {
    let (client_id, subject) = (&*grant.client_id, &*grant.subject);
    let (by, name, reason) = (Word("issuer"), grant_name(&grant.id), Reason::Refused(why));
    GrantEnded { by, client_id, subject, grant_id: Some(&name), address: None, reason }.happened();
}

/// The grant is as good as on the first day, or it ends. As everything that ends a grant: a copied token does not come back when the cause is
/// taken away again.
async fn goes_on(issuer: &Issuer, client: &Authenticated, token: &str, grant: &Grant) -> Result<(), Refusal> {
    let keys = client.key.as_ref().map(|key| &*key.keys);
    let Some(over) = why_over(issuer, (client, keys), token, grant).await? else { return Ok(()) };
    let why = InvalidGrant::Over(over);
    issuer.store.grants().revoke(&grant.subject, &grant.id, issuer.now()).await?;
    ended(grant, &why);
    Err(why.into())
}

/// The grant as the login of its person is now, which may ask a provider, or it ends. Nothing is used up before that.
async fn as_of_now(
    issuer: &Issuer,
    presented: &PresentedRefreshToken<'_>,
    mut grant: Grant,
) -> Result<Grant, Refusal> {
    let is_current = presented.is_current_of(&grant);
    let renewed = renewed(issuer, &grant.subject, &grant.authentication, is_current).await;
    if let Err(Refusal::Grant(why)) = &renewed {
        ended(&grant, why);
    }
    grant.authentication = renewed?;
    Ok(grant)
}

/// The steps in their order: the grant is as good as on the first day, or it ends; then what the request asks for; the token is replaced last.
pub(super) async fn issue(
    issuer: &Issuer,
    client: &Authenticated,
    params: &Params,
    proven: Proven,
) -> Result<Issued, Refusal> {
    may_use(client, GrantType::RefreshToken)?;
    let token = params.get("refresh_token").ok_or(Refusal::Missing("refresh_token"))?;
    let (presented, grant) = find(issuer, token).await?;
    verify_client(client, &grant)?;
    goes_on(issuer, client, token, &grant).await?;
    verify_resource(issuer, params)?;
    // A narrower scope applies to this access token only; the grant keeps its scopes (OAuth 2.1 §4.3.2).
    let scopes = scope::within(issuer, params, &grant.scopes)?;
    proven.is_by(grant.dpop_jkt.as_deref())?;
    let grant = as_of_now(issuer, &presented, grant).await?;
    let bound_refresh = proven.bound_refresh(client);
    let binding = proven.use_up(issuer).await?;
    let access_token = access_token(issuer, &grant, &scopes, &binding)?;
    let refresh_token = rotate(issuer, client, (&presented, &grant), bound_refresh).await?;

    let to = To::new("refresh_token", &client.id, &*grant.subject, Some(grant_name(&grant.id)));
    Ok(Issued::new(issuer, access_token, Some(refresh_token), &scopes, &binding, to))
}

/// The grant that the refresh token belongs to. Whether it is the current token is decided where it is [replaced](rotate).
async fn find<'p>(issuer: &Issuer, token: &'p str) -> Result<(PresentedRefreshToken<'p>, Grant), Refusal> {
    let presented = PresentedRefreshToken::parse(token).ok_or(InvalidGrant::MalformedRefreshToken)?;
    let grant = issuer.store.grants().find(presented.grant, issuer.now()).await?;
    let grant = grant.ok_or(InvalidGrant::UnknownRefreshToken)?;
    Ok((presented, grant))
}

/// The refresh token was issued to the client that presents it.
fn verify_client(client: &Client, grant: &Grant) -> Result<(), Refusal> {
    match grant.client_id == client.id {
        true => Ok(()),
        false => Err(InvalidGrant::RefreshTokenOfOtherClient.into()),
    }
}

fn access_token(
    issuer: &Issuer,
    grant: &Grant,
    scopes: &ScopeSet,
    binding: &Binding,
) -> Result<String, Refusal> {
    Ok(issuer.access_token(&Grantee {
        subject: &grant.subject,
        client_id: &grant.client_id,
        resource: &grant.resource,
        scopes,
        // Nobody logs in to refresh (RFC 9068 §2.2.1).
        authentication: Some(&grant.authentication),
        grant_id: Some(&grant_name(&grant.id)),
        binding,
    })?)
}

/// Replaces the refresh token, and gives the next one. An old one ends the grant (OAuth 2.1 §4.3.1).
async fn rotate(
    issuer: &Issuer,
    client: &Authenticated,
    (presented, grant): (&PresentedRefreshToken<'_>, &Grant),
    dpop_jkt: Option<String>,
) -> Result<String, Refusal> {
    let (next, now) = (secret(&*issuer.ambient.random), issuer.now());
    let rotate = Rotate {
        presented: SecretHash::of(presented.secret),
        next: SecretText::new(next.clone()),
        expires_at: expiry(issuer, grant.granted_at, now),
        grace: issuer.lifetimes.refresh_grace,
        client_key: client.thumbprint(),
        dpop_jkt,
    };
    let next = match issuer.store.grants().rotate(&grant.id, rotate, now).await? {
        Rotation::Rotated => next,
        // Another process of the same client was first, a moment ago.
        Rotation::Again(next) => next.expose().to_owned(),
        Rotation::Reused => {
            let why = Replayed::RefreshToken;
            ended(grant, &why);
            return Err(why.into());
        }
        Rotation::Gone => return Err(InvalidGrant::UnknownRefreshToken.into()),
    };
    Ok(format!("{}.{next}", grant.id))
}
