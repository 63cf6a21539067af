//! How it ends on the page where a call is confirmed.

use std::net::IpAddr;

use axum::response::{IntoResponse, Response};
use http::StatusCode;
use mcp_auth_store::StoreError;

use crate::endpoint::authorize::Untrusted;
use crate::issuer::Issuer;
use crate::observe::login::PageRefused;
use crate::observe::{Event as _, Reason, Word};
use crate::person::page::{EndedPage, errors};

/// Why nothing was allowed.
#[derive(Debug)]
pub(in crate::endpoint) enum Refusal {
    /// The request itself is not to be trusted.
    Untrusted(Untrusted),
    /// Nothing waits under this URL.
    Gone,
    /// The person denied the call.
    Denied,
    /// Another person than the caller logged in.
    Foreign,
    /// The store failed.
    Store(StoreError),
}

impl Refusal {
    /// Its page.
    pub(in crate::endpoint) fn respond(self, issuer: &Issuer, address: Option<IpAddr>) -> Response {
        let (status, text) = match self {
            Self::Untrusted(untrusted) => {
                PageRefused { page: Word("confirm"), address, reason: Reason::Refused(&untrusted) }
                    .happened();
                return untrusted.page(issuer).into_response();
            }
            Self::Gone => {
                let reason = Reason::Refused(&"no call waits there");
                PageRefused { page: Word("confirm"), address, reason }.happened();
                (StatusCode::GONE, errors().call_gone)
            }
            Self::Denied => (StatusCode::OK, errors().call_denied),
            Self::Foreign => (StatusCode::FORBIDDEN, errors().call_foreign),
            Self::Store(error) => {
                let reason = format!("{error}: {:?}", error.cause());
                PageRefused { page: Word("confirm"), address, reason: Reason::Failed(&reason) }.happened();
                (StatusCode::SERVICE_UNAVAILABLE, errors().unavailable)
            }
        };
        EndedPage { issuer, status, text }.into_response()
    }
}

/// The page after a call was allowed.
pub(super) fn allowed(issuer: &Issuer) -> Response {
    EndedPage { issuer, status: StatusCode::OK, text: errors().call_allowed }.into_response()
}

impl From<Untrusted> for Refusal {
    fn from(untrusted: Untrusted) -> Self {
        Self::Untrusted(untrusted)
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}
