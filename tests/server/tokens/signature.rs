//! Signatures and keys: the algorithm of the issuer's own key, and no key that a token names.

use jsonwebtoken::Algorithm;
use serde_json::json;

use super::bench::{Bench, decode};
use crate::authorization_server::{AuthorizationServer, Key, b64};

#[tokio::test]
async fn t01_t03_unsigned_tokens_and_foreign_algorithms_are_refused() {
    let bench = Bench::new().await;
    let [_, payload, signature] = bench.parts();
    bench.accepts(&bench.token(json!({})), "ES256").await;
    let algs =
        ["none", "nOnE", "NONE", "", "RS512", "PS256", "HS256", "HS512", "rs256", "es256", "ES256K", "RS256"];
    for alg in algs {
        let header = b64(json!({ "alg": alg, "kid": "k", "typ": "at+jwt" }).to_string());
        bench.refuses(&format!("{header}.{payload}."), &format!("{alg:?}, no signature")).await;
        bench.refuses(&format!("{header}.{payload}.{signature}"), &format!("{alg:?}, a signature")).await;
        bench.refuses(&bench.with_header("alg", json!(alg)), &format!("{alg:?}, validly signed")).await;
    }
    for header in
        [r#"{"kid":"k","typ":"at+jwt"}"#, r#"{"alg":null,"kid":"k"}"#, r#"{"alg":["ES256"],"kid":"k"}"#, "{}"]
    {
        bench.refuses(&bench.key.compact(header, bench.claims(json!({})).to_string()), header).await;
    }
}

#[tokio::test]
async fn t02_a_public_key_is_not_an_hmac_secret() {
    let bench = Bench::new().await;
    let jwk = bench.key.jwk();
    let point = [jwk["x"].as_str().unwrap(), jwk["y"].as_str().unwrap()].concat();
    for secret in [jwk.to_string(), point, String::new()] {
        let mut header = jsonwebtoken::Header::new(Algorithm::HS256);
        header.kid = Some("k".to_owned());
        let key = jsonwebtoken::EncodingKey::from_secret(secret.as_bytes());
        let token = jsonwebtoken::encode(&header, &bench.claims(json!({})), &key).unwrap();
        bench.refuses(&token, &secret).await;
    }
}

#[tokio::test]
async fn t04_t05_wrong_and_degenerate_signatures_are_refused() {
    let bench = Bench::new().await;
    let [header, payload, signature] = bench.parts();
    bench.accepts(&format!("{header}.{payload}.{signature}"), "its own").await;
    let other = bench.parts();
    let bytes = decode(&signature);
    // DER (RFC 3279 §2.2.3), as most libraries make it; a JWS has r and s side by side (RFC 7518 §3.4).
    let integer = |bytes: &[u8]| [&[2, 33, 0], bytes].concat();
    let der = [&[0x30, 70][..], &integer(&bytes[..32]), &integer(&bytes[32..])].concat();
    let stranger = Key::new(Algorithm::ES256, "k").token(&bench.claims(json!({})));
    for (case, signature) in [
        ("r and s zero", b64([0; 64])),
        ("all ones", b64([0xff; 64])),
        ("too short", b64([1; 63])),
        ("too long", b64([1; 65])),
        ("another token's", other[2].clone()),
        ("of an RSA key's size", b64([1; 256])),
        ("T05 DER", b64(der)),
        ("padded", format!("{signature}==")),
    ] {
        bench.refuses(&format!("{header}.{payload}.{signature}"), case).await;
    }
    bench.refuses(&stranger, "a stranger's").await;
    let changed = b64(bench.claims(json!({ "scope": "admin" })).to_string());
    bench.refuses(&format!("{header}.{changed}.{signature}"), "another payload").await;
    let header = b64(json!({ "alg": "ES256", "kid": "k", "typ": "JWT" }).to_string());
    bench.refuses(&format!("{header}.{payload}.{signature}"), "another header").await;
}

#[tokio::test]
async fn t06_the_high_s_twin_of_a_signature_is_served_and_remembered_apart() {
    // n - s for the order n of P-256 (SEC 2 §2.4.2).
    const ORDER: [u8; 32] = [
        0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6, 0xfa,
        0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
    ];
    let bench = Bench::new().await;
    let [header, payload, signature] = bench.parts();
    let mut bytes = decode(&signature);
    let mut borrow = 0;
    for (place, digit) in ORDER.iter().enumerate().rev() {
        let difference = i16::from(*digit) - i16::from(bytes[32 + place]) - borrow;
        borrow = i16::from(difference < 0);
        bytes[32 + place] = u8::try_from(difference.rem_euclid(256)).unwrap();
    }
    let twin = format!("{header}.{payload}.{}", b64(&bytes));
    assert_ne!(twin, format!("{header}.{payload}.{signature}"));
    bench.accepts(&format!("{header}.{payload}.{signature}"), "as signed").await;
    bench.accepts(&twin, "the twin").await;
    bytes[63] ^= 1;
    bench.refuses(&format!("{header}.{payload}.{}", b64(&bytes)), "neither").await;
}

#[tokio::test]
async fn t12_t13_keys_a_token_names_are_neither_fetched_nor_used() {
    let bench = Bench::new().await;
    let theirs = Key::new(Algorithm::ES256, "k");
    let attacker = AuthorizationServer::with_keys(&[&theirs]).await;
    let asked = bench.issuer.asked();
    for (name, value) in [
        ("jku", json!(attacker.at("/jwks"))),
        ("x5u", json!(attacker.at("/chain.pem"))),
        ("jku", json!("http://169.254.169.254/latest/meta-data")),
        ("jwk", theirs.jwk()),
        ("x5c", json!(["MIIB"])),
    ] {
        bench
            .accepts(&bench.with_header(name, value.clone()), &format!("{name}, by the configured key"))
            .await;
        let mut header = theirs.header();
        header[name] = value;
        let token = theirs.compact(&header.to_string(), bench.claims(json!({})).to_string());
        bench.refuses(&token, &format!("{name}, by the key it names")).await;
    }
    assert_eq!(attacker.asked().len(), 0, "{:?}", attacker.asked());
    // The wrong signature asked the issuer itself, once: it might have a new key.
    assert_eq!(bench.issuer.asked().len(), asked.len() + 1);
}
