//! What a server keeps of an API key instead of the key.

use std::fmt;
use std::str::FromStr;

use aws_lc_rs::{constant_time, digest};
use mcp_auth_core::{ApiKey, hex};

/// How a digest starts: by the name of its hash, so that another one can be told apart one day.
const SCHEME: &str = "sha256:";

/// The SHA-256 of an API key, all 54 characters of it. A key has 256 random bits, so neither salt nor a slow hash would make
/// it harder to find.
///
/// - Shape: `sha256:` and the 64 hexadecimal digits, in small letters, that `sha256sum` prints.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ApiKeyDigest([u8; 32]);

/// A text that is not the digest of a key. Does not show it: it may be the key itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidDigest {
    /// Not a digest at all.
    #[error(
        "must be \"sha256:\" and 64 hexadecimal digits in small letters, as `mcp-auth key new` prints it"
    )]
    Malformed,
    /// The key stands where its digest belongs.
    #[error(
        "is an API key, and only its digest belongs here: whoever reads this file could use the key; make a new one with \
         `mcp-auth key new`, which prints the digest"
    )]
    IsKey,
}

impl ApiKeyDigest {
    /// The digest of `key`.
    pub fn of(key: &ApiKey) -> Self {
        let mut bytes = [0; 32];
        bytes.copy_from_slice(digest::digest(&digest::SHA256, key.expose().as_bytes()).as_ref());
        Self(bytes)
    }

    /// How it begins, enough to tell the few keys of one name apart: 8 hexadecimal digits. They say nothing of the key.
    pub(crate) fn begins(&self) -> String {
        let [a, b, c, d, ..] = self.0;
        format!("{:08x}", u32::from_be_bytes([a, b, c, d]))
    }

    /// Whether both are the same, in a time that does not depend on where they differ.
    pub(super) fn is(&self, other: &Self) -> bool {
        constant_time::verify_slices_are_equal(&self.0, &other.0).is_ok()
    }
}

impl FromStr for ApiKeyDigest {
    type Err = InvalidDigest;

    fn from_str(text: &str) -> Result<Self, InvalidDigest> {
        if ApiKey::bears_prefix(text) {
            return Err(InvalidDigest::IsKey);
        }
        // One spelling, so that two blocks with one digest are seen to have the same.
        let digits =
            text.strip_prefix(SCHEME).filter(|digits| !digits.contains(|c: char| c.is_ascii_uppercase()));
        digits.and_then(hex::read).map(Self).ok_or(InvalidDigest::Malformed)
    }
}

/// As the configuration writes it.
impl fmt::Display for ApiKeyDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{SCHEME}{}", hex::written(&self.0))
    }
}

impl fmt::Debug for ApiKeyDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiKeyDigest(***)")
    }
}
