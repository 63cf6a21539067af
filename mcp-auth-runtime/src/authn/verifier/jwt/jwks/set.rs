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
use super::super::issuer::DEFAULT_ALGORITHMS;
use super::super::jws::{Header, Jws};
use super::roca;
use crate::authn::dpop::Thumbprint;
use crate::authn::error::KeysError;
use mcp_auth_core::seen;

/// The most keys one signature is tried against, where a token has no `kid` or several keys have the same.
const MAX_TRIES: usize = 8;

/// The members of private and symmetric keys (RFC 7518 §6, and of post-quantum keys).
const PRIVATE: [&str; 9] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"];

/// Whether a JWK has a member of a private or symmetric key: who reads it can sign.
pub fn has_private_member(jwk: &Map<String, Value>) -> bool {
    private_member(jwk).is_some()
}

fn private_member(jwk: &Map<String, Value>) -> Option<&'static str> {
    PRIVATE.into_iter().find(|name| jwk.contains_key(*name))
}

/// The usable keys of one issuer.
pub(in crate::authn::verifier::jwt) struct KeySet {
    keys: Vec<Key>,
    by_kid: HashMap<String, Vec<usize>>,
    pub(super) skipped: Vec<Skipped>,
    /// How many entries were not read: there are more than `max_keys`.
    unread: usize,
}

/// One public key, parsed once for each algorithm it may be used with.
struct Key {
    /// Whose it says it is: issuers of several tenants bind their keys so.
    issuer: Option<String>,
    verifiers: Vec<(Algorithm, ParsedPublicKey)>,
    fingerprint: Fingerprint,
    /// Of the material alone (RFC 7638).
    thumbprint: Option<Thumbprint>,
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
    /// No key with this `kid`.
    UnknownKey,
    /// The key with this `kid`, or any key where the token names none, is for other algorithms.
    OtherAlgorithm,
}

/// A key that was passed over, and because of which of its members.
#[derive(Debug)]
pub(super) struct Skipped {
    kid: Option<String>,
    pub(super) reason: SkipReason,
    member: &'static str,
    /// What the member is; nothing where that could be a secret.
    value: Option<String>,
}

/// Why a key is passed over, and the member that says it.
type Skip = (SkipReason, &'static str);

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

impl Skipped {
    fn new(entry: &Value, (reason, member): Skip) -> Self {
        let value = entry.get(member).filter(|_| reason != SkipReason::Private);
        let value = value.map(|value| seen::shown_json(&seen::excerpt(value, 40)).into_owned());
        Self { kid: kid(entry), reason, member, value }
    }
}

/// `kid "k1": key_ops is ["encrypt"], its use or key_ops exclude verifying`
impl fmt::Display for Skipped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kid {
            Some(kid) => write!(f, "kid {}: ", seen::quote(kid, 80))?,
            None => f.write_str("a key without kid: ")?,
        }
        match (&self.value, self.reason) {
            (_, SkipReason::NoObject) => {}
            (Some(value), _) => write!(f, "{} is {value}, ", self.member)?,
            (None, SkipReason::Private) => write!(f, "it has {}, ", self.member)?,
            (None, _) => write!(f, "{} is missing, ", self.member)?,
        }
        write!(f, "{}", self.reason)
    }
}

fn kid(entry: &Value) -> Option<String> {
    entry.get("kid").and_then(Value::as_str).map(str::to_owned)
}

impl KeySet {
    /// That of an issuer that signs no tokens.
    pub(in crate::authn::verifier::jwt) fn none() -> Self {
        Self { keys: Vec::new(), by_kid: HashMap::new(), skipped: Vec::new(), unread: 0 }
    }

