//! Token revocation (RFC 7009): a client gives up a token that it no longer needs: a refresh token with its whole grant, or one access token.

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::CACHE_CONTROL;
use mcp_auth_store::{Rate, Revoked, grant_name};

use super::client_request::{ClientRequest, InvalidGrant, Refusal};
use super::token::PresentedRefreshToken;
use crate::client::document::DocumentError;
use crate::issuer::Issuer;
use crate::key::OurToken;
use crate::observe::token::{GrantEnded, RevocationRefused, TokenRevoked};
use crate::observe::{Event as _, Reason, Word};
use crate::rate_limit::RateLimit;
use crate::request::Params;
use crate::request::oauth_error::NO_STORE;

/// An access token is good nowhere any more so long after its end, in seconds, whatever a server allows for clocks.
const EXPIRED_EVERYWHERE: u64 = 10 * 60;

/// `POST /revoke`
pub(super) async fn post(State(issuer): State<Arc<Issuer>>, mut request: ClientRequest) -> Response {
    match revoke(&issuer, &mut request).await {
        Ok(()) => (StatusCode::OK, [(CACHE_CONTROL, NO_STORE)]).into_response(),
        Err(refusal) => request.refused(&refusal, |client_id, address, reason| {
            RevocationRefused { client_id, address, reason }.happened();
        }),
    }
}

/// The steps in their order. A token that is unknown or already dead counts as revoked (§2.2); a token of another client is refused (§2.1).
async fn revoke(issuer: &Issuer, request: &mut ClientRequest) -> Result<(), Refusal> {
    let params = request.form().await?;
    let client_id = holder(issuer, request, &params).await?;
    let token = params.get("token").ok_or(Refusal::Missing("token"))?;
    match issuer.keys.ours(token, issuer.origin.as_str(), issuer.now()).await? {
        Some(ours) => access_token(issuer, ours, &client_id, request.address).await,
        None => refresh_token(issuer, token, &client_id, request.address).await,
    }
}

/// The client that gives the token up. Who describes itself and cannot be read now may do so too: it has no secret that could be wrong, and
/// who holds a token may give it up.
async fn holder(issuer: &Issuer, request: &mut ClientRequest, params: &Params) -> Result<String, Refusal> {
    match request.client(issuer, params).await {
        Ok(client) => Ok(client.client.id),
        // It authenticates by a key that cannot be looked at now.
        Err(Refusal::Document(error @ (DocumentError::JwksUri(_) | DocumentError::Keys(_)))) => {
            Err(Refusal::Document(error))
        }
        Err(Refusal::Document(_)) => Ok(params.get("client_id").unwrap_or_default().to_owned()),
        Err(refusal) => Err(refusal),
    }
}

/// Ends the grant of a refresh token.
async fn refresh_token(
    issuer: &Issuer,
    token: &str,
    client_id: &str,
    address: Option<IpAddr>,
) -> Result<(), Refusal> {
    let Some(presented) = PresentedRefreshToken::parse(token) else { return Ok(()) };
    let grants = issuer.store.grants();
    let Some(grant) = grants.find(presented.grant, issuer.now()).await? else { return Ok(()) };
    if grant.client_id != client_id {
        return Err(InvalidGrant::RefreshTokenOfOtherClient.into());
    }
    grants.revoke(&grant.subject, &grant.id, issuer.now()).await?;
    GrantEnded {
        by: Word("client"),
        client_id,
        subject: &grant.subject,
        grant_id: Some(&grant_name(&grant.id)),
        address,
        reason: Reason::Refused(&"its refresh token was revoked"),
    }
    .happened();
    Ok(())
}

/// Revokes one access token. Every server has to know each entry, so nobody makes many. Of a person of whom many tokens were revoked, the
/// whole grant ends (RFC 7009 §2.1), and where those are many too, all access tokens of the person. What a client of the operator gets without a
/// page, or in exchange, it can get as often as it likes: where it revokes too many, all access tokens are revoked that it has for the subject of
/// this one, and none of what other people allowed it.
async fn access_token(
    issuer: &Issuer,
    ours: OurToken,
    client_id: &str,
    address: Option<IpAddr>,
) -> Result<(), Refusal> {
    if ours.client_id != client_id {
        return Err(InvalidGrant::AccessTokenOfOtherClient.into());
    }
    let now = issuer.now();
    if now >= ours.exp.saturating_add(EXPIRED_EVERYWHERE) {
        return Ok(());
    }
    let (revocations, rates) = (issuer.store.revocations(), issuer.revocations);
    // To revoke it again changes nothing, and does not count.
    if revocations.is_revoked(ours.revocable()).await? {
        return Ok(());
    }
    let is_exchanged = ours.more.contains_key("act");
    match ours.grant_id {
        Some(grant) if !is_exchanged => {
            let count = async |what: &str, rate| counts(issuer, &format!("{what} {}", ours.sub), rate).await;
            let ended = if count("issuer-revocations", rates.of_a_person).await? {
                revocations.revoke(Revoked::Token(ours.jti), now).await?;
                "token"
            } else if count("issuer-revoked-grants", rates.grants_of_a_person).await? {
                // Its refresh token too: it would only give access tokens that are refused.
                issuer.store.end_named_grant(&ours.sub, &grant, now).await?;
                "grant"
            } else {
                // Nobody has to log in again for this: other clients refresh.
                issuer.store.end_named_grant(&ours.sub, &grant, now).await?;
                revocations.revoke(Revoked::Person(ours.sub.clone()), now).await?;
                "person"
            };
            TokenRevoked { client_id, subject: &ours.sub, ended: Word(ended), address }.happened();
        }
        grant => {
            let key = format!("issuer-client-revocations {client_id}");
            if !counts(issuer, &key, rates.of_a_client).await? {
                let subject = ours.sub.clone();
                let of_subject = Revoked::ClientOfPerson { client_id: client_id.to_owned(), subject };
                revocations.revoke(of_subject, now).await?;
                TokenRevoked { client_id, subject: &ours.sub, ended: Word("client"), address }.happened();
                return Ok(());
            }
            revocations.revoke(Revoked::Token(ours.jti.clone()), now).await?;
            if grant.is_none() {
                // What it was exchanged for takes it for a grant.
                revocations.revoke(Revoked::Grant(grant_name(&ours.jti)), now).await?;
            }
            TokenRevoked { client_id, subject: &ours.sub, ended: Word("token"), address }.happened();
        }
    }
    Ok(())
}

/// Counts one entry under `key`, and says whether it is within the rate.
async fn counts(issuer: &Issuer, key: &str, rate: Rate) -> Result<bool, Refusal> {
    Ok(RateLimit::of(key, rate).count(&issuer.store, issuer.now()).await?.is_ok())
}
