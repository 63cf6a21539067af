//! An ES256 key (RFC 7518 §3.4): signs tokens, and gives its public half as a JWK.

use std::sync::Arc;

use aws_lc_rs::digest;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use serde_json::{Value, json};

use super::{KeyError, MintError};

/// An ES256 key that signs JWTs. Cloning shares it; `Debug` shows its `kid` only.
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
    pub(super) pair: Arc<EcdsaKeyPair>,
    kid: String,
}

impl SigningKey {
    /// A new key, in memory only.
    ///
    /// # Errors
    /// [`KeyError::Generate`].
    pub fn generate() -> Result<Self, KeyError> {
        let pair =
            EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).map_err(|_| KeyError::Generate)?;
        Ok(Self::new(pair))
    }

    /// Reads a P-256 private key from PKCS#8 (RFC 5208), DER. `None` if it is something else.
    pub fn from_pkcs8(der: &[u8]) -> Option<Self> {
        EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, der).ok().map(Self::new)
    }

    pub(super) fn new(pair: EcdsaKeyPair) -> Self {
        let (x, y) = coordinates(&pair);
        // RFC 7638 §3.2: the required members, in lexicographic order, without white space.
        let canonical = format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#);
        let kid = BASE64_URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, canonical.as_bytes()));
        Self { pair: Arc::new(pair), kid }
    }

    /// The key's identifier: its RFC 7638 thumbprint, so the same key has the same `kid` everywhere.
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// The public half as a JWK (RFC 7517 §4).
    pub fn public_jwk(&self) -> Value {
        let (x, y) = coordinates(&self.pair);
        json!({
            "kty": "EC", "crv": "P-256", "x": x, "y": y,
            "use": "sig", "alg": "ES256", "kid": self.kid,
        })
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
        self.mint_with_header(&json!({ "typ": "at+jwt", "alg": "ES256", "kid": self.kid }), claims)
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
        let signature =
            self.pair.sign(&SystemRandom::new(), signing_input.as_bytes()).map_err(|_| MintError::Sign)?;
        Ok(format!("{signing_input}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature)))
    }
}

/// The public point's coordinates in base64url (RFC 7518 §6.2.1).
fn coordinates(pair: &EcdsaKeyPair) -> (String, String) {
    // Uncompressed: 0x04, then 32 bytes of x and 32 bytes of y.
    let point = pair.public_key().as_ref();
    let (x, y) = point.get(1..).unwrap_or_default().split_at(point.len() / 2);
    (BASE64_URL_SAFE_NO_PAD.encode(x), BASE64_URL_SAFE_NO_PAD.encode(y))
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SigningKey").field("kid", &self.kid).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use jsonwebtoken::{Algorithm, DecodingKey, Validation};

    use super::*;

    #[test]
    fn minted_token_verifies_with_the_published_key() {
        let key = SigningKey::generate().unwrap();
        let token = key.mint(&json!({ "sub": "alice", "exp": 4_000_000_000_u64 })).unwrap();
        let jwk = serde_json::from_value(key.public_jwk()).unwrap();
        let data = jsonwebtoken::decode::<Value>(
            &token,
            &DecodingKey::from_jwk(&jwk).unwrap(),
            &Validation::new(Algorithm::ES256),
        )
        .unwrap();
        assert_eq!(data.claims["sub"], "alice");
        assert_eq!(data.header.typ.as_deref(), Some("at+jwt"));
        assert_eq!(data.header.kid.as_deref(), Some(key.kid()));
    }

    #[test]
    fn kid_is_the_rfc_7638_thumbprint() {
        let key = SigningKey::generate().unwrap();
        let jwk: jsonwebtoken::jwk::Jwk = serde_json::from_value(key.public_jwk()).unwrap();
        assert_eq!(jwk.thumbprint(jsonwebtoken::jwk::ThumbprintHash::SHA256).unwrap(), key.kid());
    }

    #[test]
    fn published_key_holds_no_private_member() {
        let jwks = SigningKey::generate().unwrap().jwks();
        assert!(jwks["keys"][0].get("d").is_none());
    }

    #[test]
    fn claims_that_are_not_an_object_are_refused() {
        let key = SigningKey::generate().unwrap();
        assert!(matches!(key.mint(&json!([])), Err(MintError::NotAnObject)));
    }
}
