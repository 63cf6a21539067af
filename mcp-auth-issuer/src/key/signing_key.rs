//! A key that signs tokens (RFC 7518 §3), and its public half as a JWK.

use std::sync::Arc;

use aws_lc_rs::agreement::{ECDH_P256, PrivateKey};
use aws_lc_rs::digest;
use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, ED25519, EcdsaKeyPair, Ed25519KeyPair,
    KeyPair as _, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RsaKeyPair, UnparsedPublicKey,
    VerificationAlgorithm,
};
use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use serde_json::{Value, json};

use super::{KeyError, MintError, SigningAlgorithm};

/// A key that signs JWTs. Cloning shares it; `Debug` shows its `kid` only.
///
/// The key and the per-signature nonces come from aws-lc's own generator, which accepts no other source of
/// randomness.
///
/// # Example
/// ```
/// use mcp_auth_issuer::SigningKey;
/// let key = SigningKey::generate().unwrap();
/// let token = key.mint(&serde_json::json!({ "iss": "http://localhost:8080", "sub": "alice" })).unwrap();
/// assert_eq!(token.split('.').count(), 3);
/// assert_eq!(key.jwks()["keys"][0]["kid"], key.kid());
/// ```
#[derive(Clone)]
pub struct SigningKey {
    pair: Arc<Pair>,
    kid: String,
}

enum Pair {
    P256(EcdsaKeyPair),
    Rsa(RsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

impl SigningKey {
    /// A new ES256 key, in memory only.
    ///
    /// # Errors
    /// [`KeyError::Generate`].
    pub fn generate() -> Result<Self, KeyError> {
        Self::generate_for(SigningAlgorithm::Es256)
    }

    /// A new key for this algorithm, in memory only. An RSA key takes a while to make.
    ///
    /// # Errors
    /// [`KeyError::Generate`].
    pub fn generate_for(algorithm: SigningAlgorithm) -> Result<Self, KeyError> {
        let pair = match algorithm {
            SigningAlgorithm::Es256 => {
                EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).map(Pair::P256)
            }
            SigningAlgorithm::Rs256 => RsaKeyPair::generate(KeySize::Rsa2048).map(Pair::Rsa),
            SigningAlgorithm::EdDsa => Ed25519KeyPair::generate().map(Pair::Ed25519),
        };
        pair.map(Self::new).map_err(|_| KeyError::Generate)
    }

    /// Reads a private key from PKCS#8 (RFC 5208), DER: P-256, RSA of 2048 to 8192 bits, or Ed25519. `None` if it is something else.
    pub fn from_pkcs8(der: &[u8]) -> Option<Self> {
        let p256 = || EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, der).ok().map(Pair::P256);
        let ed25519 = || Ed25519KeyPair::from_pkcs8(der).ok().map(Pair::Ed25519);
        let rsa = || {
            let pair = RsaKeyPair::from_pkcs8(der).ok()?;
            (256..=1024).contains(&pair.public_modulus_len()).then_some(Pair::Rsa(pair))
        };
        p256().or_else(ed25519).or_else(rsa).map(Self::new)
    }

    /// Reads the 32 bytes of a P-256 private key, as which a store kept its only one.
    pub(super) fn from_scalar(scalar: &[u8; 32]) -> Option<Self> {
        let public = PrivateKey::from_private_key(&ECDH_P256, scalar).ok()?.compute_public_key().ok()?;
        let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
        let pair = EcdsaKeyPair::from_private_key_and_public_key(algorithm, scalar, public.as_ref());
        pair.ok().map(|pair| Self::new(Pair::P256(pair)))
    }

    /// The private key as PKCS#8 (RFC 5208), DER.
    pub(super) fn to_pkcs8(&self) -> Result<Vec<u8>, KeyError> {
        let der = match &*self.pair {
            Pair::P256(pair) => pair.to_pkcs8v1().map(|der| der.as_ref().to_vec()),
            Pair::Ed25519(pair) => pair.to_pkcs8v1().map(|der| der.as_ref().to_vec()),
            Pair::Rsa(pair) => {
                let der: Result<Pkcs8V1Der<'_>, _> = pair.as_der();
                der.map(|der| der.as_ref().to_vec())
            }
        };
        der.map_err(|_| KeyError::Generate)
    }

