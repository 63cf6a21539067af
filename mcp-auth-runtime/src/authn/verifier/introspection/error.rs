//! Why an issuer could not say whether a token is active. It is never the client's fault.

use std::sync::Arc;
use std::time::Duration;

use crate::authn::error::{FetchError, KeysError};

/// Why there is no answer about a token, or none that can be used. Holds no part of the token or of our own credentials.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IntrospectionError {
    /// The issuer's metadata does not say where to ask.
    #[error("its introspection endpoint is not known")]
    Endpoint(#[source] Arc<KeysError>),
    /// No answer came.
    #[error("could not ask {url}")]
    Fetch {
        /// Who was asked.
        url: String,
        /// Why nothing came.
        #[source]
        source: FetchError,
    },
    /// The endpoint does not know us.
    #[error("{url} answered {status}: it refuses the credentials of this server, not the token")]
    NotOurs {
        /// Who was asked.
        url: String,
        /// The status.
        status: u16,
    },
    /// A status that says nothing of the token; redirects are not followed.
    #[error("{url} answered {status}, which says nothing about a token")]
    Status {
        /// Who was asked.
        url: String,
        /// The status.
        status: u16,
    },
    /// Not the JSON object it should be.
    #[error("{url} answered what is not {expected}")]
    Answer {
        /// Who was asked.
        url: String,
        /// What it should have been.
        expected: &'static str,
    },
    /// The whole of it took too long.
    #[error("no answer within {0:?}")]
    Timeout(Duration),
    /// As many tokens are being asked about as may be.
    #[error("too many tokens are being asked about")]
    Crowded,
    /// Our own credentials are not usable: the key did not sign, or no header can hold the secret.
    #[error(
        "the credentials of this server cannot be sent: its key does not sign, or its secret holds control characters"
    )]
    Sign,
}
