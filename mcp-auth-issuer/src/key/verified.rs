//! Access tokens of this issuer that come back to it, to be revoked or introspected.

use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use mcp_auth_core::own_claims::AUTH_TIME_CLAIM;
use mcp_auth_store::{KnownRevocations, Revocable};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::{KeyError, KeyRing};

/// What an access token says that this issuer made.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct OurToken {
    pub(crate) sub: String,
    pub(crate) client_id: String,
    pub(crate) iat: u64,
    pub(crate) exp: u64,
    pub(crate) jti: String,
    #[serde(default)]
    pub(crate) grant_id: Option<String>,
    #[serde(default)]
    pub(crate) granted_to: Option<String>,
    #[serde(default)]
    pub(crate) known_revocations: Value,
    /// What it says besides.
    #[serde(flatten)]
    pub(crate) more: Map<String, Value>,
}

impl OurToken {
    /// All that it says, but when it ends, and by what it can be revoked besides.
    pub(crate) fn claims(&self) -> Map<String, Value> {
        let mut claims = self.more.clone();
        for (name, value) in [
            ("sub", Value::from(&*self.sub)),
            ("client_id", Value::from(&*self.client_id)),
            ("iat", Value::from(self.iat)),
            ("jti", Value::from(&*self.jti)),
        ] {
            claims.insert(name.to_owned(), value);
        }
        claims
    }

    /// By what it can be revoked.
    pub(crate) fn revocable(&self) -> Revocable<'_> {
        Revocable {
            grant_id: self.grant_id.as_deref(),
            jti: Some(&self.jti),
            subject: &self.sub,
            client_id: Some(&self.client_id),
            granted_to: self.granted_to.as_deref(),
            iat: self.iat,
            // One that cannot be read says of no revocation that its issuer knew it.
            known: KnownRevocations::deserialize(&self.known_revocations).unwrap_or_default(),
            has_login: self.has_login(),
        }
    }

    /// Whether a person logged in for it.
    fn has_login(&self) -> bool {
        self.more.contains_key(AUTH_TIME_CLAIM)
    }

    /// Whether a client got it for itself: then `sub` names the client (RFC 9068 §2.2), and nobody logged in. The name of a person may be that of
    /// a client too.
    pub(crate) fn is_of_a_program(&self) -> bool {
        self.sub == self.client_id && !self.has_login()
    }
}

impl KeyRing {
    /// What `token` says, if one of these keys signed it as an access token of `issuer`, expired or not.
    ///
    /// # Errors
    /// It names a key that is not known, and whether another process made that one cannot be read.
    pub(crate) async fn ours(
        &self,
        token: &str,
        issuer: &str,
        now: u64,
    ) -> Result<Option<OurToken>, KeyError> {
        let Some(presented) = Presented::parse(token) else { return Ok(None) };
        // Nothing is read for a token that does not even say that it is ours.
        if presented.claims.get("iss").and_then(Value::as_str) != Some(issuer) {
            return Ok(None);
        }
        let Some(key) = self.key(&presented.kid, now).await? else { return Ok(None) };
        // A key signs with its own algorithm alone (RFC 8725 §3.1).
        let is_signed = presented.alg == key.algorithm().name()
            && key.has_signed(presented.signed.as_bytes(), &presented.signature);
        Ok(is_signed.then(|| serde_json::from_value(presented.claims).ok()).flatten())
    }
}

/// An access token, taken apart. Nothing of it is checked yet.
struct Presented<'a> {
    signed: &'a str,
    signature: Vec<u8>,
    kid: String,
    alg: String,
    claims: Value,
}

impl<'a> Presented<'a> {
    fn parse(token: &'a str) -> Option<Self> {
        #[derive(Deserialize)]
        struct Header {
            typ: String,
            alg: String,
            kid: String,
        }
        let (signed, signature) = token.rsplit_once('.')?;
        let (header, claims) = signed.split_once('.')?;
        let read = |text: &str| BASE64_URL_SAFE_NO_PAD.decode(text).ok();
        let Header { typ, alg, kid } = serde_json::from_slice(&read(header)?).ok()?;
        let (signature, claims) = (read(signature)?, serde_json::from_slice(&read(claims)?).ok()?);
        (typ == "at+jwt").then_some(Self { signed, signature, kid, alg, claims })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::{SigningAlgorithm, SigningKey};
    use super::*;

    const ISSUER: &str = "https://as.example";

    async fn ours(ring: &KeyRing, token: &str) -> Option<OurToken> {
        ring.ours(token, ISSUER, 1).await.unwrap()
    }

    #[tokio::test]
    async fn a_token_is_ours_that_this_key_signed_as_an_access_token() {
        let (key, other) = (SigningKey::generate().unwrap(), SigningKey::generate().unwrap());
        let (ring, others) = (KeyRing::of(&key).unwrap(), KeyRing::of(&other).unwrap());
        let claims = json!({
            "iss": ISSUER, "sub": "ann", "client_id": "app", "iat": 1, "exp": 2, "jti": "j", "scope": "a",
        });
        let token = key.mint(&claims).unwrap();
        let read = ours(&ring, &token).await.unwrap();
        assert_eq!((&*read.sub, &*read.client_id, read.iat, read.exp, &*read.jti), ("ann", "app", 1, 2, "j"));
        assert_eq!((read.grant_id, &read.more["scope"]), (None, &json!("a")));
        assert!(ours(&others, &token).await.is_none());
        assert!(ring.ours(&token, "https://other.example", 1).await.unwrap().is_none());
        for (typ, alg, kid) in
            [("JWT", "ES256", key.kid()), ("at+jwt", "RS256", key.kid()), ("at+jwt", "ES256", other.kid())]
        {
            let header = json!({ "typ": typ, "alg": alg, "kid": kid });
            assert!(
                ours(&ring, &key.mint_with_header(&header, &claims).unwrap()).await.is_none(),
                "{header}"
            );
        }
        for at in 0..token.len() {
            let mut changed = token.clone().into_bytes();
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).unwrap();
            // The last character of a signature has bits that mean nothing; no decoder here takes them.
            assert!(ours(&ring, &changed).await.is_none(), "{at}");
        }
        for text in ["", ".", "..", "a.b.c", "a.b"] {
            assert!(ours(&ring, text).await.is_none(), "{text}");
        }
    }

    #[tokio::test]
    async fn tokens_of_every_algorithm_are_ours() {
        let claims =
            json!({ "iss": ISSUER, "sub": "ann", "client_id": "app", "iat": 1, "exp": 2, "jti": "j" });
        for algorithm in SigningAlgorithm::ALL {
            let key = SigningKey::generate_for(algorithm).unwrap();
            let token = key.mint(&claims).unwrap();
            assert!(ours(&KeyRing::of(&key).unwrap(), &token).await.is_some(), "{algorithm}");
        }
    }
}
