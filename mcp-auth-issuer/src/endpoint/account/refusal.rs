//! Why the page does nothing.

use axum::response::{IntoResponse, Response};
use http::StatusCode;
use mcp_auth_store::StoreError;

use crate::endpoint::authorize::Untrusted;
use crate::issuer::Issuer;
use crate::person::page::{EndedPage, ErrorText};

/// Why the page does nothing.
#[derive(Debug)]
pub(super) enum Refusal {
    /// The request itself is not to be trusted.
    Untrusted(Untrusted),
    /// The store failed.
    Store(StoreError),
}

impl Refusal {
    /// Its page.
    pub(super) fn respond(self, issuer: &Issuer) -> Response {
        match self {
            Self::Untrusted(untrusted) => {
                tracing::warn!(reason = %untrusted, "request for the page of a person refused");
                untrusted.page(issuer).into_response()
            }
            Self::Store(error) => {
                tracing::error!(%error, cause = ?error.cause(), "the page of a person failed");
                let text = ErrorText {
                    title: "This does not work now",
                    why: "The authorization server cannot reach its store. What you asked for may be done in part.",
                    next: "Load this page again in a moment. Its log says more.",
                };
                EndedPage { issuer, status: StatusCode::SERVICE_UNAVAILABLE, text }.into_response()
            }
        }
    }
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
