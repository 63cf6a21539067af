//! A call that waits for its person, named by a secret in the URL of the page where they answer, which its client was given.

use std::net::IpAddr;

use axum::response::{IntoResponse, Response};
use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use http::StatusCode;
use mcp_auth_store::{Answer, Client, Confirmation, SecretHash, StoreError};

use super::authorize::Untrusted;
use crate::issuer::{ClientError, Issuer};
use crate::observe::login::PageRefused;
use crate::observe::{Event as _, Reason, Word};
use crate::person::page::{EndedPage, ErrorText, errors};
use crate::request::Params;

/// A call that waits for its person.
pub(super) struct Waiting {
    id: SecretHash,
    pub(super) asked: Confirmation,
    pub(super) client: Option<Client>,
    /// The URL of its page, relative to the origin.
    pub(super) url: String,
}

impl Waiting {
    /// Reads `query` of the page at `path`.
    ///
    /// # Errors
    /// [`NotAnswered::Gone`] where nothing waits under its `id`.
    pub(super) async fn read(issuer: &Issuer, path: &str, query: &str) -> Result<Self, NotAnswered> {
        let params = Params::parse(query).map_err(Untrusted::Unreadable)?;
        let is_secret = |id: &&str| BASE64_URL_SAFE_NO_PAD.decode(id).is_ok_and(|bytes| bytes.len() == 32);
        let secret = params.get("id").filter(|_| params.count("id") == 1).filter(is_secret);
        let secret = secret.ok_or(NotAnswered::Gone)?;
        let id = SecretHash::of(secret);
        let asked = issuer.store.confirmations().find(id, issuer.now()).await?.ok_or(NotAnswered::Gone)?;
        let client = match &asked.client_id {
            // What it says of itself is only shown, so the person need not wait for a description that cannot be read.
            Some(client) => match issuer.client(client).await {
                Ok(client) => client,
                Err(ClientError::Document(_)) => issuer.known_by_its_url(client),
                Err(ClientError::Store(error)) => return Err(error.into()),
            },
            None => None,
        };
        Ok(Self { id, asked, client, url: format!("{path}?id={secret}") })
    }

    /// Answers it.
    ///
    /// # Errors
    /// [`NotAnswered::Gone`] if it was answered in the meantime, or waits no longer.
    pub(super) async fn answer(&self, issuer: &Issuer, answer: Answer) -> Result<(), NotAnswered> {
        match issuer.store.confirmations().answer(self.id, answer, issuer.now()).await? {
            true => Ok(()),
            false => Err(NotAnswered::Gone),
        }
    }
}

/// Why the call does not go on.
#[derive(Debug)]
pub(super) enum NotAnswered {
    /// The request itself is not to be trusted.
    Untrusted(Untrusted),
    /// Nothing waits under this URL.
    Gone,
    /// The person said no.
    Denied,
    /// Another person than the caller logged in.
    Foreign,
    /// The store failed.
    Store(StoreError),
}

/// What a page says of it.
pub(super) struct Words {
    /// What it is called in the log.
    pub(super) page: Word,
    pub(super) gone: ErrorText,
    pub(super) denied: ErrorText,
    pub(super) foreign: ErrorText,
}

impl NotAnswered {
    /// Its page.
    pub(super) fn respond(self, issuer: &Issuer, address: Option<IpAddr>, words: Words) -> Response {
        let Words { page, gone, denied, foreign } = words;
        let (status, text) = match self {
            Self::Untrusted(untrusted) => {
                PageRefused { page, address, reason: Reason::Refused(&untrusted) }.happened();
                return untrusted.page(issuer).into_response();
            }
            Self::Gone => {
                PageRefused { page, address, reason: Reason::Refused(&"no call waits there") }.happened();
                (StatusCode::GONE, gone)
            }
            Self::Denied => (StatusCode::OK, denied),
            Self::Foreign => (StatusCode::FORBIDDEN, foreign),
            Self::Store(error) => {
                let reason = format!("{error}: {:?}", error.cause());
                PageRefused { page, address, reason: Reason::Failed(&reason) }.happened();
                (StatusCode::SERVICE_UNAVAILABLE, errors().unavailable)
            }
        };
        EndedPage { issuer, status, text }.into_response()
    }
}

impl From<Untrusted> for NotAnswered {
    fn from(untrusted: Untrusted) -> Self {
        Self::Untrusted(untrusted)
    }
}

impl From<StoreError> for NotAnswered {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}
