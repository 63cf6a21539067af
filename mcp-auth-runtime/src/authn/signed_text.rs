//! A signed JWT that is not an access token, such as an answer that another server gives by way of a browser: read strictly, and held
//! against keys that the reader names.

use mcp_auth_core::strict_json;
use serde_json::{Map, Value};

use super::verifier::jwt::{Algorithm, JwsParts, SIGNATURE_MISREAD, has_private_member, verifier_of};

/// A compact JWS (RFC 7515 §7.1) taken apart. Nothing of it is to be believed before its signature is verified, by
/// [`is_signed_by`](Self::is_signed_by) or by the reader.
pub struct SignedText<'t> {
    parts: JwsParts<'t>,
    header: Map<String, Value>,
    signature: Vec<u8>,
}

impl<'t> SignedText<'t> {
    /// Takes `text` apart. Headers that change what the rest means are refused (`crit`, `b64`, `zip`, `enc`), and those that name keys
    /// passed over (RFC 8725 §3.10).
    ///
    /// # Errors
    /// What is wrong with it; never any of the text.
    pub fn read(text: &'t str) -> Result<Self, &'static str> {
        let parts = JwsParts::of(text)?;
        let header = parts.header()?;
        if SIGNATURE_MISREAD.iter().any(|(parameter, _)| header.contains_key(*parameter)) {
            return Err("a header parameter that is not supported");
        }
        let signature = parts.signature()?;
        Ok(Self { parts, header, signature })
    }

    /// What its header says in `alg`.
    pub fn alg(&self) -> Option<&str> {
        self.header.get("alg").and_then(Value::as_str)
    }

    /// Whether its `typ` is this media type, with or without `application/`, in any case (RFC 7515 §4.1.9).
    pub fn is_of_type(&self, media_type: &str) -> bool {
        let Some(typ) = self.header.get("typ").and_then(Value::as_str) else { return false };
        let typ = typ.to_ascii_lowercase();
        typ.strip_prefix("application/").unwrap_or(&typ) == media_type
    }

    /// What is signed: `ASCII(BASE64URL(header) || '.' || BASE64URL(payload))`.
    pub fn message(&self) -> &[u8] {
        self.parts.signed
    }

    /// The signature over the [`message`](Self::message).
    pub fn signature(&self) -> &[u8] {
        &self.signature
    }

    /// Whether it says this algorithm, and this public key made its signature by it.
    pub fn is_signed_by(&self, jwk: &Map<String, Value>, algorithm: Algorithm) -> bool {
        let says_it = self.alg().and_then(|alg| alg.parse().ok()) == Some(algorithm);
        says_it
            && verifier_of(jwk, algorithm)
                .is_some_and(|key| key.verify_sig(self.message(), &self.signature).is_ok())
    }

    /// Its claims.
    ///
    /// # Errors
    /// When they are not one JSON object, each member once.
    pub fn claims(&self) -> Result<Map<String, Value>, &'static str> {
        strict_json::object(&self.parts.payload()?).map_err(|_| "the payload is not one strict JSON object")
    }
}

/// Whether `jwk` is a public key that verifies signatures of `algorithm`: of its kind, for its use, and strong enough.
pub fn verifies(jwk: &Map<String, Value>, algorithm: Algorithm) -> bool {
    !has_private_member(jwk) && verifier_of(jwk, algorithm).is_some()
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::rand::SystemRandom;
    use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use serde_json::json;

    use super::*;

    fn key() -> (EcdsaKeyPair, Map<String, Value>) {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
        let point = pair.public_key().as_ref();
        let (x, y) = point[1..].split_at(32);
        let jwk = json!({ "kty": "EC", "crv": "P-256", "x": URL_SAFE_NO_PAD.encode(x), "y": URL_SAFE_NO_PAD.encode(y) });
        (pair, jwk.as_object().unwrap().clone())
    }

    fn signed(pair: &EcdsaKeyPair, header: &Value, payload: &str) -> String {
        let message =
            format!("{}.{}", URL_SAFE_NO_PAD.encode(header.to_string()), URL_SAFE_NO_PAD.encode(payload));
        let signature = pair.sign(&SystemRandom::new(), message.as_bytes()).unwrap();
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    #[test]
    fn a_text_is_signed_by_its_key_and_its_algorithm_alone() {
        let (pair, jwk) = key();
        let text = signed(&pair, &json!({ "alg": "ES256", "typ": "application/X+jwt" }), r#"{"sub":"a"}"#);
        let read = SignedText::read(&text).unwrap();
        assert!(read.is_signed_by(&jwk, Algorithm::Es256) && read.is_of_type("x+jwt"));
        assert_eq!(read.claims().unwrap()["sub"], "a");
        assert!(!read.is_signed_by(&jwk, Algorithm::EdDsa) && !read.is_of_type("jwt"));
        assert!(!read.is_signed_by(&key().1, Algorithm::Es256));
        for alg in ["none", "HS256", "ES384"] {
            let text = signed(&pair, &json!({ "alg": alg }), "{}");
            assert!(!SignedText::read(&text).unwrap().is_signed_by(&jwk, Algorithm::Es256), "{alg}");
        }
    }

    #[test]
    fn headers_that_change_the_meaning_and_claims_that_come_twice_are_refused() {
        let (pair, _) = key();
        for (name, value) in
            [("crit", json!(["x"])), ("b64", json!(false)), ("zip", json!("DEF")), ("enc", json!("A256GCM"))]
        {
            let text = signed(&pair, &json!({ "alg": "ES256", name: value }), "{}");
            assert!(SignedText::read(&text).is_err(), "{name}");
        }
        for payload in ["[]", "\"x\"", r#"{"sub":"a","sub":"b"}"#, "{} "] {
            let text = signed(&pair, &json!({ "alg": "ES256" }), payload);
            let claims = SignedText::read(&text).unwrap().claims();
            assert_eq!(claims.is_ok(), payload == "{} ", "{payload}");
        }
        for text in ["", "a.b", "a.b.c.d", "..", "e30.e30."] {
            assert!(SignedText::read(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_private_key_or_one_for_something_else_verifies_nothing() {
        let (_, jwk) = key();
        assert!(verifies(&jwk, Algorithm::Es256));
        assert!(!verifies(&jwk, Algorithm::EdDsa));
        for (member, value) in [("d", "AAAA"), ("use", "enc"), ("alg", "ES384")] {
            let mut other = jwk.clone();
            other.insert(member.to_owned(), value.into());
            assert!(!verifies(&other, Algorithm::Es256), "{member}");
        }
    }
}
