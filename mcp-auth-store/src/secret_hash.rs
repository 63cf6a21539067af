//! The hash that a store keeps instead of a secret.

use std::fmt;

use aws_lc_rs::{constant_time, digest};
use mcp_auth_core::hex;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// The SHA-256 of a secret: what a store keeps of codes, refresh tokens, client secrets and session identifiers, so
/// that a person who reads the store cannot present one. All of them are random and long, so no salt is needed.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct SecretHash([u8; 32]);

impl SecretHash {
    /// The hash of `secret`.
    pub fn of(secret: &str) -> Self {
        let mut bytes = [0; 32];
        bytes.copy_from_slice(digest::digest(&digest::SHA256, secret.as_bytes()).as_ref());
        Self(bytes)
    }

    /// Whether `secret` is the one that was hashed, in a time that does not depend on where they differ.
    pub fn matches(&self, secret: &str) -> bool {
        constant_time::verify_slices_are_equal(&self.0, &Self::of(secret).0).is_ok()
    }

    /// The 64 hexadecimal digits, to be written to a database. They let nobody in.
    pub fn digits(&self) -> String {
        hex::written(&self.0).to_string()
    }

    /// The 32 bytes, to be written to a database.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The hash that was read from a database.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

impl Serialize for SecretHash {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(&hex::written(&self.0))
    }
}

impl<'de> Deserialize<'de> for SecretHash {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let digits = String::deserialize(from)?;
        hex::read(&digits).map(Self).ok_or_else(|| de::Error::custom("a hash is 64 hexadecimal digits"))
    }
}

impl fmt::Debug for SecretHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretHash(***)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
