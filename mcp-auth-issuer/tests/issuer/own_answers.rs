//! What of an application's answer proves who logged in, and each mistake by which it does not.

use aws_lc_rs::hmac;
use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use http::StatusCode;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use mcp_auth_issuer::own_login::AnswerKey;
use rcgen::{KeyPair, PublicKeyData as _};
use serde_json::{Map, Value, json};
use url::form_urlencoded::Serializer;

use crate::harness::*;
use crate::own_login::{APPLICATION, SECRET, app_with, is_nobody, key, leave, options};

/// A JWT with this header and this payload as they are, whose HS256 signature is by `secret`.
fn signed(header: &Value, payload: &str, secret: &str) -> String {
    let b64 = |text: &str| BASE64_URL_SAFE_NO_PAD.encode(text);
    let message = format!("{}.{}", b64(&header.to_string()), b64(payload));
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()), message.as_bytes());
    format!("{message}.{}", BASE64_URL_SAFE_NO_PAD.encode(tag))
}

fn header() -> Value {
    json!({ "alg": "HS256", "typ": "mcp-auth-login+jwt" })
}

fn claims(transaction: &str) -> Map<String, Value> {
    let claims = json!({
        "iss": APPLICATION, "aud": ISSUER, "sub": "user-17", "txn": transaction,
        "iat": START, "exp": START + 60, "auth_time": START,
    });
    claims.as_object().unwrap().clone()
}

/// How the issuer answers a browser that comes back with what `made` makes of its transaction.
async fn back(app: &App, made: impl FnOnce(&str) -> String) -> StatusCode {
    let client = app.public_client().await;
    let mut browser = Browser::new(app);
    let url = authorize_url(&client, &[]);
    let transaction = leave(&mut browser, &url).await.transaction;
    let query = [("transaction", &*transaction), ("answer", &*made(&transaction))];
    let query = Serializer::new(String::new()).extend_pairs(query).finish();
    let back = browser.get(&format!("/authorize/login?{query}")).await;
    if back.status != StatusCode::SEE_OTHER {
        assert!(back.body.contains("<title>Not logged in: "), "{}", back.body);
        is_nobody(&mut browser, &url).await;
    }
    back.status
}

fn app() -> App {
    app_with(options(AnswerKey::shared(key())))
}

/// The answer with some claims otherwise; `null` takes one out.
async fn with(changes: &Value) -> StatusCode {
    let made = |transaction: &str| {
        let mut claims = claims(transaction);
        for (claim, value) in changes.as_object().unwrap() {
            match value {
                Value::Null => claims.remove(claim),
                value => claims.insert(claim.clone(), value.clone()),
            };
        }
        signed(&header(), &Value::Object(claims).to_string(), SECRET)
    };
    back(&app(), made).await
}

#[tokio::test]
async fn an_answer_counts_with_every_claim_that_it_may_have() {
    for changes in [
        json!({}),
        json!({ "aud": [ISSUER] }),
        json!({ "exp": START + 1 }),
        json!({ "iat": START + 29, "exp": START + 89 }),
        json!({ "iat": START - 59, "exp": START + 1, "nbf": START - 59, "jti": "x" }),
        json!({ "auth_time": START - 90_000 }),
        json!({ "sub": "\u{5e9}".repeat(255), "acr": "gold", "amr": ["pwd"], "name": "Ann\nLee\u{202e}" }),
        json!({ "amr": [], "name": "" }),
    ] {
        assert_eq!(with(&changes).await, StatusCode::SEE_OTHER, "{changes}");
    }
}

#[tokio::test]
async fn an_answer_for_another_login_issuer_or_time_logs_nobody_in() {
    for changes in [
        json!({ "txn": "A".repeat(43) }),
        json!({ "txn": "" }),
        json!({ "txn": null }),
        json!({ "txn": 5 }),
        json!({ "aud": "https://other.example" }),
        json!({ "aud": format!("{ISSUER}/") }),
        json!({ "aud": RESOURCE }),
        json!({ "aud": [ISSUER, "https://other.example"] }),
        json!({ "aud": [] }),
        json!({ "aud": null }),
        json!({ "iss": "https://other.example" }),
        json!({ "iss": format!("{APPLICATION}/") }),
        json!({ "iss": ISSUER }),
        json!({ "iss": [APPLICATION] }),
        json!({ "iss": null }),
        json!({ "exp": START }),
        json!({ "iat": START - 61, "exp": START - 1 }),
        json!({ "exp": START + 61 }),
        json!({ "exp": u64::MAX }),
        json!({ "exp": 1e300 }),
        json!({ "exp": (START + 60).to_string() }),
        json!({ "exp": null }),
        json!({ "iat": null }),
        json!({ "iat": START + 31, "exp": START + 60 }),
        json!({ "iat": START + 60, "exp": START + 60 }),
        json!({ "nbf": START + 31 }),
        json!({ "nbf": "now" }),
    ] {
        assert_eq!(with(&changes).await, StatusCode::FORBIDDEN, "{changes}");
    }
}

