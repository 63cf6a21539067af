//! Which proofs are good: the checks of RFC 9449 §4.3, on text and time alone. `header` has those of the header.

use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use mcp_auth_core::strict_json;
use serde_json::{Map, Value};

use super::error::ProofError;
use super::header::Headers;
use super::htu::Htu;
use super::thumbprint::Thumbprint;
use crate::authn::verifier::jwt::JwsParts;

/// How far `iat` may be from now, in seconds, either way (ext-auth, DPoP profile).
pub(super) const WINDOW_SECS: u64 = 300;
/// The longest `jti`, in bytes.
const MAX_JTI_BYTES: usize = 256;
/// The last second of the year 9999.
const LAST_DATE: f64 = 253_402_300_799.0;

/// What a proof must be for.
pub(super) struct Expected<'a> {
    /// The method of the request.
    pub(super) method: &'a str,
    /// Our URI.
    pub(super) htu: &'a Htu,
    /// The token beside it, and the key that the token is bound to; `None` where a token is still asked for.
    pub(super) bound: Option<(&'a str, &'a Thumbprint)>,
    /// Unix seconds.
    pub(super) now: u64,
}

/// What counts of a good proof from here on.
#[derive(Debug)]
pub(super) struct Proof {
    /// The key that made it.
    pub(super) jkt: Thumbprint,
    pub(super) jti: String,
    pub(super) iat: u64,
    pub(super) nonce: Option<String>,
}

impl Proof {
    /// Reads and checks a proof. The signature is checked last: it costs most, and by then the key is the token's.
    ///
    /// # Errors
    /// The first of the checks that it fails.
    pub(super) fn read(text: &str, expected: &Expected<'_>, headers: &Headers) -> Result<Self, ProofError> {
        let parts = JwsParts::of(text).map_err(|_| ProofError::Shape)?;
        let payload = parts.payload().map_err(|_| ProofError::Shape)?;
        let signature = parts.signature().map_err(|_| ProofError::Shape)?;
        let found = headers.read(&parts)?;
        let jkt = found.header.jkt;
        if expected.bound.is_some_and(|(_, bound)| *bound != jkt) {
            return Err(ProofError::OtherKey);
        }
        let claims = strict_json::object(&payload).map_err(|_| ProofError::Shape)?;
        let proof = check(&claims, jkt, expected)?;
        found.header.key.verify_sig(parts.signed, &signature).map_err(|_| ProofError::Signature)?;
        headers.remember(found);
        Ok(proof)
    }
}

fn check(claims: &Map<String, Value>, jkt: Thumbprint, expected: &Expected<'_>) -> Result<Proof, ProofError> {
    let jti = text(claims, "jti")?;
    if jti.is_empty() || jti.len() > MAX_JTI_BYTES {
        return Err(ProofError::Claim("jti"));
    }
    if text(claims, "htm")? != expected.method {
        return Err(ProofError::Method);
    }
    if Htu::read(text(claims, "htu")?).as_ref() != Some(expected.htu) {
        return Err(ProofError::Uri);
    }
    if let Some((token, _)) = expected.bound
        && text(claims, "ath")? != hash_of(token)
    {
        return Err(ProofError::Token);
    }
    let iat = check_times(claims, expected.now)?;
    let nonce = match claims.get("nonce") {
        None => None,
        Some(_) => Some(text(claims, "nonce")?.to_owned()),
    };
    Ok(Proof { jkt, jti: jti.to_owned(), iat, nonce })
}

fn check_times(claims: &Map<String, Value>, now: u64) -> Result<u64, ProofError> {
    let iat = date(claims, "iat")?.ok_or(ProofError::MissingClaim("iat"))?;
    if iat < now.saturating_sub(WINDOW_SECS) {
        return Err(ProofError::Old);
    }
    let latest = now.saturating_add(WINDOW_SECS);
    if iat > latest || date(claims, "nbf")?.is_some_and(|nbf| nbf > latest) {
        return Err(ProofError::Early);
    }
    match date(claims, "exp")? {
        Some(exp) if exp <= now => Err(ProofError::Expired),
        _ => Ok(iat),
    }
}

fn text<'c>(claims: &'c Map<String, Value>, claim: &'static str) -> Result<&'c str, ProofError> {
    match claims.get(claim) {
        None => Err(ProofError::MissingClaim(claim)),
        Some(Value::String(text)) => Ok(text),
        Some(_) => Err(ProofError::Claim(claim)),
    }
}

/// A NumericDate (RFC 7519 §2) as whole seconds, a fraction left out.
fn date(claims: &Map<String, Value>, claim: &'static str) -> Result<Option<u64>, ProofError> {
    let Some(value) = claims.get(claim) else { return Ok(None) };
    let seconds = value.as_f64().filter(|seconds| (0.0..=LAST_DATE).contains(seconds));
    #[expect(clippy::cast_sign_loss, clippy::cast_possible_truncation, reason = "checked to be in range")]
    let seconds = seconds.map(|seconds| seconds as u64);
    seconds.map(Some).ok_or(ProofError::Claim(claim))
}

/// `ath` of a token (RFC 9449 §4.2).
fn hash_of(token: &str) -> String {
    URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, token.as_bytes()))
}