    /// Reads `set`, looking at the first `max_keys` entries. With `only`, those are kept that serve one of its algorithms;
    /// without it, those that say any in their `alg`, or serve one of [`DEFAULT_ALGORITHMS`].
    ///
    /// # Errors
    /// [`KeysError::NoUsableKey`] when no key is left, or `keys` is not an array.
    pub(in crate::authn::verifier::jwt) fn read(
        set: &Value,
        only: Option<&[Algorithm]>,
        max_keys: usize,
    ) -> Result<Self, KeysError> {
        let entries = set.get("keys").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let unread = entries.len().saturating_sub(max_keys);
        let mut read = Self { keys: Vec::new(), by_kid: HashMap::new(), skipped: Vec::new(), unread };
        for entry in entries.iter().take(max_keys) {
            match read_key(entry, only) {
                Ok(key) => {
                    if let Some(kid) = kid(entry) {
                        read.by_kid.entry(kid).or_default().push(read.keys.len());
                    }
                    read.keys.push(key);
                }
                Err(skip) => read.skipped.push(Skipped::new(entry, skip)),
            }
        }
        if read.keys.is_empty() {
            let first = read.skipped.first().map(Skipped::to_string);
            return Err(KeysError::NoUsableKey { skipped: entries.len(), first });
        }
        Ok(read)
    }

    /// Checks the signature of `jws` with the key its header names; without a `kid`, with up to eight keys
    /// of its algorithm. `may_sign` says whether a key may, by the `issuer` that it says it is of.
    pub(in crate::authn::verifier::jwt) fn verify(
        &self,
        jws: &Jws<'_>,
        may_sign: impl Fn(Option<&str>) -> bool,
    ) -> Outcome {
        let Header { alg, kid, .. } = &jws.header;
        match self.signer(*alg, kid.as_deref(), jws.signed, &jws.signature, may_sign) {
            Ok(_) => Outcome::Good,
            Err(outcome) => outcome,
        }
    }

    /// The thumbprint of the key that made `signature`; as [`verify`](Self::verify).
    ///
    /// # Errors
    /// Why none of them made it.
    pub(in crate::authn::verifier::jwt) fn signer(
        &self,
        alg: Algorithm,
        kid: Option<&str>,
        signed: &[u8],
        signature: &[u8],
        may_sign: impl Fn(Option<&str>) -> bool,
    ) -> Result<Option<String>, Outcome> {
        let may_sign = |key: &&Key| may_sign(key.issuer.as_deref());
        let key = match kid {
            Some(kid) => {
                let named = self.by_kid.get(kid).into_iter().flatten().map(|index| &self.keys[*index]);
                try_each(named.filter(may_sign), alg, signed, signature)?
            }
            None => try_each(self.keys.iter().filter(may_sign), alg, signed, signature)?,
        };
        Ok(key.thumbprint.map(|thumbprint| thumbprint.to_string()))
    }

    /// Whether a key of `set` is private or symmetric.
    pub(in crate::authn::verifier::jwt) fn has_private(set: &Value) -> bool {
        let keys = set.get("keys").and_then(Value::as_array);
        keys.into_iter().flatten().filter_map(Value::as_object).any(has_private_member)
    }

    /// Whether a key has this `kid`.
    pub(in crate::authn::verifier::jwt) fn has_kid(&self, kid: &str) -> bool {
        self.by_kid.contains_key(kid)
    }

    /// The thumbprints of the keys.
    pub(in crate::authn::verifier::jwt) fn thumbprints(&self) -> impl Iterator<Item = String> {
        self.keys.iter().filter_map(|key| key.thumbprint).map(|thumbprint| thumbprint.to_string())
    }

    /// How many keys there are.
    pub(in crate::authn::verifier::jwt) fn len(&self) -> usize {
        self.keys.len()
    }

    /// Whether `newer` still holds every key of this set. Only then may what these keys verified stand.
    pub(in crate::authn::verifier::jwt) fn is_within(&self, newer: &Self) -> bool {
        self.keys.iter().all(|key| newer.keys.iter().any(|other| other.fingerprint == key.fingerprint))
    }

    /// Tells the log which keys were skipped, each with the member that is why. Keys for encryption and of other
    /// algorithms are usual beside those that verify.
    pub(in crate::authn::verifier::jwt) fn log_skipped(&self, issuer: &str) {
        for skipped in &self.skipped {
            match skipped.reason {
                SkipReason::Private => {
                    tracing::error!(issuer, "issuer publishes a private key; key skipped: {skipped}");
                }
                SkipReason::NotForSignatures | SkipReason::Algorithm | SkipReason::KeyType => {
                    tracing::info!(issuer, "key skipped: {skipped}");
                }
                _ => tracing::warn!(issuer, "key skipped: {skipped}"),
            }
        }
        if self.unread > 0 {
            let unread = self.unread;
            tracing::warn!(
                issuer,
                unread,
                "the JWK Set holds more keys than are read; the last ones are left out"
            );
        }
    }
}

