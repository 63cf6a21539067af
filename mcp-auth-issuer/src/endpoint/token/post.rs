//! `POST /token`: authenticates the client, chooses the grant, and writes the answer.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header::CACHE_CONTROL;
use http::{HeaderMap, HeaderValue};
use mcp_auth_core::ScopeSet;
use serde::Serialize;

use super::{Refusal, authenticate, authorization_code, client_credentials, refresh_token};
use crate::issuer::Issuer;
use crate::request::Params;
use crate::request::body::form;
use crate::request::oauth_error::{NO_STORE, OAuthError};

/// A successful token response (OAuth 2.1 §3.2.3).
#[derive(Serialize)]
pub(super) struct Issued {
    access_token: String,
    token_type: &'static str,
    /// The lifetime of the access token, in seconds.
    expires_in: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<String>,
    /// Always sent, because it may differ from the requested scope (OAuth 2.1 §3.2.2.1); left out only if it is
    /// empty.
    #[serde(skip_serializing_if = "String::is_empty")]
    scope: String,
}

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
    pub(super) fn new(
        issuer: &Issuer,
        access_token: String,
        refresh_token: Option<String>,
        scopes: &ScopeSet,
    ) -> Self {
        Self {
            access_token,
            token_type: "Bearer",
            expires_in: issuer.lifetimes.access_token,
            refresh_token,
            scope: scopes.to_string(),
        }
    }
}

/// Checks that the `resource` parameter, if it is sent, names the resource that was granted (RFC 8707 §2.2).
pub(super) fn verify_resource(issuer: &Issuer, params: &Params) -> Result<(), Refusal> {
    match (params.count("resource"), params.get("resource")) {
        (0, _) => Ok(()),
        (1, Some(resource)) if issuer.resource.is_named_by(resource) => Ok(()),
        _ => Err(Refusal::Resource),
    }
}
