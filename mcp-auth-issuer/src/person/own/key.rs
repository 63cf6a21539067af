//! The key of the application: it decides the algorithm, whatever an answer says (RFC 8725 §3.1).

use std::fmt;

use aws_lc_rs::hmac;
use mcp_auth_core::SecretText;
use mcp_auth_runtime::facade::{Algorithm, SignedText, verifies};
use serde_json::{Map, Value};

/// The shortest secret, in bytes (RFC 7518 §3.2).
const SHORTEST: usize = 32;

/// A secret that the application and the issuer share: HMAC with SHA-256 (HS256).
#[derive(Clone)]
pub struct SharedKey(hmac::Key);

/// Text or a JWK that cannot be a key. Never shows any of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidKey {
    /// A secret that could be guessed.
    #[error("the key has less than {SHORTEST} bytes; `openssl rand -base64 32` makes one")]
    Short,
    /// A JWK that is not a public key for ES256 or EdDSA.
    #[error("a public key is a JWK for ES256 (EC, P-256) or EdDSA (OKP, Ed25519), without private members")]
    Jwk,
    /// No key.
    #[error("there is no public key")]
    None,
}

impl SharedKey {
    /// The key of this secret: all its bytes, at least 32.
    ///
    /// # Errors
    /// [`InvalidKey::Short`].
    pub fn new(secret: &SecretText) -> Result<Self, InvalidKey> {
        match secret.expose().len() >= SHORTEST {
            true => Ok(Self(hmac::Key::new(hmac::HMAC_SHA256, secret.expose().as_bytes()))),
            false => Err(InvalidKey::Short),
        }
    }

    pub(super) fn sign(&self, message: &[u8]) -> hmac::Tag {
        hmac::sign(&self.0, message)
    }
}

impl fmt::Debug for SharedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SharedKey(***)")
    }
}

/// What the issuer verifies answers by.
#[derive(Debug, Clone)]
pub struct AnswerKey(Kind);

#[derive(Debug, Clone)]
enum Kind {
    Shared(Box<SharedKey>),
    Public(Vec<(Algorithm, Map<String, Value>)>),
}

impl AnswerKey {
    /// Answers are signed by this secret, with HS256.
    pub fn shared(key: SharedKey) -> Self {
        Self(Kind::Shared(Box::new(key)))
    }

    /// Answers are signed by the private key of one of these JWKs (RFC 7517), with ES256 or EdDSA as the key is.
    ///
    /// # Errors
    /// [`InvalidKey::Jwk`], [`InvalidKey::None`].
    pub fn public(keys: impl IntoIterator<Item = Map<String, Value>>) -> Result<Self, InvalidKey> {
        let of = |jwk: Map<String, Value>| {
            let algorithm =
                [Algorithm::Es256, Algorithm::EdDsa].into_iter().find(|algorithm| verifies(&jwk, *algorithm));
            algorithm.map(|algorithm| (algorithm, jwk)).ok_or(InvalidKey::Jwk)
        };
        let keys = keys.into_iter().map(of).collect::<Result<Vec<_>, _>>()?;
        if keys.is_empty() { Err(InvalidKey::None) } else { Ok(Self(Kind::Public(keys))) }
    }

    /// Whether it made the signature of `text`.
    pub(super) fn signed(&self, text: &SignedText<'_>) -> bool {
        match &self.0 {
            Kind::Shared(key) => {
                text.alg() == Some("HS256") && hmac::verify(&key.0, text.message(), text.signature()).is_ok()
            }
            Kind::Public(keys) => keys.iter().any(|(algorithm, jwk)| text.is_signed_by(jwk, *algorithm)),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_secret_has_32_bytes_and_is_never_shown() {
        let key = |bytes: usize| SharedKey::new(&SecretText::new("k".repeat(bytes)));
        assert_eq!(key(31).unwrap_err(), InvalidKey::Short);
        assert_eq!(format!("{:?}", AnswerKey::shared(key(32).unwrap())), "AnswerKey(Shared(SharedKey(***)))");
    }

    #[test]
    fn a_public_key_is_for_es256_or_eddsa_and_has_no_private_part() {
        // RFC 8037 appendix A.2.
        let ed25519 =
            json!({ "kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" });
        let with = |member: &str, value: &str| {
            let mut jwk = ed25519.as_object().unwrap().clone();
            jwk.insert(member.to_owned(), value.into());
            jwk
        };
        assert!(AnswerKey::public([with("alg", "EdDSA")]).is_ok());
        for (member, value) in [
            ("d", "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"),
            ("kty", "oct"),
            ("crv", "Ed448"),
            ("alg", "ES256"),
            ("use", "enc"),
        ] {
            assert_eq!(AnswerKey::public([with(member, value)]).unwrap_err(), InvalidKey::Jwk, "{member}");
        }
        assert_eq!(AnswerKey::public([]).unwrap_err(), InvalidKey::None);
    }
}
