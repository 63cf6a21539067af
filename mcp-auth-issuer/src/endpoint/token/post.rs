//! `POST /token`: authenticates the client, chooses the grant, and writes the answer.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header::CACHE_CONTROL;
use http::{HeaderMap, HeaderValue};
use mcp_auth_store::GrantType;

use super::issued::Issued;
use super::proof::Proven;
use super::{Refusal, authenticate, authorization_code, client_credentials, refresh_token, token_exchange};
use crate::issuer::Issuer;
use crate::request::body::form;
use crate::request::oauth_error::{NO_STORE, OAuthError};

/// `POST /token`
pub(crate) async fn post(State(issuer): State<Arc<Issuer>>, headers: HeaderMap, body: Body) -> Response {
    match issue(&issuer, &headers, body).await {
        Ok(issued) => {
            let no_cache = HeaderValue::from_static("no-cache");
            ([(CACHE_CONTROL, NO_STORE), (http::header::PRAGMA, no_cache)], axum::Json(issued))
                .into_response()
        }
        Err(refusal) => {
            refusal.log("token request refused");
            OAuthError::from(&refusal).into_response()
        }
    }
}

async fn issue(issuer: &Issuer, headers: &HeaderMap, body: Body) -> Result<Issued, Refusal> {
    let params = form(headers, body).await?;
    if let Some(name) = params.repeated() {
        return Err(Refusal::Repeated(name.to_owned()));
    }
    let client = match authenticate(issuer, headers, &params).await {
        Err(Refusal::Document(error)) if error.ends_grants() => {
            return Err(refresh_token::taken_back(issuer, &params, error).await?);
        }
        client => client?,
    };
    let proven = Proven::read(issuer, headers)?;
    let grant_type = params.get("grant_type").ok_or(Refusal::Missing("grant_type"))?;
    match GrantType::named(grant_type).ok_or(Refusal::UnsupportedGrantType)? {
        GrantType::AuthorizationCode => authorization_code::issue(issuer, &client, &params, proven).await,
        GrantType::RefreshToken => refresh_token::issue(issuer, &client, &params, proven).await,
        GrantType::ClientCredentials => client_credentials::issue(issuer, &client, &params, proven).await,
        GrantType::TokenExchange => token_exchange::issue(issuer, &client, &params, proven).await,
        GrantType::JwtBearer | GrantType::DeviceCode => Err(Refusal::UnsupportedGrantType),
    }
}
