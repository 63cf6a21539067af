//! How it ends on the page where an account is connected.

use axum::response::{IntoResponse, Response};

use crate::endpoint::waiting::Words;
use crate::issuer::Issuer;
use crate::observe::Word;
use crate::person::page::{ConnectedPage, errors};
use crate::person::upstream::UpstreamLogin;

/// What the page says where nothing was connected.
pub(in crate::endpoint) fn words() -> Words {
    let errors = errors();
    Words {
        page: Word("connect"),
        gone: errors.account_gone,
        denied: errors.account_denied,
        foreign: errors.account_foreign,
    }
}

/// The page after an account of this name was connected.
pub(super) fn done(issuer: &Issuer, provider: &UpstreamLogin, name: Option<&str>) -> Response {
    ConnectedPage { issuer, provider, name }.into_response()
}
