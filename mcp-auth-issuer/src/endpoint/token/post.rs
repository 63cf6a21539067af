//! `POST /token`: authenticates the client, chooses the grant, and writes the answer.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use http::header::PRAGMA;
use http::{HeaderValue, StatusCode};
use mcp_auth_store::GrantType;

use super::issued::Issued;
use super::proof::Proven;
use super::{
    authorization_code, client_credentials, device_code, jwt_bearer, refresh_token, token_exchange, workload,
};
use crate::endpoint::client_request::{Authenticated, ClientRequest, Refusal, answer};
use crate::issuer::Issuer;
use crate::observe::token::TokenRefused;
use crate::observe::{Event as _, Word};
use crate::request::Params;

/// `POST /token`
pub(crate) async fn post(State(issuer): State<Arc<Issuer>>, mut request: ClientRequest) -> Response {
    let mut grant = None;
    match issue(&issuer, &mut request, &mut grant).await {
        Ok(issued) => {
            issued.event(request.address).happened();
            let mut response = answer(StatusCode::OK, issued);
            response.headers_mut().insert(PRAGMA, HeaderValue::from_static("no-cache"));
            response
        }
        Err(refusal) => request.refused(&refusal, |client_id, address, reason| {
            TokenRefused { grant, client_id, address, reason }.happened();
        }),
    }
}

/// The steps of every token request, in their order; each grant goes on in its own file.
async fn issue(
    issuer: &Issuer,
    request: &mut ClientRequest,
    grant: &mut Option<Word>,
) -> Result<Issued, Refusal> {
    let params = request.form().await?;
    let grant_type = params.get("grant_type").and_then(GrantType::named);
    *grant = grant_type.map(named);
    if grant_type == Some(GrantType::JwtBearer) && workload::is_presented(issuer, &params) {
        let proven = Proven::read(issuer, &request.headers)?;
        return workload::issue(issuer, &request.headers, &params, proven).await;
    }
    let client = authenticated(issuer, request, &params).await?;
    let proven = Proven::read(issuer, &request.headers)?;
    if client.dpop_bound {
        proven.has_key()?;
    }
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

/// The client, authenticated. One whose document took its grants back ends the grant that it would refresh.
async fn authenticated(
    issuer: &Issuer,
    request: &mut ClientRequest,
    params: &Params,
) -> Result<Authenticated, Refusal> {
    match request.client(issuer, params).await {
        Err(Refusal::Document(error)) if error.ends_grants() => {
            Err(refresh_token::taken_back(issuer, params, error).await?)
        }
        client => client,
    }
}
