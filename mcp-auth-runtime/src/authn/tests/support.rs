//! What the tests of this folder sign with, ask and tell the time by.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    self as sig, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, RsaKeyPair, RsaPublicKeyComponents,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};

use crate::authn::error::FetchError;
use crate::authn::fetch::{Fetch, FetchFuture, FetchRequest, Fetched};
use mcp_auth_core::ambient::{Ambient, Clock, SystemRandom as AmbientRandom};

/// The time every test starts at.
pub(in crate::authn) const NOW: u64 = 1_800_000_000;
pub(in crate::authn) const ISSUER: &str = "https://as.example";
pub(in crate::authn) const JWKS: &str = "https://as.example/jwks";
pub(in crate::authn) const US: &str = "https://rs.example/mcp";

pub(in crate::authn) fn b64(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// A key that signs, made when the tests run.
pub(in crate::authn) enum Signer {
    Rsa(RsaKeyPair),
    P256(EcdsaKeyPair),
    P384(EcdsaKeyPair),
    P521(EcdsaKeyPair),
    Ed(Ed25519KeyPair),
}

macro_rules! key {
    ($name:ident, $make:expr) => {
        pub(in crate::authn) fn $name() -> &'static Signer {
            static KEY: OnceLock<Signer> = OnceLock::new();
            KEY.get_or_init(|| $make)
        }
    };
}
key!(rsa, Signer::Rsa(RsaKeyPair::generate(KeySize::Rsa2048).unwrap()));
key!(other_rsa, Signer::Rsa(RsaKeyPair::generate(KeySize::Rsa2048).unwrap()));
key!(p256, Signer::P256(EcdsaKeyPair::generate(&sig::ECDSA_P256_SHA256_FIXED_SIGNING).unwrap()));
key!(other_p256, Signer::P256(EcdsaKeyPair::generate(&sig::ECDSA_P256_SHA256_FIXED_SIGNING).unwrap()));
key!(p384, Signer::P384(EcdsaKeyPair::generate(&sig::ECDSA_P384_SHA384_FIXED_SIGNING).unwrap()));
key!(p521, Signer::P521(EcdsaKeyPair::generate(&sig::ECDSA_P521_SHA512_FIXED_SIGNING).unwrap()));
key!(ed, Signer::Ed(Ed25519KeyPair::generate().unwrap()));

impl Signer {
    /// Its public JWK.
    pub(in crate::authn) fn jwk(&self, kid: &str) -> Value {
        let point = |crv: &str, point: &[u8]| {
            let (x, y) = point[1..].split_at((point.len() - 1) / 2);
            json!({"kty": "EC", "crv": crv, "x": b64(x), "y": b64(y), "kid": kid})
        };
        match self {
            Self::Rsa(key) => {
                let parts = RsaPublicKeyComponents::<Vec<u8>>::from(key.public_key());
                json!({"kty": "RSA", "n": b64(parts.n), "e": b64(parts.e), "kid": kid})
            }
            Self::P256(key) => point("P-256", key.public_key().as_ref()),
            Self::P384(key) => point("P-384", key.public_key().as_ref()),
            Self::P521(key) => point("P-521", key.public_key().as_ref()),
            Self::Ed(key) => json!({"kty": "OKP", "crv": "Ed25519", "x": b64(key.public_key()), "kid": kid}),
        }
    }

    pub(in crate::authn) fn is_rsa(&self) -> bool {
        matches!(self, Self::Rsa(_))
    }

    pub(in crate::authn) fn public_der(&self) -> Vec<u8> {
        match self {
            Self::Rsa(key) => key.public_key().as_der().unwrap().as_ref().to_vec(),
            _ => unreachable!("only RSA is asked for"),
        }
    }

    /// A signature over `message`, made the way `alg` says.
    pub(in crate::authn) fn sign(&self, alg: &str, message: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        match self {
            Self::Rsa(key) => {
                let encoding: &'static dyn sig::RsaEncoding = match alg {
                    "RS256" => &sig::RSA_PKCS1_SHA256,
                    "RS384" => &sig::RSA_PKCS1_SHA384,
                    "RS512" => &sig::RSA_PKCS1_SHA512,
                    "PS256" => &sig::RSA_PSS_SHA256,
                    "PS384" => &sig::RSA_PSS_SHA384,
                    "PS512" => &sig::RSA_PSS_SHA512,
                    other => panic!("{other} is not an RSA algorithm"),
                };
                let mut signature = vec![0; key.public_modulus_len()];
                key.sign(encoding, &random, message, &mut signature).unwrap();
                signature
            }
            Self::P256(key) | Self::P384(key) | Self::P521(key) => {
                key.sign(&random, message).unwrap().as_ref().to_vec()
            }
            Self::Ed(key) => key.sign(message).as_ref().to_vec(),
        }
    }

    /// A compact JWS with this header (its `alg` decides how it is signed) and payload.
    pub(in crate::authn) fn token(&self, header: &Value, claims: &Value) -> String {
        self.token_of(&header.to_string(), header["alg"].as_str().unwrap(), &claims.to_string())
    }

    /// The same from text, for what `Value` cannot say.
    pub(in crate::authn) fn token_of(&self, header: &str, alg: &str, payload: &str) -> String {
        let signed = format!("{}.{}", b64(header), b64(payload));
        let signature = self.sign(alg, signed.as_bytes());
        format!("{signed}.{}", b64(signature))
    }
}

