//! What is kept of the passkeys of an account (Web Authentication Level 3), and what a use of one has to be.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::SecretHash;

/// So many passkeys one account has at most.
pub const MOST_PASSKEYS: usize = 20;

/// A passkey: a public key whose private key an authenticator of the person holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Passkey {
    /// Its credential identifier, in base64url.
    pub id: String,
    /// Its public key, as the authenticator wrote it (a COSE key), in base64url.
    pub public_key: String,
    /// What its person calls it.
    pub name: String,
    /// The signature counter of its last use. One of 0 does not count.
    pub counter: u32,
    /// Whether other devices may get it, as its authenticator said when it was made. That does not change.
    pub backup_eligible: bool,
    /// Whether other devices have it, as its authenticator said last.
    pub backed_up: bool,
    /// Whether its authenticator verified its person when it was added, or at a use after the password since. Where it did not, a later use that says so
    /// proves nothing: whoever found the authenticator may have given it a PIN (Web Authentication Level 3 §4, `uvInitialized`).
    #[serde(default)]
    pub user_verified: bool,
    /// How a browser reaches its authenticator, as it said when it was made.
    #[serde(default)]
    pub transports: Vec<String>,
    /// When it was added, in Unix seconds.
    pub created_at: u64,
    /// When it was used last, in Unix seconds.
    #[serde(default)]
    pub last_used: Option<u64>,
}

/// One use of a passkey, whose signature was right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PasskeyUse {
    /// The [hash](Passkey::hash) of its identifier.
    pub id: SecretHash,
    /// The signature counter that the authenticator said.
    pub counter: u32,
    /// Whether other devices have it, as the authenticator said.
    pub backed_up: bool,
    /// Whether the authenticator verified its person.
    pub user_verified: bool,
}

/// A means to log in besides the password.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Credential {
    /// A passkey.
    Passkey {
        /// It.
        passkey: Passkey,
    },
    /// Something that this release does not know. It is kept, and nobody logs in with it.
    Other(Value),
}

impl Passkey {
    /// By what it is found. An identifier has up to 1023 bytes, and this has 32.
    pub fn hash(&self) -> SecretHash {
        SecretHash::of(&self.id)
    }

    /// Whether a use with this signature counter can come after the last one. Authenticators that do not count always say 0; of others, a
    /// counter that did not grow says that there may be a copy of the passkey.
    ///
    /// - Source: Web Authentication Level 3 §7.2, step 22.
    pub fn is_followed_by(&self, counter: u32) -> bool {
        (self.counter == 0 && counter == 0) || counter > self.counter
    }
}
