//! How it ends on the pages for devices.

use std::net::IpAddr;

use axum::response::{IntoResponse, Response};
use http::header::RETRY_AFTER;
use http::{HeaderValue, StatusCode};
use mcp_auth_store::StoreError;

use crate::endpoint::authorize::Untrusted;
use crate::issuer::Issuer;
use crate::observe::device::UserCodeRefused;
use crate::observe::login::PageRefused;
use crate::observe::{Event as _, Reason, Word};
use crate::person::page::{EndedPage, ErrorText, errors};
use crate::rate_limit::TooSoon;

/// Why nothing was allowed.
#[derive(Debug)]
pub(in crate::endpoint) enum Refusal {
    /// The request itself is not to be trusted.
    Untrusted(Untrusted),
    /// Nothing waits under this code any more.
    Gone,
    /// Too many codes were entered.
    TooSoon(TooSoon),
    /// The store failed.
    Store(StoreError),
}

/// What a person did.
#[derive(Debug, Clone, Copy)]
pub(super) enum Ended {
    /// They allowed it.
    Allowed,
    /// They denied it.
    Denied,
    /// They did not log in.
    Cancelled,
}

impl Refusal {
    /// Its page.
    pub(in crate::endpoint) fn respond(self, issuer: &Issuer, address: Option<IpAddr>) -> Response {
        match self {
            Self::Untrusted(untrusted) => {
                PageRefused { page: Word("device"), address, reason: Reason::Refused(&untrusted) }.happened();
                untrusted.page(issuer).into_response()
            }
            Self::Gone => {
                let reason = Reason::Refused(&"no device waits for it any more");
                UserCodeRefused { subject: None, address, wait: None, reason }.happened();
                ending(issuer, StatusCode::GONE, errors().device_gone)
            }
            Self::TooSoon(TooSoon { retry_after }) => {
                let mut response = ending(issuer, StatusCode::TOO_MANY_REQUESTS, errors().device_too_often);
                response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(retry_after));
                response
            }
            Self::Store(error) => {
                let reason = format!("{error}: {:?}", error.cause());
                PageRefused { page: Word("device"), address, reason: Reason::Failed(&reason) }.happened();
                ending(issuer, StatusCode::SERVICE_UNAVAILABLE, errors().unavailable)
            }
        }
    }
}

/// The page after a person did something.
pub(super) fn ended(issuer: &Issuer, how: Ended) -> Response {
    let text = match how {
        Ended::Allowed => errors().device_allowed,
        Ended::Denied => errors().device_denied,
        Ended::Cancelled => errors().device_cancelled,
    };
    ending(issuer, StatusCode::OK, text)
}

fn ending(issuer: &Issuer, status: StatusCode, text: ErrorText) -> Response {
    EndedPage { issuer, status, text }.into_response()
}

impl From<Untrusted> for Refusal {
    fn from(untrusted: Untrusted) -> Self {
        Self::Untrusted(untrusted)
    }
}

impl From<TooSoon> for Refusal {
    fn from(too_soon: TooSoon) -> Self {
        Self::TooSoon(too_soon)
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}
