//! `[issuer.registration]`: who may register a client at the built-in issuer.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::config::value::secret::Secret;
use crate::config::value::sha256::Sha256;
use crate::config::value::{DisplayName, count};

count! {
    /// How many new clients may register in a minute.
    RegistrationsPerMinute: 1 to 100000, default 120
}

/// Clients that register themselves (Dynamic Client Registration, RFC 7591).
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Registration {
    /// Whether any client may register. Without it only those may that show an initial access token.
    pub open: bool,
    /// How many new clients may register in a minute, all strangers together, and each initial access token beside them; one more gets 429.
    /// A public client that registers again as before is the same one, and does not count.
    pub per_minute: RegistrationsPerMinute,
    /// Tokens that let who shows one register clients, as `Authorization: Bearer`. Each such client is a new one, and may change and remove
    /// what is kept of it.
    pub initial_access_tokens: Vec<InitialAccessToken>,
}

/// One of them: its `name`, and either `sha256` or `token`.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct InitialAccessToken {
    /// Its name in the log.
    pub name: DisplayName,
    /// The SHA-256 of the token, which must be at least 32 random characters.
    #[serde(default)]
    pub sha256: Option<Sha256>,
    /// Where the token is, in place of its hash.
    #[serde(default)]
    pub token: Option<Secret>,
}

impl Default for Registration {
    fn default() -> Self {
        Self { open: true, per_minute: RegistrationsPerMinute::default(), initial_access_tokens: Vec::new() }
    }
}
