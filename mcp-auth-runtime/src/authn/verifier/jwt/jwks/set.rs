//! A JWK Set (RFC 7517 §5) as keys that verify: each bound to the algorithms it may be used with. A key we cannot
//! or must not use is skipped alone; the others stay.

use std::collections::HashMap;
use std::fmt;

use aws_lc_rs::digest;
use aws_lc_rs::signature::{ED25519, ParsedPublicKey, RsaPublicKeyComponents};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

use super::super::algorithm::{Algorithm, KeyKind};
use super::super::jws::Jws;
use super::roca;
use crate::authn::error::KeysError;

/// The most keys one signature is tried against, where a token has no `kid` or several keys have the same.
const MAX_TRIES: usize = 8;

/// The usable keys of one issuer.
pub(in crate::authn::verifier::jwt) struct KeySet {
    keys: Vec<Key>,
    by_kid: HashMap<String, Vec<usize>>,
    pub(super) skipped: Vec<Skipped>,
}

/// One public key, parsed once for each algorithm it may be used with.
struct Key {
    verifiers: Vec<(Algorithm, ParsedPublicKey)>,
    fingerprint: Fingerprint,
}

/// A hash over a key's `kid`, algorithms and material.
type Fingerprint = [u8; 32];

/// What came of checking a signature against a set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::authn::verifier::jwt) enum Outcome {
    /// One of the keys made it.
    Good,
    /// A key was meant and did not make it.
    Bad,
    /// No key with this `kid` for this algorithm.
    UnknownKey,
}

/// A key that was passed over.
#[derive(Debug)]
pub(super) struct Skipped {
    kid: Option<String>,
    pub(super) reason: SkipReason,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SkipReason {
    NoObject,
    /// A private or symmetric key: every reader of the set can sign tokens. Worth an alarm.
    Private,
    NotForSignatures,
    Algorithm,
    KeyType,
    Material,
    RsaSize,
    RsaExponent,
    RsaRoca,
}

impl fmt::Display for SkipReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoObject => "it is not a JWK",
            Self::Private => "it holds private or symmetric key material, for everyone to read",
            Self::NotForSignatures => "its use or key_ops exclude verifying",
            Self::Algorithm => "its alg is unknown, not allowed for this issuer, or not for its key type",
            Self::KeyType => "its kty or crv serves none of this issuer's algorithms",
            Self::Material => "its key material is malformed",
            Self::RsaSize => "its modulus is not 2048 to 8192 bits",
            Self::RsaExponent => "its exponent is not an odd number from 3 to 2^33",
            Self::RsaRoca => "its modulus is of the ROCA kind (CVE-2017-15361), its private key computable",
        })
    }
}

impl KeySet {
    /// Reads `set`, keeping what serves `allowed`, looking at the first `max_keys` entries.
    ///
    /// # Errors
    /// [`KeysError::NoUsableKey`] when no key is left, or `keys` is not an array.
    pub(in crate::authn::verifier::jwt) fn read(
        set: &Value,
        allowed: &[Algorithm],
        max_keys: usize,
    ) -> Result<Self, KeysError> {
        let entries = set.get("keys").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let mut read = Self { keys: Vec::new(), by_kid: HashMap::new(), skipped: Vec::new() };
        for entry in entries.iter().take(max_keys) {
            let kid = entry.get("kid").and_then(Value::as_str).map(str::to_owned);
            match read_key(entry, allowed) {
                Ok(key) => {
                    if let Some(kid) = kid {
                        read.by_kid.entry(kid).or_default().push(read.keys.len());
                    }
                    read.keys.push(key);
                }
                Err(reason) => read.skipped.push(Skipped { kid, reason }),
            }
        }
        if read.keys.is_empty() {
            return Err(KeysError::NoUsableKey { skipped: entries.len() });
        }
        Ok(read)
    }

