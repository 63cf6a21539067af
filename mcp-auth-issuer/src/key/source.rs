//! Where the signing key comes from: memory, a file, or the program.

use std::path::PathBuf;

use super::{KeyError, SigningKey};

/// Where the issuer's signing key comes from.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum KeySource {
    /// Kept in `signing-key.pkcs8` in this directory; made there on the first start.
    StateDir(PathBuf),
    /// Made at start and forgotten at exit, tokens with it.
    Ephemeral,
    /// This one: whoever holds it can mint tokens that the server accepts.
    Given(SigningKey),
}

impl KeySource {
    /// The key itself.
    ///
    /// # Errors
    /// [`KeyError`]; never by falling back to another key.
    pub fn open(&self) -> Result<SigningKey, KeyError> {
        match self {
            Self::StateDir(dir) => SigningKey::load_or_create(dir),
            Self::Ephemeral => SigningKey::generate(),
            Self::Given(key) => Ok(key.clone()),
        }
    }
}
