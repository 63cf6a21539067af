//! The thumbprint of a public key (RFC 7638, SHA-256): what a token says of the key that it is bound to.

use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

/// SHA-256 of a public key's required members.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Thumbprint([u8; 32]);

impl Thumbprint {
    /// What `cnf.jkt` says: 43 characters of base64url (RFC 9449 §6.1).
    pub(in crate::authn) fn parse(text: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        bytes.try_into().ok().map(Self)
    }

    /// That of a key whose members were read as one of `kty`: only base64url and names of curves stand in them, so nothing
    /// needs to be escaped.
    pub(in crate::authn) fn of(jwk: &Map<String, Value>) -> Option<Self> {
        let names: &[&str] = match jwk.get("kty")?.as_str()? {
            "RSA" => &["e", "kty", "n"],
            "EC" => &["crv", "kty", "x", "y"],
            "OKP" => &["crv", "kty", "x"],
            _ => return None,
        };
        let mut hash = digest::Context::new(&digest::SHA256);
        for (index, name) in names.iter().enumerate() {
            hash.update(if index == 0 { b"{\"" } else { b",\"" });
            hash.update(name.as_bytes());
            hash.update(b"\":\"");
            hash.update(jwk.get(*name)?.as_str()?.as_bytes());
            hash.update(b"\"");
        }
        hash.update(b"}");
        let mut bytes = [0; 32];
        bytes.copy_from_slice(hash.finish().as_ref());
        Some(Self(bytes))
    }
}

/// As [`Thumbprint::parse`] reads it.
impl std::fmt::Display for Thumbprint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&URL_SAFE_NO_PAD.encode(self.0))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_example_of_rfc_7638_has_the_thumbprint_that_it_shows() {
        let jwk = json!({
            "kty": "RSA",
            "n": "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw",
            "e": "AQAB", "alg": "RS256", "kid": "2011-04-29"
        });
        let expected = Thumbprint::parse("NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
        assert_eq!(Thumbprint::of(jwk.as_object().unwrap()), expected);
        let said = expected.map(|thumbprint| thumbprint.to_string());
        assert_eq!(said.as_deref(), Some("NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"));
    }

    #[test]
    fn anything_but_43_characters_of_base64url_is_not_a_thumbprint() {
        for bad in [
            "",
            "x",
            "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs=",
            "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xt",
            "NzbLsXh8uDCcd+6MNwXF4W/7noWXFZAfHkxZsRGC9Xs",
        ] {
            assert_eq!(Thumbprint::parse(bad), None, "{bad}");
        }
    }
}
