//! JWTs that are not access tokens, and the keys of who signs them: assertions by which a client authenticates (RFC 7523 §2.2), assertions
//! of another issuer (§2.1). What their claims have to say is for the caller to check.

use mcp_auth_core::strict_json;
use serde_json::{Map, Value};

use super::algorithm::Algorithm;
use super::jwks::{KeySet, Outcome};
use super::jws::{Header, Jws, Parts, REFUSED, Type};

/// The most keys of one set.
const MAX_KEYS: usize = 32;
/// The longest JWK Set, in bytes.
const MAX_SET: usize = 64 * 1024;

/// The public keys of somebody who signs JWTs, read from a JWK Set (RFC 7517 §5). A key that cannot verify what it is for is left out: one
/// for encryption, one of another algorithm.
///
/// # Example
/// ```
/// use mcp_auth_runtime::facade::{Algorithm, InvalidKeys, PublicKeys};
/// let shared = br#"{"keys":[{"kty":"oct","k":"c2VjcmV0"}]}"#;
/// assert!(matches!(PublicKeys::read(shared, &Algorithm::OF_ASSERTIONS), Err(InvalidKeys::Private)));
/// ```
pub struct PublicKeys(KeySet);

/// Why a JWK Set is not one of public keys that verify. Shows nothing of the keys.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidKeys {
    /// Not JSON with one reading, or without `keys`.
    #[error("it is not a JWK Set (RFC 7517 section 5): one JSON object whose member keys is an array")]
    NotASet,
    /// Too long, or too many.
    #[error("it has more than {MAX_KEYS} keys, or more than {MAX_SET} bytes")]
    TooMany,
    /// Who can read it can sign.
    #[error("it holds a private or symmetric key; only public keys belong there")]
    Private,
    /// Nothing in it verifies a signature.
    #[error("none of its keys verifies signatures of {}", names(.0))]
    NoUsableKey(Vec<Algorithm>),
}

fn names(algorithms: &[Algorithm]) -> String {
    algorithms.iter().map(|algorithm| algorithm.name()).collect::<Vec<_>>().join(", ")
}

impl Algorithm {
    /// What assertions may be signed with (RFC 7523 §3): what is in use, without the variants that nobody signs with.
    pub const OF_ASSERTIONS: [Self; 5] = [Self::Es256, Self::Es384, Self::EdDsa, Self::Ps256, Self::Rs256];
}

impl PublicKeys {
    /// Reads a JWK Set for these algorithms.
    ///
    /// # Errors
    /// [`InvalidKeys`].
    pub fn read(set: &[u8], algorithms: &[Algorithm]) -> Result<Self, InvalidKeys> {
        if set.len() > MAX_SET {
            return Err(InvalidKeys::TooMany);
        }
        let set = Value::Object(strict_json::object(set).map_err(|_| InvalidKeys::NotASet)?);
        match set.get("keys").and_then(Value::as_array) {
            None => return Err(InvalidKeys::NotASet),
            Some(keys) if keys.len() > MAX_KEYS => return Err(InvalidKeys::TooMany),
            Some(_) => {}
        }
        if KeySet::has_private(&set) {
            return Err(InvalidKeys::Private);
        }
        let keys = KeySet::read(&set, Some(algorithms), MAX_KEYS);
        keys.map(Self).map_err(|_| InvalidKeys::NoUsableKey(algorithms.to_vec()))
    }

    /// Verifies the signature of `jwt`, and gives what it says.
    ///
    /// # Errors
    /// [`SignatureError`].
    pub fn verify(&self, jwt: UnverifiedJwt<'_>) -> Result<VerifiedJwt, SignatureError> {
        let signer = self.0.signer(jwt.alg, jwt.kid.as_deref(), jwt.signed, &jwt.signature, |_| true);
        match signer {
            Ok(thumbprint) => Ok(VerifiedJwt { claims: jwt.claims, key: thumbprint.unwrap_or_default() }),
            Err(Outcome::UnknownKey) => Err(SignatureError::UnknownKey),
            Err(Outcome::OtherAlgorithm) => Err(SignatureError::OtherAlgorithm),
            Err(Outcome::Good | Outcome::Bad) => Err(SignatureError::Bad),
        }
    }

    /// Whether one of them has this thumbprint.
    pub fn contain(&self, thumbprint: &str) -> bool {
        self.0.thumbprints().any(|of_key| of_key == thumbprint)
    }

    /// Whether one of them may be meant by `kid`; without a `kid` each may.
    pub fn may_have(&self, kid: Option<&str>) -> bool {
        kid.is_none_or(|kid| self.0.has_kid(kid))
    }
}

/// A JWT taken apart (RFC 7515 §7.1). Nothing in it is trusted yet.
pub struct UnverifiedJwt<'t> {
    alg: Algorithm,
    kid: Option<String>,
    typ: Option<String>,
    claims: Map<String, Value>,
    signed: &'t [u8],
    signature: Vec<u8>,
}

