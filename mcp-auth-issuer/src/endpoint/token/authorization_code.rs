//! The authorization code grant (OAuth 2.1 §4.1.3).

use aws_lc_rs::digest;
use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use mcp_auth_store::{Client, Code, Grant, GrantType, Redemption, SecretHash};

use super::issued::{Issued, To};
use super::new_grant::NewGrant;
use super::proof::Proven;
use super::renewed::renewed;
use crate::client::document::lists_redirect_uri;
use crate::endpoint::client_request::{
    Authenticated, InvalidGrant, Refusal, Replayed, may_use, verify_granted_resource, verify_resource,
};
use crate::issuer::Issuer;
use crate::observe::token::GrantEnded;
use crate::observe::{Event as _, Reason, Word};
use crate::request::Params;

/// The steps in their order. All is verified before the code is used, so that a second use is a real replay.
pub(super) async fn issue(
    issuer: &Issuer,
    client: &Authenticated,
    params: &Params,
    proven: Proven,
) -> Result<Issued, Refusal> {
    may_use(client, GrantType::AuthorizationCode)?;
    let presented = params.get("code").ok_or(Refusal::Missing("code"))?;
    let mut code = find(issuer, presented).await?;
    verify_client(client, &code)?;
    verify_redirect_uri(client, params, &code)?;
    verify_code_verifier(params, &code)?;
    verify_not_denied(issuer, presented, &code)?;
    verify_granted_resource(issuer, &code.resource)?;
    verify_resource(issuer, params)?;
    proven.is_by(code.dpop_jkt.as_deref())?;
    code.authentication = renewed(issuer, &code.subject, &code.authentication, true).await?;
    let bound_refresh = proven.bound_refresh(client);
    let binding = proven.use_up(issuer).await?;
    let mut grant = NewGrant::of(issuer, client, &code, (bound_refresh, &binding))?;
    let kept = grant.kept.take();
    redeem(issuer, presented, &code, &grant.id, kept).await?;
    grant.person_and_client_exist(issuer, client, &code).await?;

    let to = To::new("authorization_code", &client.id, code.subject, Some(grant.name()));
    Ok(Issued::new(issuer, grant.access_token, grant.refresh_token, &grant.scopes, &binding, to))
}

/// What the code stands for.
async fn find(issuer: &Issuer, presented: &str) -> Result<Code, Refusal> {
    let code = issuer.store.codes().find(SecretHash::of(presented)).await?;
    code.ok_or(InvalidGrant::UnknownCode.into())
}

/// The code was issued to the client that presents it.
fn verify_client(client: &Client, code: &Code) -> Result<(), Refusal> {
    match code.client_id == client.id {
        true => Ok(()),
        false => Err(InvalidGrant::CodeOfOtherClient.into()),
    }
}

/// The client lists the address that the code was sent to, and names no other one.
///
/// A client that sends no `redirect_uri` here follows OAuth 2.1 and is bound by PKCE alone (§10.2); a client that
/// sends one must send the same one as before.
fn verify_redirect_uri(client: &Client, params: &Params, code: &Code) -> Result<(), Refusal> {
    if !lists_redirect_uri(client, &code.redirect_uri) {
        return Err(InvalidGrant::RedirectUriNotListed.into());
    }
    match params.get("redirect_uri") {
        Some(uri) if uri != code.redirect_uri => Err(InvalidGrant::OtherRedirectUri.into()),
        Some(_) | None => Ok(()),
    }
}

/// PKCE (RFC 7636 §4.6): the client knows what the `code_challenge` was made of.
fn verify_code_verifier(params: &Params, code: &Code) -> Result<(), Refusal> {
    let verifier = params.get("code_verifier").ok_or(InvalidGrant::NoVerifier)?;
    if !is_code_verifier(verifier) {
        return Err(InvalidGrant::MalformedVerifier.into());
    }
    // Neither value is secret any more, so a comparison in variable time reveals nothing.
    let challenge = BASE64_URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, verifier.as_bytes()));
    match challenge == code.code_challenge {
        true => Ok(()),
        false => Err(InvalidGrant::OtherVerifier.into()),
    }
}

/// Checks the characters and length of a `code_verifier` (RFC 7636 §4.1).
fn is_code_verifier(verifier: &str) -> bool {
    (43..=128).contains(&verifier.len())
        && verifier.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~".contains(&b))
}

/// The operator does not deny what the person allowed.
fn verify_not_denied(issuer: &Issuer, presented: &str, code: &Code) -> Result<(), Refusal> {
    let allowed_at = code.expires_at.saturating_sub(issuer.lifetimes.code);
    match issuer.is_denied_by_operator(presented, (&code.subject, &code.client_id), allowed_at) {
        true => Err(InvalidGrant::Denied.into()),
        false => Ok(()),
    }
}

/// Uses the code up, and keeps the grant. A code that was used before ends the grant of its first use (OAuth 2.1 §4.1.3).
async fn redeem(
    issuer: &Issuer,
    presented: &str,
    code: &Code,
    grant_id: &str,
    grant: Option<Grant>,
) -> Result<(), Refusal> {
    match issuer.store.codes().redeem(SecretHash::of(presented), grant_id, grant, issuer.now()).await? {
        Redemption::First => Ok(()),
        Redemption::Replayed => {
            let why = Replayed::Code;
            GrantEnded {
                by: Word("issuer"),
                client_id: &code.client_id,
                subject: &code.subject,
                grant_id: None,
                address: None,
                reason: Reason::Refused(&why),
            }
            .happened();
            Err(why.into())
        }
        Redemption::Gone => Err(InvalidGrant::CodeExpired.into()),
    }
}
