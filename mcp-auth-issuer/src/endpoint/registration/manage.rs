//! The client configuration endpoint (RFC 7592): a client that is nobody else's too reads, changes and removes what is kept of it. A public
//! client that registered without a token may be many programs' at once, so it has no registration access token, and is as unknown here.

use std::net::IpAddr;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::header::CACHE_CONTROL;
use http::{HeaderMap, StatusCode};
use mcp_auth_store::{Client, SecretHash};
use serde_json::Value;

use super::bearer::bearer;
use super::change::change;
use super::client_metadata::{Given, Registration};
use super::refusal::Refusal;
use crate::endpoint::client_request::answer;
use crate::endpoint::path::REGISTER;
use crate::issuer::Issuer;
use crate::observe::client::{ClientManagementRefused, ClientRead, ClientRemoved};
use crate::observe::{Event as _, Word};
use crate::request::address::CameFrom;
use crate::request::oauth_error::NO_STORE;

/// Where a client manages what is kept of it.
pub(super) fn url_of(issuer: &Issuer, client_id: &str) -> String {
    format!("{}{REGISTER}/{client_id}", issuer.origin.as_str())
}

/// `GET /register/{client_id}` (§2.1)
pub(in crate::endpoint) async fn get(
    State(issuer): State<Arc<Issuer>>,
    Path(id): Path<String>,
    CameFrom(address): CameFrom,
    headers: HeaderMap,
) -> Response {
    let mut request = Request::of("read", address);
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
    CameFrom(address): CameFrom,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let mut request = Request::of("change", address);
    let changed = change(&issuer, (&id, &mut request), &headers, body).await;
    request.respond(changed)
}

/// `DELETE /register/{client_id}` (§2.3): its grants end, and its tokens are revoked.
pub(in crate::endpoint) async fn delete(
    State(issuer): State<Arc<Issuer>>,
    Path(id): Path<String>,
    CameFrom(address): CameFrom,
    headers: HeaderMap,
) -> Response {
    let mut request = Request::of("remove", address);
    let removed = async {
        let (client, _) = request.authorized(&issuer, &id, &headers).await?;
        issuer.store.clients().remove(&client.id, issuer.now()).await?;
        ClientRemoved { client_id: &client.id, by: Word("client"), address: request.address }.happened();
        Ok(())
    };
    match removed.await {
        Ok(()) => (StatusCode::NO_CONTENT, [(CACHE_CONTROL, NO_STORE)]).into_response(),
        Err(refusal) => request.refused(&refusal),
    }
}

/// What is known of a request, for its event.
pub(super) struct Request {
    what: Word,
    pub(super) address: Option<IpAddr>,
    /// The client, once it has shown its token.
    client_id: Option<String>,
}

impl Request {
    fn of(what: &'static str, address: Option<IpAddr>) -> Self {
        Self { what: Word(what), address, client_id: None }
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
    pub(super) async fn authorized<'h>(
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

/// Client information (§3). The secret is not in it: only its hash is kept.
pub(super) fn information(
    issuer: &Issuer,
    client: &Client,
    registration: &Registration,
    token: &str,
) -> Value {
    let given = Given { secret: None, managed: Some((url_of(issuer, &client.id), token)) };
    registration.document(&client.id, client.registered_at, &given)
}
