//! A server that accepts tokens of one issuer that are bound to certificates, and its proxy, which is this test.

use std::fmt::Write as _;

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jsonwebtoken::Algorithm;
use mcp_auth::testing::TestServer;
use serde_json::{Value, json};

use crate::authorization_server::{AuthorizationServer, Key, b64};
use crate::everything::Everything;
use crate::wire::{Reply, Wire};

/// What stands for a certificate where no TLS reads it: a SEQUENCE of an OCTET STRING.
pub fn certificate(name: &str) -> Vec<u8> {
    let length = u8::try_from(name.len()).expect("a short name");
    [&[0x30, length + 2, 0x04, length][..], name.as_bytes()].concat()
}

/// What a token says of it (RFC 8705 section 3.1).
pub fn thumbprint(der: &[u8]) -> String {
    b64(digest(&SHA256, der))
}

/// As RFC 9440 writes it.
pub fn rfc9440(der: &[u8]) -> String {
    format!(":{}:", STANDARD.encode(der))
}

pub fn pem(der: &[u8]) -> String {
    format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", STANDARD.encode(der))
}

/// As nginx escapes: all but the unreserved characters of RFC 3986.
pub fn escaped(text: &str) -> String {
    text.bytes().fold(String::new(), |mut all, byte| {
        match byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            true => all.push(byte.into()),
            false => write!(all, "%{byte:02X}").expect("memory"),
        }
        all
    })
}

/// The server section behind a proxy of 127.0.0.1.
pub fn behind_proxy(format: &str) -> String {
    format!("[server]\ntrusted_proxies = [\"127.0.0.1\"]\nclient_cert_header = {{ format = {format:?} }}\n")
}

pub struct Bench {
    pub everything: Everything,
    pub server: TestServer,
    pub issuer: AuthorizationServer,
    /// The issuer's.
    pub key: Key,
}

impl Bench {
    /// With this server section, whose issuer's section says this.
    pub async fn of(server: &str, issuer_says: &str) -> Self {
        let key = Key::new(Algorithm::ES256, "k");
        let issuer = AuthorizationServer::with_keys(&[&key]).await;
        let everything = Everything::default();
        let server = everything.start_with(&format!("{server}{}", issuer.toml(issuer_says))).await;
        Self { everything, server, issuer, key }
    }

    /// The same with an issuer that is asked about its tokens.
    pub async fn of_asked(server: &str, issuer_says: &str) -> Self {
        let issuer = AuthorizationServer::empty("").await;
        let everything = Everything::default();
        let endpoint = format!("endpoint = \"{}\"\n", issuer.at("/introspect"));
        let toml = format!("{server}{}{endpoint}", issuer.toml(issuer_says));
        let server = everything.start_with(&toml).await;
        Self { everything, server, issuer, key: Key::new(Algorithm::ES256, "k") }
    }

    /// Behind a proxy that writes RFC 9440.
    pub async fn with(certificate_bound: &str) -> Self {
        Self::of(&behind_proxy("rfc9440"), &format!("certificate_bound = {certificate_bound:?}")).await
    }

    /// A good token that is bound to this certificate.
    pub fn token(&self, der: &[u8]) -> String {
        self.token_with(json!({ "cnf": { "x5t#S256": thumbprint(der) } }))
    }

    pub fn token_with(&self, changes: Value) -> String {
        self.key.token(&self.issuer.claims(self.server.url(), changes))
    }

    /// Calls `read_note` with this token, and these values of `Client-Cert`.
    pub async fn call(&self, token: &str, values: &[&str]) -> Reply {
        let headers =
            values.iter().fold(String::new(), |all, value| format!("{all}Client-Cert: {value}\r\n"));
        let authorization = match token {
            "" => String::new(),
            token => format!("Authorization: Bearer {token}\r\n"),
        };
        Wire::of(&self.server).call("read_note", &format!("{authorization}{headers}")).await
    }

    pub async fn serves(&self, token: &str, values: &[&str], case: &str) {
        let before = self.everything.ran();
        let got = self.call(token, values).await;
        assert!(got.status() == 200 && got.text().contains("a note"), "{case}: {}", got.text());
        assert_eq!(self.everything.ran(), before + 1, "{case}");
    }

    /// This status with this error and these words in the challenge; no tool runs, and nothing of the token comes back.
    pub async fn refuses(&self, token: &str, values: &[&str], expected: (u16, &str, &str), case: &str) {
        let before = self.everything.ran();
        let got = self.call(token, values).await;
        let challenge = got.challenge().unwrap_or_else(|| panic!("{case}: no challenge: {}", got.text()));
        let said =
            (challenge.error().unwrap_or_default(), challenge.get("error_description").unwrap_or_default());
        assert_eq!((got.status(), said.0, said.1), expected, "{case}: {}", got.text());
        assert_eq!(self.everything.ran(), before, "{case}: a tool ran");
        let comes_back = |text: &str| text.len() > 20 && got.text().contains(text);
        assert!(
            !comes_back(token) && !values.iter().any(|value| comes_back(value)),
            "{case}: {}",
            got.text()
        );
    }
}

pub const NO_CERTIFICATE: (u16, &str, &str) =
    (401, "invalid_token", "the token is bound to a client certificate and the request came without one");
pub const OTHER_CERTIFICATE: (u16, &str, &str) =
    (401, "invalid_token", "the token is bound to another client certificate");
pub const NOT_BOUND: (u16, &str, &str) =
    (401, "invalid_token", "the token is not bound to a client certificate");
pub const CONSTRAINED: (u16, &str, &str) = (401, "invalid_token", "the token is bound to its sender's key");
pub const UNTRUSTED: (u16, &str, &str) = (
    400,
    "invalid_request",
    "the request holds a header for client certificates that only a trusted proxy may send",
);
pub const SEVERAL: (u16, &str, &str) =
    (400, "invalid_request", "the request holds more than one header for client certificates");
pub const MALFORMED: (u16, &str, &str) =
    (400, "invalid_request", "the header for client certificates does not hold one certificate");