/// Why a text is not a signed JWT.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MalformedJwt {
    /// Longer than asked for.
    #[error("it is too long")]
    TooLong,
    /// Not three parts in base64url, or not JSON objects with one reading.
    #[error("{0}")]
    Shape(&'static str),
    /// A parameter that would change what the rest means.
    #[error("its header has {0}, which is not supported")]
    Header(&'static str),
    /// `none`, an HMAC, or what is not known.
    #[error("its alg is not an asymmetric algorithm that is known here")]
    Algorithm,
}

impl<'t> UnverifiedJwt<'t> {
    /// Takes a JWT of at most `longest` bytes apart. `jku`, `jwk`, `x5u` and `x5c` are passed over: a JWT does not say by which key it is
    /// verified (RFC 8725 §3.10).
    ///
    /// # Errors
    /// [`MalformedJwt`].
    pub fn parse(text: &'t str, longest: usize) -> Result<Self, MalformedJwt> {
        if text.len() > longest {
            return Err(MalformedJwt::TooLong);
        }
        let parts = Parts::of(text).map_err(MalformedJwt::Shape)?;
        let header = parts.header().map_err(MalformedJwt::Shape)?;
        if let Some((parameter, _)) = REFUSED.iter().find(|(parameter, _)| header.contains_key(*parameter)) {
            return Err(MalformedJwt::Header(parameter));
        }
        let alg = header.get("alg").and_then(Value::as_str).ok_or(MalformedJwt::Algorithm)?;
        let alg = alg.parse().map_err(|_| MalformedJwt::Algorithm)?;
        let text_of = |name: &'static str| match header.get(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(_) => Err(MalformedJwt::Header(name)),
        };
        let payload = parts.payload().map_err(MalformedJwt::Shape)?;
        let claims = strict_json::object(&payload)
            .map_err(|_| MalformedJwt::Shape("payload is not one strict JSON object"))?;
        let signature = parts.signature().map_err(MalformedJwt::Shape)?;
        Ok(Self { alg, kid: text_of("kid")?, typ: text_of("typ")?, claims, signed: parts.signed, signature })
    }

    /// The same as the keys of an issuer verify it. What `typ` may be, the caller checks.
    pub(super) fn as_jws(&self) -> Jws<'t> {
        let header = Header { alg: self.alg, kid: self.kid.clone(), typ: Type::Absent };
        Jws { header, payload: Vec::new(), signed: self.signed, signature: self.signature.clone() }
    }

    /// Its algorithm.
    pub fn algorithm(&self) -> Algorithm {
        self.alg
    }

    /// The key that it names.
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// Its media type in lower case, without `application/` (RFC 7515 §4.1.9).
    pub fn typ(&self) -> Option<String> {
        let typ = self.typ.as_ref()?.to_ascii_lowercase();
        Some(typ.strip_prefix("application/").unwrap_or(&typ).to_owned())
    }

    /// What it says, and nobody has verified: enough to find the keys that verify it.
    pub fn unverified_claims(&self) -> &Map<String, Value> {
        &self.claims
    }
}

/// A JWT whose signature was verified.
#[derive(Debug)]
pub struct VerifiedJwt {
    /// What it says.
    pub claims: Map<String, Value>,
    /// The thumbprint of the key that signed it (RFC 7638, SHA-256): 43 characters of base64url.
    pub key: String,
}

