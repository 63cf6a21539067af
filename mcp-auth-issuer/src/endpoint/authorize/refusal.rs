//! What may be wrong with an authorization request: the typed causes, and the one map of each to what is said.

use std::borrow::Cow;

use http::StatusCode;

use super::response::Answer;
use crate::body::InvalidBody;
use crate::issuer::Issuer;
use crate::page::ErrorPage;
use crate::params::InvalidParams;
use crate::scopes::RefusedScope;
use crate::store::StoreError;

/// An authorization request that is refused.
#[derive(Debug)]
pub(super) enum Refusal {
    /// The client is told, by redirect (OAuth 2.1 §4.1.2.1).
    Tell(Answer, Refused),
    /// Nobody vouches for the redirect URI, or for the request itself: the person is told.
    Untrusted(Untrusted),
    /// Our trouble.
    Store(StoreError),
}

/// Causes that the client is told of.
#[derive(Debug, thiserror::Error)]
pub(super) enum Refused {
    #[error("parameter {0:?} is repeated")]
    Repeated(String),
    #[error("parameter {0} is missing")]
    Missing(&'static str),
    #[error("parameter {name} is not supported")]
    Unsupported { name: &'static str, code: &'static str },
    #[error("response_type is not code")]
    ResponseType,
    #[error("response_mode is not query")]
    ResponseMode,
    #[error("code_challenge_method is not S256")]
    ChallengeMethod,
    #[error("code_challenge is not the base64url of a SHA-256")]
    Challenge,
    #[error("resource is not {ours}")]
    Resource { ours: String },
    #[error(transparent)]
    Scope(RefusedScope),
    #[error("prompt is none and nobody is logged in")]
    LoginRequired,
    #[error("prompt is none and consent is always asked for")]
    ConsentRequired,
}

/// Causes that only the person is told of.
#[derive(Debug, thiserror::Error)]
pub(super) enum Untrusted {
    #[error("the query is too long")]
    TooLong,
    #[error(transparent)]
    Unreadable(InvalidParams),
    #[error("parameter {0} is repeated")]
    Repeated(&'static str),
    #[error("client_id is missing")]
    NoClient,
    #[error("client_id is unknown")]
    UnknownClient,
    #[error("redirect_uri is missing and the client registered several")]
    NoRedirectUri,
    #[error("redirect_uri is not registered for the client")]
    RedirectUri,
    #[error("the Host header is not the issuer's")]
    Host,
    #[error("the Origin header is not the issuer's")]
    Sender,
    #[error("the form: {0}")]
    Form(InvalidBody),
    #[error("the form's CSRF token does not fit this browser and request")]
    Stale { page: String },
}

impl Refused {
    /// The error code (OAuth 2.1 §4.1.2.1, RFC 8707 §2, OpenID Connect Core 1.0 §3.1.2.6) and its description.
    pub(super) fn wire(&self) -> (&'static str, Cow<'static, str>) {
        match self {
            Self::Repeated(_) => ("invalid_request", "a parameter is repeated".into()),
            Self::Missing(name) => ("invalid_request", format!("{name} is missing").into()),
            Self::Unsupported { name, code } => (code, format!("{name} is not supported").into()),
            Self::ResponseType => ("unsupported_response_type", "response_type is code".into()),
            Self::ResponseMode => ("invalid_request", "response_mode is query".into()),
            Self::ChallengeMethod => ("invalid_request", "code_challenge_method is S256".into()),
            Self::Challenge => {
                ("invalid_request", "code_challenge is the base64url of a SHA-256 without padding".into())
            }
            Self::Resource { ours } => ("invalid_target", format!("resource is {ours}").into()),
            Self::Scope(refused) => ("invalid_scope", refused.to_string().into()),
            Self::LoginRequired => ("login_required", "nobody is logged in".into()),
            Self::ConsentRequired => ("consent_required", "the user must be asked".into()),
        }
    }
}

impl Untrusted {
    /// The page for it (always 4xx, never a redirect), saying what a developer can do.
    pub(super) fn page(self, issuer: &Issuer) -> ErrorPage<'_> {
        let bad = StatusCode::BAD_REQUEST;
        let (status, text) = match &self {
            Self::TooLong => (bad, "The authorization request is too long."),
            Self::Unreadable(_) => (bad, "The authorization request is not correctly encoded."),
            Self::Repeated(_) => (bad, "The authorization request names its client or redirect URI twice."),
            Self::NoClient => (bad, "The authorization request does not say which application it is from."),
            Self::UnknownClient => (
                bad,
                "This application is not registered here. This server keeps registrations in memory, so they end \
                 when it restarts: disconnect and reconnect in the application, so that it registers again.",
            ),
            Self::NoRedirectUri => (bad, "The authorization request does not say where to return to."),
            Self::RedirectUri => {
                (bad, "The application asks to return to an address that it has not registered.")
            }
            Self::Host => (
                StatusCode::FORBIDDEN,
                "This server was reached by another name than its own. Use the address below.",
            ),
            Self::Sender => (StatusCode::FORBIDDEN, "This form was sent by another site."),
            Self::Form(InvalidBody::TooLong(_)) => (StatusCode::PAYLOAD_TOO_LARGE, "The form is too long."),
            Self::Form(_) => (bad, "The form is not correctly encoded."),
            Self::Stale { .. } => (
                StatusCode::FORBIDDEN,
                "This page has expired, or the browser accepts no cookies. Nothing was allowed.",
            ),
        };
        let page = ErrorPage::new(issuer, status, text);
        match self {
            Self::Stale { page: url } => page.with_retry(url),
            _ => page,
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
