//! A server that accepts bound tokens of one issuer, and a client that holds the key.

use std::sync::Mutex;

use aws_lc_rs::digest::{SHA256, digest};
use jsonwebtoken::Algorithm;
use mcp_auth::testing::{ReceivedChallenge, TestServer, TestServerBuilder};
use serde_json::{Value, json};

use crate::authorization_server::{AuthorizationServer, Key, b64, now};
use crate::everything::Everything;

pub struct Bench {
    pub everything: Everything,
    pub server: TestServer,
    pub issuer: AuthorizationServer,
    /// The issuer's.
    pub key: Key,
    /// The client's.
    pub own: Key,
    /// The newest nonce that the server gave.
    pub nonce: Mutex<Option<String>>,
}

/// What came back.
#[derive(Debug)]
pub struct Got {
    pub status: u16,
    pub challenges: Vec<String>,
    pub nonce: Option<String>,
    pub retry_after: Option<String>,
    pub body: String,
}

impl Got {
    /// The challenge of this scheme.
    pub fn challenge(&self, scheme: &str) -> Option<ReceivedChallenge> {
        let own = self.challenges.iter().find(|challenge| challenge.starts_with(scheme))?;
        // The reader of the test kit gives the Bearer challenge alone.
        ReceivedChallenge::parse(&own.replacen(scheme, "Bearer", 1))
    }

    /// `error` and `error_description` of the DPoP challenge.
    pub fn error(&self) -> (Option<String>, Option<String>) {
        let challenge = self.challenge("DPoP").unwrap_or_else(|| panic!("no DPoP challenge: {self:?}"));
        let said = |name| challenge.get(name).map(str::to_owned);
        (said("error"), said("error_description"))
    }
}

/// A proof to be: its header, its claims, and who signs it.
#[derive(Clone)]
pub struct Proof {
    pub header: Value,
    pub claims: Value,
    pub key: Key,
}

impl Proof {
    pub fn signed(&self) -> String {
        self.key.compact(&self.header.to_string(), self.claims.to_string())
    }

    /// The same with this in the header; null removes.
    pub fn header(mut self, name: &str, value: Value) -> Self {
        set(&mut self.header, name, value);
        self
    }

    /// The same with this claim; null removes.
    pub fn claim(mut self, name: &str, value: Value) -> Self {
        set(&mut self.claims, name, value);
        self
    }

    /// The same with this member in its `jwk`; null removes.
    pub fn jwk(mut self, name: &str, value: Value) -> Self {
        set(&mut self.header["jwk"], name, value);
        self
    }
}

fn set(object: &mut Value, name: &str, value: Value) {
    let members = object.as_object_mut().expect("an object");
    match value.is_null() {
        true => members.remove(name),
        false => members.insert(name.to_owned(), value),
    };
}

