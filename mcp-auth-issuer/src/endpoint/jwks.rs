//! The JWK Set document (RFC 7517 §5), for programs that verify access tokens.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header::CACHE_CONTROL;

use crate::issuer::Issuer;

/// `GET /jwks`
pub(super) async fn get(State(issuer): State<Arc<Issuer>>) -> Response {
    ([(CACHE_CONTROL, "max-age=300")], axum::Json(issuer.key.jwks())).into_response()
}
