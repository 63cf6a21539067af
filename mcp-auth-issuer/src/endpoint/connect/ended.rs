//! How it ends on the page where an account is connected.

use axum::response::{IntoResponse, Response};
use mcp_auth_store::ConnectedAccount;

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

/// The page after this account was connected.
pub(super) fn done(issuer: &Issuer, provider: &UpstreamLogin, account: &ConnectedAccount) -> Response {
    ConnectedPage { issuer, provider, account }.into_response()
}
