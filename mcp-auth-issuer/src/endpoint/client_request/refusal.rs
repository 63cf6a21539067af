//! The possible mistakes in a request of a client, as typed causes, and the one answer to each.

use http::StatusCode;
use mcp_auth_core::Scope;
use mcp_auth_runtime::facade::{NotAsserted, ProofError};
use mcp_auth_store::StoreError;

use super::cause::{
    BAD_ASSERTION, InvalidExchange, InvalidGrant, InvalidSubjectToken, NotAuthenticated, Replayed,
};
use super::request::Refused;
use crate::assertion::NotOfProfile;
use crate::client::assertion::RefusedAssertion;
use crate::client::document::DocumentError;
use crate::client::scopes::RefusedScope;
use crate::issuer::{ClientError, NotIssued};
use crate::key::{KeyError, MintError};
use crate::observe::Reason;
use crate::person::LoginError;
use crate::rate_limit::TooSoon;
use crate::request::InvalidParams;
use crate::request::body::InvalidBody;
use crate::request::oauth_error::{OAuthError, repeated};

/// Why a request of a client is refused. No variant holds a secret, so all of them may be logged.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refusal {
    #[error(transparent)]
    Body(#[from] InvalidBody),
    #[error("parameter {0} is missing")]
    Missing(&'static str),
    /// Client authentication failed; the cause is for the log.
    #[error("client authentication: {0}")]
    Client(#[from] NotAuthenticated),
    /// The same, of an assertion.
    #[error("client authentication: {0}")]
    Assertion(RefusedAssertion),
    /// The client describes itself at a URL, and there is no description that it could be known by.
    #[error("the client metadata document, or the keys of the client, cannot be used: {0}")]
    Document(DocumentError),
    #[error("grant_type is not supported")]
    UnsupportedGrantType,
    #[error("the client may not use this grant")]
    UnauthorizedClient,
    /// What was granted cannot be used by this client; the client is told a part of the cause.
    #[error(transparent)]
    Grant(#[from] InvalidGrant),
    /// What was used before, so it may have been stolen.
    #[error(transparent)]
    Replay(#[from] Replayed),
    /// A token exchange that is not offered.
    #[error(transparent)]
    Exchange(#[from] InvalidExchange),
    /// A subject token that this client cannot exchange; the cause is for the log.
    #[error("subject token: {0}")]
    SubjectToken(#[from] InvalidSubjectToken),
    /// An assertion that is not good, or about which nothing can be told now (RFC 7521 §4.1.1).
    #[error(transparent)]
    Asserted(#[from] NotAsserted),
    /// The proof of the client's key is not good, or is missing (RFC 9449 §5).
    #[error(transparent)]
    Proof(#[from] ProofError),
    /// Nobody has answered the device yet (RFC 8628 §3.5).
    #[error("nobody has answered the device yet")]
    AuthorizationPending,
    /// The same, and the device polls too soon.
    #[error("the device polls too soon")]
    SlowDown,
    #[error("the user denied the device")]
    AccessDenied,
    #[error("the device code has expired; ask for a new one")]
    ExpiredToken,
    /// A client asks for device codes, or authenticates by assertions or with wrong secrets, too often.
    #[error("device authorization requests, client assertions or wrong client secrets are too frequent")]
    TooOften {
        /// After so many seconds it can ask again.
        retry_after: u64,
    },
    #[error("resource is not this server")]
    Resource,
    #[error(transparent)]
    Scope(RefusedScope),
    #[error("scope {0} was not granted")]
    ScopeNotGranted(Scope),
    /// Whether its person may still log in cannot be told now.
    #[error("the login cannot tell whether the person is still there")]
    Login(#[source] LoginError),
    #[error(transparent)]
    Mint(MintError),
    /// Which keys are the issuer's cannot be told now.
    #[error(transparent)]
    Keys(#[from] KeyError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Refused for Refusal {
    fn tell(&self, tell: impl FnOnce(Reason<'_>)) {
        match self {
            Self::Mint(error) => tell(Reason::Failed(&format_args!("{self}: {error:?}"))),
            Self::Keys(error) => tell(Reason::Failed(error)),
            Self::Store(error) => tell(Reason::Failed(&format_args!("{self}: {:?}", error.cause()))),
            Self::Asserted(NotAsserted::Unavailable(error)) => {
                tell(Reason::Failed(&format_args!("{self}: {error:?}")));
            }
            Self::Login(error) => tell(Reason::Failed(&format_args!("{self}: {error:?}"))),
            // A device polls every few seconds, and this is what it is told while it waits.
            Self::AuthorizationPending | Self::SlowDown => tracing::debug!(reason = %self, "a device waits"),
            refusal => tell(Reason::Refused(refusal)),
        }
    }

    fn error(&self) -> OAuthError {
        self.into()
    }
}

impl From<TooSoon> for Refusal {
    fn from(TooSoon { retry_after }: TooSoon) -> Self {
        Self::TooOften { retry_after }
    }
}

/// An assertion that is good, and not what its issuer is trusted with.
impl From<NotOfProfile> for Refusal {
    fn from(why: NotOfProfile) -> Self {
        Self::Grant(why.into())
    }
}

impl From<ClientError> for Refusal {
    fn from(error: ClientError) -> Self {
        match error {
            ClientError::Document(error) => Self::Document(error),
            ClientError::Store(error) => Self::Store(error),
        }
    }
}

impl From<NotIssued> for Refusal {
    fn from(error: NotIssued) -> Self {
        match error {
            NotIssued::Denied => Self::Grant(InvalidGrant::Denied),
            NotIssued::Mint(error) => Self::Mint(error),
        }
    }
}

impl From<&Refusal> for OAuthError {
    fn from(refusal: &Refusal) -> Self {
        match refusal {
            Refusal::Body(InvalidBody::TooLong(most)) => {
                Self::bad_request("invalid_request", format!("the body has more than {most} bytes"))
                    .with_status(StatusCode::PAYLOAD_TOO_LARGE)
            }
            Refusal::Body(InvalidBody::ContentType(wanted)) => {
                Self::bad_request("invalid_request", format!("Content-Type must be {wanted}"))
            }
            Refusal::Body(InvalidBody::NotUtf8 | InvalidBody::Params(InvalidParams::Encoding)) => {
                Self::bad_request(
                    "invalid_request",
                    "the body must be UTF-8, encoded as application/x-www-form-urlencoded",
                )
            }
            Refusal::Body(InvalidBody::Params(InvalidParams::TooMany)) => {
                Self::bad_request("invalid_request", "the body has too many parameters")
            }
            Refusal::Body(InvalidBody::Repeated(name)) => {
                Self::bad_request("invalid_request", repeated(name))
            }
            Refusal::Missing(name) => Self::bad_request("invalid_request", format!("parameter {name} is missing")),
            Refusal::Client(_) | Refusal::Assertion(_) => {
                Self::bad_request(
                    "invalid_client",
                    "client authentication failed: check client_id, and its secret or key, and send them in one way only",
                )
                .with_status(StatusCode::UNAUTHORIZED)
            }
            Refusal::Document(error) => match error.retry_after() {
                // Nothing was taken back: the client asks again with the same code or refresh token.
                Some(seconds) => Self {
                    retry_after: Some(seconds),
                    ..Self::bad_request("temporarily_unavailable", error.to_string())
                        .with_status(StatusCode::SERVICE_UNAVAILABLE)
                },
                None => Self::bad_request("invalid_client", error.to_string())
                    .with_status(StatusCode::UNAUTHORIZED),
            },
            Refusal::UnsupportedGrantType => {
                Self::bad_request("unsupported_grant_type", "grant_type must be one of grant_types_supported in the metadata of this server")
            }
            Refusal::UnauthorizedClient => {
                Self::bad_request("unauthorized_client", "this client is not registered for what it asks for here")
            }
            Refusal::Grant(invalid) => Self::bad_request("invalid_grant", invalid.description()),
            Refusal::Replay(replayed) => Self::bad_request("invalid_grant", replayed.description()),
            Refusal::Asserted(NotAsserted::Unavailable(_)) => Self::store_unavailable(),
            Refusal::Asserted(_) => Self::bad_request("invalid_grant", BAD_ASSERTION),
            Refusal::Exchange(not_offered) => Self::bad_request("invalid_request", not_offered.to_string()),
            // RFC 8693 §2.2.2 asks for this code.
            Refusal::SubjectToken(_) => Self::bad_request(
                "invalid_request",
                "the subject token is not an access token of this server, or is expired, revoked, or not for this client to exchange",
            ),
            Refusal::Proof(error) => Self::bad_request("invalid_dpop_proof", error.description()),
            // RFC 8628 §3.5.
            Refusal::AuthorizationPending => {
                Self::bad_request("authorization_pending", "the user has not answered yet; ask again after interval seconds")
            }
            Refusal::SlowDown => Self::bad_request(
                "slow_down",
                "the user has not answered yet; wait 5 seconds longer between polls",
            ),
            Refusal::AccessDenied => Self::bad_request("access_denied", "the user denied the request"),
            Refusal::ExpiredToken => Self::bad_request("expired_token", "the device code has expired"),
            Refusal::TooOften { retry_after } => Self::too_often(*retry_after),
            Refusal::Resource => Self::bad_request("invalid_target", "resource must be the identifier of this server, sent once, or be left out"),
            Refusal::Scope(refused) => Self::bad_request("invalid_scope", refused.to_string()),
            Refusal::ScopeNotGranted(scope) => {
                Self::bad_request("invalid_scope", format!("scope {scope} was not granted; ask for less, or for a new authorization"))
            }
            Refusal::Mint(_) => Self::bad_request("server_error", "the token cannot be made")
                .with_status(StatusCode::INTERNAL_SERVER_ERROR),
            Refusal::Store(_) | Refusal::Login(_) | Refusal::Keys(_) => Self::store_unavailable(),
        }
    }
}
