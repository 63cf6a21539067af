//! The refresh token grant (OAuth 2.1 §4.3): each use replaces the token, and an old one kills the grant.
//!
//! A refresh token is `<grant>.<secret>`. A client that knows the identifier of a grant has held one of its tokens,
//! so a secret that is not the current one belongs to an old token: the token was copied. It is unknown whether the
//! client or the attacker presents it (§4.3.1).

use super::issued::{Issued, To};
use super::proof::Proven;
use super::resource::verify_resource;
use super::{Authenticated, Refusal};
use crate::client::assertion::named_by;
use crate::client::document::{DocumentError, still_allows};
use crate::client::scopes::first_missing;
use crate::issuer::{Grantee, Issuer};
use crate::observe::token::GrantEnded;
use crate::observe::{Event as _, Reason, Word};
use crate::request::Params;
use crate::secret::secret;
use mcp_auth_core::SecretText;
use mcp_auth_store::{Client, Code, Grant, GrantType, Rotate, Rotation, SecretHash, grant_name};

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

/// Makes the grant `id` from `code`, and its first refresh token. `dpop_jkt`: the key that its refresh tokens are bound to.
pub(super) fn new_grant(
    issuer: &Issuer,
    id: &str,
    client: &Authenticated,
    code: &Code,
    dpop_jkt: Option<String>,
) -> (String, Grant) {
    let (now, secret) = (issuer.now(), secret(&*issuer.ambient.random));
    let token = format!("{id}.{secret}");
    let grant = Grant {
        id: id.to_owned(),
        client_id: code.client_id.clone(),
        subject: code.subject.clone(),
        resource: code.resource.clone(),
        scopes: code.scopes.clone(),
        authentication: code.authentication.clone(),
        dpop_jkt,
        client_key: client.thumbprint(),
        redirect_uri: code.redirect_uri.clone(),
        granted_at: now,
        last_used: now,
        current: SecretHash::of(&secret),
        expires_at: ends(issuer, now, now),
    };
    (token, grant)
}

/// When a grant ends that was allowed at `granted_at` and is used `now`: when it is not used for too long, or is too old.
fn ends(issuer: &Issuer, granted_at: u64, now: u64) -> u64 {
    let idle = now.saturating_add(issuer.lifetimes.refresh_token);
    idle.min(granted_at.saturating_add(issuer.lifetimes.grant))
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

/// The same, and what the client is told.
fn dead(grant: &Grant, why: &'static str) -> Refusal {
    ended(grant, &why);
    Refusal::Grant(why)
}

/// Whether the client still is what the person allowed: it lists the redirect URI, or, where a device asked and there was none, it may
/// still use devices.
fn still_lists(client: &Client, grant: &Grant) -> bool {
    match grant.redirect_uri.is_empty() {
        true => client.may(GrantType::DeviceCode),
        false => still_allows(client, &grant.redirect_uri),
    }
}

/// Whether `client` is still the one that `grant` is for: a document can lose a key, or become that of a public client, and then whoever
/// holds the refresh token, or another key, would be the client (draft-02 §8.4). The operator's own clients are what the operator says.
fn authenticates_as_before(issuer: &Issuer, client: &Authenticated, grant: &Grant) -> bool {
    match (&grant.client_key, &client.key) {
        _ if issuer.is_named(&client.id) => true,
        (None, None) => true,
        (Some(before), Some(now)) => *before == now.thumbprint || now.keys.contain(before),
        (Some(_), None) | (None, Some(_)) => false,
    }
}

pub(super) async fn issue(
    issuer: &Issuer,
    client: &Authenticated,
    params: &Params,
    proven: Proven,
) -> Result<Issued, Refusal> {
    if !client.may(GrantType::RefreshToken) {
        return Err(Refusal::UnauthorizedClient);
    }
    let token = params.get("refresh_token").ok_or(Refusal::Missing("refresh_token"))?;
    let presented =
        PresentedRefreshToken::parse(token).ok_or(Refusal::Grant("not a refresh token of this issuer"))?;
    let now = issuer.now();
    let grant = issuer.store.grants().find(presented.grant, now).await?;
    let grant = grant.ok_or(Refusal::Grant("the refresh token is unknown, expired or revoked"))?;
    if grant.client_id != client.id {
        return Err(Refusal::Grant("the refresh token was issued to another client"));
    }
    if !issuer.knows(&grant.subject, &grant.authentication).await.map_err(Refusal::Login)? {
        issuer.store.grants().revoke(&grant.subject, &grant.id, now).await?;
        return Err(dead(&grant, "its person can no longer log in: the grant is dead"));
    }
    // As everything else that ends a grant: a copied token does not come back when the operator takes the rule out again.
    if issuer.denies(token, (&grant.subject, &grant.client_id), grant.granted_at) {
        issuer.store.grants().revoke(&grant.subject, &grant.id, now).await?;
        return Err(dead(&grant, "denied by auth.deny: the grant is dead"));
    }
    // The lifetimes of now: they may be shorter than when the grant was used last.
    let (idle, age) = (issuer.lifetimes.refresh_token, issuer.lifetimes.grant);
    if grant.last_used.saturating_add(idle) <= now || grant.granted_at.saturating_add(age) <= now {
        issuer.store.grants().revoke(&grant.subject, &grant.id, now).await?;
        return Err(dead(&grant, "the grant is older than it may be: it is dead"));
    }
    if !still_lists(client, &grant) {
        issuer.store.grants().revoke(&grant.subject, &grant.id, now).await?;
        return Err(dead(
            &grant,
            "the client no longer lists the redirect URI of the grant: the grant is dead",
        ));
    }
    if !authenticates_as_before(issuer, client, &grant) {
        issuer.store.grants().revoke(&grant.subject, &grant.id, now).await?;
        return Err(dead(
            &grant,
            "the client no longer authenticates by the key of the grant: the grant is dead",
        ));
    }
    verify_resource(issuer, params)?;
    let requested = issuer.scopes.requested(params.get("scope")).map_err(Refusal::Scope)?;
    // A narrower scope applies to this access token only; the grant keeps its scopes (OAuth 2.1 §4.3.2).
    let scopes = requested.unwrap_or_else(|| issuer.scopes.known_of(&grant.scopes));
    if let Some(scope) = first_missing(&scopes, &grant.scopes) {
        return Err(Refusal::ScopeNotGranted(scope.clone()));
    }
    proven.is_by(grant.dpop_jkt.as_deref())?;
    let dpop_jkt = proven.bound_refresh(client);
    let binding = proven.use_up(issuer).await?;

    let access_token = issuer.access_token(&Grantee {
        subject: &grant.subject,
        client_id: &client.id,
        resource: &grant.resource,
        scopes: &scopes,
        // Nobody logs in to refresh (RFC 9068 §2.2.1).
        authentication: Some(&grant.authentication),
        grant_id: Some(&grant_name(&grant.id)),
        binding: &binding,
    })?;
    let next = secret(&*issuer.ambient.random);
    let rotate = Rotate {
        presented: SecretHash::of(presented.secret),
        next: SecretText::new(next.clone()),
        expires_at: ends(issuer, grant.granted_at, now),
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
            ended(&grant, &why);
            return Err(Refusal::Replay(why));
        }
        Rotation::Gone => return Err(Refusal::Grant("the refresh token is unknown, expired or revoked")),
    };
    let to = To::new("refresh_token", &client.id, &*grant.subject, Some(grant_name(&grant.id)));
    Ok(Issued::new(issuer, access_token, Some(format!("{}.{next}", grant.id)), &scopes, &binding, to))
}
