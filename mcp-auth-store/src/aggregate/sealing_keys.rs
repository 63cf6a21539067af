//! Keys by which a server recognises text that it wrote itself, such as what it gave a client to send back.

use std::fmt;

use mcp_auth_core::ambient::Random;

use crate::StoreFuture;

/// A secret key of 256 bits. `Debug` hides it.
#[derive(Clone, PartialEq, Eq)]
pub struct SealingKey([u8; 32]);

impl SealingKey {
    /// Makes a key of these 32 bytes, which must come from a secure source of randomness.
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Makes a key of 32 bytes of `random`.
    pub fn random(random: &dyn Random) -> Self {
        let mut bytes = [0; 32];
        random.fill(&mut bytes);
        Self(bytes)
    }

    /// The 32 bytes of the key.
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
    /// The key for `purpose`: the one that is already kept, or else `fresh`, which is then kept. If many processes
    /// ask at once, all of them get the same key, so that one process can open what another one sealed.
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
