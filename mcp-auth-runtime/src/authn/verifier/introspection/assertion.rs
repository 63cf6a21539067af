//! The key that signs for us where no secret is shared (`private_key_jwt`: RFC 7523 §2.2 and §3, OpenID Connect Core §9).

use std::fmt;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair as RsaKeyPair, KeyPairComponents, PublicKeyComponents};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, RSA_PKCS1_SHA256};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use mcp_auth_core::ambient::Ambient;
use serde_json::{Map, Value, json};

use super::error::IntrospectionError;

/// How long an assertion is good for, in seconds.
const LIFETIME: u64 = 60;

/// A private key: RS256 for an RSA key, ES256 for one on P-256. `Debug` shows which of them, and its `kid`.
pub struct AssertionKey {
    pair: Pair,
    kid: Option<String>,
}

enum Pair {
    Rsa(RsaKeyPair),
    P256(EcdsaKeyPair),
}

/// Why a text is not such a key. Never shows any of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidKey {
    /// Neither PEM nor JSON.
    #[error("is not a private key: expected PEM, or a JWK (RFC 7517)")]
    Shape,
    /// PEM or a JWK of something else, such as a public key or a certificate.
    #[error("is not an RSA private key of 2048 bits or more, or one on P-256")]
    Kind,
    /// A JWK that says it is for another algorithm.
    #[error("is a JWK whose `alg` is neither RS256 nor ES256, or not that of its `kty`")]
    Algorithm,
}

impl AssertionKey {
    /// Reads a key from PEM (PKCS#8, PKCS#1 or SEC 1, not encrypted), from a JWK, or from the JSON file that Zitadel makes,
    /// which holds PEM in `key` and its name in `keyId`.
    ///
    /// # Errors
    /// [`InvalidKey`].
    pub fn read(text: &str) -> Result<Self, InvalidKey> {
        let text = text.trim();
        if text.starts_with("-----BEGIN ") {
            return Ok(Self { pair: from_pem(text)?, kid: None });
        }
        let json: Map<String, Value> = serde_json::from_str(text).map_err(|_| InvalidKey::Shape)?;
        let member = |name: &str| json.get(name).and_then(Value::as_str);
        let kid = member("kid").or_else(|| member("keyId")).map(str::to_owned);
        let pair = match (member("key"), member("kty")) {
            (Some(pem), None) => from_pem(pem.trim())?,
            (_, Some("RSA")) => Pair::Rsa(rsa_of(&json)?),
            (_, Some("EC")) if member("crv") == Some("P-256") => Pair::P256(p256_of(&json)?),
            (_, Some(_)) => return Err(InvalidKey::Kind),
            (None, None) => return Err(InvalidKey::Shape),
        };
        let key = Self { pair, kid };
        match json.get("alg") {
            Some(alg) if alg != key.alg() => Err(InvalidKey::Algorithm),
            _ => Ok(key),
        }
    }

    fn alg(&self) -> &'static str {
        match self.pair {
            Pair::Rsa(_) => "RS256",
            Pair::P256(_) => "ES256",
        }
    }

    /// A JWT by which `client_id` shows itself to `issuer`, once.
    ///
    /// - Source: RFC 7523 §3. `aud` is the issuer identifier, which every endpoint of it is to take (RFC 7521 §5.1 too takes
    ///   the URL of one).
    pub(super) fn assertion(
        &self,
        client_id: &str,
        issuer: &str,
        ambient: &Ambient,
    ) -> Result<String, IntrospectionError> {
        let now = ambient.clock.unix_now();
        let mut jti = [0; 16];
        ambient.random.fill(&mut jti);
        let mut header = json!({ "alg": self.alg(), "typ": "JWT" });
        if let Some(kid) = &self.kid {
            header["kid"] = kid.as_str().into();
        }
        let claims = json!({
            "iss": client_id, "sub": client_id, "aud": issuer,
            "jti": URL_SAFE_NO_PAD.encode(jti), "iat": now, "exp": now + LIFETIME,
        });
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", part(&header), part(&claims));
        let signature = self.sign(signed.as_bytes()).ok_or(IntrospectionError::Sign)?;
        Ok(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }

    fn sign(&self, message: &[u8]) -> Option<Vec<u8>> {
        let random = SystemRandom::new();
        match &self.pair {
            Pair::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature).ok()?;
                Some(signature)
            }
            Pair::P256(pair) => Some(pair.sign(&random, message).ok()?.as_ref().to_vec()),
        }
    }
}

/// The first block of PEM text.
fn from_pem(text: &str) -> Result<Pair, InvalidKey> {
    let block = text.strip_prefix("-----BEGIN ").and_then(|rest| rest.split_once("-----"));
    let (label, rest) = block.ok_or(InvalidKey::Shape)?;
    let (base64, _) = rest.split_once("-----END ").ok_or(InvalidKey::Shape)?;
    let base64: String = base64.chars().filter(|c| !c.is_ascii_whitespace()).collect();
    let der = STANDARD.decode(base64).map_err(|_| InvalidKey::Shape)?;
    let pair = match label {
        "PRIVATE KEY" => RsaKeyPair::from_pkcs8(&der).ok().map(Pair::Rsa).or_else(|| p256_from(&der)),
        "RSA PRIVATE KEY" => RsaKeyPair::from_der(&der).ok().map(Pair::Rsa),
        "EC PRIVATE KEY" => p256_from(&der),
        _ => None,
    };
    pair.ok_or(InvalidKey::Kind)
}

fn p256_from(der: &[u8]) -> Option<Pair> {
    EcdsaKeyPair::from_private_key_der(&ECDSA_P256_SHA256_FIXED_SIGNING, der).ok().map(Pair::P256)
}

/// A member of a JWK that holds bytes (RFC 7518 §6).
fn bytes(jwk: &Map<String, Value>, name: &str) -> Result<Vec<u8>, InvalidKey> {
    let text = jwk.get(name).and_then(Value::as_str).ok_or(InvalidKey::Kind)?;
    URL_SAFE_NO_PAD.decode(text).map_err(|_| InvalidKey::Kind)
}

#[expect(non_snake_case, reason = "the names of RFC 8017")]
fn rsa_of(jwk: &Map<String, Value>) -> Result<RsaKeyPair, InvalidKey> {
    let member = |name| bytes(jwk, name);
    let public_key = PublicKeyComponents { n: member("n")?, e: member("e")? };
    let (d, p, q) = (member("d")?, member("p")?, member("q")?);
    let (dP, dQ, qInv) = (member("dp")?, member("dq")?, member("qi")?);
    let components = KeyPairComponents { public_key, d, p, q, dP, dQ, qInv };
    RsaKeyPair::from_components(&components).map_err(|_| InvalidKey::Kind)
}

fn p256_of(jwk: &Map<String, Value>) -> Result<EcdsaKeyPair, InvalidKey> {
    let point = [vec![4], bytes(jwk, "x")?, bytes(jwk, "y")?].concat();
    let private = bytes(jwk, "d")?;
    EcdsaKeyPair::from_private_key_and_public_key(&ECDSA_P256_SHA256_FIXED_SIGNING, &private, &point)
        .map_err(|_| InvalidKey::Kind)
}

impl fmt::Debug for AssertionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AssertionKey")
            .field("alg", &self.alg())
            .field("kid", &self.kid)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
