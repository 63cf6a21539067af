//! Makes secrets: codes, refresh tokens, session and client identifiers. The store keeps only hashes of the secrets.

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
}
