//! What a request brings with the DPoP scheme: a token, and a proof that is unread.

use http::{HeaderMap, HeaderName, Method};

use super::error::ProofError;

/// The header that carries the proof (RFC 9449 §4.1).
pub(super) const DPOP: HeaderName = HeaderName::from_static("dpop");
/// The longest proof that is looked at, in bytes. One with an RSA key of 8192 bits has about 3 KB.
const MAX_PROOF_BYTES: usize = 8 * 1024;

/// A token of the DPoP scheme, and what should prove that its client sent it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct PresentedProof<'r> {
    /// A well-formed token, otherwise unread.
    pub(in crate::authn) token: &'r str,
    /// The method of the request.
    pub(super) method: &'r str,
    /// The proof, or why there is not one.
    pub(super) proof: Result<&'r str, ProofError>,
}

impl<'r> PresentedProof<'r> {
    /// `token`, with the proof in these headers of a request with this method.
    pub(in crate::authn) fn of(token: &'r str, headers: &'r HeaderMap, method: &'r Method) -> Self {
        Self { token, method: method.as_str(), proof: read(headers) }
    }
}

/// Shows nothing of it.
impl std::fmt::Debug for PresentedProof<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PresentedProof(***)")
    }
}

/// The one proof (RFC 9449 §4.3, check 1).
pub(super) fn read(headers: &HeaderMap) -> Result<&str, ProofError> {
    let mut values = headers.get_all(DPOP).iter();
    let value = values.next().ok_or(ProofError::Missing)?;
    if values.next().is_some() {
        return Err(ProofError::Several);
    }
    let text = value.to_str().map_err(|_| ProofError::Shape)?;
    match text.len() {
        0 => Err(ProofError::Missing),
        length if length > MAX_PROOF_BYTES => Err(ProofError::TooLong),
        // A list of proofs in one line.
        _ if text.contains(',') => Err(ProofError::Several),
        _ => Ok(text),
    }
}
