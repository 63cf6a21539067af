//! A server, the issuers of its tokens, and what its client has: keys and certificates.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use axum::Json;
use axum::body::Bytes;
use jsonwebtoken::Algorithm;
use mcp_auth::testing::Era;
use mcp_auth::{Config, Running, Server};
use mcp_auth_tests::site;
use serde_json::{Value, json};

use super::case::{BoundTo, Case, Certificate, Form, Nonce, Proof, Scheme, Tool};
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
    /// What the first issuer says of its opaque tokens, and where.
    told: Told,
    endpoint: site::Served,
    /// So many callers there were.
    callers: AtomicUsize,
}

/// The claims of each opaque token.
type Told = Arc<Mutex<HashMap<String, Value>>>;

/// A server that trusts one or both of the issuers.
pub struct Served<'w> {
    world: &'w World,
    pub settings: Settings,
    pub everything: Everything,
    running: Running,
    nonce: String,
}

impl World {
    pub async fn new() -> Self {
        let [signs, own, other] = ["k", "client", "other"].map(|name| Key::new(Algorithm::ES256, name));
        let issuers = [
            AuthorizationServer::with_keys(&[&signs]).await,
            AuthorizationServer::with_keys(&[&signs]).await,
        ];
        let http = reqwest::Client::builder().no_proxy().tls_certs_only([]).build().expect("a client");
        let told = Told::default();
        let says = Arc::clone(&told);
        let answer = async move |form: Bytes| {
            let token = url::form_urlencoded::parse(&form).find(|(name, _)| name == "token");
            let all = says.lock().expect("no panic");
            Json(all.get(&*token.expect("a token").1).cloned().unwrap_or(json!({ "active": false })))
        };
        let router = axum::Router::new().route("/introspect", axum::routing::post(answer));
        let endpoint = site::Served::new(router).await;
        Self { issuers, signs, own, other, http, told, endpoint, callers: AtomicUsize::new(0) }
    }

    /// The sections of the issuers.
    fn toml(&self, settings: &Settings) -> String {
        let issuers = settings.issuers.iter().zip(&self.issuers);
        let mut sections = issuers.map(|(set, issuer)| issuer.toml(&set.toml()));
        let asked = format!(
            "[auth.issuers.introspection]\nendpoint = {:?}\nauth = \"none\"\nprefixes = [\"op_\"]\n",
            self.endpoint.at("/introspect")
        );
        let first = sections.next().unwrap_or_default();
        let rest: String = sections.collect();
        first + if settings.is_asked { &asked } else { "" } + &rest
    }
}

impl<'w> Served<'w> {
    pub async fn start(world: &'w World, settings: Settings) -> Self {
        let toml = format!("{}{CONFIG}{}", settings.toml(), world.toml(&settings));
        let everything = Everything::default();
        let config = Config::from_toml_str(&toml).expect("a configuration");
        let running = Server::builder(everything.clone()).config(config).start().await.expect("a server");
        let mut served = Self { world, settings, everything, running, nonce: String::new() };
        let nothing = Presented { authorization: String::new(), proofs: vec![], certificates: vec![] };
        let refused = served.send(Sent::of(Era::Stateless, Ask::Call(Tool::Whoami), None), &nothing);
        served.nonce = refused.await.nonce.unwrap_or_default();
        served
    }

    pub async fn send(&self, sent: Sent<'_>, presented: &Presented) -> Got {
        sent.with(&self.world.http, self.running.resource(), presented).await
    }

    /// The token of a caller who was never seen.
    pub fn token(&self, case: &Case) -> String {
        let number = self.world.callers.fetch_add(1, Ordering::Relaxed);
        let subject = format!("caller-{number}");
        let jkt = dpop::thumbprint(&self.world.own.bare_jwk());
        let x5t = certificates::thumbprint(&certificates::certificate("own"));
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
        let mut claims = self.world.issuers[case.issuer].claims(self.running.resource(), changes);
        let Form::Opaque(kind) = case.form else { return self.world.signs.token(&claims) };
        claims["active"] = true.into();
        if let Some(kind) = kind {
            claims["token_type"] = kind.into();
        }
        let token = format!("op_{}", dpop::ath(&subject));
        self.world.told.lock().expect("no panic").insert(token.clone(), claims);
        token
    }

    /// What a request of the case presents, each time with new proofs.
    pub fn presented(&self, case: &Case, ask: Ask, token: &str) -> Presented {
        let scheme = match case.scheme {
            Scheme::Bearer => "Bearer",
            Scheme::Dpop => "DPoP",
        };
        let header = |name| certificates::rfc9440(&certificates::certificate(name));
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
            Proof::Two => vec![self.proof(case, ask, token), self.proof(case, ask, token)],
            _ => vec![self.proof(case, ask, token)],
        };
        Presented { authorization: format!("{scheme} {token}"), proofs, certificates }
    }

    fn proof(&self, case: &Case, ask: Ask, token: &str) -> String {
        let World { own, other, .. } = self.world;
        let (shown, signs) = match case.proof {
            Proof::OtherKey => (other, other),
            Proof::BrokenSignature => (own, other),
            _ => (own, own),
        };
        let (method, another) = if ask == Ask::End { ("DELETE", "POST") } else { ("POST", "DELETE") };
        let nonce = match case.nonce {
            Nonce::Good => json!(self.nonce),
            Nonce::Absent => Value::Null,
            Nonce::Other => dpop::ath("no nonce of this server").into(),
        };
        let mut claims = json!({
            "jti": dpop::unique(), "htm": method, "htu": self.running.resource(), "iat": now(),
            "ath": dpop::ath(token), "nonce": nonce,
        });
        let (name, value) = match case.proof {
            Proof::OtherToken => ("ath", dpop::ath("another token").into()),
            Proof::WithoutAth => ("ath", Value::Null),
            Proof::OtherMethod => ("htm", another.into()),
            Proof::OtherUrl => ("htu", "https://another.example/mcp".into()),
            Proof::Old => ("iat", (now() - 360).into()),
            _ => ("x", true.into()),
        };
        claims[name] = value;
        claims.as_object_mut().expect("an object").retain(|_, value| !value.is_null());
        let header = json!({ "typ": "dpop+jwt", "alg": "ES256", "jwk": shown.bare_jwk() });
        signs.compact(&header.to_string(), claims.to_string())
    }
}
