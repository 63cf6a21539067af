//! A throwaway issuer: an ES256 key made for one test, and tokens right and wrong in every way a test wants.

use std::sync::Arc;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value, json};

use mcp_auth_core::ambient::Clock;
use mcp_auth_core::own_claims::ROLES_CLAIM;

/// The key id of every token of a [`TestIssuer`].
const KID: &str = "test";

/// An issuer that exists only in one test: its keys reach the server without any network.
#[derive(Clone)]
pub struct TestIssuer(Arc<Inner>);

struct Inner {
    issuer: String,
    key: EcdsaKeyPair,
    clock: Arc<dyn Clock>,
}

impl TestIssuer {
    /// A new issuer with a new key.
    ///
    /// # Panics
    /// When the operating system has no randomness.
    pub fn new(issuer: impl Into<String>, clock: Arc<dyn Clock>) -> Self {
        Self(Arc::new(Inner { issuer: issuer.into(), key: new_key(), clock }))
    }

    /// Its issuer identifier: the `iss` of its tokens.
    pub fn issuer(&self) -> &str {
        &self.0.issuer
    }

    /// Its JWK Set (RFC 7517 §5).
    pub fn jwks(&self) -> Value {
        // An uncompressed point (SEC 1 §2.3.3): 0x04, x, y.
        let point = self.0.key.public_key().as_ref();
        let (x, y) = point[1..].split_at(32);
        json!({ "keys": [{
            "kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig", "kid": KID,
            "x": URL_SAFE_NO_PAD.encode(x), "y": URL_SAFE_NO_PAD.encode(y),
        }] })
    }

    /// A token for `subject` at `audience`: RFC 9068, good for five minutes, without any scope yet.
    pub fn token(&self, subject: &str, audience: &str) -> Token {
        let now = self.0.clock.unix_now();
        let claims = json!({
            "iss": self.0.issuer, "sub": subject, "aud": audience, "client_id": "test-client",
            "iat": now, "exp": now + 300, "jti": format!("{subject}-{now}"),
        });
        let header = json!({ "typ": "at+jwt", "alg": "ES256", "kid": KID });
        Token { issuer: self.clone(), header: object(header), claims: object(claims), stranger: false }
    }

    fn now(&self) -> u64 {
        self.0.clock.unix_now()
    }
}

impl std::fmt::Debug for TestIssuer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("TestIssuer").field(&self.0.issuer).finish()
    }
}

/// A token to be: right until a test says what is wrong with it. Turns into text with `String::from`.
#[derive(Debug, Clone)]
pub struct Token {
    issuer: TestIssuer,
    header: Map<String, Value>,
    claims: Map<String, Value>,
    stranger: bool,
}

impl Token {
    /// Adds scopes, separated by spaces.
    #[must_use]
    pub fn scope(self, scopes: &str) -> Self {
        let held = self.claims.get("scope").and_then(Value::as_str).unwrap_or_default();
        let all = format!("{held} {scopes}").trim().to_owned();
        self.claim("scope", all)
    }

    /// Adds a role of `[roles]`, whatever its `when` says. The caller has also what it implies.
    #[must_use]
    pub fn role(mut self, role: &str) -> Self {
        let held = self.claims.entry(ROLES_CLAIM).or_insert_with(|| json!([]));
        if let Value::Array(roles) = held {
            roles.push(role.into());
        }
        self
    }

    /// Issued to this OAuth client (`client_id`).
    #[must_use]
    pub fn client(self, client_id: &str) -> Self {
        self.claim("client_id", client_id)
    }

    /// For another resource (`aud`) than the server's.
    #[must_use]
    pub fn audience(self, audience: &str) -> Self {
        self.claim("aud", audience)
    }

    /// Claims to be from another issuer.
    #[must_use]
    pub fn issuer(self, issuer: &str) -> Self {
        self.claim("iss", issuer)
    }

    /// Expired ten minutes ago.
    #[must_use]
    pub fn expired(self) -> Self {
        let now = self.issuer.now();
        self.claim("iat", now - 900).claim("exp", now - 600)
    }

    /// Good for `seconds` from now.
    #[must_use]
    pub fn ttl(self, seconds: u64) -> Self {
        let now = self.issuer.now();
        self.claim("exp", now + seconds)
    }

    /// Of a person who logged in so many seconds ago (`auth_time`).
    #[must_use]
    pub fn logged_in(self, seconds_ago: u64) -> Self {
        let now = self.issuer.now();
        self.claim("auth_time", now.saturating_sub(seconds_ago))
    }

    /// Signed by a key the server does not know.
    #[must_use]
    pub fn signed_by_a_stranger(mut self) -> Self {
        self.stranger = true;
        self
    }

    /// Any claim, replaced; `Value::Null` stays a null claim.
    #[must_use]
    pub fn claim(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.claims.insert(name.to_owned(), value.into());
        self
    }

    /// Without the claim `name`.
    #[must_use]
    pub fn without_claim(mut self, name: &str) -> Self {
        self.claims.remove(name);
        self
    }

    /// Any member of the JOSE header, replaced.
    #[must_use]
    pub fn header(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.header.insert(name.to_owned(), value.into());
        self
    }

    /// Without this member of the JOSE header.
    #[must_use]
    pub fn without_header(mut self, name: &str) -> Self {
        self.header.remove(name);
        self
    }

    /// The compact serialisation (RFC 7515 §3.1).
    pub fn mint(&self) -> String {
        self.mint_payload(Value::Object(self.claims.clone()).to_string().as_bytes())
    }

    /// The compact serialisation with these bytes for claims, well-formed or not, validly signed.
    ///
    /// # Panics
    /// When the operating system has no randomness.
    #[expect(clippy::expect_used, reason = "signing with a fresh key fails only without randomness")]
    pub fn mint_payload(&self, payload: &[u8]) -> String {
        let header = URL_SAFE_NO_PAD.encode(Value::Object(self.header.clone()).to_string());
        let signed = format!("{header}.{}", URL_SAFE_NO_PAD.encode(payload));
        let stranger = self.stranger.then(new_key);
        let key = stranger.as_ref().unwrap_or(&self.issuer.0.key);
        let signature = key.sign(&SystemRandom::new(), signed.as_bytes()).expect("a signature");
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature.as_ref()))
    }
}

impl From<Token> for String {
    fn from(token: Token) -> Self {
        token.mint()
    }
}

impl From<&Token> for String {
    fn from(token: &Token) -> Self {
        token.mint()
    }
}

#[expect(clippy::expect_used, reason = "generating a key fails only without randomness")]
fn new_key() -> EcdsaKeyPair {
    EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).expect("an ES256 key")
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}
