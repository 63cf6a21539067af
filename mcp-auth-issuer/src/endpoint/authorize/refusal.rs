//! The possible mistakes in an authorization request, as typed causes, and the one answer to each of them.

use std::borrow::Cow;
use std::net::IpAddr;

use axum::response::{IntoResponse, Response};
use http::StatusCode;
use mcp_auth_core::Resource;
use mcp_auth_core::seen::head;
use mcp_auth_store::{Client, StoreError};

use super::response::Answer;
use crate::client::document::DocumentError;
use crate::client::redirect_uri::{Destination, destination};
use crate::client::scopes::RefusedScope;
use crate::issuer::Issuer;
use crate::observe::authorization::AuthorizationRefused;
use crate::observe::{Event as _, Reason, Word};
use crate::person::page::{ErrorPage, ErrorText, errors, texts};
use crate::request::InvalidParams;
use crate::request::body::InvalidBody;
use crate::request::oauth_error::{LONGEST, repeated};

/// Why an authorization request is refused, and who is told.
#[derive(Debug)]
pub(in crate::endpoint) enum Refusal {
    /// The client, which is the operator's or which a person has allowed something before, is told by redirect (OAuth 2.1 §4.1.2.1).
    Tell { client_id: String, answer: Answer, refused: Refused },
    /// The redirect URI, or the request itself, is not verified: only the person is told. With the client, where it was found.
    Untrusted { untrusted: Untrusted, client_id: Option<String> },
    /// The store failed, which is not the client's fault.
    Store { error: StoreError, client_id: Option<String> },
}

/// Causes that are told to the client.
#[derive(Debug, thiserror::Error)]
pub(in crate::endpoint) enum Refused {
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
    #[error("code_challenge is not the unpadded base64url of a SHA-256 digest")]
    Challenge,
    #[error("resource is not {ours}")]
    Resource { ours: Box<Resource> },
    #[error(transparent)]
    Scope(RefusedScope),
    #[error("dpop_jkt is not the unpadded base64url of a SHA-256 digest")]
    Thumbprint,
    #[error("max_age is not a number of seconds")]
    MaxAge,
    #[error("{name} is longer than {most} bytes, or has characters that are not allowed in it")]
    Hint { name: &'static str, most: usize },
    #[error("prompt is none and another value at once")]
    Prompt,
    #[error("prompt is none and no user is logged in")]
    LoginRequired,
    #[error("prompt is none and the user has not said that they need not be asked")]
    ConsentRequired,
    #[error("the user logged in, and reached none of acr_values")]
    TooWeak,
    #[error("the request was not pushed, and require_par is set")]
    NotPushed,
    #[error("the provider that the user logged in at does not answer, or not as it should")]
    Provider,
}

/// Causes that are told only to the person.
#[derive(Debug, thiserror::Error)]
pub(in crate::endpoint) enum Untrusted {
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
    #[error("the client metadata document cannot be used: {why}")]
    Document { client_id: String, why: DocumentError, page: String },
    #[error("redirect_uri is missing and the client registered several")]
    NoRedirectUri,
    #[error("redirect_uri is not registered for the client")]
    RedirectUri { presented: String },
    #[error("request_uri names no request that this client pushed, or one that has expired or was used")]
    NotPushed,
    #[error("a parameter beside request_uri differs from the pushed request")]
    Beside,
    #[error("the Host header is not the issuer's")]
    Host,
    #[error("the browser does not show the answer as a page of its own")]
    NotNavigated,
    #[error("the Origin header is not the issuer's")]
    Sender,
    #[error("the form: {0}")]
    Form(InvalidBody),
    #[error("the form's CSRF token does not fit this browser and request")]
    Stale { page: String },
    #[error("the form allows a scope that was not asked for")]
    NotAsked { page: String },
    #[error("the form was answered before")]
    Answered { page: String },
    #[error("one person allows something too often")]
    TooOften { page: String, retry_after: u64 },
    #[error("{refused}; {unseen}")]
    Stranger { refused: Refused, unseen: Unseen },
    #[error("the user denied the request; {unseen}")]
    Denied { host: String, unseen: Unseen },
}

/// What no person has looked at, so that nobody is sent there from here without a question (RFC 9700 §4.11.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(in crate::endpoint) enum Unseen {
    #[error("no person has allowed the client anything yet")]
    Client,
    #[error("no person allows the client anything at this redirect URI")]
    Address,
}

