//! Why an issuer's documents could not be had.

use std::time::Duration;

use mcp_auth_core::seen::Excerpt;

/// Why a document could not be fetched.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FetchError {
    /// No complete answer in time.
    #[error("no complete answer in time")]
    Timeout,
    /// The body is larger than asked for.
    #[error("the answer is larger than {limit} bytes")]
    TooLarge {
        /// The limit, in bytes.
        limit: usize,
    },
    /// Name resolution, connection, TLS or HTTP failed.
    #[error("the request failed")]
    Transport(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// Why an issuer's keys could not be loaded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeysError {
    /// The document did not come.
    #[error("could not fetch {url}")]
    Fetch {
        /// What was asked for.
        url: String,
        /// Why it did not come.
        #[source]
        source: FetchError,
    },
    /// An answer other than 200; redirects are not followed.
    #[error("{url} answered {status}, not 200")]
    Status {
        /// What was asked for.
        url: String,
        /// The status.
        status: u16,
    },
    /// Not the JSON object it should be.
    #[error("{url} is not a {expected}")]
    Document {
        /// What was asked for.
        url: String,
        /// What it should have been.
        expected: &'static str,
    },
    /// The metadata names another issuer (RFC 8414 §3.3).
    #[error("metadata at {url} names issuer {found}; issuers are compared byte for byte")]
    IssuerDiffers {
        /// What was asked for.
        url: String,
        /// The issuer it names.
        found: Excerpt,
    },
    /// The metadata does not say where something is.
    #[error("metadata at {url} has no {member}")]
    NotPublished {
        /// What was asked for.
        url: String,
        /// Which member is absent.
        member: &'static str,
    },
    /// The metadata leads to what is not https (http only from loopback to loopback).
    #[error("metadata at {url} has no https {member}")]
    NotHttps {
        /// What was asked for.
        url: String,
        /// Which member leads there.
        member: &'static str,
    },
    /// A JWK Set without a single key we can use with this issuer's algorithms.
    #[error("the JWK Set holds no usable key ({skipped} skipped){}", first_of(first.as_deref()))]
    NoUsableKey {
        /// How many were there.
        skipped: usize,
        /// Why the first of them was skipped.
        first: Option<String>,
    },
    /// The issuer in this process cannot read its keys where they are kept.
    #[error("the keys of the built-in issuer cannot be read")]
    Own(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// Discovery and keys together took too long.
    #[error("no keys within {0:?}")]
    Timeout(Duration),
}

/// An error with everything below it, in one line.
pub(in crate::authn) fn chain(error: &dyn std::error::Error) -> String {
    let mut line = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        line = format!("{line}: {cause}");
        next = cause.source();
    }
    line
}

fn first_of(skipped: Option<&str>) -> String {
    skipped.map(|why| format!("; the first: {why}")).unwrap_or_default()
}

impl KeysError {
    /// Whether waiting cannot help: the configuration and the issuer contradict each other. Met at start, it is
    /// a reason not to start; later, the known keys stay.
    pub fn is_misconfiguration(&self) -> bool {
        match self {
            Self::IssuerDiffers { .. } | Self::NotPublished { .. } | Self::NotHttps { .. } => true,
            Self::Fetch { .. }
            | Self::Status { .. }
            | Self::Document { .. }
            | Self::NoUsableKey { .. }
            | Self::Own(_)
            | Self::Timeout(_) => false,
        }
    }
}
