//! `/authorize/passkeys.js`: the script of pages with passkeys.

use axum::response::IntoResponse;
use http::HeaderValue;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderName, X_CONTENT_TYPE_OPTIONS};

use crate::person::page::SCRIPT;
use crate::request::oauth_error::NO_STORE;

/// `GET /authorize/passkeys.js`. Pages of other sites cannot load it.
pub(super) async fn get() -> impl IntoResponse {
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static("text/javascript; charset=utf-8")),
        (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("same-origin")),
        // The page and its script are of one release.
        (CACHE_CONTROL, NO_STORE),
    ];
    (headers, SCRIPT)
}
