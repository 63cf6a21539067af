//! What one form of the login leaves for the next. Nobody sees it, and it comes back once.

use mcp_auth_core::SecretText;
use mcp_auth_store::{Account, SecretHash};
use serde::{Deserialize, Serialize};

/// A person whose password was right.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Found {
    /// The account.
    pub(super) id: SecretHash,
    /// Its generation: after a change of what the person logs in with, the login begins anew.
    pub(super) generation: u64,
    /// What they were asked for next.
    pub(super) stage: Stage,
}

/// What a person was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Stage {
    /// The second factor.
    Code,
    /// The same, or a passkey that signs this challenge.
    Passkey(String),
    /// To set up one-time codes with the secret of this hash: they were shown that one, and are shown no other.
    Setup(SecretHash),
    /// To keep their recovery codes. All else was shown.
    Kept,
}

impl Found {
    pub(super) fn of(id: SecretHash, account: &Account, stage: Stage) -> Self {
        Self { id, generation: account.generation, stage }
    }

    pub(super) fn written(&self) -> Option<SecretText> {
        serde_json::to_string(self).ok().map(SecretText::new)
    }

    pub(super) fn read(text: &SecretText) -> Option<Self> {
        serde_json::from_str(text.expose()).ok()
    }
}
