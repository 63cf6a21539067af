//! `POST /token`: authenticates the client, chooses the grant, and writes the answer.

use std::net::IpAddr;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header::CACHE_CONTROL;
use http::{Extensions, HeaderMap, HeaderValue};
use mcp_auth_store::GrantType;

use super::issued::Issued;
use super::proof::Proven;
use super::{
    Authenticated, Refusal, authenticate, authorization_code, client_credentials, device_code, jwt_bearer,
    refresh_token, token_exchange, workload,
};
use crate::issuer::Issuer;
use crate::observe::token::TokenRefused;
use crate::observe::{Event as _, Word};
use crate::request::Params;
use crate::request::address::client_address;
use crate::request::body::form;
use crate::request::oauth_error::{NO_STORE, OAuthError};

/// What is known of a request that is refused.
#[derive(Default)]
struct Known {
    grant: Option<Word>,
    client_id: Option<String>,
}

/// `POST /token`
pub(crate) async fn post(
    State(issuer): State<Arc<Issuer>>,
    extensions: Extensions,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let (address, mut known) = (client_address(&extensions), Known::default());
    match issue(&issuer, (&headers, address), body, &mut known).await {
        Ok(issued) => {
            issued.event(address).happened();
            let no_cache = HeaderValue::from_static("no-cache");
            ([(CACHE_CONTROL, NO_STORE), (http::header::PRAGMA, no_cache)], axum::Json(issued))
                .into_response()
        }
        Err(refusal) => {
            let Known { grant, client_id } = &known;
            let client_id = client_id.as_deref();
            refusal.tell(|reason| TokenRefused { grant: *grant, client_id, address, reason }.happened());
            OAuthError::from(&refusal).into_response()
        }
    }
}

/// The steps of every token request; each grant goes on in its own file.
async fn issue(
    issuer: &Issuer,
    (headers, address): (&HeaderMap, Option<IpAddr>),
    body: Body,
    known: &mut Known,
) -> Result<Issued, Refusal> {
    let params = form(headers, body).await?;
    refuse_repeated(&params)?;
    let grant_type = params.get("grant_type").and_then(GrantType::named);
    known.grant = grant_type.map(named);
    if grant_type == Some(GrantType::JwtBearer) && workload::is_presented(issuer, &params) {
        return workload::issue(issuer, headers, &params, Proven::read(issuer, headers)?).await;
    }
    let client = authenticated(issuer, (headers, address), &params).await?;
    known.client_id = Some(client.id.clone());
    let proven = Proven::read(issuer, headers)?;
    match grant_type {
        Some(GrantType::AuthorizationCode) => {
            authorization_code::issue(issuer, &client, &params, proven).await
        }
        Some(GrantType::RefreshToken) => refresh_token::issue(issuer, &client, &params, proven).await,
        Some(GrantType::ClientCredentials) => {
            client_credentials::issue(issuer, &client, &params, proven).await
        }
        Some(GrantType::TokenExchange) => token_exchange::issue(issuer, &client, &params, proven).await,
        Some(GrantType::JwtBearer) => jwt_bearer::issue(issuer, &client, &params, proven).await,
        Some(GrantType::DeviceCode) => device_code::issue(issuer, &client, &params, proven).await,
        None if params.get("grant_type").is_none() => Err(Refusal::Missing("grant_type")),
        None => Err(Refusal::UnsupportedGrantType),
    }
}

/// What events call a grant type.
fn named(grant: GrantType) -> Word {
    Word(match grant {
        GrantType::AuthorizationCode => "authorization_code",
        GrantType::RefreshToken => "refresh_token",
        GrantType::ClientCredentials => "client_credentials",
        GrantType::DeviceCode => "device_code",
        GrantType::TokenExchange => "token_exchange",
        GrantType::JwtBearer => "jwt_bearer",
    })
}

/// No parameter may stand twice (OAuth 2.1 §3.2).
fn refuse_repeated(params: &Params) -> Result<(), Refusal> {
    params.repeated().map_or(Ok(()), |name| Err(Refusal::Repeated(name.to_owned())))
}

/// The client, authenticated. One whose document took its grants back ends the grant that it would refresh.
async fn authenticated(
    issuer: &Issuer,
    from: (&HeaderMap, Option<IpAddr>),
    params: &Params,
) -> Result<Authenticated, Refusal> {
    match authenticate(issuer, from, params).await {
        Err(Refusal::Document(error)) if error.ends_grants() => {
            Err(refresh_token::taken_back(issuer, params, error).await?)
        }
        client => client,
    }
}
