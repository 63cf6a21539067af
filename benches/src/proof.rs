//! A client with a key of its own, which proves with each request that it has it (DPoP, RFC 9449).

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use mcp_auth_runtime::facade::Algorithm;
use serde_json::{Value, json};

use crate::RESOURCE;
use crate::signing::{Error, Signer};

/// A client that signs its proofs with ES256, as most do.
pub struct Prover {
    signer: Signer,
    /// What stands in the header of each proof.
    jwk: Value,
}

impl Prover {
    /// One with a new key.
    ///
    /// # Errors
    /// Without randomness.
    pub fn new() -> Result<Self, Error> {
        let signer = Signer::new(Algorithm::Es256)?;
        let all = signer.jwk();
        let jwk = json!({ "kty": all["kty"], "crv": all["crv"], "x": all["x"], "y": all["y"] });
        Ok(Self { signer, jwk })
    }

    /// What tokens for it say of its key: the thumbprint of RFC 7638.
    pub fn jkt(&self) -> String {
        let member = |name: &str| self.jwk[name].to_string();
        let (crv, x, y) = (member("crv"), member("x"), member("y"));
        hash(&format!(r#"{{"crv":{crv},"kty":"EC","x":{x},"y":{y}}}"#))
    }

    /// The public key in the form aws-lc-rs takes it.
    pub fn raw_public_key(&self) -> Vec<u8> {
        self.signer.raw_public_key()
    }

    /// A proof for a POST beside `token`; each `number` makes another one.
    ///
    /// # Errors
    /// When the system gives no randomness.
    pub fn proof(&self, token: &str, nonce: &str, now: u64, number: u64) -> Result<String, Error> {
        let header = json!({ "typ": "dpop+jwt", "alg": "ES256", "jwk": self.jwk });
        let claims = json!({
            "jti": format!("4f6e0e64-9d4b-4f3f-8a53-{number:012x}"), "htm": "POST", "htu": RESOURCE,
            "iat": now, "ath": hash(token), "nonce": nonce,
        });
        self.signer.compact(&header, &claims)
    }
}

fn hash(text: &str) -> String {
    URL_SAFE_NO_PAD.encode(digest(&SHA256, text.as_bytes()))
}
