//! The refresh token grant (OAuth 2.1 §4.3): each use replaces the token, and an old one kills the grant.
//!
//! A refresh token is `<grant>.<secret>`. A client that knows the identifier of a grant has held one of its tokens,
//! so a secret that is not the current one belongs to an old token: the token was copied. It is unknown whether the
//! client or the attacker presents it (§4.3.1).

use mcp_auth_core::{ScopeSet, SecretText};
use mcp_auth_store::{Client, Grant, GrantType, Rotate, Rotation, SecretHash, grant_name};

use super::grant_type::may_use;
use super::issued::{Issued, To};
use super::new_grant::expiry;
use super::proof::Proven;
use super::resource::verify_resource;
use super::{Authenticated, Binding, Refusal, scope};
use crate::client::assertion::named_by;
use crate::client::document::{DocumentError, lists_redirect_uri};
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
            Ok(Refusal::Grant("the document of the client took the grant back"))
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

/// Ends `grant`, and gives what the client is told. As everything that ends a grant: a copied token does not come back when the cause is taken
/// away again.
async fn end(issuer: &Issuer, grant: &Grant, why: &'static str) -> Result<Refusal, Refusal> {
    issuer.store.grants().revoke(&grant.subject, &grant.id, issuer.now()).await?;
    ended(grant, &why);
    Ok(Refusal::Grant(why))
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
    verify_person(issuer, &grant).await?;
    verify_not_denied(issuer, token, &grant).await?;
    verify_age(issuer, &grant).await?;
    verify_grant_resource(issuer, &grant).await?;
    verify_redirect_uri(issuer, client, &grant).await?;
    verify_client_key(issuer, client, &grant).await?;
    verify_resource(issuer, params)?;
    // A narrower scope applies to this access token only; the grant keeps its scopes (OAuth 2.1 §4.3.2).
    let scopes = scope::within(issuer, params, &grant.scopes)?;
    proven.is_by(grant.dpop_jkt.as_deref())?;
    let bound_refresh = proven.bound_refresh(client);
    let binding = proven.use_up(issuer).await?;
    let access_token = access_token(issuer, &grant, &scopes, &binding)?;
    let refresh_token = rotate(issuer, client, (&presented, &grant), bound_refresh).await?;

    let to = To::new("refresh_token", &client.id, &*grant.subject, Some(grant_name(&grant.id)));
    Ok(Issued::new(issuer, access_token, Some(refresh_token), &scopes, &binding, to))
}

/// The grant that the refresh token belongs to. Whether it is the current token is decided where it is [replaced](rotate).
async fn find<'p>(issuer: &Issuer, token: &'p str) -> Result<(PresentedRefreshToken<'p>, Grant), Refusal> {
    let presented =
        PresentedRefreshToken::parse(token).ok_or(Refusal::Grant("not a refresh token of this issuer"))?;
    let grant = issuer.store.grants().find(presented.grant, issuer.now()).await?;
    let grant = grant.ok_or(Refusal::Grant("the refresh token is unknown, expired or revoked"))?;
    Ok((presented, grant))
}

/// The refresh token was issued to the client that presents it.
fn verify_client(client: &Client, grant: &Grant) -> Result<(), Refusal> {
    match grant.client_id == client.id {
        true => Ok(()),
        false => Err(Refusal::Grant("the refresh token was issued to another client")),
    }
}

/// The person may log in, or the grant ends.
async fn verify_person(issuer: &Issuer, grant: &Grant) -> Result<(), Refusal> {
    match issuer.knows(&grant.subject, &grant.authentication).await.map_err(Refusal::Login)? {
        true => Ok(()),
        false => Err(end(issuer, grant, "its person can no longer log in: the grant is dead").await?),
    }
}

/// The operator does not deny the grant, or it ends.
async fn verify_not_denied(issuer: &Issuer, token: &str, grant: &Grant) -> Result<(), Refusal> {
    match issuer.is_denied_by_operator(token, (&grant.subject, &grant.client_id), grant.granted_at) {
        true => Err(end(issuer, grant, "denied by auth.deny: the grant is dead").await?),
        false => Ok(()),
    }
}

/// The grant is not older, and was not unused for longer, than it may be now, or it ends: it may be less than when the grant was used last.
async fn verify_age(issuer: &Issuer, grant: &Grant) -> Result<(), Refusal> {
    let (idle, age, now) = (issuer.lifetimes.refresh_token, issuer.lifetimes.grant, issuer.now());
    match grant.last_used.saturating_add(idle) <= now || grant.granted_at.saturating_add(age) <= now {
        true => Err(end(issuer, grant, "the grant is older than it may be: it is dead").await?),
        false => Ok(()),
    }
}

/// The grant is for this server, or it ends: after a change of the public URL its access tokens would be refused everywhere.
async fn verify_grant_resource(issuer: &Issuer, grant: &Grant) -> Result<(), Refusal> {
    match issuer.resource == *grant.resource {
        true => Ok(()),
        false => {
            let why = "the grant is for another resource than this server: the grant is dead";
            Err(end(issuer, grant, why).await?)
        }
    }
}

/// The client is what the person allowed, or the grant ends: it lists the redirect URI, or, where a device asked and there was none, it may
/// use devices.
async fn verify_redirect_uri(issuer: &Issuer, client: &Client, grant: &Grant) -> Result<(), Refusal> {
    let is_listed = match grant.redirect_uri.is_empty() {
        true => client.may(GrantType::DeviceCode),
        false => lists_redirect_uri(client, &grant.redirect_uri),
    };
    match is_listed {
        true => Ok(()),
        false => {
            let why = "the client no longer lists the redirect URI of the grant: the grant is dead";
            Err(end(issuer, grant, why).await?)
        }
    }
}

/// The client authenticates by the key that the grant is for, or the grant ends: a document can lose a key, or become that of a public client,
/// and then whoever holds the refresh token, or another key, would be the client (draft-02 §8.4). The operator's own clients are what the
/// operator says.
async fn verify_client_key(issuer: &Issuer, client: &Authenticated, grant: &Grant) -> Result<(), Refusal> {
    let is_the_same = match (&grant.client_key, &client.key) {
        _ if issuer.is_named(&client.id) => true,
        (None, None) => true,
        (Some(before), Some(now)) => *before == now.thumbprint || now.keys.contain(before),
        (Some(_), None) | (None, Some(_)) => false,
    };
    match is_the_same {
        true => Ok(()),
        false => {
            let why = "the client no longer authenticates by the key of the grant: the grant is dead";
            Err(end(issuer, grant, why).await?)
        }
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
            let why = "an old refresh token was used: its family is dead";
            ended(grant, &why);
            return Err(Refusal::Replay(why));
        }
        Rotation::Gone => return Err(Refusal::Grant("the refresh token is unknown, expired or revoked")),
    };
    Ok(format!("{}.{next}", grant.id))
}