/// Text that never came before.
pub fn unique() -> String {
    use std::sync::atomic::{AtomicU64, Ordering};
    static COUNT: AtomicU64 = AtomicU64::new(0);
    format!("proof-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed))
}

/// The thumbprint of a key (RFC 7638).
pub fn thumbprint(jwk: &Value) -> String {
    let member = |name: &str| jwk[name].as_str().unwrap_or_default();
    let text = match member("kty") {
        "RSA" => format!(r#"{{"e":"{}","kty":"RSA","n":"{}"}}"#, member("e"), member("n")),
        "EC" => {
            format!(r#"{{"crv":"{}","kty":"EC","x":"{}","y":"{}"}}"#, member("crv"), member("x"), member("y"))
        }
        _ => format!(r#"{{"crv":"{}","kty":"OKP","x":"{}"}}"#, member("crv"), member("x")),
    };
    b64(digest(&SHA256, text.as_bytes()))
}

pub fn ath(token: &str) -> String {
    b64(digest(&SHA256, token.as_bytes()))
}

impl Bench {
    /// One whose issuer's section says this of `dpop`.
    pub async fn with(dpop: &str) -> Self {
        Self::changed(dpop, |builder| builder).await
    }

    pub async fn changed(
        dpop: &str,
        change: impl FnOnce(TestServerBuilder<Everything>) -> TestServerBuilder<Everything>,
    ) -> Self {
        Self::made("", &format!("dpop = \"{dpop}\""), change).await
    }

    /// One with this server section, whose issuer's section says this.
    pub async fn of(server: &str, issuer_says: &str) -> Self {
        Self::made(server, issuer_says, |builder| builder).await
    }

    async fn made(
        server: &str,
        issuer_says: &str,
        change: impl FnOnce(TestServerBuilder<Everything>) -> TestServerBuilder<Everything>,
    ) -> Self {
        let key = Key::new(Algorithm::ES256, "k");
        let issuer = AuthorizationServer::with_keys(&[&key]).await;
        let everything = Everything::default();
        let builder = everything.builder(&format!("{server}{}", issuer.toml(issuer_says)));
        let server = change(builder).start().await.expect("the server starts");
        let own = Key::new(Algorithm::ES256, "client");
        let bench = Self { everything, server, issuer, key, own, nonce: Mutex::new(None) };
        let token = bench.token();
        bench.send("DPoP", &token, &[bench.proof(&token).signed().as_bytes()]).await;
        bench
    }

    /// A good token that is bound to the client's key.
    pub fn token(&self) -> String {
        self.token_for(&self.own)
    }

    pub fn token_for(&self, own: &Key) -> String {
        self.token_with(json!({ "cnf": { "jkt": thumbprint(&own.bare_jwk()) } }))
    }

    pub fn token_with(&self, changes: Value) -> String {
        self.key.token(&self.issuer.claims(self.server.url(), changes))
    }

    /// A good proof beside this token, for a POST.
    pub fn proof(&self, token: &str) -> Proof {
        self.proof_by(&self.own, token)
    }

    pub fn proof_by(&self, own: &Key, token: &str) -> Proof {
        let mut claims = json!({
            "jti": unique(), "htm": "POST", "htu": self.server.url(), "iat": now(), "ath": ath(token),
        });
        if let Some(nonce) = &*self.nonce.lock().unwrap() {
            claims["nonce"] = nonce.clone().into();
        }
        let header = json!({ "typ": "dpop+jwt", "alg": format!("{:?}", own.alg), "jwk": own.bare_jwk() });
        Proof { header, claims, key: own.clone() }
    }

    /// Calls `read_note` with this in `Authorization`, and these `DPoP` headers.
    pub async fn send(&self, scheme: &str, token: &str, proofs: &[&[u8]]) -> Got {
        self.call("read_note", &format!("{scheme} {token}"), proofs).await
    }

    pub async fn call(&self, tool: &str, authorization: &str, proofs: &[&[u8]]) -> Got {
        self.call_with(tool, authorization, proofs, None).await
    }

    /// The same, from a proxy that says this of its client's certificate.
    pub async fn call_with(
        &self,
        tool: &str,
        authorization: &str,
        proofs: &[&[u8]],
        certificate: Option<&str>,
    ) -> Got {
        let meta = json!({
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientInfo": { "name": "t", "version": "1" },
            "io.modelcontextprotocol/clientCapabilities": {},
        });
        let params = json!({ "name": tool, "arguments": {}, "_meta": meta });
        let body = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params });
        let mut request = reqwest::Client::new()
            .post(self.server.at("/mcp"))
            .header("content-type", "application/json")
            .header("accept", "application/json, text/event-stream")
            .header("mcp-protocol-version", "2026-07-28")
            .header("mcp-method", "tools/call")
            .header("mcp-name", tool)
            .body(body.to_string());
        if !authorization.is_empty() {
            request = request.header("authorization", authorization);
        }
        for proof in proofs {
            request = request.header("dpop", *proof);
        }
        if let Some(certificate) = certificate {
            request = request.header("client-cert", certificate);
        }
        let answer = request.send().await.expect("an answer");
        let text = |name: &str| -> Vec<String> {
            let values = answer.headers().get_all(name).iter();
            values.map(|value| value.to_str().expect("ASCII").to_owned()).collect()
        };
        let (challenges, nonce) = (text("www-authenticate"), text("dpop-nonce").pop());
        let retry_after = text("retry-after").pop();
        if nonce.is_some() {
            self.nonce.lock().unwrap().clone_from(&nonce);
        }
        let status = answer.status().as_u16();
        Got { status, challenges, nonce, retry_after, body: answer.text().await.expect("a body") }
    }

    pub async fn accepts(&self, token: &str, proof: &str, case: &str) {
        let before = self.everything.ran();
        let got = self.send("DPoP", token, &[proof.as_bytes()]).await;
        assert!(got.status == 200 && got.body.contains("a note"), "{case}: {got:?}");
        assert_eq!(self.everything.ran(), before + 1, "{case}");
    }

    /// 401 with this error and these words in the DPoP challenge, behind a Bearer challenge without them.
    pub async fn refuses(&self, token: &str, proofs: &[&[u8]], error: &str, words: &str, case: &str) {
        let before = self.everything.ran();
        let got = self.send("DPoP", token, proofs).await;
        assert_eq!(got.status, 401, "{case}: {got:?}");
        assert_eq!(got.error(), (Some(error.to_owned()), Some(words.to_owned())), "{case}");
        assert_eq!(self.everything.ran(), before, "{case}: a tool ran");
        for proof in proofs.iter().filter(|proof| proof.len() > 20) {
            let proof = String::from_utf8_lossy(proof);
            assert!(!got.body.contains(&*proof), "{case}: the proof came back");
        }
    }
}