/// Claims every check passes, with `changes` laid over them (null removes).
pub(in crate::authn) fn claims(changes: &Value) -> Value {
    let mut claims = json!({
        "iss": ISSUER, "aud": US, "sub": "alice", "client_id": "app", "iat": NOW, "exp": NOW + 600, "scope": "a b",
    });
    for (name, value) in changes.as_object().unwrap() {
        claims[name] = value.clone();
        if value.is_null() {
            claims.as_object_mut().unwrap().remove(name);
        }
    }
    claims
}

/// A clock that stands until it is told otherwise.
#[derive(Default)]
pub(in crate::authn) struct FakeClock(AtomicU64);

impl FakeClock {
    pub(in crate::authn) fn set(&self, now: u64) {
        self.0.store(now, Ordering::SeqCst);
    }
}

impl Clock for FakeClock {
    fn unix_now(&self) -> u64 {
        self.0.load(Ordering::SeqCst)
    }
}

pub(in crate::authn) fn ambient() -> (Ambient, Arc<FakeClock>) {
    let clock = Arc::new(FakeClock::default());
    clock.set(NOW);
    (Ambient { clock: Arc::clone(&clock) as Arc<dyn Clock>, random: Arc::new(AmbientRandom) }, clock)
}

/// What a [`FakeFetch`] answers for one URL.
#[derive(Clone)]
pub(in crate::authn) enum Answer {
    Reply {
        status: u16,
        headers: Vec<(&'static str, &'static str)>,
        body: Vec<u8>,
    },
    /// Nothing comes: cut by the limit of its issuer.
    Hang,
    Fail,
    TooLarge,
}

impl Answer {
    pub(in crate::authn) fn ok(body: &Value) -> Self {
        Self::Reply { status: 200, headers: vec![], body: body.to_string().into_bytes() }
    }

    pub(in crate::authn) fn status(status: u16) -> Self {
        Self::Reply { status, headers: vec![], body: vec![] }
    }

    pub(in crate::authn) fn text(body: &str) -> Self {
        Self::Reply { status: 200, headers: vec![], body: body.as_bytes().to_vec() }
    }
}

/// Answers from a table, 404 for the rest, and remembers what was asked.
#[derive(Default)]
pub(in crate::authn) struct FakeFetch {
    answers: Mutex<HashMap<String, Answer>>,
    asked: Mutex<Vec<String>>,
    sent: Mutex<Vec<FetchRequest>>,
}

impl FakeFetch {
    pub(in crate::authn) fn put(&self, url: &str, answer: Answer) {
        self.answers.lock().unwrap().insert(url.to_owned(), answer);
    }

    /// Publishes these keys at [`JWKS`].
    pub(in crate::authn) fn publish(&self, keys: &[Value]) {
        self.put(JWKS, Answer::ok(&json!({ "keys": keys })));
    }

    /// Every URL asked for, in order.
    pub(in crate::authn) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }

    /// Every request, in order.
    pub(in crate::authn) fn sent(&self) -> Vec<FetchRequest> {
        self.sent.lock().unwrap().clone()
    }
}

impl Fetch for FakeFetch {
    fn fetch(&self, request: FetchRequest, max_bytes: usize) -> FetchFuture<'_> {
        Box::pin(async move {
            let url = request.url.to_string();
            self.asked.lock().unwrap().push(url.clone());
            self.sent.lock().unwrap().push(request);
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            let answer = self.answers.lock().unwrap().get(&url).cloned();
            match answer.unwrap_or(Answer::status(404)) {
                Answer::Reply { status, headers: pairs, body } => {
                    let mut headers = HeaderMap::new();
                    for (name, value) in pairs {
                        headers.insert(name, value.parse().unwrap());
                    }
                    Ok(Fetched { status: StatusCode::from_u16(status).unwrap(), headers, body: body.into() })
                }
                Answer::Hang => {
                    tokio::time::sleep(crate::authn::fetch::LONGEST_FETCH).await;
                    Err(FetchError::Timeout)
                }
                Answer::Fail => Err(FetchError::Transport("connection refused".into())),
                Answer::TooLarge => Err(FetchError::TooLarge { limit: max_bytes }),
            }
        })
    }
}
