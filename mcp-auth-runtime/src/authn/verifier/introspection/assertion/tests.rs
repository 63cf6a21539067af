//! Keys in every form, and what they sign.

use aws_lc_rs::encoding::{AsBigEndian as _, AsDer, Pkcs8V1Der};
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED_SIGNING, KeyPair as _, RSA_PKCS1_2048_8192_SHA256,
    UnparsedPublicKey, VerificationAlgorithm,
};

use super::*;
use crate::authn::tests::support::{NOW, ambient};

fn pem(label: &str, der: &[u8]) -> String {
    let lines: Vec<String> =
        STANDARD.encode(der).as_bytes().chunks(64).map(|l| String::from_utf8(l.to_vec()).unwrap()).collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
}

/// The integers of a PKCS#1 private key (RFC 8017 A.1.2), read out of PKCS#8.
fn integers(pkcs8: &[u8]) -> (Vec<u8>, Vec<Vec<u8>>) {
    /// Tag, content, and what follows.
    fn element(der: &[u8]) -> (u8, &[u8], &[u8]) {
        let (length, head) = match der[1] {
            short @ 0..0x80 => (usize::from(short), 2),
            long => {
                let size = usize::from(long & 0x7f);
                (der[2..2 + size].iter().fold(0, |sum, byte| sum << 8 | usize::from(*byte)), 2 + size)
            }
        };
        (der[0], &der[head..head + length], &der[head + length..])
    }
    let (_, info, _) = element(pkcs8);
    let (_, _version, rest) = element(info);
    let (_, _algorithm, rest) = element(rest);
    let (_, pkcs1, _) = element(rest);
    let (_, mut rest, _) = element(pkcs1);
    let mut found = Vec::new();
    while !rest.is_empty() {
        let (tag, content, next) = element(rest);
        assert_eq!(tag, 2);
        let first = content.iter().position(|byte| *byte != 0).unwrap_or(content.len());
        found.push(content[first..].to_vec());
        rest = next;
    }
    (pkcs1.to_vec(), found)
}

fn checked(text: &str, algorithm: &'static dyn VerificationAlgorithm, public: &[u8]) -> (Value, Value) {
    let assertion =
        AssertionKey::read(text).unwrap().assertion("rs", "https://as.example", &ambient().0).unwrap();
    let (signed, signature) = assertion.rsplit_once('.').unwrap();
    let decoded = |part: &str| URL_SAFE_NO_PAD.decode(part).unwrap();
    UnparsedPublicKey::new(algorithm, public).verify(signed.as_bytes(), &decoded(signature)).unwrap();
    let (header, claims) = signed.split_once('.').unwrap();
    let json = |part| serde_json::from_slice(&decoded(part)).unwrap();
    (json(header), json(claims))
}

#[test]
fn rfc7523_3_an_rsa_key_in_any_form_signs_who_we_are_for_this_issuer() {
    let pair = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
    let pkcs8 = AsDer::<Pkcs8V1Der<'_>>::as_der(&pair).unwrap();
    let (pkcs1, integers) = integers(pkcs8.as_ref());
    let member = |index: usize| URL_SAFE_NO_PAD.encode(&integers[index]);
    let jwk = json!({
        "kty": "RSA", "alg": "RS256", "kid": "k1", "n": member(1), "e": member(2), "d": member(3), "p": member(4),
        "q": member(5), "dp": member(6), "dq": member(7), "qi": member(8),
    });
    let pem_1 = pem("RSA PRIVATE KEY", &pkcs1);
    let of_zitadel = json!({ "type": "application", "keyId": "k2", "key": pem_1, "clientId": "rs" });
    for (text, kid) in [
        (pem("PRIVATE KEY", pkcs8.as_ref()), None),
        (pem_1, None),
        (jwk.to_string(), Some("k1")),
        (of_zitadel.to_string(), Some("k2")),
    ] {
        let (header, claims) = checked(&text, &RSA_PKCS1_2048_8192_SHA256, pair.public_key().as_ref());
        assert_eq!((&header["alg"], header.get("kid").and_then(Value::as_str)), (&json!("RS256"), kid));
        assert_eq!((&claims["iss"], &claims["sub"]), (&json!("rs"), &json!("rs")));
        assert_eq!(claims["aud"], "https://as.example");
        assert_eq!((&claims["iat"], &claims["exp"]), (&json!(NOW), &json!(NOW + 60)));
        assert!(claims["jti"].as_str().unwrap().len() >= 22);
    }
    let mut other = jwk;
    other["alg"] = "PS256".into();
    assert_eq!(AssertionKey::read(&other.to_string()).unwrap_err(), InvalidKey::Algorithm);
}

#[test]
fn rfc7523_3_a_key_on_p256_in_any_form_signs_as_well() {
    let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
    let pkcs8 = pair.to_pkcs8v1().unwrap();
    let public = pair.public_key().as_ref().to_vec();
    let private = pair.private_key().as_be_bytes().unwrap();
    let sec1 = pair.private_key().as_der().unwrap();
    let part = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    let jwk = json!({
        "kty": "EC", "crv": "P-256", "x": part(&public[1..33]), "y": part(&public[33..]), "d": part(private.as_ref()),
    });
    for text in [pem("PRIVATE KEY", pkcs8.as_ref()), pem("EC PRIVATE KEY", sec1.as_ref()), jwk.to_string()] {
        let (header, _) = checked(&text, &ECDSA_P256_SHA256_FIXED, &public);
        assert_eq!(header["alg"], "ES256");
    }
}

#[test]
fn an_assertion_is_used_once() {
    let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
    let key = AssertionKey::read(&pem("PRIVATE KEY", pair.to_pkcs8v1().unwrap().as_ref())).unwrap();
    let jti = || {
        let assertion = key.assertion("rs", "https://as.example", &Ambient::system()).unwrap();
        let claims = URL_SAFE_NO_PAD.decode(assertion.split('.').nth(1).unwrap()).unwrap();
        serde_json::from_slice::<Value>(&claims).unwrap()["jti"].to_string()
    };
    assert_ne!(jti(), jti());
}

#[test]
fn what_is_not_such_a_key_is_refused_and_not_shown() {
    let p384 = EcdsaKeyPair::generate(&ECDSA_P384_SHA384_FIXED_SIGNING).unwrap();
    let public = json!({ "kty": "EC", "crv": "P-256", "x": "AA", "y": "AA" });
    for (text, why) in [
        ("hunter2".to_owned(), InvalidKey::Shape),
        ("{}".to_owned(), InvalidKey::Shape),
        ("-----BEGIN PRIVATE KEY-----".to_owned(), InvalidKey::Shape),
        (pem("PRIVATE KEY", b"hunter2"), InvalidKey::Kind),
        (pem("PRIVATE KEY", p384.to_pkcs8v1().unwrap().as_ref()), InvalidKey::Kind),
        (pem("PUBLIC KEY", b"x"), InvalidKey::Kind),
        (pem("ENCRYPTED PRIVATE KEY", b"x"), InvalidKey::Kind),
        (public.to_string(), InvalidKey::Kind),
        (json!({ "kty": "oct", "k": "AA" }).to_string(), InvalidKey::Kind),
        (json!({ "kty": "RSA", "n": "AA", "e": "AQAB" }).to_string(), InvalidKey::Kind),
    ] {
        let refused = AssertionKey::read(&text).unwrap_err();
        assert_eq!(refused, why, "{text}");
        assert!(!refused.to_string().contains("hunter2"));
    }
}
