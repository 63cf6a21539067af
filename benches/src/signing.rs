//! An issuer's keys, made for one run, and tokens signed with them.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeySize, PublicKeyComponents};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair,
    KeyPair as _, RSA_PKCS1_SHA256, RSA_PSS_SHA256, RsaKeyPair, RsaPublicKeyComponents,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use mcp_auth_runtime::facade::Algorithm;
use serde_json::{Value, json};

use crate::{ISSUER, RESOURCE};

/// The algorithms that are measured.
pub const ALGORITHMS: [Algorithm; 5] =
    [Algorithm::Rs256, Algorithm::Ps256, Algorithm::Es256, Algorithm::Es384, Algorithm::EdDsa];

/// What can go wrong: randomness, or an algorithm that is not measured.
pub type Error = Box<dyn std::error::Error + Send + Sync>;

/// One key of the issuer.
pub struct Signer {
    algorithm: Algorithm,
    key: Key,
}

enum Key {
    Rsa(RsaKeyPair),
    Ec(EcdsaKeyPair),
    Ed(Ed25519KeyPair),
}

impl Signer {
    /// A new key: RSA of 2048 bits, P-256, P-384 or Ed25519.
    ///
    /// # Errors
    /// Without randomness, and for an algorithm that is not one of [`ALGORITHMS`].
    pub fn new(algorithm: Algorithm) -> Result<Self, Error> {
        let key = match algorithm {
            Algorithm::Rs256 | Algorithm::Ps256 => Key::Rsa(RsaKeyPair::generate(KeySize::Rsa2048)?),
            Algorithm::Es256 => Key::Ec(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING)?),
            Algorithm::Es384 => Key::Ec(EcdsaKeyPair::generate(&ECDSA_P384_SHA384_FIXED_SIGNING)?),
            Algorithm::EdDsa => Key::Ed(Ed25519KeyPair::generate()?),
            other => return Err(format!("{} is not measured", other.name()).into()),
        };
        Ok(Self { algorithm, key })
    }

    /// The algorithm it signs with.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The public key as a JWK (RFC 7517 §4); its `kid` is the algorithm's name.
    pub fn jwk(&self) -> Value {
        let mut jwk = match &self.key {
            Key::Rsa(_) => {
                let (n, e) = self.rsa_components().unwrap_or_default();
                json!({ "kty": "RSA", "n": URL_SAFE_NO_PAD.encode(n), "e": URL_SAFE_NO_PAD.encode(e) })
            }
            Key::Ec(key) => {
                // An uncompressed point (SEC 1 §2.3.3): 0x04, x, y.
                let point = &key.public_key().as_ref()[1..];
                let (x, y) = point.split_at(point.len() / 2);
                let curve = if x.len() == 32 { "P-256" } else { "P-384" };
                json!({
                    "kty": "EC", "crv": curve,
                    "x": URL_SAFE_NO_PAD.encode(x), "y": URL_SAFE_NO_PAD.encode(y),
                })
            }
            Key::Ed(key) => json!({
                "kty": "OKP", "crv": "Ed25519", "x": URL_SAFE_NO_PAD.encode(key.public_key().as_ref()),
            }),
        };
        jwk["kid"] = self.algorithm.name().into();
        jwk["alg"] = self.algorithm.name().into();
        jwk["use"] = "sig".into();
        jwk
    }

    /// Modulus and exponent, for an RSA key.
    pub fn rsa_components(&self) -> Option<(Vec<u8>, Vec<u8>)> {
        match &self.key {
            Key::Rsa(key) => {
                let public: RsaPublicKeyComponents<Vec<u8>> = PublicKeyComponents::from(key.public_key());
                Some((public.n, public.e))
            }
            _ => None,
        }
    }

    /// The public key in the form aws-lc-rs takes it: a point, or the 32 bytes of Ed25519.
    pub fn raw_public_key(&self) -> Vec<u8> {
        match &self.key {
            Key::Rsa(key) => key.public_key().as_ref().to_vec(),
            Key::Ec(key) => key.public_key().as_ref().to_vec(),
            Key::Ed(key) => key.public_key().as_ref().to_vec(),
        }
    }

    /// The signature over `message`.
    ///
    /// # Errors
    /// When the system gives no randomness.
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Error> {
        let random = SystemRandom::new();
        Ok(match &self.key {
            Key::Rsa(key) => {
                let padding: &dyn aws_lc_rs::signature::RsaEncoding = match self.algorithm {
                    Algorithm::Ps256 => &RSA_PSS_SHA256,
                    _ => &RSA_PKCS1_SHA256,
                };
                let mut signature = vec![0; key.public_modulus_len()];
                key.sign(padding, &random, message, &mut signature)?;
                signature
            }
            Key::Ec(key) => key.sign(&random, message)?.as_ref().to_vec(),
            Key::Ed(key) => key.sign(message).as_ref().to_vec(),
        })
    }

    /// An access token (RFC 9068) of the size identity providers give out, good for an hour from `now`.
    ///
    /// # Errors
    /// When the system gives no randomness.
    pub fn token(&self, now: u64, number: usize, scope: &str) -> Result<String, Error> {
        self.signed(&Self::claims(now, number, scope))
    }

    /// The same, bound to the key with this thumbprint (RFC 9449 §6.1).
    ///
    /// # Errors
    /// When the system gives no randomness.
    pub fn bound_token(&self, now: u64, number: usize, scope: &str, jkt: &str) -> Result<String, Error> {
        let mut claims = Self::claims(now, number, scope);
        claims["cnf"] = json!({ "jkt": jkt });
        self.signed(&claims)
    }

    fn claims(now: u64, number: usize, scope: &str) -> Value {
        json!({
            "iss": ISSUER, "sub": "auth0|5f7c8ec7c33c6c004bbafe82", "aud": [RESOURCE],
            "client_id": "my_client_application", "scope": scope, "iat": now, "exp": now + 3600,
            "jti": format!("dbe39bf3a3ba4238a513f51d6e1691c4-{number}"),
            "roles": ["reader", "editor"], "tenant": "example",
        })
    }

    fn signed(&self, claims: &Value) -> Result<String, Error> {
        let name = self.algorithm.name();
        self.compact(&json!({ "typ": "at+jwt", "alg": name, "kid": name }), claims)
    }

    /// A compact JWS of this header and these claims (RFC 7515 §7.1).
    ///
    /// # Errors
    /// When the system gives no randomness.
    pub fn compact(&self, header: &Value, claims: &Value) -> Result<String, Error> {
        let signed = format!(
            "{}.{}",
            URL_SAFE_NO_PAD.encode(header.to_string()),
            URL_SAFE_NO_PAD.encode(claims.to_string())
        );
        let signature = self.sign(signed.as_bytes())?;
        Ok(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }
}

/// The JWK Set of these keys (RFC 7517 §5).
pub fn jwks<'a>(signers: impl IntoIterator<Item = &'a Signer>) -> Value {
    json!({ "keys": signers.into_iter().map(Signer::jwk).collect::<Vec<_>>() })
}
