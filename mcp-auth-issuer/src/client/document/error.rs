//! Why a URL gives no client.

use std::sync::Arc;

use mcp_auth_runtime::facade::InvalidKeys;
use mcp_auth_store::StoreError;

use super::fetch::FetchError;
use super::rules::InvalidDocument;
use super::url::InvalidClientId;
use crate::observe::client::ClientNotDescribed;
use crate::observe::{Event as _, Reason};

/// Why there is no client at a URL. No variant holds text of the document, so each may be shown and sent to the client: printable
/// ASCII without quotes.
#[derive(Debug, Clone, thiserror::Error)]
pub(crate) enum DocumentError {
    /// The operator turned them off.
    #[error("this server takes no client_id that is a URL; register instead")]
    Off,
    /// Nothing was fetched.
    #[error(transparent)]
    Url(#[from] InvalidClientId),
    /// Nothing was fetched: another port may be another service.
    #[error("its URL names port {0}; documents are fetched from port 443")]
    Port(u16),
    /// Nothing was fetched.
    #[error(
        "the host is inside a private network; the operator can name it in issuer.client_documents.private"
    )]
    PrivateHost,
    /// So many fetches are under way already.
    #[error("too many client metadata documents are being fetched at once")]
    Busy,
    /// So many were fetched in the last minute.
    #[error("too many client metadata documents were fetched; try again later")]
    TooOften {
        /// In seconds.
        retry_after: u64,
    },
    /// No document could be read.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// The document was read, and does not describe this client.
    #[error(transparent)]
    Invalid(#[from] InvalidDocument),
    /// The keys of a client could not be had from its `jwks_uri`.
    #[error("the jwks_uri of the client cannot be used: {0}")]
    JwksUri(#[source] Arc<DocumentError>),
    /// Nothing was fetched.
    #[error("it is not an https URL with the name of a host and a path, written as a URL parser writes it")]
    JwksUrl,
    /// What is at a `jwks_uri` is not a JWK Set of public keys.
    #[error("the JWK Set cannot be used: {0}")]
    Keys(#[from] InvalidKeys),
    /// Fetches cannot be counted, so none is made.
    #[error("the store is unavailable")]
    Store(#[source] Arc<StoreError>),
}

impl DocumentError {
    /// In how many seconds a client may ask again, where its document could not be read. What it was granted is not touched
    /// then: who cannot be asked has taken nothing back.
    pub(crate) fn retry_after(&self) -> Option<u64> {
        match self {
            Self::Busy => Some(2),
            Self::TooOften { retry_after } => Some(*retry_after),
            Self::Fetch(_) | Self::Store(_) => Some(30),
            Self::JwksUri(error) => error.retry_after(),
            Self::Off | Self::Url(_) | Self::Port(_) | Self::PrivateHost => None,
            Self::Invalid(_) | Self::Keys(_) | Self::JwksUrl => None,
        }
    }

    /// Whether a person may try the same again in a moment.
    pub(crate) fn is_passing(&self) -> bool {
        match self {
            Self::Busy | Self::TooOften { .. } | Self::Store(_) => true,
            Self::Fetch(error) => error.is_passing(),
            Self::JwksUri(error) => error.is_passing(),
            Self::Off | Self::Url(_) | Self::Port(_) | Self::PrivateHost => false,
            Self::Invalid(_) | Self::Keys(_) | Self::JwksUrl => false,
        }
    }

    /// Whether the URL was asked, and what is there is not the description of this client.
    pub(crate) fn is_of_the_document(&self) -> bool {
        match self {
            Self::Invalid(_) => true,
            Self::Fetch(error) => !error.is_passing(),
            Self::Off | Self::Url(_) | Self::Port(_) | Self::PrivateHost => false,
            Self::Busy | Self::TooOften { .. } | Self::Store(_) => false,
            Self::JwksUri(_) | Self::JwksUrl | Self::Keys(_) => false,
        }
    }

    /// Whether the client itself took back what it was granted.
    pub(crate) fn ends_grants(&self) -> bool {
        matches!(self, Self::Invalid(invalid) if invalid.ends_grants())
    }

    /// Logs it for the operator, with the cause that is not shown.
    pub(crate) fn log(&self, client_id: &str) {
        let tell = |reason| ClientNotDescribed { client_id, reason }.happened();
        let cause = match self {
            Self::JwksUri(error) => error,
            error => error,
        };
        match cause {
            Self::Store(error) => tell(Reason::Failed(&format_args!("{self}: {:?}", error.cause()))),
            Self::Fetch(fetch) => match fetch.cause() {
                Some(cause) => tell(Reason::Refused(&format_args!("{self}: {cause}"))),
                None => tell(Reason::Refused(self)),
            },
            _ => tell(Reason::Refused(self)),
        }
    }
}
