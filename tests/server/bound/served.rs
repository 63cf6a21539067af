//! A server, the issuers of its tokens, and what its client has: keys and certificates.

use std::sync::atomic::{AtomicUsize, Ordering};

use jsonwebtoken::Algorithm;
use mcp_auth::{Config, Running, Server};
use serde_json::{Value, json};

use super::case::{BoundTo, Case, Certificate, Proof, Scheme};
use super::oracle::Ask;
use super::sent::{Got, Presented, Sent};
use super::settings::Settings;
use crate::authorization_server::{AuthorizationServer, Key, now};
use crate::certificates::bench as certificates;
use crate::dpop::bench as dpop;
use crate::everything::{CONFIG, Everything};

/// Two issuers, and what the client has.
pub struct World {
    issuers: [AuthorizationServer; 2],
    signs: Key,
    own: Key,
    other: Key,
    http: reqwest::Client,
}

/// A server that trusts one or both of the issuers.
pub struct Served<'w> {
    world: &'w World,
    pub settings: Settings,
    pub everything: Everything,
    running: Running,
    nonce: String,
    /// So many callers there were.
    callers: AtomicUsize,
}

impl World {
    pub async fn new() -> Self {
        let [signs, own, other] = ["k", "client", "other"].map(|name| Key::new(Algorithm::ES256, name));
        let issuers = [
            AuthorizationServer::with_keys(&[&signs]).await,
            AuthorizationServer::with_keys(&[&signs]).await,
        ];
        let http = reqwest::Client::builder().no_proxy().tls_certs_only([]).build().expect("a client");
        Self { issuers, signs, own, other, http }
    }
}

impl<'w> Served<'w> {
    pub async fn start(world: &'w World, settings: Settings) -> Self {
        let issuers = settings.issuers.iter().zip(&world.issuers);
        let issuers: String = issuers.map(|(set, issuer)| issuer.toml(&set.toml())).collect();
        let toml = format!("{}{CONFIG}{issuers}", settings.toml());
        let everything = Everything::default();
        let config = Config::from_toml_str(&toml).expect("a configuration");
        let running = Server::builder(everything.clone()).config(config).start().await.expect("a server");
        let callers = AtomicUsize::new(0);
        let mut served = Self { world, settings, everything, running, nonce: String::new(), callers };
        let nothing = Presented { authorization: String::new(), proofs: vec![], certificates: vec![] };
        let refused = served.send(
            Sent::of(mcp_auth::testing::Era::Stateless, Ask::Call(super::case::Tool::Whoami), None),
            &nothing,
        );
        served.nonce = refused.await.nonce.unwrap_or_default();
        served
    }

    pub async fn send(&self, sent: Sent<'_>, presented: &Presented) -> Got {
        sent.with(&self.world.http, self.running.resource(), presented).await
    }

    /// The token of a caller who was never seen.
    pub fn token(&self, case: &Case) -> String {
        let subject = format!("caller-{}", self.callers.fetch_add(1, Ordering::Relaxed));
        let jkt = dpop::thumbprint(&self.world.own.bare_jwk());
        let x5t = certificates::thumbprint(&certificate("own"));
        let cnf = match case.bound_to {
            BoundTo::Nothing => Value::Null,
            BoundTo::Key => json!({ "jkt": jkt }),
            BoundTo::Certificate => json!({ "x5t#S256": x5t }),
            BoundTo::Both => json!({ "jkt": jkt, "x5t#S256": x5t }),
            BoundTo::Unknown => json!({ "kid": "k" }),
            BoundTo::KeyAndUnknown => json!({ "jkt": jkt, "kid": "k" }),
            BoundTo::CertificateAndUnknown => json!({ "x5t#S256": x5t, "jku": "https://as.example/jwks" }),
            BoundTo::Empty => json!({}),
            BoundTo::Text => json!(jkt),
            BoundTo::NoThumbprint => json!({ "jkt": "x" }),
        };
        let mut changes = json!({ "sub": subject, "scope": case.scope, "cnf": cnf });
        if case.is_expired {
            (changes["iat"], changes["exp"]) = ((now() - 900).into(), (now() - 300).into());
        }
        self.world.signs.token(&self.world.issuers[case.issuer].claims(self.running.resource(), changes))
    }

    /// What a request of the case presents, each time with new proofs.
    pub fn presented(&self, case: &Case, token: &str) -> Presented {
        let scheme = match case.scheme {
            Scheme::Bearer => "Bearer",
            Scheme::Dpop => "DPoP",
        };
        let header = |name| certificates::rfc9440(&certificate(name));
        let certificates = match case.certificate {
            Certificate::Absent => vec![],
            Certificate::Empty => vec![String::new()],
            Certificate::Own => vec![header("own")],
            Certificate::Other => vec![header("other")],
            Certificate::Twice => vec![header("own"), header("own")],
            Certificate::Malformed => vec![format!("{}, {}", header("own"), header("own"))],
        };
        let proofs = match case.proof {
            Proof::Absent => vec![],
            Proof::Two => vec![self.proof(Proof::Good, token), self.proof(Proof::Good, token)],
            one => vec![self.proof(one, token)],
        };
        Presented { authorization: format!("{scheme} {token}"), proofs, certificates }
    }

    fn proof(&self, kind: Proof, token: &str) -> String {
        let World { own, other, .. } = self.world;
        let (shown, signs) = match kind {
            Proof::OtherKey => (other, other),
            Proof::BrokenSignature => (own, other),
            _ => (own, own),
        };
        let mut claims = json!({
            "jti": dpop::unique(), "htm": "POST", "htu": self.running.resource(), "iat": now(),
            "ath": dpop::ath(token), "nonce": self.nonce,
        });
        let (name, value) = match kind {
            Proof::OtherToken => ("ath", dpop::ath("another token").into()),
            Proof::WithoutAth => ("ath", Value::Null),
            Proof::OtherMethod => ("htm", "GET".into()),
            Proof::OtherUrl => ("htu", "https://another.example/mcp".into()),
            Proof::Old => ("iat", (now() - 360).into()),
            Proof::WithoutNonce => ("nonce", Value::Null),
            Proof::OtherNonce => ("nonce", dpop::ath("no nonce of this server").into()),
            _ => ("x", true.into()),
        };
        claims[name] = value;
        claims.as_object_mut().expect("an object").retain(|_, value| !value.is_null());
        let header = json!({ "typ": "dpop+jwt", "alg": "ES256", "jwk": shown.bare_jwk() });
        signs.compact(&header.to_string(), claims.to_string())
    }
}

fn certificate(name: &str) -> Vec<u8> {
    certificates::certificate(name)
}
