//! How it ends on a page that is for people alone and about no application.

use std::net::IpAddr;

use axum::response::{IntoResponse, Response};
use http::StatusCode;
use mcp_auth_store::StoreError;

use super::authorize::Untrusted;
use crate::issuer::Issuer;
use crate::observe::login::PageRefused;
use crate::observe::{Event as _, Reason, Word};
use crate::person::page::{EndedPage, ErrorText, errors};

/// Why the page itself is not shown.
#[derive(Debug)]
pub(super) enum PageNotShown {
    /// The request itself is not to be trusted.
    Untrusted(Untrusted),
    /// A page with this text.
    Page(StatusCode, ErrorText),
    /// The store failed, or what else is needed.
    Failed(Box<dyn std::error::Error + Send + Sync>),
}

impl PageNotShown {
    /// Its page.
    pub(super) fn respond(self, issuer: &Issuer, address: Option<IpAddr>) -> Response {
        let (status, text) = match self {
            Self::Untrusted(untrusted) => {
                PageRefused { page: Word("account"), address, reason: Reason::Refused(&untrusted) }
                    .happened();
                return untrusted.page(issuer).into_response();
            }
            Self::Page(status, text) => (status, text),
            Self::Failed(error) => {
                PageRefused { page: Word("account"), address, reason: Reason::Failed(&error) }.happened();
                (StatusCode::SERVICE_UNAVAILABLE, errors().unavailable)
            }
        };
        EndedPage { issuer, status, text }.into_response()
    }
}

impl From<Untrusted> for PageNotShown {
    fn from(untrusted: Untrusted) -> Self {
        Self::Untrusted(untrusted)
    }
}

impl From<StoreError> for PageNotShown {
    fn from(error: StoreError) -> Self {
        Self::Failed(format!("{error}: {}", error.cause()).into())
    }
}
