//! Secrets made here (codes, refresh tokens, session and client identifiers), and the hashes that are kept of them.

use std::fmt;

use aws_lc_rs::{constant_time, digest};
use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use mcp_auth_core::ambient::Random;

/// A secret of 256 random bits: 43 characters of base64url.
///
/// - Source: RFC 6749 §10.10 asks for a guess probability of at most 2^-128.
pub(crate) fn secret(random: &dyn Random) -> String {
    let mut bytes = [0; 32];
    random.fill(&mut bytes);
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

/// An identifier of 128 random bits: 22 characters of base64url.
pub(crate) fn identifier(random: &dyn Random) -> String {
    let mut bytes = [0; 16];
    random.fill(&mut bytes);
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

/// The SHA-256 of a secret: what a store keeps of codes, refresh tokens, client secrets and session identifiers,
/// so that whoever reads the store can present none of them.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct SecretHash([u8; 32]);

impl SecretHash {
    /// The hash of `secret`.
    pub fn of(secret: &str) -> Self {
        let mut bytes = [0; 32];
        bytes.copy_from_slice(digest::digest(&digest::SHA256, secret.as_bytes()).as_ref());
        Self(bytes)
    }

    /// Whether `secret` is the one that was hashed, in time that does not depend on where they differ.
    pub fn matches(&self, secret: &str) -> bool {
        constant_time::verify_slices_are_equal(&self.0, &Self::of(secret).0).is_ok()
    }

    /// The 32 bytes, for a database.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The hash a database kept.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

impl fmt::Debug for SecretHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretHash(***)")
    }
}

#[cfg(test)]
mod tests {
    use mcp_auth_core::ambient::SystemRandom;

    use super::*;

    #[test]
    fn b19_secrets_hold_256_bits_and_identifiers_128() {
        assert_eq!(BASE64_URL_SAFE_NO_PAD.decode(secret(&SystemRandom)).map(|b| b.len()), Ok(32));
        assert_eq!(BASE64_URL_SAFE_NO_PAD.decode(identifier(&SystemRandom)).map(|b| b.len()), Ok(16));
        assert_ne!(secret(&SystemRandom), secret(&SystemRandom));
    }

    #[test]
    fn hash_matches_its_secret_and_no_other() {
        let hash = SecretHash::of("a secret");
        assert!(hash.matches("a secret"));
        assert!(!hash.matches("a secret "));
        assert!(!hash.matches(""));
    }

    #[test]
    fn hash_is_not_printed() {
        assert_eq!(format!("{:?}", SecretHash::of("x")), "SecretHash(***)");
    }
}
