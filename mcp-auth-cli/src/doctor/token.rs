//! The token that was given, and its claims. It is decoded and not verified; neither the token nor a part of it is
//! ever shown.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

use crate::Failure;
use mcp_auth_core::{ApiKey, InvalidApiKey, SecretText};

use crate::secret::{SecretPlace, bearer_token};

/// The access token that the person gave.
#[derive(Debug, Clone)]
pub(crate) struct Token(SecretText);

/// The format of a token.
#[derive(Debug, Clone)]
pub(crate) enum Shape {
    /// A signed JWT: its header and claims.
    Jwt(Jwt),
    /// A JWE (RFC 7516): only the server can read it.
    Encrypted,
    /// An API key of mcp-auth, or what is wrong with its text.
    ApiKey(Result<(), InvalidApiKey>),
    /// Anything else: only the server can find out what it means, by asking its issuer.
    Opaque,
}

#[derive(Debug, Clone)]
pub(crate) struct Jwt {
    pub(crate) header: Map<String, Value>,
    pub(crate) claims: Map<String, Value>,
}

impl Token {
    /// Reads the token; `Bearer ` before it is removed.
    ///
    /// # Errors
    /// The place is empty, or does not hold a token (RFC 6750 §2.1). The error never shows what was there.
    pub(crate) fn read(place: &SecretPlace) -> Result<Self, Failure> {
        bearer_token(place, "--token").map(Self)
    }

    /// The text of the token, for sending it.
    pub(crate) fn secret(&self) -> &SecretText {
        &self.0
    }

    /// The same JWT with a signature that no key made. Nothing of the right one is left in it.
    pub(crate) fn with_another_signature(&self) -> Option<SecretText> {
        let (signed, signature) = self.0.expose().rsplit_once('.')?;
        let zeros = "A".repeat(signature.len());
        (zeros != signature).then(|| SecretText::new(format!("{signed}.{zeros}")))
    }

    pub(crate) fn shape(&self) -> Shape {
        if ApiKey::bears_prefix(self.0.expose()) {
            return Shape::ApiKey(self.0.expose().parse::<ApiKey>().map(drop));
        }
        let parts: Vec<&str> = self.0.expose().split('.').collect();
        let object = |part: &str| -> Option<Map<String, Value>> {
            serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part.trim_end_matches('=')).ok()?).ok()
        };
        match parts.as_slice() {
            [header, claims, _] => match (object(header), object(claims)) {
                (Some(header), Some(claims)) => Shape::Jwt(Jwt { header, claims }),
                _ => Shape::Opaque,
            },
            [header, _, _, _, _] if object(header).is_some() => Shape::Encrypted,
            _ => Shape::Opaque,
        }
    }
}

impl Jwt {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.header.get(name)?.as_str()
    }

    pub(crate) fn claim(&self, name: &str) -> Option<&str> {
        self.claims.get(name)?.as_str()
    }

    /// A NumericDate claim (RFC 7519 §2), in whole Unix seconds.
    pub(crate) fn seconds(&self, name: &str) -> Option<i64> {
        let value = self.claims.get(name)?;
        #[expect(clippy::cast_possible_truncation, reason = "the cast saturates, and no date is that far")]
        value.as_i64().or_else(|| value.as_f64().map(|seconds| seconds as i64))
    }

    /// The values of `aud`, one or several.
    pub(crate) fn audiences(&self) -> Vec<String> {
        match self.claims.get("aud") {
            Some(Value::String(one)) => vec![one.clone()],
            Some(Value::Array(several)) => {
                several.iter().filter_map(Value::as_str).map(str::to_owned).collect()
            }
            _ => Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn read(text: &str) -> Result<Token, Failure> {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(text.as_bytes()).unwrap();
        Token::read(&SecretPlace::File(file.path().to_owned()))
    }

    fn jwt(header: &str, claims: &str) -> String {
        format!("{}.{}.c2ln", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims))
    }

    #[test]
    fn a_jwt_is_read_and_anything_else_is_opaque() {
        let token = read(&jwt(r#"{"alg":"ES256"}"#, r#"{"aud":["a",5,"b"],"exp":1.5,"scp":["x"]}"#)).unwrap();
        let Shape::Jwt(jwt) = token.shape() else { panic!("a JWT") };
        assert_eq!(jwt.audiences(), ["a", "b"]);
        assert_eq!(jwt.seconds("exp"), Some(1));
        for opaque in ["abc", "a.b.c", "a.b"] {
            assert!(matches!(read(opaque).unwrap().shape(), Shape::Opaque), "{opaque}");
        }
    }

    #[test]
    fn another_signature_holds_nothing_of_the_right_one() {
        let token = read("aaa.bbb.c2lnbmVk").unwrap();
        assert_eq!(token.with_another_signature().unwrap().expose(), "aaa.bbb.AAAAAAAA");
        assert!(read("aaa.bbb.AAAA").unwrap().with_another_signature().is_none(), "it has none");
        assert!(read("opaque").unwrap().with_another_signature().is_none());
    }

    #[test]
    fn c19_neither_debug_nor_an_error_shows_the_token() {
        assert_eq!(format!("{:?}", read("very-secret").unwrap()), "Token(***)");
        let error = read("very secret").unwrap_err().to_string();
        assert!(!error.contains("very") && !error.contains("secret"), "{error}");
        assert!(
            read("").is_err() && Token::read(&SecretPlace::Variable("NOT_SET_ANYWHERE".to_owned())).is_err()
        );
        assert_eq!(read("Bearer abc").unwrap().secret().expose(), "abc");
    }
}
