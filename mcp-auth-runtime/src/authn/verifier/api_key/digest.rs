//! What a server keeps of an API key instead of the key.

use std::fmt;
use std::str::FromStr;

use aws_lc_rs::{constant_time, digest};
use mcp_auth_core::ApiKey;

/// How a digest starts: by the name of its hash, so that another one can be told apart one day.
const SCHEME: &str = "sha256:";

/// The SHA-256 of an API key, all 54 characters of it. A key has 256 random bits, so neither salt nor a slow hash would make
/// it harder to find.
///
/// - Shape: `sha256:` and 64 hexadecimal digits, in small letters: what `sha256sum` prints.
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
        let hex = text.strip_prefix(SCHEME).filter(|hex| hex.len() == 64).ok_or(InvalidDigest::Malformed)?;
        let mut bytes = [0; 32];
        for (byte, pair) in bytes.iter_mut().zip(hex.as_bytes().chunks_exact(2)) {
            let [high, low] = [pair[0], pair[1]].map(value);
            *byte = high.zip(low).map(|(high, low)| high << 4 | low).ok_or(InvalidDigest::Malformed)?;
        }
        Ok(Self(bytes))
    }
}

/// The value of one hexadecimal digit.
fn value(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    }
}

/// As the configuration writes it.
impl fmt::Display for ApiKeyDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(SCHEME)?;
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for ApiKeyDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiKeyDigest(***)")
    }
}
