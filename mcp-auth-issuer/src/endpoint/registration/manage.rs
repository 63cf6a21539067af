//! The client configuration endpoint (RFC 7592): a client that is nobody else's too reads, changes and removes what is kept of it. A public
//! client that registered without a token may be many programs' at once, so it has no registration access token, and is as unknown here.

use std::net::IpAddr;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::header::CACHE_CONTROL;
use http::{Extensions, HeaderMap, StatusCode};
use mcp_auth_store::{Client, ClientCredential, ClientKeys, SecretHash};
use serde_json::{Map, Value};

use super::bearer::bearer;
use super::client_metadata::{AuthMethod, Given, Metadata, Registration};
use super::post::MAX_BODY;
use super::refusal::Refusal;
use crate::endpoint::client_request::answer;
use crate::endpoint::path::REGISTER;
use crate::issuer::Issuer;
use crate::observe::client::{ClientChanged, ClientManagementRefused, ClientRead, ClientRemoved};
use crate::observe::{Event as _, Word};
use crate::request::address::client_address;
use crate::request::body;
use crate::request::oauth_error::NO_STORE;

/// What a client may not send back (RFC 7592 §2.2).
const OURS: [&str; 4] = [
    "registration_access_token",
    "registration_client_uri",
    "client_secret_expires_at",
    "client_id_issued_at",
];

/// Where a client manages what is kept of it.
pub(super) fn url_of(issuer: &Issuer, client_id: &str) -> String {
    format!("{}{REGISTER}/{client_id}", issuer.origin.as_str())
}

/// `GET /register/{client_id}` (§2.1)
pub(in crate::endpoint) async fn get(
    State(issuer): State<Arc<Issuer>>,
    Path(id): Path<String>,
    extensions: Extensions,
    headers: HeaderMap,
) -> Response {
    let mut request = Request::of("read", &extensions);
    let read = async {
        let (client, token) = request.authorized(&issuer, &id, &headers).await?;
        ClientRead { client_id: &client.id, address: request.address }.happened();
        Ok(information(&issuer, &client, &Registration::of(&client), token))
    };
    let read = read.await;
    request.respond(read)
}

/// `PUT /register/{client_id}` (§2.2)
pub(in crate::endpoint) async fn put(
    State(issuer): State<Arc<Issuer>>,
    Path(id): Path<String>,
    extensions: Extensions,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let mut request = Request::of("change", &extensions);
    let changed = change(&issuer, (&id, &mut request), &headers, body).await;
    request.respond(changed)
}

/// `DELETE /register/{client_id}` (§2.3): its grants end, and its tokens are revoked.
pub(in crate::endpoint) async fn delete(
    State(issuer): State<Arc<Issuer>>,
    Path(id): Path<String>,
    extensions: Extensions,
    headers: HeaderMap,
) -> Response {
    let mut request = Request::of("remove", &extensions);
    let removed = async {
        let (client, _) = request.authorized(&issuer, &id, &headers).await?;
        issuer.store.clients().remove(&client.id, issuer.now()).await?;
        ClientRemoved { client_id: &client.id, address: request.address }.happened();
        Ok(())
    };
    match removed.await {
        Ok(()) => (StatusCode::NO_CONTENT, [(CACHE_CONTROL, NO_STORE)]).into_response(),
        Err(refusal) => request.refused(&refusal),
    }
}

/// What is known of a request, for its event.
struct Request {
    what: Word,
    address: Option<IpAddr>,
    /// The client, once it has shown its token.
    client_id: Option<String>,
}

impl Request {
    fn of(what: &'static str, extensions: &Extensions) -> Self {
        Self { what: Word(what), address: client_address(extensions), client_id: None }
    }

    fn respond(&self, information: Result<Value, Refusal>) -> Response {
        match information {
            Ok(document) => answer(StatusCode::OK, document),
            Err(refusal) => self.refused(&refusal),
        }
    }

    fn refused(&self, refusal: &Refusal) -> Response {
        let Self { what, address, client_id } = self;
        let (what, client_id, address) = (*what, client_id.as_deref(), *address);
        refusal.tell(|reason| ClientManagementRefused { what, client_id, address, reason }.happened());
        refusal.into_response()
    }

    /// The client with this identifier, if the request shows its registration access token, and the token. Of a client that is unknown, or
    /// that has none, nothing else is said than of a wrong token (§2.1).
    async fn authorized<'h>(
        &mut self,
        issuer: &Issuer,
        id: &str,
        headers: &'h HeaderMap,
    ) -> Result<(Client, &'h str), Refusal> {
        let token = bearer(headers)?.ok_or(Refusal::NoToken)?;
        let client = issuer.store.clients().find(id, issuer.now()).await?;
        let expected = client.as_ref().and_then(|client| client.registration_token);
        // One is compared even if there is none, so that the time does not tell which clients exist.
        let matches = expected.unwrap_or(SecretHash::from_bytes([0; 32])).matches(token);
        match client {
            Some(client) if matches && expected.is_some() => {
                self.client_id = Some(client.id.clone());
                Ok((client, token))
            }
            Some(_) | None => {
                Err(Refusal::Token("the registration access token is wrong, or there is no such client"))
            }
        }
    }
}

/// Replaces all that the client says of itself. The way in which it authenticates stays: with a stolen registration access token, a client
/// that authenticates could be made one that does not. The token stays too, so that a client that misses the answer is not locked out.
async fn change(
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

/// Client information (§3). The secret is not in it: only its hash is kept.
fn information(issuer: &Issuer, client: &Client, registration: &Registration, token: &str) -> Value {
    let given = Given { secret: None, managed: Some((url_of(issuer, &client.id), token)) };
    registration.document(&client.id, client.registered_at, &given)
}