fn try_each<'k>(
    keys: impl Iterator<Item = &'k Key>,
    alg: Algorithm,
    signed: &[u8],
    signature: &[u8],
) -> Result<&'k Key, Outcome> {
    let mut keys = keys.peekable();
    let mut outcome = if keys.peek().is_some() { Outcome::OtherAlgorithm } else { Outcome::UnknownKey };
    let verifiers = keys.flat_map(|key| key.verifiers.iter().map(move |(of, verifier)| (key, *of, verifier)));
    for (key, _, verifier) in verifiers.filter(|(_, of, _)| *of == alg).take(MAX_TRIES) {
        if verifier.verify_sig(signed, signature).is_ok() {
            return Ok(key);
        }
        outcome = Outcome::Bad;
    }
    Err(outcome)
}

fn read_key(entry: &Value, only: Option<&[Algorithm]>) -> Result<Key, Skip> {
    let jwk = &stated_members(entry.as_object().ok_or((SkipReason::NoObject, "kty"))?);
    if let Some(name) = private_member(jwk) {
        return Err((SkipReason::Private, name));
    }
    check_purpose(jwk)?;
    let algorithms = algorithms(jwk, only)?;
    let mut verifiers = Vec::with_capacity(algorithms.len());
    for algorithm in algorithms {
        verifiers.push((algorithm, read_material(jwk, algorithm)?));
    }
    match verifiers.is_empty() {
        true => Err((SkipReason::KeyType, if jwk.contains_key("crv") { "crv" } else { "kty" })),
        false => {
            let issuer = jwk.get("issuer").and_then(Value::as_str).map(str::to_owned);
            let thumbprint = Thumbprint::of(jwk);
            Ok(Key { issuer, fingerprint: fingerprint(jwk, &verifiers), thumbprint, verifiers })
        }
    }
}

/// The members that say something: some issuers write those they do not use as `null`, `[]` or `""`. `kid` may be
/// any text.
fn stated_members(jwk: &Map<String, Value>) -> Map<String, Value> {
    let silent = |value: &Value| match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::String(text) => text.is_empty(),
        _ => false,
    };
    let said = jwk.iter().filter(|(name, value)| *name == "kid" || !silent(value));
    said.map(|(name, value)| (name.clone(), value.clone())).collect()
}

/// RFC 7517 §4.2 and §4.3: `use` and `key_ops`, if present, allow verifying.
pub(super) fn check_purpose(jwk: &Map<String, Value>) -> Result<(), Skip> {
    if jwk.get("use").is_some_and(|u| u != "sig") {
        return Err((SkipReason::NotForSignatures, "use"));
    }
    let verifies = |ops: &Value| ops.as_array().is_some_and(|ops| ops.iter().any(|op| op == "verify"));
    if jwk.get("key_ops").is_some_and(|ops| !verifies(ops)) {
        return Err((SkipReason::NotForSignatures, "key_ops"));
    }
    Ok(())
}

/// The algorithms this key may be used with: its `alg`, to which it is bound (RFC 8725 §3.1), so that it needs nothing else
/// to allow it; else the default ones for its kty and crv. With `only`, no others.
fn algorithms(jwk: &Map<String, Value>, only: Option<&[Algorithm]>) -> Result<Vec<Algorithm>, Skip> {
    match jwk.get("alg") {
        None => {
            let allowed = only.unwrap_or(&DEFAULT_ALGORITHMS);
            Ok(Algorithm::ALL.into_iter().filter(|a| allowed.contains(a) && fits(jwk, *a)).collect())
        }
        Some(alg) => {
            let alg = alg.as_str().and_then(|alg| alg.parse().ok());
            let is_allowed = |alg: &Algorithm| only.is_none_or(|only| only.contains(alg));
            let alg =
                alg.filter(|alg| is_allowed(alg) && fits(jwk, *alg)).ok_or((SkipReason::Algorithm, "alg"))?;
            Ok(vec![alg])
        }
    }
}

