//! A key that comes with what it signed, as a DPoP proof has one: read by the rules of the keys of a set.

use aws_lc_rs::signature::ParsedPublicKey;
use serde_json::{Map, Value};

use super::super::algorithm::Algorithm;
use super::set::{check_purpose, fits, read_material};

/// What verifies signatures of `algorithm` by this public key. `None` where the key is not for that: of another kind, bound
/// to another algorithm, for another use, or too weak. Private members are for the caller to refuse.
pub(in crate::authn) fn verifier_of(
    jwk: &Map<String, Value>,
    algorithm: Algorithm,
) -> Option<ParsedPublicKey> {
    let says_it = |alg: &Value| alg.as_str().and_then(|alg| alg.parse().ok()) == Some(algorithm);
    let is_for_it = fits(jwk, algorithm) && jwk.get("alg").is_none_or(says_it);
    check_purpose(jwk).ok()?;
    if is_for_it { read_material(jwk, algorithm).ok() } else { None }
}
