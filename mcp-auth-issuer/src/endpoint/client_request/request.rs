//! Each endpoint reads the form, and the client in it; a refusal is an event and an OAuth error.

use std::convert::Infallible;
use std::net::IpAddr;

use axum::body::Body;
use axum::extract::{FromRequest, Request};
use axum::response::{IntoResponse, Response};
use http::header::CACHE_CONTROL;
use http::{HeaderMap, StatusCode};
use serde::Serialize;

use super::Refusal;
use super::client_auth::{Authenticated, authenticate};
use crate::client::assertion::Strangers;
use crate::issuer::Issuer;
use crate::observe::Reason;
use crate::request::Params;
use crate::request::address::CameFrom;
use crate::request::body::{InvalidBody, form};
use crate::request::oauth_error::{NO_STORE, OAuthError};

/// A request, and what is known of it so far.
pub(crate) struct ClientRequest {
    pub(crate) headers: HeaderMap,
    /// From where it came, if the server knows.
    pub(crate) address: Option<IpAddr>,
    body: Body,
    /// The client, once it is known who it is.
    client_id: Option<String>,
}

/// Why a request is refused: what the operator and the client are told.
pub(crate) trait Refused {
    /// Tells the operator why, by the event of the endpoint.
    fn tell(&self, tell: impl FnOnce(Reason<'_>));

    /// What the client is told.
    fn error(&self) -> OAuthError;
}

impl<S: Sync> FromRequest<S> for ClientRequest {
    type Rejection = Infallible;

    async fn from_request(request: Request, _: &S) -> Result<Self, Infallible> {
        let (parts, body) = request.into_parts();
        let CameFrom(address) = CameFrom::of(&parts);
        Ok(Self { headers: parts.headers, address, body, client_id: None })
    }
}

impl ClientRequest {
    /// The form, in which no parameter comes twice.
    ///
    /// # Errors
    /// [`InvalidBody`].
    pub(crate) async fn form(&mut self) -> Result<Params, InvalidBody> {
        form(&self.headers, std::mem::take(&mut self.body)).await
    }

    /// The client that sent it, authenticated.
    ///
    /// # Errors
    /// As [`authenticate`].
    pub(crate) async fn client(
        &mut self,
        issuer: &Issuer,
        params: &Params,
    ) -> Result<Authenticated, Refusal> {
        self.client_or(Strangers::Unknown, issuer, params).await
    }

    /// The same, where it says which strangers are looked for.
    ///
    /// # Errors
    /// As [`authenticate`].
    pub(crate) async fn client_or(
        &mut self,
        strangers: Strangers,
        issuer: &Issuer,
        params: &Params,
    ) -> Result<Authenticated, Refusal> {
        let client = authenticate(issuer, (&self.headers, self.address), params, strangers).await?;
        self.is_from(&client.id);
        Ok(client)
    }

    /// From here on it is known that this client sent it, and an event names it.
    pub(crate) fn is_from(&mut self, client_id: &str) {
        self.client_id = Some(client_id.to_owned());
    }

    /// The answer where it is refused. `event` tells the operator: which client it was, if that is known, from where it came, and why.
    pub(crate) fn refused(
        &self,
        refusal: &impl Refused,
        event: impl FnOnce(Option<&str>, Option<IpAddr>, Reason<'_>),
    ) -> Response {
        refusal.tell(|reason| event(self.client_id.as_deref(), self.address, reason));
        refusal.error().into_response()
    }
}

/// An answer in JSON, which no cache keeps.
pub(crate) fn answer(status: StatusCode, told: impl Serialize) -> Response {
    (status, [(CACHE_CONTROL, NO_STORE)], axum::Json(told)).into_response()
}
