//! API keys of the configuration. In reading order: `digest` (what the server keeps of a key), `keys` (what is configured
//! about one), `verifier` (which of them a key is), `error` (why it is not accepted).

mod digest;
mod error;
mod keys;
#[cfg(test)]
mod tests;
mod verifier;

pub use digest::{ApiKeyDigest, InvalidDigest};
pub use error::ApiKeyError;
pub use keys::{API_KEY_ISSUER, ApiKeyRules};
pub use verifier::ApiKeyVerifier;