impl Unseen {
    /// Whether somebody looked at the client, and at this web site, where the client can name another one at any time: it describes itself, or
    /// changes its registration (RFC 7592). Anyone can have a client with an address of their own, and a link with a mistake in it would send
    /// people there from this server.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(super) async fn of(
        issuer: &Issuer,
        client: &Client,
        redirect_uri: &str,
    ) -> Result<Option<Self>, StoreError> {
        let consents = issuer.store.consents();
        if !issuer.is_known(&client.id).await? {
            return Ok(Some(Self::Client));
        }
        let can_change = issuer.describes_itself(&client.id) || client.registration_token.is_some();
        let may_be_new = can_change && matches!(destination(redirect_uri), Destination::Web(_));
        let is_seen = !may_be_new || consents.any_at(&client.id, redirect_uri).await?;
        Ok((!is_seen).then_some(Self::Address))
    }

    /// Why a person was not sent on, in words for them.
    fn told(self, of_client: ErrorText, of_address: ErrorText) -> ErrorText {
        match self {
            Self::Client => of_client,
            Self::Address => of_address,
        }
    }
}

impl Refusal {
    /// `refused`, told to the client where a person has seen to whom the answer goes, and to the person otherwise.
    pub(super) async fn of(issuer: &Issuer, client: &Client, answer: Answer, refused: Refused) -> Self {
        match Unseen::of(issuer, client, &answer.redirect_uri).await {
            Ok(None) => Self::Tell { client_id: client.id.clone(), answer, refused },
            Ok(Some(unseen)) => Self::from(Untrusted::Stranger { refused, unseen }).about(client),
            Err(error) => Self::from(error).about(client),
        }
    }

    /// The same, of a request of this client: the operator is told so.
    pub(super) fn about(mut self, client: &Client) -> Self {
        match &mut self {
            Self::Untrusted { client_id, .. } | Self::Store { client_id, .. } => {
                client_id.get_or_insert_with(|| client.id.clone());
            }
            Self::Tell { .. } => {}
        }
        self
    }

    /// Tells the client by redirect, or else the person by a page. It never redirects to an unverified address.
    pub(in crate::endpoint) fn respond(self, issuer: &Issuer, address: Option<IpAddr>) -> Response {
        match self {
            Self::Tell { client_id, answer, refused } => {
                AuthorizationRefused {
                    client_id: Some(&client_id),
                    redirect_uri: Some(&answer.redirect_uri),
                    told: Word("client"),
                    address,
                    reason: Reason::Refused(&refused),
                }
                .happened();
                let (code, description) = refused.wire();
                answer.error(code, &description)
            }
            Self::Untrusted { untrusted, client_id } => {
                not_told(client_id.as_deref(), address, Reason::Refused(&untrusted));
                untrusted.page(issuer).into_response()
            }
            Self::Store { error, client_id } => {
                let reason = format!("{error}: {:?}", error.cause());
                not_told(client_id.as_deref(), address, Reason::Failed(&reason));
                ErrorPage::new(issuer, StatusCode::SERVICE_UNAVAILABLE, errors().unavailable).into_response()
            }
        }
    }
}

/// Tells the operator that a request was refused of which only the person is told.
fn not_told(client_id: Option<&str>, address: Option<IpAddr>, reason: Reason<'_>) {
    let told = Word("person");
    AuthorizationRefused { client_id, redirect_uri: None, told, address, reason }.happened();
}

impl Refused {
    /// The error code (OAuth 2.1 §4.1.2.1, RFC 8707 §2, OpenID Connect Core 1.0 §3.1.2.6) and its description.
    pub(in crate::endpoint) fn wire(&self) -> (&'static str, Cow<'static, str>) {
        match self {
            Self::Repeated(name) => ("invalid_request", repeated(name)),
            Self::Missing(name) => ("invalid_request", format!("parameter {name} is missing").into()),
            Self::Unsupported { name, code } => {
                (code, format!("parameter {name} is not supported; leave it out").into())
            }
            Self::ResponseType => ("unsupported_response_type", "response_type must be code".into()),
            Self::ResponseMode => {
                ("invalid_request", "response_mode must be query, or be left out".into())
            }
            Self::ChallengeMethod => {
                ("invalid_request", "code_challenge_method must be S256 (PKCE, RFC 7636)".into())
            }
            Self::Challenge => {
                let why = "code_challenge must be the base64url, without padding, of the SHA-256 of code_verifier";
                ("invalid_request", why.into())
            }
            Self::Resource { ours } => ("invalid_target", format!("resource must be {ours}, sent once, or be left out").into()),
            Self::Scope(refused) => ("invalid_scope", head(&refused.to_string(), LONGEST).to_owned().into()),
            Self::Thumbprint => {
                let why = "dpop_jkt must be the base64url, without padding, of the SHA-256 thumbprint of the key";
                ("invalid_request", why.into())
            }
            Self::MaxAge => ("invalid_request", "max_age must be a whole number of seconds".into()),
            Self::Hint { name, most } => {
                ("invalid_request", format!("{name} has more than {most} bytes, or characters that are not allowed in it").into())
            }
            Self::Prompt => ("invalid_request", "prompt must have no other value beside none".into()),
            Self::LoginRequired => ("login_required", "the user is not logged in, and prompt=none allows no login page".into()),
            Self::ConsentRequired => ("consent_required", "the user has to be asked, and prompt=none allows no page".into()),
            // RFC 9470 §5.
            Self::TooWeak => {
                ("unmet_authentication_requirements", "the user logged in, and the login reached none of acr_values".into())
            }
            Self::Provider => {
                ("server_error", "the user could not be logged in: the provider that they log in at failed".into())
            }
            // RFC 9126 §5.
            Self::NotPushed => {
                ("invalid_request", "send the request to pushed_authorization_request_endpoint first, and only client_id and request_uri here".into())
            }
        }
    }
}

