//! `PUT /register/{client_id}` (RFC 7592 §2.2): a client that showed its registration access token replaces all that it says of itself.

use axum::body::Body;
use http::HeaderMap;
use mcp_auth_store::{Client, ClientCredential};
use serde_json::{Map, Value};

use super::client_metadata::{AuthMethod, Metadata, Registration};
use super::manage::{Request, information};
use super::post::{MAX_BODY, keys_may_be_fetched};
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

/// The steps in their order: the client replaces all that it says of itself. Its token stays, so that a client that misses the answer is not
/// locked out.
pub(super) async fn change(
    issuer: &Issuer,
    (id, request): (&str, &mut Request),
    headers: &HeaderMap,
    body: Body,
) -> Result<Value, Refusal> {
    let (client, token) = request.authorized(issuer, id, headers).await?;
    let sent = members(headers, body).await?;
    sets_nothing_of_ours(&sent)?;
    names_itself(&sent, &client)?;
    repeats_no_other_secret(&sent, &client)?;
    let registration = Registration::try_from(serde_json::from_value::<Metadata>(sent.into())?)?;
    authenticates_as_before(&registration, &client)?;
    keys_may_be_fetched(issuer, &registration)?;
    let changed = changed(client, &registration);
    replace(issuer, &changed).await?;

    ClientChanged {
        client_id: &changed.id,
        client_name: changed.name.as_deref(),
        redirect_uris: &changed.redirect_uris,
        address: request.address,
    }
    .happened();
    Ok(information(issuer, &changed, &registration, token))
}

/// The members of the request, in JSON.
async fn members(headers: &HeaderMap, body: Body) -> Result<Map<String, Value>, Refusal> {
    let body = body::bounded(headers, body, "application/json", MAX_BODY).await?;
    Ok(serde_json::from_slice(&body)?)
}

/// None of them is one that only the server sets (§2.2).
fn sets_nothing_of_ours(sent: &Map<String, Value>) -> Result<(), Refusal> {
    match OURS.into_iter().find(|member| sent.contains_key(*member)) {
        Some(ours) => Err(Refusal::Ours(ours)),
        None => Ok(()),
    }
}

/// `client_id` is the one that the client has (§2.2).
fn names_itself(sent: &Map<String, Value>, client: &Client) -> Result<(), Refusal> {
    match sent.get("client_id").and_then(Value::as_str) == Some(&*client.id) {
        true => Ok(()),
        false => Err(Refusal::OtherClient),
    }
}

/// `client_secret` is the one that the client has, or is left out (§2.2): a client cannot choose its secret.
fn repeats_no_other_secret(sent: &Map<String, Value>, client: &Client) -> Result<(), Refusal> {
    let Some(secret) = sent.get("client_secret") else { return Ok(()) };
    match (&client.credential, secret.as_str()) {
        (ClientCredential::Secret(hash), Some(secret)) if hash.matches(secret) => Ok(()),
        _ => Err(Refusal::OtherSecret),
    }
}

/// The way in which it authenticates stays: with a stolen registration access token, a client that authenticates could be made one that does
/// not.
fn authenticates_as_before(registration: &Registration, client: &Client) -> Result<(), Refusal> {
    match registration.auth_method.is_that_of(&client.credential) {
        true => Ok(()),
        false => Err(Refusal::OtherMethod),
    }
}

/// What is kept of it from now on. All that is not of the metadata stays, a secret too.
fn changed(client: Client, registration: &Registration) -> Client {
    Client {
        name: registration.name.clone(),
        redirect_uris: registration.redirect_uris(),
        grant_types: Client::for_people(registration.refresh),
        credential: match &registration.auth_method {
            AuthMethod::Keys(keys) => ClientCredential::Keys(keys.clone()),
            AuthMethod::None | AuthMethod::Secret(_) => client.credential,
        },
        secret_in_form: registration.auth_method.is_in_form(),
        require_par: registration.require_par,
        dpop_bound: registration.dpop_bound,
        ..client
    }
}

/// Keeps it, unless the client was removed meanwhile.
async fn replace(issuer: &Issuer, changed: &Client) -> Result<(), Refusal> {
    match issuer.store.clients().change(changed.clone(), issuer.now()).await? {
        true => Ok(()),
        false => Err(Refusal::Token("the client was removed meanwhile")),
    }
}
