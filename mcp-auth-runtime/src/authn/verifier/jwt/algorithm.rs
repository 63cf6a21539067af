//! The signature algorithms a token may use (RFC 7518 §3, RFC 8037 §3.1, RFC 9864): asymmetric ones only.

use std::fmt;
use std::str::FromStr;

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ECDSA_P521_SHA512_FIXED, EcdsaVerificationAlgorithm,
    RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512,
    RSA_PSS_2048_8192_SHA256, RSA_PSS_2048_8192_SHA384, RSA_PSS_2048_8192_SHA512, RsaParameters,
};

/// One `alg` value we can verify. `none` and the HMAC family have no value here, so they cannot be configured
/// and cannot be used: a verifier that shares its key can also sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Algorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    Rs256,
    /// RSASSA-PKCS1-v1_5 with SHA-384.
    Rs384,
    /// RSASSA-PKCS1-v1_5 with SHA-512.
    Rs512,
    /// RSASSA-PSS with SHA-256.
    Ps256,
    /// RSASSA-PSS with SHA-384.
    Ps384,
    /// RSASSA-PSS with SHA-512.
    Ps512,
    /// ECDSA on P-256 with SHA-256.
    Es256,
    /// ECDSA on P-384 with SHA-384.
    Es384,
    /// ECDSA on P-521 with SHA-512.
    Es512,
    /// Ed25519: `EdDSA` (RFC 8037), or `Ed25519`, its name since RFC 9864. Ed448 is not supported.
    EdDsa,
}

/// The kind of key an algorithm needs, with what aws-lc needs to know to verify with it.
pub(super) enum KeyKind {
    /// `kty` is `RSA`; how its signatures are verified.
    Rsa(&'static RsaParameters),
    /// `kty` EC on this curve.
    Ec { curve: &'static str, coordinate_bytes: usize, parameters: &'static EcdsaVerificationAlgorithm },
    /// `kty` OKP, `crv` Ed25519.
    Ed25519,
}

impl Algorithm {
    /// Every algorithm that a token may be signed with.
    pub const ALL: [Self; 10] = [
        Self::Rs256,
        Self::Rs384,
        Self::Rs512,
        Self::Ps256,
        Self::Ps384,
        Self::Ps512,
        Self::Es256,
        Self::Es384,
        Self::Es512,
        Self::EdDsa,
    ];

    /// The value of `alg`, such as `ES256`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Rs384 => "RS384",
            Self::Rs512 => "RS512",
            Self::Ps256 => "PS256",
            Self::Ps384 => "PS384",
            Self::Ps512 => "PS512",
            Self::Es256 => "ES256",
            Self::Es384 => "ES384",
            Self::Es512 => "ES512",
            Self::EdDsa => "EdDSA",
        }
    }

    /// The key it needs.
    pub(super) fn key_kind(self) -> KeyKind {
        match self {
            Self::Rs256 => KeyKind::Rsa(&RSA_PKCS1_2048_8192_SHA256),
            Self::Rs384 => KeyKind::Rsa(&RSA_PKCS1_2048_8192_SHA384),
            Self::Rs512 => KeyKind::Rsa(&RSA_PKCS1_2048_8192_SHA512),
            Self::Ps256 => KeyKind::Rsa(&RSA_PSS_2048_8192_SHA256),
            Self::Ps384 => KeyKind::Rsa(&RSA_PSS_2048_8192_SHA384),
            Self::Ps512 => KeyKind::Rsa(&RSA_PSS_2048_8192_SHA512),
            Self::Es256 => {
                KeyKind::Ec { curve: "P-256", coordinate_bytes: 32, parameters: &ECDSA_P256_SHA256_FIXED }
            }
            Self::Es384 => {
                KeyKind::Ec { curve: "P-384", coordinate_bytes: 48, parameters: &ECDSA_P384_SHA384_FIXED }
            }
            Self::Es512 => {
                KeyKind::Ec { curve: "P-521", coordinate_bytes: 66, parameters: &ECDSA_P521_SHA512_FIXED }
            }
            Self::EdDsa => KeyKind::Ed25519,
        }
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A name that is not an [`Algorithm`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RefusedAlgorithm {
    /// `none`, in any case.
    #[error(
        "`none` leaves tokens unsigned; name one of RS256 RS384 RS512 PS256 PS384 PS512 ES256 ES384 ES512 EdDSA"
    )]
    Unsigned,
    /// `HS256`, `HS384`, `HS512`, in any case.
    #[error("an HMAC key verifies and signs; name an asymmetric algorithm such as RS256 or ES256")]
    Symmetric,
    /// Everything else; names are case-sensitive (RFC 7515 §4.1.1).
    #[error(
        "expected one of RS256 RS384 RS512 PS256 PS384 PS512 ES256 ES384 ES512 EdDSA, in exactly this case"
    )]
    Unknown,
}

/// The HMAC family (RFC 7518 §3.2).
const HMAC: [&str; 3] = ["HS256", "HS384", "HS512"];

impl FromStr for Algorithm {
    type Err = RefusedAlgorithm;
    fn from_str(name: &str) -> Result<Self, RefusedAlgorithm> {
        match Self::ALL.into_iter().find(|algorithm| algorithm.name() == name) {
            Some(algorithm) => Ok(algorithm),
            None if name == "Ed25519" => Ok(Self::EdDsa),
            None if name.eq_ignore_ascii_case("none") => Err(RefusedAlgorithm::Unsigned),
            None if HMAC.iter().any(|hmac| name.eq_ignore_ascii_case(hmac)) => {
                Err(RefusedAlgorithm::Symmetric)
            }
            None => Err(RefusedAlgorithm::Unknown),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_algorithm_is_read_back_from_its_name() {
        for algorithm in Algorithm::ALL {
            assert_eq!(algorithm.name().parse(), Ok(algorithm));
        }
    }

    #[test]
    fn ed25519_has_two_names_and_other_curves_have_none() {
        assert_eq!("Ed25519".parse(), Ok(Algorithm::EdDsa));
        for other in ["ed25519", "ED25519", "Ed448", "X25519"] {
            assert_eq!(other.parse::<Algorithm>(), Err(RefusedAlgorithm::Unknown), "{other}");
        }
    }

    #[test]
    fn t01_t03_none_hmac_and_other_spellings_are_not_algorithms() {
        for none in ["none", "nOnE", "NONE"] {
            assert_eq!(none.parse::<Algorithm>(), Err(RefusedAlgorithm::Unsigned));
        }
        for hmac in ["HS256", "HS384", "HS512", "hs512"] {
            assert_eq!(hmac.parse::<Algorithm>(), Err(RefusedAlgorithm::Symmetric));
        }
        for unknown in ["", "rs256", "RS256 ", "es512", "ES256K", "Ed448", "RSA-OAEP", "dir"] {
            assert_eq!(unknown.parse::<Algorithm>(), Err(RefusedAlgorithm::Unknown), "{unknown}");
        }
    }
}
