//! A set of keys: two of one name, unfit ones, tokens that name none, ten thousand.

use jsonwebtoken::Algorithm;
use serde_json::{Value, json};

use super::trust::{assert_invalid, assert_read, read_note, token, trusting};
use crate::authorization_server::{AuthorizationServer, Key};
use crate::everything::Everything;

#[tokio::test]
async fn k12_two_keys_with_one_kid_are_both_tried() {
    let (one, two) = (Key::new(Algorithm::ES256, "same"), Key::new(Algorithm::ES256, "same"));
    let stranger = Key::new(Algorithm::ES256, "same");
    let issuer = AuthorizationServer::with_keys(&[&one, &two]).await;
    let everything = Everything::default();
    let server = trusting(&everything, &issuer, "").await;
    assert_read(&read_note(&server, token(&server, &issuer, &one)).await, "the first");
    assert_read(&read_note(&server, token(&server, &issuer, &two)).await, "the second");
    assert_invalid(&read_note(&server, token(&server, &issuer, &stranger)).await, "a third");
    assert_eq!(everything.ran(), 2);
}

#[tokio::test]
async fn k13_k15_k16_k18_unfit_keys_are_skipped_alone() {
    let good = Key::new(Algorithm::ES256, "good");
    let signer = Key::new(Algorithm::RS256, "rsa");
    let with = |kid: &str, member: &str, value: Value| {
        let mut jwk = signer.called(kid).bare_jwk();
        jwk[member] = value;
        jwk
    };
    let unfit = [
        with("K13 use", "use", json!("enc")),
        with("K13 key_ops", "key_ops", json!(["encrypt"])),
        with("K13 alg", "alg", json!("RSA-OAEP")),
        with("K13 another family", "alg", json!("ES256")),
        with("K13 hmac", "alg", json!("HS256")),
        with("K15 d", "d", json!("AQAB")),
        with("K15 p", "p", json!("AQAB")),
        with("K15 q", "q", json!("AQAB")),
        with("K16 e one", "e", json!("AQ")),
        with("K16 e two", "e", json!("Ag")),
        with("K16 e even", "e", json!("AQAC")),
        with("K16 512 bit", "n", json!("_".repeat(86))),
        with("K16 1024 bit", "n", json!("_".repeat(171))),
        with("K16 16384 bit", "n", json!("_".repeat(2731))),
        with("K18 kty", "kty", json!("PQC")),
        with("K18 n", "n", json!("not base64!")),
        with("K18 no n", "n", json!(null)),
        json!({ "kty": "oct", "kid": "K13 oct", "k": "c2VjcmV0" }),
        json!("K18 no object"),
        json!(null),
    ];
    let kids: Vec<_> = unfit.iter().filter_map(|jwk| jwk["kid"].as_str()).map(str::to_owned).collect();
    let issuer = AuthorizationServer::with_keys(&[]).await;
    issuer.publish_jwks(unfit.into_iter().chain([good.jwk(), signer.jwk()]).collect());
    let everything = Everything::default();
    let server = trusting(&everything, &issuer, "").await;
    for key in [&good, &signer] {
        assert_read(&read_note(&server, token(&server, &issuer, key)).await, &key.kid);
    }
    for kid in kids {
        assert_invalid(&read_note(&server, token(&server, &issuer, &signer.called(&kid))).await, &kid);
    }
    assert_eq!(everything.ran(), 2);
}

#[tokio::test]
async fn t15_a_token_without_kid_is_tried_against_eight_keys_and_no_more() {
    let keys: Vec<_> = (0..9).map(|n| Key::new(Algorithm::ES256, &n.to_string())).collect();
    let other = Key::new(Algorithm::RS256, "not of this algorithm");
    let published: Vec<_> = [&other].into_iter().chain(&keys).collect();
    let issuer = AuthorizationServer::with_keys(&published).await;
    let everything = Everything::default();
    let server = trusting(&everything, &issuer, "").await;
    let header = r#"{"alg":"ES256","typ":"at+jwt"}"#;
    for (place, key) in keys.iter().enumerate() {
        let token = key.compact(header, issuer.claims(server.url(), json!({})).to_string());
        let answer = read_note(&server, token).await;
        if place < 8 { assert_read(&answer, &key.kid) } else { assert_invalid(&answer, &key.kid) }
    }
    assert_eq!(everything.ran(), 8);
}

#[tokio::test]
async fn k19_of_ten_thousand_keys_the_first_hundred_count() {
    let key = Key::new(Algorithm::EdDSA, "");
    let issuer = AuthorizationServer::with_keys(&[]).await;
    // As short as they can be, or the document would be refused for its size.
    let jwks: Vec<_> = (0..10_000)
        .map(|n| match n {
            0..=100 => key.called(&n.to_string()).bare_jwk(),
            _ => json!({ "kty": "OKP" }),
        })
        .collect();
    issuer.publish_jwks(jwks);
    let everything = Everything::default();
    let server = trusting(&everything, &issuer, "").await;
    assert_read(&read_note(&server, token(&server, &issuer, &key.called("99"))).await, "the hundredth");
    assert_invalid(&read_note(&server, token(&server, &issuer, &key.called("100"))).await, "the one after");
    assert_eq!(everything.ran(), 1);
}
