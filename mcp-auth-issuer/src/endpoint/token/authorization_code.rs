//! The authorization code grant (OAuth 2.1 §4.1.3).

use aws_lc_rs::digest;
use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};

use super::Refusal;
use super::post::{Issued, verify_resource};
use super::refresh_token::new_family;
use crate::client::{Client, Grants};
use crate::issuer::{Grantee, Issuer};
use crate::request::Params;
use crate::secret::SecretHash;
use crate::store::{CodeGrant, Redemption};

pub(super) async fn issue(issuer: &Issuer, client: &Client, params: &Params) -> Result<Issued, Refusal> {
    let Grants::AuthorizationCode { refresh } = &client.grants else {
        return Err(Refusal::UnauthorizedClient);
    };
    let code = SecretHash::of(params.get("code").ok_or(Refusal::Missing("code"))?);
    let grant =
        issuer.store.code(code).await?.ok_or(Refusal::Grant("the code is unknown or long expired"))?;
    verify(client, params, &grant)?;
    verify_resource(issuer, params)?;

    // Whoever comes this far is the one the code was made for: from here on a second use is a replay that counts.
    let access_token = issuer.access_token(&Grantee {
        subject: &grant.subject,
        client_id: &client.id,
        resource: &grant.resource,
        scopes: &grant.scopes,
    })?;
    let (refresh_token, family) = match refresh {
        true => {
            let (token, family) = new_family(issuer, &grant);
            (Some(token), Some(family))
        }
        false => (None, None),
    };
    match issuer.store.redeem_code(code, family, issuer.now()).await? {
        Redemption::First => {}
        Redemption::Replayed => {
            return Err(Refusal::Replay("the code was used before: its refresh tokens are dead"));
        }
        Redemption::Gone => return Err(Refusal::Grant("the code has expired")),
    }
    tracing::info!(
        client_id = %client.id, subject = ?grant.subject, scope = %grant.scopes, grant = "authorization_code",
        "access token issued"
    );
    Ok(Issued::new(issuer, access_token, refresh_token, &grant.scopes))
}

/// What the code is bound to: client, redirect URI and PKCE.
///
/// A client that sends no `redirect_uri` here is an OAuth 2.1 client and bound by PKCE alone (§10.2); one that does
/// must send the same.
fn verify(client: &Client, params: &Params, grant: &CodeGrant) -> Result<(), Refusal> {
    if grant.client_id != client.id {
        return Err(Refusal::Grant("the code was issued to another client"));
    }
    if params.get("redirect_uri").is_some_and(|uri| uri != grant.redirect_uri) {
        return Err(Refusal::Grant("redirect_uri is not the authorization request's"));
    }
    let verifier = params.get("code_verifier").ok_or(Refusal::Grant("code_verifier is missing"))?;
    if !is_code_verifier(verifier) {
        return Err(Refusal::Grant("code_verifier is not 43 to 128 unreserved characters"));
    }
    // Both are public by now, or were never secret: nothing is learnt from how long this takes.
    let challenge = BASE64_URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, verifier.as_bytes()));
    if challenge != grant.code_challenge {
        return Err(Refusal::Grant("code_verifier does not fit the code_challenge"));
    }
    Ok(())
}

/// RFC 7636 §4.1.
fn is_code_verifier(verifier: &str) -> bool {
    (43..=128).contains(&verifier.len())
        && verifier.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~".contains(&b))
}
