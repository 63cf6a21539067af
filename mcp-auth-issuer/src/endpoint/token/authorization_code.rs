//! The authorization code grant (OAuth 2.1 §4.1.3).

use aws_lc_rs::digest;
use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use mcp_auth_store::{Client, Code, GrantType, Redemption, SecretHash, grant_name};

use super::issued::{Issued, To};
use super::proof::Proven;
use super::refresh_token::new_grant;
use super::resource::verify_resource;
use super::still::still_there;
use super::{Authenticated, Refusal};
use crate::client::document::still_allows;
use crate::issuer::{Grantee, Issuer};
use crate::observe::token::GrantEnded;
use crate::observe::{Event as _, Reason, Word};
use crate::request::Params;
use crate::secret::identifier;

pub(super) async fn issue(
    issuer: &Issuer,
    client: &Authenticated,
    params: &Params,
    proven: Proven,
) -> Result<Issued, Refusal> {
    if !client.may(GrantType::AuthorizationCode) {
        return Err(Refusal::UnauthorizedClient);
    }
    let presented = params.get("code").ok_or(Refusal::Missing("code"))?;
    let hash = SecretHash::of(presented);
    let code = issuer
        .store
        .codes()
        .find(hash)
        .await?
        .ok_or(Refusal::Grant("the code is unknown or long expired"))?;
    verify(client, params, &code)?;
    let allowed_at = code.expires_at.saturating_sub(issuer.lifetimes.code);
    if issuer.denies(presented, (&code.subject, &client.id), allowed_at) {
        return Err(Refusal::Grant("denied by auth.deny"));
    }
    verify_resource(issuer, params)?;
    proven.is_by(code.dpop_jkt.as_deref())?;
    let bound_refresh = proven.bound_refresh(client);
    let binding = proven.use_up(issuer).await?;

    // The request is now verified to come from the client that the code was made for, so a second use is a real
    // replay.
    let scopes = issuer.scopes.known_of(&code.scopes);
    let grant_id = identifier(&*issuer.ambient.random);
    let access_token = issuer.access_token(&Grantee {
        subject: &code.subject,
        client_id: &client.id,
        resource: &code.resource,
        scopes: &scopes,
        authentication: Some(&code.authentication),
        grant_id: Some(&grant_name(&grant_id)),
        binding: &binding,
    })?;
    let (refresh_token, grant) = match client.may(GrantType::RefreshToken) && code.refresh {
        true => {
            let (token, grant) = new_grant(issuer, &grant_id, client, &code, bound_refresh);
            (Some(token), Some(grant))
        }
        false => (None, None),
    };
    match issuer.store.codes().redeem(hash, &grant_id, grant, issuer.now()).await? {
        Redemption::First => {}
        Redemption::Replayed => {
            let why = "the code was used before: its tokens are dead";
            GrantEnded {
                by: Word("issuer"),
                client_id: &client.id,
                subject: &code.subject,
                grant_id: None,
                address: None,
                reason: Reason::Refused(&why),
            }
            .happened();
            return Err(Refusal::Replay(why));
        }
        Redemption::Gone => return Err(Refusal::Grant("the code has expired")),
    }
    still_there(issuer, client, (&code.subject, &code.authentication), &grant_id).await?;
    let to = To::new("authorization_code", &client.id, code.subject, Some(grant_name(&grant_id)));
    Ok(Issued::new(issuer, access_token, refresh_token, &scopes, &binding, to))
}

/// Verifies what the code is bound to: client, redirect URI and PKCE.
///
/// A client that sends no `redirect_uri` here follows OAuth 2.1 and is bound by PKCE alone (§10.2); a client that
/// sends one must send the same one as before.
fn verify(client: &Client, params: &Params, code: &Code) -> Result<(), Refusal> {
    if code.client_id != client.id {
        return Err(Refusal::Grant("the code was issued to another client"));
    }
    if !still_allows(client, &code.redirect_uri) {
        return Err(Refusal::Grant("the client no longer lists the redirect URI that the code was sent to"));
    }
    if params.get("redirect_uri").is_some_and(|uri| uri != code.redirect_uri) {
        return Err(Refusal::Grant("redirect_uri is not the authorization request's"));
    }
    let verifier = params.get("code_verifier").ok_or(Refusal::Grant("code_verifier is missing"))?;
    if !is_code_verifier(verifier) {
        return Err(Refusal::Grant("code_verifier is not 43 to 128 unreserved characters"));
    }
    // Neither value is secret any more, so a comparison in variable time reveals nothing.
    let challenge = BASE64_URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, verifier.as_bytes()));
    if challenge != code.code_challenge {
        return Err(Refusal::Grant("code_verifier does not fit the code_challenge"));
    }
    Ok(())
}

/// Checks the characters and length of a `code_verifier` (RFC 7636 §4.1).
fn is_code_verifier(verifier: &str) -> bool {
    (43..=128).contains(&verifier.len())
        && verifier.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~".contains(&b))
}
