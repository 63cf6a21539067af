//! Which headers of proofs are good (RFC 9449 §4.3, checks 4, 5 and 7), and the key that they carry. A client sends the same header
//! with each proof, and reading its key costs half as much as a signature, so the headers of good proofs are remembered. What is
//! remembered follows from the text of the header alone: it is never a verdict on a proof.

use std::sync::Arc;

use aws_lc_rs::digest;
use aws_lc_rs::signature::ParsedPublicKey;
use quick_cache::sync::Cache;
use serde_json::Value;

use super::error::ProofError;
use super::thumbprint::Thumbprint;
use crate::authn::verifier::jwt::{Algorithm, JwsParts, SIGNATURE_MISREAD, has_private_member, verifier_of};

/// How many headers are remembered. One with an RSA key takes about 2 KiB.
const REMEMBERED: usize = 4096;

/// The algorithms that proofs may be signed with, the ones that clients should take first.
pub fn algorithms() -> impl Iterator<Item = &'static str> {
    use Algorithm::{EdDsa, Es256, Es384, Es512, Ps256, Ps384, Ps512, Rs256, Rs384, Rs512};
    let all = [Es256, Es384, Es512, EdDsa, Ps256, Ps384, Ps512, Rs256, Rs384, Rs512];
    all.into_iter().map(Algorithm::name)
}

/// A good header.
pub(super) struct Header {
    /// What verifies signatures of `alg` by `jwk`.
    pub(super) key: ParsedPublicKey,
    /// The thumbprint of `jwk`.
    pub(super) jkt: Thumbprint,
}

impl Header {
    fn read(parts: &JwsParts<'_>) -> Result<Self, ProofError> {
        let header = parts.header().map_err(|_| ProofError::Shape)?;
        if SIGNATURE_MISREAD.iter().any(|(parameter, _)| header.contains_key(*parameter)) {
            return Err(ProofError::Header);
        }
        if header.get("typ").and_then(Value::as_str) != Some("dpop+jwt") {
            return Err(ProofError::Type);
        }
        let alg = header.get("alg").and_then(Value::as_str).ok_or(ProofError::Algorithm)?;
        let alg: Algorithm = alg.parse().map_err(|_| ProofError::Algorithm)?;
        let jwk = match header.get("jwk") {
            None => return Err(ProofError::NoKey),
            Some(Value::Object(jwk)) => jwk,
            Some(_) => return Err(ProofError::Key),
        };
        if has_private_member(jwk) {
            return Err(ProofError::PrivateKey);
        }
        let key = verifier_of(jwk, alg).ok_or(ProofError::Key)?;
        let jkt = Thumbprint::of(jwk).ok_or(ProofError::Key)?;
        Ok(Self { key, jkt })
    }
}

/// Reads headers of proofs, and remembers those of good proofs.
pub(super) struct Headers(Cache<HeaderHash, Arc<Header>>);

/// SHA-256 of a header as it was sent, so that any other spelling is another header.
type HeaderHash = [u8; 32];

/// A header that was read, and whether it is to be remembered.
pub(super) struct Found {
    pub(super) header: Arc<Header>,
    /// Where it is not remembered yet.
    new: Option<HeaderHash>,
}

impl Default for Headers {
    fn default() -> Self {
        Self(Cache::new(REMEMBERED))
    }
}

impl Headers {
    /// The header of a proof.
    ///
    /// # Errors
    /// The first of the checks that it fails.
    pub(super) fn read(&self, parts: &JwsParts<'_>) -> Result<Found, ProofError> {
        let mut hash = HeaderHash::default();
        hash.copy_from_slice(digest::digest(&digest::SHA256, parts.header.as_bytes()).as_ref());
        match self.0.get(&hash) {
            Some(header) => Ok(Found { header, new: None }),
            None => Header::read(parts).map(|header| Found { header: Arc::new(header), new: Some(hash) }),
        }
    }

    /// For the header of a proof that was found good, beside a token that was verified: strangers fill nothing.
    pub(super) fn remember(&self, found: Found) {
        if let Some(hash) = found.new {
            self.0.insert(hash, found.header);
        }
    }
}
