//! The token endpoint (OAuth 2.1 §3.2): a client shows who it is and what it was given, and gets an access token.
//!
//! - `client_auth`: who the client is; also the revocation endpoint's.
//! - `authorization_code`, `refresh_token`, `client_credentials`: one grant each. Each verifies everything before it
//!   uses anything up, so a refused request leaves a code or refresh token as it was.
//! - `refusal`: what may be wrong, and what is said of it.

mod authorization_code;
mod client_auth;
mod client_credentials;
mod refresh_token;
mod refusal;

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header::CACHE_CONTROL;
use http::{HeaderMap, HeaderValue};
use mcp_auth_core::ScopeSet;
use serde::Serialize;

use crate::body::form;
use crate::issuer::Issuer;
use crate::oauth_error::{NO_STORE, OAuthError};
use crate::params::Params;

pub(super) use client_auth::authenticate;
pub(super) use refresh_token::PresentedRefreshToken;
pub(super) use refusal::Refusal;

/// A successful token response (OAuth 2.1 §3.2.3).
#[derive(Serialize)]
struct Issued {
    access_token: String,
    token_type: &'static str,
    /// Seconds.
    expires_in: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<String>,
    /// Always said, since it may differ from what was asked for (OAuth 2.1 §3.2.2.1); left out if there is none.
    #[serde(skip_serializing_if = "String::is_empty")]
    scope: String,
}

/// `POST /token`
pub(super) async fn post(State(issuer): State<Arc<Issuer>>, headers: HeaderMap, body: Body) -> Response {
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
    let client = authenticate(issuer, headers, &params).await?;
    match params.get("grant_type") {
        Some("authorization_code") => authorization_code::issue(issuer, &client, &params).await,
        Some("refresh_token") => refresh_token::issue(issuer, &client, &params).await,
        Some("client_credentials") => client_credentials::issue(issuer, &client, &params),
        Some(_) => Err(Refusal::UnsupportedGrantType),
        None => Err(Refusal::Missing("grant_type")),
    }
}

impl Issued {
    fn new(issuer: &Issuer, access_token: String, refresh_token: Option<String>, scopes: &ScopeSet) -> Self {
        Self {
            access_token,
            token_type: "Bearer",
            expires_in: issuer.lifetimes.access_token,
            refresh_token,
            scope: scopes.to_string(),
        }
    }
}

/// The `resource` parameter, where it is sent, names what was granted (RFC 8707 §2.2).
fn verify_resource(issuer: &Issuer, params: &Params) -> Result<(), Refusal> {
    match (params.count("resource"), params.get("resource")) {
        (0, _) => Ok(()),
        (1, Some(resource)) if issuer.is_our_resource(resource) => Ok(()),
        _ => Err(Refusal::Resource),
    }
}
