//! Whether a grant is as good as on the first day: each refresh looks, and so does who is asked about a refresh token.

use std::sync::Arc;

use mcp_auth_runtime::facade::PublicKeys;
use mcp_auth_store::{Client, ClientCredential, Grant, GrantType};

use super::new_grant::expiry;
use crate::client::document::lists_redirect_uri;
use crate::endpoint::client_request::{Over, Refusal};
use crate::issuer::{ClientError, Issuer};

/// Whether the client of `grant`, whose current refresh token is `token`, could refresh it now (RFC 7662 §4). It is not ended if not: who asks
/// is not its client, and the next refresh ends it.
///
/// # Errors
/// It cannot be told now: the store, the login or the document of the client does not answer.
pub(crate) async fn may_go_on(issuer: &Issuer, token: &str, grant: &Grant) -> Result<bool, Refusal> {
    match client_and_keys(issuer, grant).await {
        Ok(Some((client, keys))) if client.may(GrantType::RefreshToken) => {
            Ok(why_over(issuer, (&client, keys.as_deref()), token, grant).await?.is_none())
        }
        Ok(Some(_) | None) => Ok(false),
        Err(ClientError::Document(error)) if error.retry_after().is_none() => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// The client of `grant` as it is now, and the keys that it authenticates by. Those of the operator's own clients decide nothing, and are not
/// fetched.
async fn client_and_keys(
    issuer: &Issuer,
    grant: &Grant,
) -> Result<Option<(Client, Option<Arc<PublicKeys>>)>, ClientError> {
    let Some(client) = issuer.known_client(&grant.client_id).await? else { return Ok(None) };
    let keys = match &client.credential {
        ClientCredential::Keys(at) if !issuer.is_named(&client.id) => {
            let keys = issuer.keys_of(&client, at, None, None).await?;
            match grant.client_key.as_deref() {
                // Another process may have met a newer key than those that are kept here. No `kid` of it is known.
                Some(before) if !keys.contain(before) => {
                    Some(issuer.keys_of(&client, at, Some(before), None).await?)
                }
                Some(_) | None => Some(keys),
            }
        }
        ClientCredential::Keys(_) | ClientCredential::Secret(_) | ClientCredential::None => None,
    };
    Ok(Some((client, keys)))
}

/// Why `grant` is over, whose refresh token is `token`. `client` is its client as it is now, and authenticates by one of `keys`, where it does
/// by a key.
pub(super) async fn why_over(
    issuer: &Issuer,
    (client, keys): (&Client, Option<&PublicKeys>),
    token: &str,
    grant: &Grant,
) -> Result<Option<Over>, Refusal> {
    let is_known = issuer.knows(&grant.subject, &grant.authentication).await.map_err(Refusal::Login)?;
    let of = (&*grant.subject, &*grant.client_id);
    Ok(if !is_known {
        Some(Over::Person)
    } else if issuer.is_denied_by_operator(token, of, grant.granted_at) {
        Some(Over::Denied)
    } else if ends_at(issuer, grant) <= issuer.now() {
        Some(Over::Age)
    } else if issuer.resource != *grant.resource {
        Some(Over::Resource)
    } else if !may_return(client, grant) {
        Some(Over::RedirectUri)
    } else if !has_the_key(issuer, (client, keys), grant) {
        Some(Over::ClientKey)
    } else {
        None
    })
}

/// When the grant ends if nobody refreshes it, in Unix seconds: lifetimes may be shorter than when it was used last.
pub(crate) fn ends_at(issuer: &Issuer, grant: &Grant) -> u64 {
    grant.expires_at.min(expiry(issuer, grant.granted_at, grant.last_used))
}

/// The client is what the person allowed: it lists the redirect URI, or, where a device asked and there was none, it may use devices.
fn may_return(client: &Client, grant: &Grant) -> bool {
    match grant.redirect_uri.is_empty() {
        true => client.may(GrantType::DeviceCode),
        false => lists_redirect_uri(client, &grant.redirect_uri),
    }
}

/// The client has the key that the grant is for: a document can lose a key, or become that of a public client, and then whoever holds the
/// refresh token, or another key, would be the client (draft-02 §8.4). The operator's own clients are what the operator says.
fn has_the_key(issuer: &Issuer, (client, keys): (&Client, Option<&PublicKeys>), grant: &Grant) -> bool {
    match (&grant.client_key, keys) {
        _ if issuer.is_named(&client.id) => true,
        (None, None) => true,
        (Some(before), Some(now)) => now.contain(before),
        (Some(_), None) | (None, Some(_)) => false,
    }
}
