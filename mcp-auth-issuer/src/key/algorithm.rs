//! What tokens can be signed with.

use std::fmt;
use std::str::FromStr;

/// What a key signs with (RFC 7518 §3.1, RFC 8037 §3.1). **(default: ES256)**
///
/// # Example
/// ```
/// use mcp_auth_issuer::SigningAlgorithm;
/// assert_eq!("RS256".parse(), Ok(SigningAlgorithm::Rs256));
/// assert_eq!(SigningAlgorithm::default().name(), "ES256");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum SigningAlgorithm {
    /// ECDSA on P-256 with SHA-256.
    #[default]
    Es256,
    /// RSASSA-PKCS1-v1_5 with SHA-256, by a key of 2048 bits; for programs that verify nothing else.
    Rs256,
    /// Ed25519.
    EdDsa,
}

impl SigningAlgorithm {
    /// Every one.
    pub const ALL: [Self; 3] = [Self::Es256, Self::Rs256, Self::EdDsa];

    /// The value of `alg`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Es256 => "ES256",
            Self::Rs256 => "RS256",
            Self::EdDsa => "EdDSA",
        }
    }
}

/// It is not the name of an algorithm that tokens can be signed with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected ES256, RS256 or EdDSA")]
pub struct UnknownSigningAlgorithm;

impl FromStr for SigningAlgorithm {
    type Err = UnknownSigningAlgorithm;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|algorithm| algorithm.name() == name).ok_or(UnknownSigningAlgorithm)
    }
}

impl fmt::Display for SigningAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_algorithm_is_read_by_its_name_alone() {
        for algorithm in SigningAlgorithm::ALL {
            assert_eq!(algorithm.to_string().parse(), Ok(algorithm));
        }
        for other in ["", "es256", "HS256", "none", "RS512"] {
            assert!(other.parse::<SigningAlgorithm>().is_err(), "{other}");
        }
    }
}