impl Untrusted {
    /// The error page for this cause (4xx, or 503 for what passes; never a redirect).
    pub(in crate::endpoint) fn page(self, issuer: &Issuer) -> ErrorPage<'_> {
        let page = ErrorPage::new(issuer, self.status(), self.text());
        match self {
            Self::Stale { page: url } | Self::Answered { page: url } | Self::NotAsked { page: url } => {
                page.with_retry(url)
            }
            Self::TooOften { page: url, retry_after } => page.with_retry(url).after(Some(retry_after)),
            Self::Stranger { refused, .. } => {
                let (code, description) = refused.wire();
                page.with_mistake(&format!("{code}: {description}"))
            }
            Self::Document { client_id, why, page: url } => {
                let page = page.with_value(texts().names_itself, &client_id).with_mistake(&why.to_string());
                match why.is_passing() {
                    true => page.with_retry(url).after(why.retry_after()),
                    false => page,
                }
            }
            Self::Denied { host, .. } => page.with_value(texts().asks_to_return_to, &host),
            Self::RedirectUri { presented } => page.with_value(texts().asks_to_return_to, &presented),
            _ => page,
        }
    }

    fn status(&self) -> StatusCode {
        match self {
            Self::Host | Self::NotNavigated | Self::Sender | Self::Stale { .. } | Self::Answered { .. } => {
                StatusCode::FORBIDDEN
            }
            Self::Denied { .. } => StatusCode::FORBIDDEN,
            Self::TooOften { .. } => StatusCode::TOO_MANY_REQUESTS,
            Self::Form(InvalidBody::TooLong(_)) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Document { why, .. } if why.is_passing() => StatusCode::SERVICE_UNAVAILABLE,
            Self::TooLong
            | Self::Unreadable(_)
            | Self::Repeated(_)
            | Self::NoClient
            | Self::UnknownClient
            | Self::Document { .. }
            | Self::NoRedirectUri
            | Self::RedirectUri { .. }
            | Self::NotPushed
            | Self::Beside
            | Self::NotAsked { .. }
            | Self::Stranger { .. }
            | Self::Form(_) => StatusCode::BAD_REQUEST,
        }
    }

    /// The text of the page. It is written for the person; it also names the rule, for a developer.
    fn text(&self) -> ErrorText {
        let errors = errors();
        match self {
            Self::TooLong => errors.too_long,
            Self::Unreadable(_) => errors.unreadable,
            Self::Repeated(_) => errors.repeated,
            Self::NotNavigated => errors.not_navigated,
            Self::NoClient => errors.no_client,
            Self::UnknownClient => errors.unknown_client,
            Self::Document { why: DocumentError::Busy | DocumentError::TooOften { .. }, .. } => {
                errors.documents_busy
            }
            Self::Document { why, .. } if why.is_passing() => errors.document_unreadable,
            Self::Document { why, .. } if why.is_of_the_document() => errors.document_wrong,
            Self::Document { .. } => errors.document_address,
            Self::NoRedirectUri => errors.no_redirect_uri,
            Self::RedirectUri { .. } => errors.unknown_redirect_uri,
            Self::NotPushed => errors.not_pushed,
            Self::Beside => errors.beside,
            Self::Host => errors.host,
            Self::Sender => errors.sender,
            Self::Form(InvalidBody::TooLong(_)) => errors.form_too_long,
            Self::Form(_) => errors.form_unreadable,
            Self::Stale { .. } => errors.stale,
            Self::NotAsked { .. } => errors.not_asked,
            Self::TooOften { .. } => errors.allows_too_often,
            Self::Answered { .. } => errors.answered,
            Self::Stranger { unseen, .. } => {
                unseen.told(errors.mistake_of_unseen_client, errors.mistake_of_unseen_address)
            }
            Self::Denied { unseen, .. } => {
                unseen.told(errors.denied_unseen_client, errors.denied_unseen_address)
            }
        }
    }
}

impl From<Untrusted> for Refusal {
    fn from(untrusted: Untrusted) -> Self {
        let client_id = match &untrusted {
            Untrusted::Document { client_id, .. } => Some(client_id.clone()),
            _ => None,
        };
        Self::Untrusted { untrusted, client_id }
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        Self::Store { error, client_id: None }
    }
}