/// Whether the key is of the kind that the algorithm needs.
pub(super) fn fits(jwk: &Map<String, Value>, algorithm: Algorithm) -> bool {
    let text = |name: &str| jwk.get(name).and_then(Value::as_str);
    match algorithm.key_kind() {
        KeyKind::Rsa(_) => text("kty") == Some("RSA"),
        KeyKind::Ec { curve, .. } => text("kty") == Some("EC") && text("crv") == Some(curve),
        KeyKind::Ed25519 => text("kty") == Some("OKP") && text("crv") == Some("Ed25519"),
    }
}

pub(super) fn read_material(jwk: &Map<String, Value>, algorithm: Algorithm) -> Result<ParsedPublicKey, Skip> {
    let bytes = |name: &'static str| {
        let text = jwk.get(name).and_then(Value::as_str).ok_or((SkipReason::Material, name))?;
        URL_SAFE_NO_PAD.decode(text).map_err(|_| (SkipReason::Material, name))
    };
    match algorithm.key_kind() {
        KeyKind::Rsa(parameters) => {
            let (n, e) = (bytes("n")?, bytes("e")?);
            let (n, e) = (unsigned(&n), unsigned(&e));
            check_rsa(n, e)?;
            let components = RsaPublicKeyComponents { n, e };
            components.to_parsed_public_key(parameters).map_err(|_| (SkipReason::Material, "n"))
        }
        KeyKind::Ec { coordinate_bytes, parameters, .. } => {
            let (x, y) = (bytes("x")?, bytes("y")?);
            if let Some((_, name)) =
                [(&x, "x"), (&y, "y")].into_iter().find(|(c, _)| c.len() != coordinate_bytes)
            {
                return Err((SkipReason::Material, name));
            }
            // SEC 1 §2.3.3, uncompressed; parsing checks that the point is on the curve.
            let point = [&[4][..], &x, &y].concat();
            ParsedPublicKey::new(parameters, point).map_err(|_| (SkipReason::Material, "x"))
        }
        KeyKind::Ed25519 => {
            let x = bytes("x")?;
            if x.len() != 32 {
                return Err((SkipReason::Material, "x"));
            }
            ParsedPublicKey::new(&ED25519, x).map_err(|_| (SkipReason::Material, "x"))
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
fn check_rsa(n: &[u8], e: &[u8]) -> Result<(), Skip> {
    let bits = match n.first() {
        None | Some(0) => return Err((SkipReason::Material, "n")),
        Some(first) => n.len() * 8 - first.leading_zeros() as usize,
    };
    if !(2048..=8192).contains(&bits) {
        return Err((SkipReason::RsaSize, "n"));
    }
    if n.last().is_none_or(|last| last % 2 == 0) {
        return Err((SkipReason::Material, "n"));
    }
    let exponent = match e {
        [] | [0, ..] => return Err((SkipReason::RsaExponent, "e")),
        e if e.len() > 5 => return Err((SkipReason::RsaExponent, "e")),
        e => e.iter().fold(0u64, |value, byte| value << 8 | u64::from(*byte)),
    };
    if exponent < 3 || exponent.is_multiple_of(2) || exponent > 1 << 33 {
        return Err((SkipReason::RsaExponent, "e"));
    }
    if roca::is_roca(n) {
        return Err((SkipReason::RsaRoca, "n"));
    }
    Ok(())
}

fn fingerprint(jwk: &Map<String, Value>, verifiers: &[(Algorithm, ParsedPublicKey)]) -> Fingerprint {
    let mut hash = digest::Context::new(&digest::SHA256);
    let names = verifiers.iter().map(|(algorithm, _)| algorithm.name());
    let members = ["kid", "issuer", "kty", "crv", "n", "e", "x", "y"].into_iter();
    let members = members.map(|name| jwk.get(name).and_then(Value::as_str).unwrap_or_default());
    for part in members.chain(names) {
        hash.update(&(part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    let mut fingerprint = Fingerprint::default();
    fingerprint.copy_from_slice(hash.finish().as_ref());
    fingerprint
}
