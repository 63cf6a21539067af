//! `[[auth.api_keys]]`.

use mcp_auth_core::InvalidApiKey;

/// What is not safe in `[[auth.api_keys]]`. `at` names the key and who set it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ApiKeyConflict {
    /// API keys that would be ignored.
    #[error("verify is \"none\", but [[auth.api_keys]] has keys: remove it, or the keys: {at}")]
    UnusedApiKeys {
        /// Key and source.
        at: String,
    },
    /// More API keys than a server may have.
    #[error("{count} API keys, at most {most}: {at}")]
    TooManyApiKeys {
        /// How many there are.
        count: usize,
        /// How many there may be.
        most: usize,
        /// Key and source.
        at: String,
    },
    /// Two callers of one name.
    #[error(
        "API key {name:?} is configured twice; a key that is changed has two digests under one name: {at}"
    )]
    DuplicateApiKey {
        /// The name.
        name: String,
        /// Key and source of the second.
        at: String,
    },
    /// One key that would be two callers, or the same digest twice.
    #[error(
        "API key {name:?} has a digest that {other:?} has already: make each key with `mcp-auth key new`: {at}"
    )]
    DuplicateDigest {
        /// The name of the second.
        name: String,
        /// The name of the first.
        other: String,
        /// Key and source of the second.
        at: String,
    },
    /// A name without a key, or with its key said twice.
    #[error("API key {name:?} needs exactly one of `digest` and `key`: {at}")]
    DigestOrKey {
        /// The name.
        name: String,
        /// Key and source.
        at: String,
    },
    /// A secret that may be guessed, or is not whole.
    #[error("API key {name:?} is not as `mcp-auth key new` makes them: {why}: {at}")]
    NotAnApiKey {
        /// The name.
        name: String,
        /// What is wrong with it.
        why: InvalidApiKey,
        /// Key and source.
        at: String,
    },
}
