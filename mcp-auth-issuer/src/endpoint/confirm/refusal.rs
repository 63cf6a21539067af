//! How it ends on the page where a call is confirmed.

use std::net::IpAddr;

use axum::response::{IntoResponse, Response};
use http::StatusCode;
use mcp_auth_store::StoreError;

use crate::endpoint::authorize::Untrusted;
use crate::issuer::Issuer;
use crate::observe::login::PageRefused;
use crate::observe::{Event as _, Reason, Word};
use crate::person::page::{EndedPage, ErrorText};

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
        let (status, title, why, next) = match self {
            Self::Untrusted(untrusted) => {
                PageRefused { page: Word("confirm"), address, reason: Reason::Refused(&untrusted) }
                    .happened();
                return untrusted.page(issuer).into_response();
            }
            Self::Gone => {
                let reason = Reason::Refused(&"no call waits there");
                PageRefused { page: Word("confirm"), address, reason }.happened();
                (
                    StatusCode::GONE,
                    "This call is not waiting",
                    "It was answered, or ten minutes have passed, or the link is wrong.",
                    "Go back to the application. If the call is still needed, it has to call again.",
                )
            }
            Self::Denied => (
                StatusCode::OK,
                "You denied the call",
                "It does not run, and the application is told so.",
                "You can close this page.",
            ),
            Self::Foreign => (
                StatusCode::FORBIDDEN,
                "This is not your call",
                "It was made for another person than the one who just logged in. It was refused, and that person’s application \
                 is told so.",
                "If you were sent this link by somebody else, close this page: nothing was allowed. If you have chosen the wrong \
                 account, go back to the application and call again.",
            ),
            Self::Store(error) => {
                let reason = format!("{error}: {:?}", error.cause());
                PageRefused { page: Word("confirm"), address, reason: Reason::Failed(&reason) }.happened();
                let ErrorText { title, why, next } = ErrorText::UNAVAILABLE;
                (StatusCode::SERVICE_UNAVAILABLE, title, why, next)
            }
        };
        EndedPage { issuer, status, text: ErrorText { title, why, next } }.into_response()
    }
}

/// The page after a call was allowed.
pub(super) fn allowed(issuer: &Issuer) -> Response {
    let text = ErrorText {
        title: "You allowed the call",
        why: "If the application still waits for your answer, exactly this call runs now, once.",
        next: "You can close this page and go back to the application.",
    };
    EndedPage { issuer, status: StatusCode::OK, text }.into_response()
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