    /// Checks the signature of `jws` with the key its header names; without a `kid`, with up to eight keys
    /// of its algorithm.
    pub(in crate::authn::verifier::jwt) fn verify(&self, jws: &Jws<'_>) -> Outcome {
        match &jws.header.kid {
            Some(kid) => {
                let named = self.by_kid.get(kid).into_iter().flatten().map(|index| &self.keys[*index]);
                try_each(named, jws)
            }
            None => try_each(self.keys.iter(), jws),
        }
    }

    /// How many keys there are.
    pub(in crate::authn::verifier::jwt) fn len(&self) -> usize {
        self.keys.len()
    }

    /// Whether `newer` still holds every key of this set. Only then may what these keys verified stand.
    pub(in crate::authn::verifier::jwt) fn is_within(&self, newer: &Self) -> bool {
        self.keys.iter().all(|key| newer.keys.iter().any(|other| other.fingerprint == key.fingerprint))
    }

    /// Tells the log which keys were skipped.
    pub(in crate::authn::verifier::jwt) fn log_skipped(&self, issuer: &str) {
        for Skipped { kid, reason } in &self.skipped {
            match reason {
                SkipReason::Private => {
                    tracing::error!(issuer, kid = ?kid, "issuer publishes a private key: {reason}; key skipped");
                }
                _ => tracing::debug!(issuer, kid = ?kid, "key skipped: {reason}"),
            }
        }
    }
}

fn try_each<'k>(keys: impl Iterator<Item = &'k Key>, jws: &Jws<'_>) -> Outcome {
    let verifiers = keys.flat_map(|key| &key.verifiers).filter(|(alg, _)| *alg == jws.header.alg);
    let mut outcome = Outcome::UnknownKey;
    for (_, verifier) in verifiers.take(MAX_TRIES) {
        if verifier.verify_sig(jws.signed, &jws.signature).is_ok() {
            return Outcome::Good;
        }
        outcome = Outcome::Bad;
    }
    outcome
}

fn read_key(entry: &Value, allowed: &[Algorithm]) -> Result<Key, SkipReason> {
    let jwk = entry.as_object().ok_or(SkipReason::NoObject)?;
    if ["d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"].iter().any(|name| jwk.contains_key(*name)) {
        return Err(SkipReason::Private);
    }
    check_purpose(jwk)?;
    let algorithms = algorithms(jwk, allowed)?;
    let mut verifiers = Vec::with_capacity(algorithms.len());
    for algorithm in algorithms {
        verifiers.push((algorithm, read_material(jwk, algorithm)?));
    }
    match verifiers.is_empty() {
        true => Err(SkipReason::KeyType),
        false => Ok(Key { fingerprint: fingerprint(jwk, &verifiers), verifiers }),
    }
}

/// RFC 7517 §4.2 and §4.3: `use` and `key_ops`, if present, allow verifying.
fn check_purpose(jwk: &Map<String, Value>) -> Result<(), SkipReason> {
    let use_fits = jwk.get("use").is_none_or(|u| u == "sig");
    let ops_fit = match jwk.get("key_ops") {
        None => true,
        Some(ops) => ops.as_array().is_some_and(|ops| ops.iter().any(|op| op == "verify")),
    };
    if use_fits && ops_fit { Ok(()) } else { Err(SkipReason::NotForSignatures) }
}

/// The algorithms this key may be used with: its `alg`, else those of its kty and crv; of them, the allowed.
fn algorithms(jwk: &Map<String, Value>, allowed: &[Algorithm]) -> Result<Vec<Algorithm>, SkipReason> {
    let text = |name: &str| jwk.get(name).and_then(Value::as_str);
    let fits = |algorithm: &Algorithm| match algorithm.key_kind() {
        KeyKind::Rsa(_) => text("kty") == Some("RSA"),
        KeyKind::Ec { curve, .. } => text("kty") == Some("EC") && text("crv") == Some(curve),
        KeyKind::Ed25519 => text("kty") == Some("OKP") && text("crv") == Some("Ed25519"),
    };
    match jwk.get("alg") {
        None => Ok(Algorithm::ALL.into_iter().filter(|a| allowed.contains(a) && fits(a)).collect()),
        Some(alg) => {
            let alg = alg.as_str().and_then(|alg| alg.parse().ok());
            let alg = alg.filter(|alg| allowed.contains(alg) && fits(alg)).ok_or(SkipReason::Algorithm)?;
            Ok(vec![alg])
        }
    }
}

