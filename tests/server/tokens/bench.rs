//! A server that trusts one issuer, what signs for that issuer, and what a token of it is answered.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::Algorithm;
use mcp_auth::testing::{Era, TestServer};
use serde_json::{Value, json};

use crate::authorization_server::{AuthorizationServer, Key};
use crate::everything::Everything;

/// A server that trusts one issuer over the network, and what signs for it.
pub struct Bench {
    pub everything: Everything,
    pub server: TestServer,
    pub issuer: AuthorizationServer,
    pub key: Key,
}

impl Bench {
    pub async fn new() -> Self {
        Self::with("").await
    }

    /// With more keys in the issuer's section.
    pub async fn with(more: &str) -> Self {
        let key = Key::new(Algorithm::ES256, "k");
        let issuer = AuthorizationServer::with_keys(&[&key]).await;
        let everything = Everything::default();
        let toml = issuer.toml(more);
        let server = everything.start_with(&toml).await;
        Self { everything, server, issuer, key }
    }

    pub fn claims(&self, changes: Value) -> Value {
        self.issuer.claims(self.server.url(), changes)
    }

    /// A good token but for these claims; null removes one.
    pub fn token(&self, changes: Value) -> String {
        self.key.token(&self.claims(changes))
    }

    /// A good token but for this member of its header.
    pub fn with_header(&self, name: &str, value: Value) -> String {
        let mut header = self.key.header();
        header[name] = value;
        self.key.compact(&header.to_string(), self.claims(json!({})).to_string())
    }

    /// A good token but for its claims' text: `replace` of the good one's.
    pub fn with_payload(&self, change: impl FnOnce(String) -> String) -> String {
        let payload = change(self.claims(json!({})).to_string());
        self.key.compact(&self.key.header().to_string(), payload)
    }

    /// Header and payload of a good token, encoded, and its signature.
    pub fn parts(&self) -> [String; 3] {
        let token = self.token(json!({}));
        let mut parts = token.split('.').map(str::to_owned);
        std::array::from_fn(|_| parts.next().unwrap())
    }

    pub async fn accepts(&self, token: &str, case: &str) {
        for era in Era::ALL {
            let before = self.everything.ran();
            let client = self.server.client().era(era).token(token);
            let answer = client.call_tool("read_note", json!({})).await;
            assert_eq!(
                answer.text(),
                Some("a note"),
                "{case} {era:?}: {} {}",
                answer.status(),
                answer.body()
            );
            assert_eq!(self.everything.ran(), before + 1, "{case} {era:?}");
        }
    }

    /// 401 `invalid_token`, with everything a client needs to get another, and nothing of the token.
    pub async fn refuses(&self, token: &str, case: &str) {
        let before = self.everything.ran();
        for era in Era::ALL {
            for (tool, stateless) in [("read_note", vec!["base", "read"]), ("ping", vec!["base"])] {
                let client = self.server.client().era(era).token(token);
                let answer = client.call_tool(tool, json!({})).await;
                assert_eq!(answer.status(), 401, "{case} {era:?}: {}", answer.body());
                let challenge = answer.challenge().expect(case);
                assert_eq!(challenge.error(), Some("invalid_token"), "{case} {era:?}");
                let metadata = self.server.at("/.well-known/oauth-protected-resource/mcp");
                assert_eq!(challenge.resource_metadata(), Some(&*metadata), "{case} {era:?}");
                // Before 2026-07-28 it is `initialize` that is refused, and that needs no more than the base.
                let wanted = if era == Era::Stateless { stateless } else { vec!["base"] };
                assert_eq!(challenge.scopes(), wanted, "{case} {era:?}");
                assert_eq!(answer.header("cache-control"), Some("no-store"), "{case} {era:?}");
                assert_eq!(
                    (answer.error_code(), &answer.message()["id"]),
                    (Some(401), &json!(1)),
                    "{case} {era:?}"
                );
                assert_eq!(answer.error().unwrap()["data"]["error"], "invalid_token", "{case} {era:?}");
                assert!(token.len() < 20 || !answer.body().contains(token), "{case}: the token came back");
            }
        }
        assert_eq!(self.everything.ran(), before, "{case}: a tool ran");
    }

    /// 403 `insufficient_scope`: the token is good, and holds none of the declared scopes.
    pub async fn grants_nothing(&self, token: &str, case: &str) {
        let before = self.everything.ran();
        for era in Era::ALL {
            let client = self.server.client().era(era).token(token);
            let answer = client.call_tool("read_note", json!({})).await;
            assert_eq!(answer.status(), 403, "{case} {era:?}: {}", answer.body());
            let challenge = answer.challenge().expect(case);
            assert_eq!(challenge.error(), Some("insufficient_scope"), "{case} {era:?}");
            assert_eq!(challenge.scopes(), ["read"], "{case} {era:?}");
            assert_eq!(answer.error().unwrap()["data"]["held"], json!([]), "{case} {era:?}");
        }
        assert_eq!(self.everything.ran(), before, "{case}: a tool ran");
    }
}

pub fn decode(text: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(text).expect("base64url")
}