    fn new(pair: Pair) -> Self {
        // RFC 7638 §3.2: the required members, in lexicographic order, without white space.
        let canonical = match Public::of(&pair) {
            Public::P256 { x, y } => format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#),
            Public::Rsa { n, e } => format!(r#"{{"e":"{e}","kty":"RSA","n":"{n}"}}"#),
            Public::Ed25519 { x } => format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#),
        };
        let kid = BASE64_URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, canonical.as_bytes()));
        Self { pair: Arc::new(pair), kid }
    }

    /// The key's identifier: its RFC 7638 thumbprint, so the same key has the same `kid` everywhere.
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// What it signs with, and nothing else.
    pub fn algorithm(&self) -> SigningAlgorithm {
        match &*self.pair {
            Pair::P256(_) => SigningAlgorithm::Es256,
            Pair::Rsa(_) => SigningAlgorithm::Rs256,
            Pair::Ed25519(_) => SigningAlgorithm::EdDsa,
        }
    }

    /// The public half as a JWK (RFC 7517 §4).
    pub fn public_jwk(&self) -> Value {
        let mut jwk = match Public::of(&self.pair) {
            Public::P256 { x, y } => json!({ "kty": "EC", "crv": "P-256", "x": x, "y": y }),
            Public::Rsa { n, e } => json!({ "kty": "RSA", "n": n, "e": e }),
            Public::Ed25519 { x } => json!({ "kty": "OKP", "crv": "Ed25519", "x": x }),
        };
        jwk["use"] = "sig".into();
        jwk["alg"] = self.algorithm().name().into();
        jwk["kid"] = self.kid.as_str().into();
        jwk
    }

    /// The public half as a JWK Set (RFC 7517 §5).
    pub fn jwks(&self) -> Value {
        json!({ "keys": [self.public_jwk()] })
    }

    /// Signs `claims` as an access token: header `typ` is `at+jwt` (RFC 9068 §2.1). It does not check the claims, so
    /// that tests can also mint expired tokens and tokens of other issuers.
    ///
    /// # Errors
    /// [`MintError`].
    pub fn mint(&self, claims: &impl serde::Serialize) -> Result<String, MintError> {
        let header = json!({ "typ": "at+jwt", "alg": self.algorithm().name(), "kid": self.kid });
        self.mint_with_header(&header, claims)
    }

    /// Signs `claims` under a JOSE header that the caller gives; for tests of token verification.
    ///
    /// # Errors
    /// [`MintError`].
    pub fn mint_with_header(
        &self,
        header: &Value,
        claims: &impl serde::Serialize,
    ) -> Result<String, MintError> {
        let claims = serde_json::to_value(claims).map_err(MintError::Serialize)?;
        if !header.is_object() || !claims.is_object() {
            return Err(MintError::NotAnObject);
        }
        let encode = |json: &Value| BASE64_URL_SAFE_NO_PAD.encode(json.to_string());
        let signing_input = format!("{}.{}", encode(header), encode(&claims));
        let signature = self.sign(signing_input.as_bytes()).ok_or(MintError::Sign)?;
        Ok(format!("{signing_input}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature)))
    }

    pub(super) fn sign(&self, message: &[u8]) -> Option<Vec<u8>> {
        match &*self.pair {
            Pair::P256(pair) => {
                pair.sign(&SystemRandom::new(), message).ok().map(|made| made.as_ref().to_vec())
            }
            Pair::Ed25519(pair) => pair.try_sign(message).ok().map(|made| made.as_ref().to_vec()),
            Pair::Rsa(pair) => {
                let mut made = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut made).ok()?;
                Some(made)
            }
        }
    }

    /// Whether this key signed it.
    pub(super) fn has_signed(&self, message: &[u8], signature: &[u8]) -> bool {
        let (algorithm, public): (&'static dyn VerificationAlgorithm, &[u8]) = match &*self.pair {
            Pair::P256(pair) => (&ECDSA_P256_SHA256_FIXED, pair.public_key().as_ref()),
            Pair::Ed25519(pair) => (&ED25519, pair.public_key().as_ref()),
            Pair::Rsa(pair) => (&RSA_PKCS1_2048_8192_SHA256, pair.public_key().as_ref()),
        };
        UnparsedPublicKey::new(algorithm, public).verify(message, signature).is_ok()
    }
}

/// The members of the public half, in base64url.
enum Public {
    /// RFC 7518 §6.2.1.
    P256 { x: String, y: String },
    /// RFC 7518 §6.3.1.
    Rsa { n: String, e: String },
    /// RFC 8037 §2.
    Ed25519 { x: String },
}

