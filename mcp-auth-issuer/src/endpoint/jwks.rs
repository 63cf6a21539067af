//! The JWK Set document (RFC 7517 §5), for programs that verify access tokens.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header::CACHE_CONTROL;

use crate::issuer::Issuer;
use crate::key::JWKS_MAX_AGE;

/// `GET /jwks`
pub(super) async fn get(State(issuer): State<Arc<Issuer>>) -> Response {
    let keys = issuer.keys.public(issuer.now());
    ([(CACHE_CONTROL, format!("max-age={JWKS_MAX_AGE}"))], axum::Json(&keys.jwks)).into_response()
}
