//! `[[auth.deny]]`: credentials that are refused although they verify.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::config::value::NonEmpty;
use crate::config::value::moment::Moment;
use crate::config::value::sha256::Sha256;

/// Credentials that are refused although they verify: for the day that a token leaks. All that a table says must hold. The
/// tables are read again while the server runs, a few seconds after the file was changed. The built-in issuer does not refresh, exchange
/// or call active what is denied, and a refresh of it ends the grant.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct DenyEntry {
    /// The issuer, byte for byte. Required beside `subject`, `client` and `jti`, which mean something only within an issuer.
    pub issuer: Option<NonEmpty>,
    /// The subject: as tools and the audit see it, or the `sub` of the token; or who acts for it (`act`).
    pub subject: Option<NonEmpty>,
    /// The client, or that of who acts for the subject.
    pub client: Option<NonEmpty>,
    /// The identifier of one token (`jti`).
    pub jti: Option<NonEmpty>,
    /// Tokens that were issued before this moment, and those that do not say when. API keys are not tokens.
    pub issued_before: Option<Moment>,
    /// One credential, by the SHA-256 of its text in hexadecimal digits: `printf %s "$TOKEN" | sha256sum`. Of a signed token,
    /// without the last dot and what stands after it: `printf %s "${TOKEN%.*}" | sha256sum`.
    pub sha256: Option<Sha256>,
    /// An API key, by its name in `[[auth.api_keys]]`.
    pub api_key: Option<NonEmpty>,
}