impl Public {
    fn of(pair: &Pair) -> Self {
        let encode = |bytes: &[u8]| BASE64_URL_SAFE_NO_PAD.encode(bytes);
        match pair {
            Pair::P256(pair) => {
                // Uncompressed: 0x04, then 32 bytes of x and 32 bytes of y.
                let point = pair.public_key().as_ref();
                let (x, y) = point.get(1..).unwrap_or_default().split_at(point.len() / 2);
                Self::P256 { x: encode(x), y: encode(y) }
            }
            Pair::Rsa(pair) => {
                let public = pair.public_key();
                Self::Rsa {
                    n: encode(public.modulus().big_endian_without_leading_zero()),
                    e: encode(public.exponent().big_endian_without_leading_zero()),
                }
            }
            Pair::Ed25519(pair) => Self::Ed25519 { x: encode(pair.public_key().as_ref()) },
        }
    }
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SigningKey").field("kid", &self.kid).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use jsonwebtoken::{Algorithm, DecodingKey, Validation};
    use mcp_auth_runtime::facade::has_private_member;

    use super::*;

    fn each() -> [(SigningKey, Algorithm); 3] {
        [
            (SigningAlgorithm::Es256, Algorithm::ES256),
            (SigningAlgorithm::Rs256, Algorithm::RS256),
            (SigningAlgorithm::EdDsa, Algorithm::EdDSA),
        ]
        .map(|(algorithm, theirs)| (SigningKey::generate_for(algorithm).unwrap(), theirs))
    }

    #[test]
    fn minted_token_of_every_algorithm_verifies_with_the_published_key() {
        for (key, algorithm) in each() {
            let token = key.mint(&json!({ "sub": "alice", "exp": 4_000_000_000_u64 })).unwrap();
            let jwk = serde_json::from_value(key.public_jwk()).unwrap();
            let data = jsonwebtoken::decode::<Value>(
                &token,
                &DecodingKey::from_jwk(&jwk).unwrap(),
                &Validation::new(algorithm),
            )
            .unwrap();
            assert_eq!(data.claims["sub"], "alice");
            assert_eq!(data.header.typ.as_deref(), Some("at+jwt"));
            assert_eq!(data.header.kid.as_deref(), Some(key.kid()));
        }
    }

    #[test]
    fn kid_is_the_rfc_7638_thumbprint() {
        for (key, _) in each() {
            let jwk: jsonwebtoken::jwk::Jwk = serde_json::from_value(key.public_jwk()).unwrap();
            assert_eq!(jwk.thumbprint(jsonwebtoken::jwk::ThumbprintHash::SHA256).unwrap(), key.kid());
        }
    }

    #[test]
    fn published_key_holds_no_private_member_and_debug_shows_its_kid_alone() {
        for (key, _) in each() {
            let jwk = key.public_jwk();
            assert!(!has_private_member(jwk.as_object().unwrap()));
            assert_eq!(format!("{key:?}"), format!("SigningKey {{ kid: {:?}, .. }}", key.kid()));
        }
    }

    #[test]
    fn a_key_of_every_algorithm_is_read_as_it_was_written() {
        for (key, _) in each() {
            let read = SigningKey::from_pkcs8(&key.to_pkcs8().unwrap()).unwrap();
            assert_eq!((read.kid(), read.algorithm()), (key.kid(), key.algorithm()));
        }
        for wrong in [&b""[..], b"not a key", &[0x30; 64]] {
            assert!(SigningKey::from_pkcs8(wrong).is_none());
        }
    }

    #[test]
    fn a_key_has_signed_what_it_signed_and_nothing_else() {
        let keys = each().map(|(key, _)| key);
        for key in &keys {
            let signature = key.sign(b"message").unwrap();
            assert!(key.has_signed(b"message", &signature));
            assert!(!key.has_signed(b"massage", &signature));
            for other in keys.iter().filter(|other| other.kid() != key.kid()) {
                assert!(!other.has_signed(b"message", &signature));
            }
        }
    }

    #[test]
    fn a_scalar_that_is_not_a_p256_key_gives_none() {
        assert!(SigningKey::from_scalar(&[0; 32]).is_none());
        assert!(SigningKey::from_scalar(&[0xff; 32]).is_none());
        let (one, again) =
            (SigningKey::from_scalar(&[7; 32]).unwrap(), SigningKey::from_scalar(&[7; 32]).unwrap());
        assert_eq!(one.kid(), again.kid());
    }

    #[test]
    fn claims_that_are_not_an_object_are_refused() {
        let key = SigningKey::generate().unwrap();
        assert!(matches!(key.mint(&json!([])), Err(MintError::NotAnObject)));
    }
}
