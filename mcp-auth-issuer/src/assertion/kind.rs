//! Which JWTs are not assertions of a profile: what was made for one purpose is not taken for another (RFC 8725 §3.11).

use serde_json::{Map, Value};

/// Why an assertion is not one of its issuer's profile, in words for the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the assertion {0}")]
pub(crate) struct NotOfProfile(pub(crate) &'static str);

/// Claims by which an ID token is known (OpenID Connect Core 1.0 §2, §3.3.2.11).
const OF_ID_TOKENS: [&str; 4] = ["nonce", "at_hash", "c_hash", "azp"];

/// Refuses an ID token: it says who logged in, to the client that the person used.
pub(super) fn refuse_id_token(claims: &Map<String, Value>) -> Result<(), NotOfProfile> {
    match OF_ID_TOKENS.iter().any(|claim| claims.contains_key(*claim)) {
        true => Err(NotOfProfile("is an ID token")),
        false => Ok(()),
    }
}
