//! How it ends on the page where a call is confirmed.

use axum::response::{IntoResponse, Response};
use http::StatusCode;

use crate::endpoint::waiting::Words;
use crate::issuer::Issuer;
use crate::observe::Word;
use crate::person::page::{EndedPage, errors};

/// What the page says where nothing was allowed.
pub(in crate::endpoint) fn words() -> Words {
    let errors = errors();
    Words {
        page: Word("confirm"),
        gone: errors.call_gone,
        denied: errors.call_denied,
        foreign: errors.call_foreign,
    }
}

/// The page after a call was allowed.
pub(super) fn allowed(issuer: &Issuer) -> Response {
    EndedPage { issuer, status: StatusCode::OK, text: errors().call_allowed }.into_response()
}