fn read_material(jwk: &Map<String, Value>, algorithm: Algorithm) -> Result<ParsedPublicKey, SkipReason> {
    let bytes = |name: &str| {
        let text = jwk.get(name).and_then(Value::as_str).ok_or(SkipReason::Material)?;
        URL_SAFE_NO_PAD.decode(text).map_err(|_| SkipReason::Material)
    };
    match algorithm.key_kind() {
        KeyKind::Rsa(parameters) => {
            let (n, e) = (bytes("n")?, bytes("e")?);
            let (n, e) = (unsigned(&n), unsigned(&e));
            check_rsa(n, e)?;
            let components = RsaPublicKeyComponents { n, e };
            components.to_parsed_public_key(parameters).map_err(|_| SkipReason::Material)
        }
        KeyKind::Ec { coordinate_bytes, parameters, .. } => {
            let (x, y) = (bytes("x")?, bytes("y")?);
            if x.len() != coordinate_bytes || y.len() != coordinate_bytes {
                return Err(SkipReason::Material);
            }
            // SEC 1 §2.3.3, uncompressed; parsing checks that the point is on the curve.
            let point = [&[4][..], &x, &y].concat();
            ParsedPublicKey::new(parameters, point).map_err(|_| SkipReason::Material)
        }
        KeyKind::Ed25519 => {
            let x = bytes("x")?;
            if x.len() != 32 {
                return Err(SkipReason::Material);
            }
            ParsedPublicKey::new(&ED25519, x).map_err(|_| SkipReason::Material)
        }
    }
}

/// A Base64urlUInt without the one leading zero octet some libraries add (RFC 7518 §6.3.1.1 warns of it).
fn unsigned(bytes: &[u8]) -> &[u8] {
    match bytes {
        [0, rest @ ..] => rest,
        all => all,
    }
}

/// aws-lc checks the size when it verifies; here it is found out before the key counts as usable.
fn check_rsa(n: &[u8], e: &[u8]) -> Result<(), SkipReason> {
    let bits = match n.first() {
        None | Some(0) => return Err(SkipReason::Material),
        Some(first) => n.len() * 8 - first.leading_zeros() as usize,
    };
    if !(2048..=8192).contains(&bits) {
        return Err(SkipReason::RsaSize);
    }
    if n.last().is_none_or(|last| last % 2 == 0) {
        return Err(SkipReason::Material);
    }
    let exponent = match e {
        [] | [0, ..] => return Err(SkipReason::RsaExponent),
        e if e.len() > 5 => return Err(SkipReason::RsaExponent),
        e => e.iter().fold(0u64, |value, byte| value << 8 | u64::from(*byte)),
    };
    if exponent < 3 || exponent.is_multiple_of(2) || exponent > 1 << 33 {
        return Err(SkipReason::RsaExponent);
    }
    if roca::is_roca(n) {
        return Err(SkipReason::RsaRoca);
    }
    Ok(())
}

fn fingerprint(jwk: &Map<String, Value>, verifiers: &[(Algorithm, ParsedPublicKey)]) -> Fingerprint {
    let mut hash = digest::Context::new(&digest::SHA256);
    let names = verifiers.iter().map(|(algorithm, _)| algorithm.name());
    let members = ["kid", "kty", "crv", "n", "e", "x", "y"].into_iter();
    let members = members.map(|name| jwk.get(name).and_then(Value::as_str).unwrap_or_default());
    for part in members.chain(names) {
        hash.update(&(part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    let mut fingerprint = Fingerprint::default();
    fingerprint.copy_from_slice(hash.finish().as_ref());
    fingerprint
}
