//! Why an API key was not accepted.

use std::net::IpAddr;

use mcp_auth_core::InvalidApiKey;

/// Why an API key was not accepted. The text is for the log: it names the key as the configuration does, and never holds
/// any part of the key itself.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ApiKeyError {
    /// It is not the text of a key, so it was not looked up.
    #[error("{0}")]
    Malformed(InvalidApiKey),
    /// No configured key has its digest.
    #[error("API key is not one of auth.api_keys")]
    Unknown,
    /// Its `expires` has come.
    #[error("API key `{name}` expired {ago_secs}s ago")]
    Expired {
        /// The key.
        name: String,
        /// How long ago.
        ago_secs: u64,
        /// Whether it was for certain addresses: one who tries it from another address does not learn that it is a key.
        for_addresses: bool,
    },
    /// An operator denied it.
    #[error("API key `{name}`, whose digest begins with {begins}, is denied by auth.deny")]
    Denied {
        /// The key.
        name: String,
        /// How its digest begins.
        begins: String,
        /// Whether it was for certain addresses, as above.
        for_addresses: bool,
    },
    /// The request does not come from one of its `allowed_addresses`.
    #[error("API key `{name}` may not be used from {}, by its allowed_addresses", place(*.from))]
    Address {
        /// The key.
        name: String,
        /// Where the request came from; `None` where that is not known, as on stdio.
        from: Option<IpAddr>,
    },
}

fn place(from: Option<IpAddr>) -> String {
    from.map_or_else(
        || "an address that is not known (stdio has none)".to_owned(),
        |address| address.to_string(),
    )
}

impl ApiKeyError {
    /// What the client may read. Whoever found a key and tries it from elsewhere learns no more than with a key that does
    /// not exist.
    pub(in crate::authn) fn description(&self) -> &'static str {
        match self {
            Self::Malformed(InvalidApiKey::Prefix) => "this is not an API key",
            Self::Malformed(_) => "the API key is malformed; was it copied whole?",
            Self::Unknown
            | Self::Address { .. }
            | Self::Expired { for_addresses: true, .. }
            | Self::Denied { for_addresses: true, .. } => "the API key is not accepted",
            Self::Expired { for_addresses: false, .. } => "the API key expired",
            Self::Denied { for_addresses: false, .. } => "the API key is not accepted any more",
        }
    }
}
