//! The first issuer's metadata at our own well-known place: where clients of 2025-03-26 look for it, which know nothing of
//! protected resource metadata.

use std::sync::Arc;

use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get};
use http::{HeaderValue, StatusCode, header};

use super::metadata::document_headers;
use crate::authn::{IssuerMetadata, Unpublished};

/// Where authorization server metadata of an issuer without a path is (RFC 8414 §3).
const PLACE: &str = "/.well-known/oauth-authorization-server";

/// What answers with the issuer's document, unchanged, and at which path; GET and HEAD only.
pub(crate) fn answer(metadata: Arc<IssuerMetadata>) -> (String, MethodRouter) {
    let answer = move || {
        let metadata = Arc::clone(&metadata);
        async move { response(&metadata).await }
    };
    (PLACE.to_owned(), get(answer))
}

async fn response(metadata: &IssuerMetadata) -> Response {
    match metadata.document().await {
        Ok(document) => (document_headers(), document).into_response(),
        Err(Unpublished::Absent) => {
            (StatusCode::NOT_FOUND, "the issuer publishes no metadata\n").into_response()
        }
        Err(Unpublished::Unavailable { retry_after }) => {
            let retry = [(header::RETRY_AFTER, HeaderValue::from(retry_after.as_secs().max(1)))];
            let text = "the issuer's metadata cannot be read right now\n";
            (StatusCode::SERVICE_UNAVAILABLE, retry, text).into_response()
        }
    }
}
