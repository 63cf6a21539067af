//! Where the signing key comes from: memory, a file, or the program.

use std::path::PathBuf;

use super::{KeyError, SigningKey};

/// Where the issuer's signing key comes from.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum KeySource {
    /// Kept in `signing-key.pkcs8` in this directory; made there on the first start.
    StateDir(PathBuf),
    /// Made at start and lost at exit. Tokens signed with it are then no longer valid.
    Ephemeral,
    /// Given by the program. Any program that holds this key can mint tokens that the server accepts.
    Given(SigningKey),
}

impl KeySource {
    /// Reads or makes the key.
    ///
    /// # Errors
    /// [`KeyError`]. It never uses another key instead.
    pub fn open(&self) -> Result<SigningKey, KeyError> {
        match self {
            Self::StateDir(dir) => SigningKey::load_or_create(dir),
            Self::Ephemeral => SigningKey::generate(),
            Self::Given(key) => Ok(key.clone()),
        }
    }
}
