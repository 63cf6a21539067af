//! Keys by which a server knows its own texts again, such as what it handed to a client to bring back.

use std::fmt;

use crate::StoreFuture;

/// A secret key of 256 bits. Debug hides it.
#[derive(Clone, PartialEq, Eq)]
pub struct SealingKey([u8; 32]);

impl SealingKey {
    /// These 32 bytes, of a good source of randomness.
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for SealingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SealingKey(***)")
    }
}

/// The sealing keys, one for each purpose.
pub trait SealingKeys: Send + Sync {
    /// The key for `purpose`: the one that is kept, or else `fresh`, which is kept then. Of any number at once, all
    /// get the same, so that one process opens what another one sealed.
    fn key<'a>(&'a self, purpose: &'a str, fresh: SealingKey) -> StoreFuture<'a, SealingKey>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_not_printed() {
        assert_eq!(format!("{:?}", SealingKey::new([7; 32])), "SealingKey(***)");
    }
}
