//! Gives up a refresh token at the issuer that it came from (RFC 7009), where that issuer says that it can.

use std::time::Duration;

use mcp_auth_core::client_basic;
use serde_json::Value;

use super::Client;
use super::address::is_same_origin;
use super::discovery::discover;
use crate::secret::Scrubber;
use crate::token_store::Login;

/// The longest time for all of it: the login is removed from this machine anyway.
const PATIENCE: Duration = Duration::from_secs(15);

/// Revokes the refresh token of a login.
///
/// # Errors
/// Why it was not revoked, in words. Holds no token.
pub(crate) async fn revoke(client: &Client, login: &Login) -> Result<(), String> {
    let Some(refresh_token) = &login.tokens.refresh_token else {
        return Err(
            "the issuer gave no refresh token, and the access token works until it expires".to_owned()
        );
    };
    let sent = tokio::time::timeout(PATIENCE, send(client, login, refresh_token.expose()));
    let sent = sent.await.map_err(|_| "the issuer did not answer in time".to_owned())?;
    sent.map_err(|why| Scrubber::of([refresh_token, &login.tokens.access_token]).clean(&why))
}

async fn send(client: &Client, login: &Login, token: &str) -> Result<(), String> {
    let discovered = discover(client, None).await.map_err(|error| error.to_string())?;
    // As for a refresh: the token goes to the issuer it came from, and to no other.
    if discovered.issuer != login.issuer {
        return Err("the server now names another issuer than the one of this login".to_owned());
    }
    let named = discovered.metadata.additional_fields.get("revocation_endpoint").and_then(Value::as_str);
    let named = named.ok_or("the issuer has no revocation endpoint")?;
    let endpoint = client.server.endpoint("revocation_endpoint", named).map_err(|error| error.to_string())?;
    if !client.reach.private_addresses && !is_same_origin(named, &discovered.issuer) {
        return Err("the revocation endpoint is not on the issuer's own origin".to_owned());
    }
    let id = login.registration.client_id.as_str();
    let mut form = vec![("token", token), ("token_type_hint", "refresh_token")];
    let secret = login.registration.secret().map_err(|error| error.to_string())?;
    let mut request = client.http.post(endpoint);
    match &secret {
        None => form.push(("client_id", id)),
        Some(secret) => {
            request = request.basic_auth(client_basic::part(id), Some(client_basic::part(secret.expose())));
        }
    }
    let answer = request.form(&form).send().await.map_err(|error| error.without_url().to_string())?;
    match answer.status() {
        status if status.is_success() => Ok(()),
        status => Err(format!("the issuer answered {}", status.as_u16())),
    }
}