/// Why a signature is not good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SignatureError {
    /// None of the keys that may be meant made it.
    #[error("the signature is wrong")]
    Bad,
    /// The set has no key with this `kid`.
    #[error("no key has its kid")]
    UnknownKey,
    /// The key is for other algorithms.
    #[error("the key is for other algorithms")]
    OtherAlgorithm,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::authn::tests::support::{Signer, b64, ed, p256, p384, p521, rsa};

    fn keys(set: &Value) -> Result<PublicKeys, InvalidKeys> {
        PublicKeys::read(set.to_string().as_bytes(), &Algorithm::OF_ASSERTIONS)
    }

    fn verified(set: &Value, token: &str) -> Result<VerifiedJwt, SignatureError> {
        keys(set).unwrap().verify(UnverifiedJwt::parse(token, 8192).unwrap())
    }

    #[test]
    fn each_algorithm_verifies_by_its_key_alone() {
        let signers: [(&str, &Signer); 5] =
            [("ES256", p256()), ("ES384", p384()), ("EdDSA", ed()), ("PS256", rsa()), ("RS256", rsa())];
        for (alg, signer) in signers {
            let mut jwk = signer.jwk("k");
            jwk["alg"] = json!(alg);
            let token = signer.token(&json!({ "alg": alg, "kid": "k" }), &json!({ "iss": "app" }));
            let read = verified(&json!({ "keys": [jwk] }), &token).unwrap();
            assert_eq!((&read.claims["iss"], read.key.len()), (&json!("app"), 43), "{alg}");
            let other = json!({ "keys": [if alg == "ES256" { p384() } else { p256() }.jwk("k")] });
            assert_eq!(verified(&other, &token).unwrap_err(), SignatureError::OtherAlgorithm, "{alg}");
            let renamed = json!({ "keys": [signer.jwk("other")] });
            assert_eq!(verified(&renamed, &token).unwrap_err(), SignatureError::UnknownKey, "{alg}");
        }
        let es512 = p521().token(&json!({ "alg": "ES512" }), &json!({}));
        assert!(matches!(keys(&json!({ "keys": [p521().jwk("k")] })), Err(InvalidKeys::NoUsableKey(_))));
        let beside = json!({ "keys": [p521().jwk("k"), p256().jwk("k2")] });
        assert_eq!(verified(&beside, &es512).unwrap_err(), SignatureError::OtherAlgorithm);
    }

    #[test]
    fn t01_t03_none_and_an_hmac_with_the_public_key_are_not_signatures() {
        for alg in ["none", "None", "HS256", "hs256", "", "RSA-OAEP"] {
            let token = p256().token_of(&json!({ "alg": alg }).to_string(), "ES256", "{}");
            assert_eq!(UnverifiedJwt::parse(&token, 8192).err(), Some(MalformedJwt::Algorithm), "{alg}");
        }
        for parameter in ["crit", "b64", "zip", "enc"] {
            let header = json!({ "alg": "ES256", parameter: ["x"] });
            let token = p256().token(&header, &json!({}));
            let refused = UnverifiedJwt::parse(&token, 8192).err();
            assert_eq!(refused, Some(MalformedJwt::Header(parameter)), "{parameter}");
        }
        let own = json!({ "alg": "ES256", "jwk": p256().jwk("k"), "jku": "https://evil.example" });
        let token = p256().token(&own, &json!({}));
        let of_another = json!({ "keys": [rsa().jwk("k")] });
        assert!(verified(&of_another, &token).is_err(), "a JWT does not bring its own key");
    }

    #[test]
    fn a_text_that_is_too_long_or_has_two_readings_is_not_read() {
        let token = p256().token(&json!({ "alg": "ES256" }), &json!({}));
        assert_eq!(UnverifiedJwt::parse(&token, token.len() - 1).err(), Some(MalformedJwt::TooLong));
        assert!(UnverifiedJwt::parse(&token, token.len()).is_ok());
        let twice = p256().token_of(r#"{"alg":"ES256"}"#, "ES256", r#"{"sub":"a","sub":"b"}"#);
        let header = p256().token_of(r#"{"alg":"ES256","alg":"RS256"}"#, "ES256", "{}");
        for bad in [&*twice, &*header, "", "a.b", "a.b.c.d", &format!("{}.e30.", b64(r#"{"alg":"ES256"}"#))] {
            assert!(matches!(UnverifiedJwt::parse(bad, 8192), Err(MalformedJwt::Shape(_))), "{bad}");
        }
    }

    #[test]
    fn a_set_with_a_secret_key_is_refused_whole_and_one_for_encryption_left_out() {
        let usable = p256().jwk("k");
        let mut private = usable.clone();
        private["d"] = json!("c2VjcmV0");
        let shared = json!({ "kty": "oct", "k": "c2VjcmV0" });
        for secret in [private, shared] {
            let set = json!({ "keys": [usable.clone(), secret] });
            assert_eq!(keys(&set).err(), Some(InvalidKeys::Private));
        }
        let mut encryption = p256().jwk("e");
        encryption["use"] = json!("enc");
        assert!(matches!(keys(&json!({ "keys": [encryption.clone()] })), Err(InvalidKeys::NoUsableKey(_))));
        let both = keys(&json!({ "keys": [encryption, usable] })).unwrap();
        assert!(both.may_have(Some("k")) && !both.may_have(Some("e")) && both.may_have(None));
        let many = vec![p256().jwk("k"); MAX_KEYS + 1];
        assert_eq!(keys(&json!({ "keys": many })).err(), Some(InvalidKeys::TooMany));
        assert!(keys(&json!({ "keys": many[1..] })).is_ok());
        for bad in [json!({}), json!({ "keys": {} }), json!([])] {
            assert_eq!(keys(&bad).err(), Some(InvalidKeys::NotASet), "{bad}");
        }
    }

    #[test]
    fn a_key_is_known_again_by_its_thumbprint_whatever_is_said_beside_it() {
        let token = p256().token(&json!({ "alg": "ES256" }), &json!({}));
        let set = |jwk: Value| json!({ "keys": [jwk] });
        let key = verified(&set(p256().jwk("k")), &token).unwrap().key;
        let mut renamed = p256().jwk("other");
        renamed["alg"] = json!("ES256");
        assert!(keys(&set(renamed)).unwrap().contain(&key));
        assert!(!keys(&set(rsa().jwk("k"))).unwrap().contain(&key));
    }

    #[test]
    fn a_type_is_read_in_any_case_with_or_without_application() {
        let typ = |typ: &str| {
            let token = p256().token(&json!({ "alg": "ES256", "typ": typ }), &json!({}));
            UnverifiedJwt::parse(&token, 8192).unwrap().typ().unwrap()
        };
        assert_eq!(typ("JWT"), "jwt");
        assert_eq!(typ("application/OAUTH-ID-JAG+jwt"), "oauth-id-jag+jwt");
    }
}
