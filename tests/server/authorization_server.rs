//! An authorization server that does as a test says: metadata and keys on a real loopback socket, good or bad in
//! every way an issuer can be, counting what it is asked. Its tokens are made by `jsonwebtoken`, an
//! independent reading of the same RFCs.

use std::collections::HashMap;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, EcdsaSigningAlgorithm,
    Ed25519KeyPair, KeyPair as _, RsaKeyPair, RsaPublicKeyComponents,
};
use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures_util::stream;
use http::Uri;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// Where a root issuer's metadata is (RFC 8414 §3).
pub const METADATA: &str = "/.well-known/oauth-authorization-server";
/// Where every issuer here keeps its keys.
pub const JWKS: &str = "/jwks";

/// A running authorization server; it is gone when dropped.
pub struct AuthorizationServer {
    issuer: String,
    address: SocketAddr,
    shared: Arc<Shared>,
    task: tokio::task::JoinHandle<()>,
}

#[derive(Default)]
struct Shared {
    replies: Mutex<HashMap<String, Reply>>,
    asked: Mutex<Vec<String>>,
}

/// What one path answers.
#[derive(Clone)]
pub enum Reply {
    /// 200 and JSON.
    Json(Value),
    /// Any status, headers and body.
    Http(u16, Vec<(&'static str, String)>, Vec<u8>),
    /// Takes the request and says nothing.
    Stall,
    /// 200, then one byte a second.
    Trickle,
    /// 200, then a body without an announced length and without an end.
    Endless,
}

impl AuthorizationServer {
    /// One without any document yet, its issuer identifier being its origin and `path`.
    pub async fn empty(path: &str) -> Self {
        Self::on("127.0.0.1:0".parse().unwrap(), path).await
    }

    /// The same on an address of the test's choice.
    pub async fn on(address: SocketAddr, path: &str) -> Self {
        let listener = TcpListener::bind(address).await.expect("a free address");
        let address = listener.local_addr().unwrap();
        let shared = Arc::<Shared>::default();
        let router = axum::Router::new().fallback(answer).with_state(Arc::clone(&shared));
        let task = tokio::spawn(async move {
            let _ = axum::serve(listener, router).await;
        });
        Self { issuer: format!("http://{address}{path}"), address, shared, task }
    }

    /// A healthy one: RFC 8414 metadata and these keys.
    pub async fn with_keys(keys: &[&Key]) -> Self {
        let server = Self::empty("").await;
        server.publish_metadata(METADATA);
        server.publish(keys);
        server
    }

    /// An address without a listener, for a server that starts later.
    pub async fn free_address() -> SocketAddr {
        TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap()
    }

    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// The URL of one of its paths.
    pub fn at(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Its `[[auth.issuers]]`, with more keys.
    pub fn toml(&self, more: &str) -> String {
        format!("[[auth.issuers]]\nissuer = \"{}\"\n{more}\n", self.issuer)
    }

    /// What `path` answers from now on; 404 until then.
    pub fn put(&self, path: &str, reply: Reply) {
        self.shared.replies.lock().unwrap().insert(path.to_owned(), reply);
    }

    /// Right metadata at `path`.
    pub fn publish_metadata(&self, path: &str) {
        self.put(path, Reply::Json(json!({ "issuer": self.issuer, "jwks_uri": self.at(JWKS) })));
    }

    /// Its keys from now on.
    pub fn publish(&self, keys: &[&Key]) {
        self.publish_jwks(keys.iter().map(|key| key.jwk()).collect());
    }

    /// Its JWKs from now on; they are not checked.
    pub fn publish_jwks(&self, keys: Vec<Value>) {
        self.put(JWKS, Reply::Json(json!({ "keys": keys })));
    }

    /// Every path asked for, in order.
    pub fn asked(&self) -> Vec<String> {
        self.shared.asked.lock().unwrap().clone()
    }

    /// How often the keys were asked for.
    pub fn fetches(&self) -> usize {
        self.asked().iter().filter(|path| *path == JWKS).count()
    }

    /// Claims of a good token for `audience`, with `changes` laid over them; null removes a claim.
    pub fn claims(&self, audience: &str, changes: Value) -> Value {
        let now = now();
        let mut claims = json!({
            "iss": self.issuer, "sub": "alice", "aud": audience, "client_id": "app",
            "iat": now, "exp": now + 300, "scope": "read", "jti": unique(),
        });
        let members = claims.as_object_mut().unwrap();
        for (name, value) in changes.as_object().expect("changes are an object") {
            match value.is_null() {
                true => members.remove(name),
                false => members.insert(name.clone(), value.clone()),
            };
        }
        claims
    }
}

impl Drop for AuthorizationServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn answer(State(shared): State<Arc<Shared>>, uri: Uri) -> Response {
    shared.asked.lock().unwrap().push(uri.path().to_owned());
    let reply = shared.replies.lock().unwrap().get(uri.path()).cloned();
    let (status, headers, body) = match reply {
        None => (404, vec![], Body::empty()),
        Some(Reply::Json(value)) => {
            (200, vec![("content-type", "application/json".to_owned())], Body::from(value.to_string()))
        }
        Some(Reply::Http(status, headers, body)) => (status, headers, Body::from(body)),
        Some(Reply::Stall) => std::future::pending().await,
        Some(Reply::Trickle) => (200, vec![], bytes(Duration::from_secs(1), " ")),
        Some(Reply::Endless) => (200, vec![], bytes(Duration::from_millis(1), &" ".repeat(64 * 1024))),
    };
    // One connection per answer, so that nothing outlives this server.
    let mut response = Response::builder().status(status).header("connection", "close");
    for (name, value) in headers {
        response = response.header(name, value);
    }
    response.body(body).unwrap()
}

/// `chunk` again and again, that far apart.
fn bytes(apart: Duration, chunk: &str) -> Body {
    Body::from_stream(stream::unfold(chunk.to_owned(), move |chunk| async move {
        tokio::time::sleep(apart).await;
        Some((Ok::<_, Infallible>(chunk.clone()), chunk))
    }))
}

/// One signing key and its name.
#[derive(Clone)]
pub struct Key {
    pub kid: String,
    pub alg: Algorithm,
    private: EncodingKey,
    public: Value,
}

impl Key {
    /// A key for `alg`, called `kid`. RSA keys are costly to make, so all of them share one.
    pub fn new(alg: Algorithm, kid: &str) -> Self {
        let (private, public) = match alg {
            Algorithm::ES256 => ec(&ECDSA_P256_SHA256_FIXED_SIGNING, "P-256"),
            Algorithm::ES384 => ec(&ECDSA_P384_SHA384_FIXED_SIGNING, "P-384"),
            Algorithm::EdDSA => ed25519(),
            _ => rsa(),
        };
        Self { kid: kid.to_owned(), alg, private, public }
    }

    /// The same key under another name.
    pub fn called(&self, kid: &str) -> Self {
        Self { kid: kid.to_owned(), ..self.clone() }
    }

    /// Its public JWK, bound to its algorithm.
    pub fn jwk(&self) -> Value {
        let mut jwk = self.bare_jwk();
        jwk["alg"] = format!("{:?}", self.alg).into();
        jwk["use"] = "sig".into();
        jwk
    }

    /// Its public JWK without `alg` and `use`, as many issuers publish them.
    pub fn bare_jwk(&self) -> Value {
        let mut jwk = self.public.clone();
        jwk["kid"] = self.kid.clone().into();
        jwk
    }

    /// An RFC 9068 access token with these claims.
    pub fn token(&self, claims: &Value) -> String {
        let mut header = Header::new(self.alg);
        header.kid = Some(self.kid.clone());
        header.typ = Some("at+jwt".to_owned());
        jsonwebtoken::encode(&header, claims, &self.private).expect("a token")
    }

    /// A validly signed token with this header and payload, byte for byte.
    pub fn compact(&self, header: &str, payload: impl AsRef<[u8]>) -> String {
        let signed = format!("{}.{}", b64(header), b64(payload));
        let signature =
            jsonwebtoken::crypto::sign(signed.as_bytes(), &self.private, self.alg).expect("a signature");
        format!("{signed}.{signature}")
    }

    /// The header of [`Key::token`], to be changed.
    pub fn header(&self) -> Value {
        json!({ "alg": format!("{:?}", self.alg), "kid": self.kid, "typ": "at+jwt" })
    }
}

pub fn b64(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The system's time, in Unix seconds.
pub fn now() -> u64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs()
}

/// Text that never came before, so that no two tokens are the same.
pub fn unique() -> String {
    use std::sync::atomic::{AtomicU64, Ordering};
    static COUNT: AtomicU64 = AtomicU64::new(0);
    COUNT.fetch_add(1, Ordering::Relaxed).to_string()
}

fn ec(algorithm: &'static EcdsaSigningAlgorithm, crv: &str) -> (EncodingKey, Value) {
    let key = EcdsaKeyPair::generate(algorithm).unwrap();
    // An uncompressed point (SEC 1 §2.3.3): 0x04, x, y.
    let point = key.public_key().as_ref();
    let (x, y) = point[1..].split_at(point.len() / 2);
    let public = json!({ "kty": "EC", "crv": crv, "x": b64(x), "y": b64(y) });
    (EncodingKey::from_ec_der(key.to_pkcs8v1().unwrap().as_ref()), public)
}

fn ed25519() -> (EncodingKey, Value) {
    let document = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
    let key = Ed25519KeyPair::from_pkcs8(document.as_ref()).unwrap();
    let public = json!({ "kty": "OKP", "crv": "Ed25519", "x": b64(key.public_key()) });
    (EncodingKey::from_ed_der(document.as_ref()), public)
}

fn rsa() -> (EncodingKey, Value) {
    static KEY: OnceLock<(EncodingKey, Value)> = OnceLock::new();
    let made = KEY.get_or_init(|| {
        let key = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
        let parts = RsaPublicKeyComponents::<Vec<u8>>::from(key.public_key());
        let public = json!({ "kty": "RSA", "n": b64(parts.n), "e": b64(parts.e) });
        // jsonwebtoken wants PKCS #1, which for 2048 bits starts at byte 26 of PKCS #8.
        let document: Pkcs8V1Der<'_> = key.as_der().unwrap();
        (EncodingKey::from_rsa_der(&document.as_ref()[26..]), public)
    });
    made.clone()
}