#[tokio::test]
async fn an_answer_that_says_badly_who_logged_in_logs_nobody_in() {
    for changes in [
        json!({ "sub": null }),
        json!({ "sub": "" }),
        json!({ "sub": 17 }),
        json!({ "sub": " ann" }),
        json!({ "sub": "a\nb" }),
        json!({ "sub": "a\u{202e}b" }),
        json!({ "sub": "x".repeat(256) }),
        json!({ "auth_time": null }),
        json!({ "auth_time": "now" }),
        json!({ "auth_time": START + 31 }),
        json!({ "name": 5 }),
        json!({ "acr": 1 }),
        json!({ "acr": "x".repeat(256) }),
        json!({ "amr": "pwd" }),
        json!({ "amr": [1] }),
        json!({ "amr": vec!["pwd"; 17] }),
        json!({ "amr": ["x".repeat(65)] }),
        json!({ "more": "x".repeat(9_000) }),
    ] {
        assert_eq!(with(&changes).await, StatusCode::FORBIDDEN, "{changes}");
    }
    let twice = |transaction: &str| {
        let claims = Value::Object(claims(transaction)).to_string();
        signed(&header(), &claims.replacen('{', "{\"sub\":\"root\",", 1), SECRET)
    };
    assert_eq!(back(&app(), twice).await, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn an_answer_that_the_application_did_not_sign_so_logs_nobody_in() {
    let good = |transaction: &str| Value::Object(claims(transaction)).to_string();
    for header in [json!({ "alg": "HS256", "typ": "application/MCP-auth-login+jwt", "kid": "x" }), header()] {
        let made = |transaction: &str| signed(&header, &good(transaction), SECRET);
        assert_eq!(back(&app(), made).await, StatusCode::SEE_OTHER, "{header}");
    }
    for header in [
        json!({ "alg": "HS256" }),
        json!({ "alg": "HS256", "typ": "JWT" }),
        json!({ "alg": "HS256", "typ": "at+jwt" }),
        json!({ "alg": "none", "typ": "mcp-auth-login+jwt" }),
        json!({ "alg": "HS512", "typ": "mcp-auth-login+jwt" }),
        json!({ "alg": "ES256", "typ": "mcp-auth-login+jwt" }),
        json!({ "typ": "mcp-auth-login+jwt" }),
        json!({ "alg": "HS256", "typ": "mcp-auth-login+jwt", "crit": ["x"] }),
        json!({ "alg": "HS256", "typ": "mcp-auth-login+jwt", "b64": false }),
    ] {
        let made = |transaction: &str| signed(&header, &good(transaction), SECRET);
        assert_eq!(back(&app(), made).await, StatusCode::FORBIDDEN, "{header}");
    }
    for secret in ["another secret of at least thirty-two bytes", "", &SECRET[1..]] {
        let made = |transaction: &str| signed(&header(), &good(transaction), secret);
        assert_eq!(back(&app(), made).await, StatusCode::FORBIDDEN, "{secret:?}");
    }
    for (from, to) in [(0, 0), (0, 1), (1, 2), (2, 2)] {
        let made = |transaction: &str| {
            let text = signed(&header(), &good(transaction), SECRET);
            let mut parts: Vec<&str> = text.split('.').collect();
            parts.drain(from..to.max(from));
            if from == to {
                parts[from] = "";
            }
            parts.join(".")
        };
        assert_eq!(back(&app(), made).await, StatusCode::FORBIDDEN, "{from} {to}");
    }
    for text in ["", "x", "..", "a.b.c", "\u{e9}.\u{e9}.\u{e9}"] {
        let status = back(&app(), |_| text.to_owned()).await;
        assert_eq!(status, StatusCode::FORBIDDEN, "{text:?}");
    }
}

/// A key of the application: how it signs, and its public half.
fn pair(algorithm: Algorithm) -> (EncodingKey, Map<String, Value>) {
    let b64 = |bytes: &[u8]| BASE64_URL_SAFE_NO_PAD.encode(bytes);
    let of = match algorithm {
        Algorithm::ES256 => &rcgen::PKCS_ECDSA_P256_SHA256,
        _ => &rcgen::PKCS_ED25519,
    };
    let pair = KeyPair::generate_for(of).unwrap();
    let public = pair.der_bytes();
    let (key, jwk) = match algorithm {
        Algorithm::ES256 => (
            EncodingKey::from_ec_der(pair.serialized_der()),
            json!({ "kty": "EC", "crv": "P-256", "x": b64(&public[1..33]), "y": b64(&public[33..]) }),
        ),
        _ => (
            EncodingKey::from_ed_der(pair.serialized_der()),
            json!({ "kty": "OKP", "crv": "Ed25519", "x": b64(public) }),
        ),
    };
    (key, jwk.as_object().unwrap().clone())
}

#[tokio::test]
async fn an_answer_is_signed_by_a_key_whose_public_half_is_configured_and_by_its_algorithm() {
    for algorithm in [Algorithm::ES256, Algorithm::EdDSA] {
        let ((own, jwk), (other, _)) = (pair(algorithm), pair(algorithm));
        let app = || app_with(options(AnswerKey::public([pair(algorithm).1, jwk.clone()]).unwrap()));
        let sign = |transaction: &str, key: &EncodingKey| {
            let header = Header { typ: Some("mcp-auth-login+jwt".into()), ..Header::new(algorithm) };
            jsonwebtoken::encode(&header, &claims(transaction), key).unwrap()
        };
        assert_eq!(back(&app(), |transaction| sign(transaction, &own)).await, StatusCode::SEE_OTHER);
        assert_eq!(back(&app(), |transaction| sign(transaction, &other)).await, StatusCode::FORBIDDEN);
        // The public half as the secret of an HMAC, as every text that could be tried.
        for secret in [Value::Object(jwk.clone()).to_string(), jwk["x"].as_str().unwrap().to_owned()] {
            let made = |transaction: &str| {
                signed(&header(), &Value::Object(claims(transaction)).to_string(), &secret)
            };
            assert_eq!(back(&app(), made).await, StatusCode::FORBIDDEN);
        }
        // And an answer of that key where a secret is shared.
        let shared = self::app();
        assert_eq!(back(&shared, |transaction| sign(transaction, &own)).await, StatusCode::FORBIDDEN);
    }
}
