//! What aws-lc-rs needs for a signature alone: nothing parsed but the key, nothing judged.

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ED25519, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256,
    RSA_PSS_2048_8192_SHA256, VerificationAlgorithm,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use mcp_auth_runtime::facade::Algorithm;

use crate::signing::Error;

/// The public key of a [`Signer`](crate::signing::Signer), prepared.
///
/// # Errors
/// For an algorithm that is not one of [`ALGORITHMS`](crate::signing::ALGORITHMS), and for bytes that are not its key.
pub fn key(algorithm: Algorithm, public: &[u8]) -> Result<ParsedPublicKey, Error> {
    let verification: &'static dyn VerificationAlgorithm = match algorithm {
        Algorithm::Rs256 => &RSA_PKCS1_2048_8192_SHA256,
        Algorithm::Ps256 => &RSA_PSS_2048_8192_SHA256,
        Algorithm::Es256 => &ECDSA_P256_SHA256_FIXED,
        Algorithm::Es384 => &ECDSA_P384_SHA384_FIXED,
        Algorithm::EdDsa => &ED25519,
        other => return Err(format!("{} is not measured", other.name()).into()),
    };
    Ok(ParsedPublicKey::new(verification, public)?)
}

/// What a compact JWS signs, and the signature (RFC 7515 §7.1).
///
/// # Errors
/// For text without a dot, and a signature that is not base64url.
pub fn parts(token: &str) -> Result<(&str, Vec<u8>), Error> {
    let (signed, signature) = token.rsplit_once('.').ok_or("a token without a dot")?;
    Ok((signed, URL_SAFE_NO_PAD.decode(signature)?))
}
