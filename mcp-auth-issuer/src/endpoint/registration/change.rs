//! `PUT /register/{client_id}` (RFC 7592 §2.2): a client that showed its registration access token replaces all that it says of itself.

use axum::body::Body;
use http::HeaderMap;
use mcp_auth_store::{Client, ClientCredential, ClientKeys};
use serde_json::{Map, Value};

use super::client_metadata::{AuthMethod, Metadata, Registration};
use super::manage::{Request, information};
use super::post::MAX_BODY;
use super::refusal::Refusal;
use crate::issuer::Issuer;
use crate::observe::Event as _;
use crate::observe::client::ClientChanged;
use crate::request::body;

/// What a client may not send back (RFC 7592 §2.2).
const OURS: [&str; 4] = [
    "registration_access_token",
    "registration_client_uri",
    "client_secret_expires_at",
    "client_id_issued_at",
];

/// Replaces all that the client says of itself. The way in which it authenticates stays: with a stolen registration access token, a client
/// that authenticates could be made one that does not. The token stays too, so that a client that misses the answer is not locked out.
pub(super) async fn change(
    issuer: &Issuer,
    (id, request): (&str, &mut Request),
    headers: &HeaderMap,
    body: Body,
) -> Result<Value, Refusal> {
    let (client, token) = request.authorized(issuer, id, headers).await?;
    let body = body::bounded(headers, body, "application/json", MAX_BODY).await?;
    let sent: Map<String, Value> = serde_json::from_slice(&body)?;
    if let Some(ours) = OURS.into_iter().find(|member| sent.contains_key(*member)) {
        return Err(Refusal::Ours(ours));
    }
    if sent.get("client_id").and_then(Value::as_str) != Some(&*client.id) {
        return Err(Refusal::OtherClient);
    }
    let is_its_secret = |sent: &Value| match (&client.credential, sent.as_str()) {
        (ClientCredential::Secret(hash), Some(secret)) => hash.matches(secret),
        _ => false,
    };
    if sent.get("client_secret").is_some_and(|secret| !is_its_secret(secret)) {
        return Err(Refusal::OtherSecret);
    }
    let registration = Registration::try_from(serde_json::from_value::<Metadata>(sent.into())?)?;
    if !registration.auth_method.is_that_of(&client.credential) {
        return Err(Refusal::OtherMethod);
    }
    let credential = match &registration.auth_method {
        AuthMethod::Keys(keys) => {
            if let ClientKeys::At(url) = keys {
                issuer.documents.may_hold_keys(url).map_err(Refusal::JwksUri)?;
            }
            ClientCredential::Keys(keys.clone())
        }
        AuthMethod::None | AuthMethod::Secret(_) => client.credential.clone(),
    };
    let changed = Client {
        name: registration.name.clone(),
        redirect_uris: registration.redirect_uris(),
        grant_types: Client::for_people(registration.refresh),
        credential,
        secret_in_form: registration.auth_method.is_in_form(),
        require_par: registration.require_par,
        dpop_bound: registration.dpop_bound,
        ..client
    };
    if !issuer.store.clients().change(changed.clone(), issuer.now()).await? {
        return Err(Refusal::Token("the client was removed meanwhile"));
    }
    ClientChanged {
        client_id: &changed.id,
        client_name: changed.name.as_deref(),
        redirect_uris: &changed.redirect_uris,
        address: request.address,
    }
    .happened();
    Ok(information(issuer, &changed, &registration, token))
}
