//! Access tokens of this issuer that come back to it, to be revoked or introspected.

use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, KeyPair as _, UnparsedPublicKey};
use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use mcp_auth_store::Revocable;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::SigningKey;

/// What an access token says that this issuer made.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct OwnToken {
    pub(crate) sub: String,
    pub(crate) client_id: String,
    pub(crate) iat: u64,
    pub(crate) exp: u64,
    pub(crate) jti: String,
    #[serde(default)]
    pub(crate) grant_id: Option<String>,
    /// What it says besides.
    #[serde(flatten)]
    pub(crate) more: Map<String, Value>,
}

impl OwnToken {
    /// By what it can be revoked.
    pub(crate) fn revocable(&self) -> Revocable<'_> {
        Revocable {
            grant_id: self.grant_id.as_deref(),
            jti: Some(&self.jti),
            subject: &self.sub,
            client_id: Some(&self.client_id),
            iat: self.iat,
        }
    }
}

impl SigningKey {
    /// What `token` says, if this key signed it as an access token, expired or not.
    pub(crate) fn own(&self, token: &str) -> Option<OwnToken> {
        let (signed, signature) = token.rsplit_once('.')?;
        let (header, claims) = signed.split_once('.')?;
        let read = |text: &str| BASE64_URL_SAFE_NO_PAD.decode(text).ok();
        let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, self.pair.public_key().as_ref());
        key.verify(signed.as_bytes(), &read(signature)?).ok()?;
        let header: Value = serde_json::from_slice(&read(header)?).ok()?;
        let is_access_token = header["typ"] == "at+jwt" && header["alg"] == "ES256";
        is_access_token.then(|| serde_json::from_slice(&read(claims)?).ok()).flatten()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_token_is_own_that_this_key_signed_as_an_access_token() {
        let (key, other) = (SigningKey::generate().unwrap(), SigningKey::generate().unwrap());
        let claims =
            json!({ "sub": "ann", "client_id": "app", "iat": 1, "exp": 2, "jti": "j", "scope": "a" });
        let token = key.mint(&claims).unwrap();
        let own = key.own(&token).unwrap();
        assert_eq!((&*own.sub, &*own.client_id, own.iat, own.exp, &*own.jti), ("ann", "app", 1, 2, "j"));
        assert_eq!((own.grant_id, &own.more["scope"]), (None, &json!("a")));
        assert!(other.own(&token).is_none());
        let confirmation = key.mint_with_header(&json!({ "typ": "JWT", "alg": "ES256" }), &claims).unwrap();
        assert!(key.own(&confirmation).is_none());
        for at in 0..token.len() {
            let mut changed = token.clone().into_bytes();
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).unwrap();
            // The last character of a signature has bits that mean nothing; no decoder here takes them.
            assert!(key.own(&changed).is_none(), "{at}");
        }
        for text in ["", ".", "..", "a.b.c", "a.b"] {
            assert!(key.own(text).is_none(), "{text}");
        }
    }
}
