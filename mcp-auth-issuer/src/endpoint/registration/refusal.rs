//! The possible mistakes in a registration, as typed causes, and the one answer to each (RFC 7591 §3.2.2, RFC 7592 §2).

use std::borrow::Cow;

use axum::response::{IntoResponse, Response};
use http::header::WWW_AUTHENTICATE;
use http::{HeaderValue, StatusCode};
use mcp_auth_store::StoreError;

use crate::client::document::DocumentError;
use crate::client::keys::InvalidClientKeys;
use crate::client::redirect_uri::InvalidRedirectUri;
use crate::observe::Reason;
use crate::rate_limit::TooSoon;
use crate::request::body::InvalidBody;
use crate::request::oauth_error::OAuthError;

/// Why nothing was registered, shown, changed or removed. No variant holds a secret or a key.
#[derive(Debug, thiserror::Error)]
pub(super) enum Refusal {
    #[error("registrations are too frequent")]
    TooOften { retry_after: u64 },
    /// The request shows no token, and needs one.
    #[error("no token")]
    NoToken,
    /// The request shows a token that is not good; the cause is for the log.
    #[error("{0}")]
    Token(&'static str),
    #[error(transparent)]
    Body(#[from] InvalidBody),
    #[error("no client metadata: {0}")]
    Json(#[from] serde_json::Error),
    #[error("no redirect_uris")]
    NoRedirectUri,
    #[error("{0} redirect URIs")]
    TooManyRedirectUris(usize),
    #[error("redirect URI {index}: {source}")]
    RedirectUri { index: usize, source: InvalidRedirectUri },
    #[error("token_endpoint_auth_method is not supported")]
    AuthMethod,
    #[error("the keys of the client: {0}")]
    Keys(#[from] InvalidClientKeys),
    #[error("jwks_uri: {0}")]
    JwksUri(DocumentError),
    #[error("grant_types without authorization_code")]
    GrantTypes,
    #[error("response_types without code")]
    ResponseTypes,
    #[error("{0} is not for the client to set")]
    Ours(&'static str),
    #[error("client_id is not that of the URL")]
    OtherClient,
    #[error("client_secret is not that of the client")]
    OtherSecret,
    #[error("token_endpoint_auth_method cannot be changed")]
    OtherMethod,
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Refusal {
    /// Tells the operator why, by the event of the endpoint.
    pub(super) fn tell(&self, tell: impl FnOnce(Reason<'_>)) {
        match self {
            Self::Store(error) => tell(Reason::Failed(&format_args!("{self}: {:?}", error.cause()))),
            // Where the mistake is, and not what stands there: it may be a key or a secret in the wrong place.
            Self::Json(error) => tell(Reason::Refused(&format_args!(
                "no client metadata: {:?} at line {}, column {}",
                error.classify(),
                error.line(),
                error.column()
            ))),
            refusal => tell(Reason::Refused(refusal)),
        }
    }

    fn error(&self) -> OAuthError {
        let bad = |code, why: Cow<'static, str>| OAuthError::bad_request(code, why);
        let metadata = |why: &'static str| bad("invalid_client_metadata", why.into());
        match self {
            Self::TooOften { retry_after } => OAuthError::too_often(*retry_after),
            Self::NoToken | Self::Token(_) => {
                bad("invalid_token", "this needs the right token, as Authorization: Bearer".into())
                    .with_status(StatusCode::UNAUTHORIZED)
            }
            Self::Body(InvalidBody::TooLong(_)) => {
                metadata("the client metadata is too long").with_status(StatusCode::PAYLOAD_TOO_LARGE)
            }
            Self::Body(InvalidBody::ContentType(_)) => metadata("client metadata is application/json"),
            Self::Body(InvalidBody::NotUtf8 | InvalidBody::Params(_) | InvalidBody::Repeated(_))
            | Self::Json(_) => {
                metadata("client metadata is one JSON object with members of the types in RFC 7591 section 2")
            }
            Self::NoRedirectUri => bad("invalid_redirect_uri", "redirect_uris is missing".into()),
            Self::TooManyRedirectUris(_) => bad("invalid_redirect_uri", "at most 16 redirect URIs".into()),
            Self::RedirectUri { source, .. } => bad("invalid_redirect_uri", source.to_string().into()),
            Self::AuthMethod => metadata(
                "token_endpoint_auth_method is none, client_secret_basic, client_secret_post or private_key_jwt",
            ),
            Self::Keys(why) => bad("invalid_client_metadata", why.to_string().into()),
            Self::JwksUri(why) => bad("invalid_client_metadata", format!("jwks_uri: {why}").into()),
            Self::GrantTypes => metadata("grant_types must contain authorization_code"),
            Self::ResponseTypes => metadata("response_types must contain code"),
            Self::Ours(_) => metadata("the request holds a member that only the server sets"),
            Self::OtherClient => metadata("client_id must be that of the client"),
            Self::OtherSecret => metadata("client_secret must be that of the client, or be left out"),
            Self::OtherMethod => {
                metadata("token_endpoint_auth_method stays; register anew to authenticate in another way")
            }
            Self::Store(_) => OAuthError::store_unavailable(),
        }
    }
}

impl From<TooSoon> for Refusal {
    fn from(TooSoon { retry_after }: TooSoon) -> Self {
        Self::TooOften { retry_after }
    }
}

impl IntoResponse for &Refusal {
    fn into_response(self) -> Response {
        let mut response = self.error().into_response();
        // RFC 6750 §3.1: no code where no token was shown.
        let challenge = match self {
            Refusal::NoToken => "Bearer realm=\"client registration\"",
            Refusal::Token(_) => "Bearer realm=\"client registration\", error=\"invalid_token\"",
            _ => return response,
        };
        response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
        response
    }
}
