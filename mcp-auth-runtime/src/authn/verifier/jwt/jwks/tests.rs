//! Keys of every kind, good and bad, and RFC 7515's own.
use serde_json::{Value, json};

use super::super::algorithm::Algorithm;
use super::super::jws;
use super::set::*;
use super::{KeySet, roca};
use crate::authn::error::KeysError;
use crate::authn::tests::support::{Signer, b64, ed, other_p256, other_rsa, p256, p384, p521, rsa};

fn set(keys: &[Value]) -> Result<KeySet, KeysError> {
    KeySet::read(&json!({ "keys": keys }), Some(&Algorithm::ALL), 100)
}

fn with(signer: &Signer, changes: Value) -> Value {
    let mut jwk = signer.jwk("k");
    for (name, value) in changes.as_object().unwrap() {
        jwk[name] = value.clone();
    }
    jwk
}

/// Why `jwk` is skipped; and a good key beside it stays.
fn skipped(jwk: Value) -> SkipReason {
    let set = set(&[jwk.clone(), p256().jwk("good")]).unwrap();
    assert_eq!(set.len(), 1, "{jwk}");
    assert_eq!(outcome(&set, p256(), "ES256", Some("good")), Outcome::Good);
    set.skipped[0].reason
}

fn usable(jwk: Value) {
    assert!(set(std::slice::from_ref(&jwk)).is_ok(), "{jwk}");
}

fn outcome(set: &KeySet, signer: &Signer, alg: &str, kid: Option<&str>) -> Outcome {
    let header = match kid {
        Some(kid) => json!({"alg": alg, "kid": kid}),
        None => json!({"alg": alg}),
    };
    let token = signer.token(&header, &json!({}));
    set.verify(&jws::parse(&token).unwrap(), |_| true)
}

#[test]
fn every_algorithm_verifies_with_its_key_and_no_other() {
    for (signer, other, algs) in [
        (rsa(), other_rsa(), &["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"][..]),
        (p256(), other_p256(), &["ES256"]),
    ] {
        let set = set(&[signer.jwk("k")]).unwrap();
        for alg in algs {
            assert_eq!(outcome(&set, signer, alg, Some("k")), Outcome::Good, "{alg}");
            assert_eq!(outcome(&set, other, alg, Some("k")), Outcome::Bad, "{alg}");
            assert_eq!(outcome(&set, signer, alg, Some("x")), Outcome::UnknownKey, "{alg}");
        }
    }
    let set = set(&[p384().jwk("p384"), p521().jwk("p521"), ed().jwk("ed")]).unwrap();
    assert_eq!(outcome(&set, p384(), "ES384", Some("p384")), Outcome::Good);
    assert_eq!(outcome(&set, p521(), "ES512", Some("p521")), Outcome::Good);
    assert_eq!(outcome(&set, ed(), "EdDSA", Some("ed")), Outcome::Good);
    assert_eq!(outcome(&set, ed(), "Ed25519", Some("ed")), Outcome::Good);
    assert_eq!(outcome(&set, ed(), "EdDSA", Some("p384")), Outcome::OtherAlgorithm);
    assert_eq!(outcome(&set, p256(), "ES256", Some("p384")), Outcome::OtherAlgorithm);
}

#[test]
fn t17_a_key_is_bound_to_its_alg() {
    let set = set(&[with(rsa(), json!({"alg": "RS256"}))]).unwrap();
    assert_eq!(outcome(&set, rsa(), "RS256", Some("k")), Outcome::Good);
    for other in ["PS256", "RS512"] {
        assert_eq!(outcome(&set, rsa(), other, Some("k")), Outcome::OtherAlgorithm, "{other}");
    }
}

#[test]
fn t03_a_key_serves_only_algorithms_of_the_allowlist() {
    let only = |allowed: &[Algorithm]| KeySet::read(&json!({"keys": [rsa().jwk("k")]}), Some(allowed), 100);
    let rs256 = only(&[Algorithm::Rs256]).unwrap();
    assert_eq!(outcome(&rs256, rsa(), "RS256", Some("k")), Outcome::Good);
    assert_eq!(outcome(&rs256, rsa(), "PS256", Some("k")), Outcome::OtherAlgorithm);
    assert!(only(&[Algorithm::Es256]).is_err());
}

#[test]
fn t03_without_a_list_a_key_serves_the_algorithm_it_says_and_else_the_default_ones_only() {
    let read = |jwk: Value| KeySet::read(&json!({ "keys": [jwk] }), None, 100);
    let rsa_algorithms = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"];
    let all: [(&Signer, &[&str], Option<&str>); 5] = [
        (rsa(), &rsa_algorithms, Some("RS256")),
        (p256(), &["ES256"], Some("ES256")),
        (p384(), &["ES384"], None),
        (p521(), &["ES512"], None),
        (ed(), &["EdDSA", "Ed25519"], Some("EdDSA")),
    ];
    for (signer, algorithms, default) in all {
        for alg in algorithms {
            let stated = read(with(signer, json!({ "alg": alg }))).unwrap();
            assert_eq!(outcome(&stated, signer, alg, Some("k")), Outcome::Good, "{alg}");
            assert_eq!(outcome(&stated, signer, alg, None), Outcome::Good, "{alg}");
            // Twins: another algorithm of the same key is refused, and so is what a key that says nothing is not for.
            for other in algorithms.iter().filter(|other| *other != alg && signer.is_rsa()) {
                for kid in [Some("k"), None] {
                    assert_eq!(
                        outcome(&stated, signer, other, kid),
                        Outcome::OtherAlgorithm,
                        "{alg} {other}"
                    );
                }
            }
            match read(signer.jwk("k")) {
                Ok(silent) => {
                    let is_default = default == Some(*alg) || *alg == "Ed25519";
                    let expected = if is_default { Outcome::Good } else { Outcome::OtherAlgorithm };
                    assert_eq!(outcome(&silent, signer, alg, Some("k")), expected, "{alg}");
                }
                Err(_) => assert_eq!(default, None, "{alg}"),
            }
        }
    }
    // What a key says has to fit it, and to be one that only its owner can sign with.
    for (signer, alg) in [
        (p256(), "ES384"),
        (p384(), "ES256"),
        (rsa(), "ES256"),
        (ed(), "RS256"),
        (rsa(), "HS256"),
        (rsa(), "none"),
    ] {
        assert!(read(with(signer, json!({ "alg": alg }))).is_err(), "{alg}");
    }
    assert!(read(json!({"kty": "oct", "kid": "k", "alg": "HS256", "k": b64([7; 32])})).is_err());
}

#[test]
fn t15_without_kid_up_to_eight_keys_of_the_algorithm_are_tried() {
    let fill = |n: usize| (0..n).map(|i| other_p256().jwk(&format!("o{i}"))).collect::<Vec<_>>();
    let behind = |n: usize| {
        let mut keys = fill(n);
        keys.extend((0..20).map(|i| rsa().jwk(&format!("r{i}")))); // of another algorithm: not counted
        keys.push(p256().jwk("ours"));
        outcome(&set(&keys).unwrap(), p256(), "ES256", None)
    };
    assert_eq!(behind(0), Outcome::Good);
    assert_eq!(behind(7), Outcome::Good);
    assert_eq!(behind(8), Outcome::Bad);
}

#[test]
fn k12_keys_with_one_kid_are_both_tried() {
    let set = set(&[other_p256().jwk("k"), p256().jwk("k")]).unwrap();
    assert_eq!(outcome(&set, p256(), "ES256", Some("k")), Outcome::Good);
    assert_eq!(outcome(&set, other_p256(), "ES256", Some("k")), Outcome::Good);
}

#[test]
fn k13_keys_for_other_purposes_are_skipped_alone() {
    for purpose in [
        json!({"use": "enc"}),
        json!({"use": 5}),
        json!({"key_ops": ["encrypt"]}),
        json!({"key_ops": "verify"}),
    ] {
        assert_eq!(skipped(with(rsa(), purpose)), SkipReason::NotForSignatures);
    }
    assert_eq!(skipped(with(rsa(), json!({"alg": "RSA-OAEP"}))), SkipReason::Algorithm);
    usable(with(rsa(), json!({"use": "sig", "key_ops": ["verify", "encrypt"]})));
}

#[test]
fn members_that_are_null_or_empty_say_nothing() {
    let silent = [json!(null), json!([]), json!("")];
    for member in
        ["d", "p", "q", "dp", "dq", "qi", "oth", "k", "key_ops", "use", "alg", "x5c", "x5t", "y", "crv"]
    {
        for nothing in &silent {
            usable(with(rsa(), json!({ member: nothing })));
        }
    }
    for member in ["n", "e", "kty"] {
        for nothing in &silent {
            assert!(set(&[with(rsa(), json!({ member: nothing }))]).is_err(), "{member}: {nothing}");
        }
    }
    // Twins: what says something is believed.
    assert_eq!(skipped(with(rsa(), json!({"d": "AQAB"}))), SkipReason::Private);
    assert_eq!(skipped(with(rsa(), json!({"oth": [{}]}))), SkipReason::Private);
    assert_eq!(skipped(with(rsa(), json!({"key_ops": [null]}))), SkipReason::NotForSignatures);
    assert_eq!(skipped(with(rsa(), json!({"use": false}))), SkipReason::NotForSignatures);
}

#[test]
fn a_skipped_key_is_named_with_the_member_and_its_value_and_never_with_private_material() {
    let why = |jwk: Value| {
        let Err(error) = set(&[jwk]) else { panic!("it is usable") };
        error.to_string()
    };
    let none = "the JWK Set holds no usable key (1 skipped); the first: kid \"k\": ";
    for (changes, said) in [
        (json!({"key_ops": ["encrypt"]}), "key_ops is [\"encrypt\"], its use or key_ops exclude verifying"),
        (json!({"use": "enc"}), "use is \"enc\", its use or key_ops exclude verifying"),
        (
            json!({"use": "e\u{202e}\u{9b}2J\n"}),
            "use is \"e\\u202e\\u009b2J\\n\", its use or key_ops exclude verifying",
        ),
        (json!({"e": "AQ"}), "e is \"AQ\", its exponent is not an odd number from 3 to 2^33"),
        (json!({"n": null}), "n is null, its key material is malformed"),
        (
            json!({"d": "s3cr3t"}),
            "it has d, it holds private or symmetric key material, for everyone to read",
        ),
    ] {
        assert_eq!(why(with(rsa(), changes)), format!("{none}{said}"));
    }
    assert_eq!(
        why(json!(5)),
        "the JWK Set holds no usable key (1 skipped); the first: a key without kid: it is not a JWK"
    );
}

#[test]
fn keys_beyond_the_bound_are_left_out_and_the_log_says_so() {
    let keys: Vec<Value> = (0..5).map(|i| p256().jwk(&format!("k{i}"))).collect();
    let set = KeySet::read(&json!({ "keys": keys }), Some(&Algorithm::ALL), 3).unwrap();
    assert_eq!(outcome(&set, p256(), "ES256", Some("k2")), Outcome::Good);
    assert_eq!(outcome(&set, p256(), "ES256", Some("k3")), Outcome::UnknownKey);
    let log = crate::observe::support::logged(|| set.log_skipped("https://as.example"));
    assert!(log.contains("unread=2"), "{log}");
}

#[test]
fn k13_alg_and_curve_must_fit_the_key_type() {
    for (key, changes) in [
        (rsa(), json!({"alg": "ES256"})),
        (p256(), json!({"alg": "ES384"})),
        (p256(), json!({"alg": "RS256"})),
        (rsa(), json!({"alg": 5})),
        (rsa(), json!({"alg": "none"})),
        (rsa(), json!({"alg": "HS256"})),
        (ed(), json!({"alg": "ES256"})),
        (ed(), json!({"alg": "Ed448"})),
        (p256(), json!({"alg": "Ed25519"})),
    ] {
        assert_eq!(skipped(with(key, changes)), SkipReason::Algorithm);
    }
    usable(with(p256(), json!({"alg": "ES256"})));
    usable(with(ed(), json!({"alg": "EdDSA"})));
    usable(with(ed(), json!({"alg": "Ed25519"})));
}

#[test]
fn k15_private_and_symmetric_keys_are_skipped_and_raise_an_alarm() {
    for member in ["d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"] {
        assert_eq!(skipped(with(rsa(), json!({member: "AQAB"}))), SkipReason::Private, "{member}");
    }
    assert_eq!(skipped(json!({"kty": "oct", "kid": "k", "k": b64([7; 32])})), SkipReason::Private);
    assert_eq!(skipped(json!({"kty": "oct", "kid": "k", "alg": "HS256"})), SkipReason::Algorithm);
}

#[test]
fn k16_rsa_keys_of_unsafe_size_or_exponent_are_skipped() {
    let odd = |bytes: usize, first: u8| {
        let mut n = vec![0xA5; bytes];
        n[0] = first;
        json!({"n": b64(n)})
    };
    for (bytes, first) in [(64, 0x80), (128, 0x80), (256, 0x7f), (1025, 0x01), (2048, 0x80)] {
        assert_eq!(skipped(with(rsa(), odd(bytes, first))), SkipReason::RsaSize, "{bytes}");
    }
    let even = with(rsa(), json!({"n": b64([[0x80].as_slice(), &[2; 255]].concat())}));
    assert_eq!(skipped(even), SkipReason::Material);
    for e in [&[1][..], &[2], &[1, 0, 0], &[0], &[0, 1], &[2, 0, 0, 0, 1], &[1; 6]] {
        assert_eq!(skipped(with(rsa(), json!({"e": b64(e)}))), SkipReason::RsaExponent, "{e:?}");
    }
    usable(with(rsa(), json!({"e": b64([3])})));
    usable(with(rsa(), json!({"e": b64([0, 1, 0, 1])})));
}

#[test]
fn k16_an_rsa_key_of_the_roca_kind_is_skipped() {
    let n = b64(roca::tests::power(130));
    assert_eq!(skipped(with(rsa(), json!({ "n": n }))), SkipReason::RsaRoca);
}

#[test]
fn k18_unknown_and_broken_keys_are_skipped_alone() {
    for (jwk, reason) in [
        (json!({"kty": "XYZ", "kid": "k"}), SkipReason::KeyType),
        (json!({"kid": "k"}), SkipReason::KeyType),
        (with(p256(), json!({"crv": "P-521"})), SkipReason::Material),
        (with(p256(), json!({"crv": "secp256k1"})), SkipReason::KeyType),
        (with(ed(), json!({"crv": "X25519"})), SkipReason::KeyType),
        (with(p256(), json!({"x": b64([1; 32])})), SkipReason::Material),
        (with(p256(), json!({"x": b64([1; 31])})), SkipReason::Material),
        (with(p256(), json!({"x": 5})), SkipReason::Material),
        (with(p256(), json!({"x": "!"})), SkipReason::Material),
        (with(ed(), json!({"x": b64([1; 33])})), SkipReason::Material),
        (with(rsa(), json!({"n": "AQ=="})), SkipReason::Material),
        (json!("text"), SkipReason::NoObject),
        (json!(null), SkipReason::NoObject),
    ] {
        assert_eq!(skipped(jwk.clone()), reason, "{jwk}");
    }
}

#[test]
fn k04_a_set_without_a_usable_key_is_refused() {
    for garbage in [
        json!({}),
        json!({"keys": []}),
        json!({"keys": null}),
        json!(null),
        json!([]),
        json!({"keys": {"0": 1}}),
        json!({"keys": [{"kty": "oct"}]}),
    ] {
        assert!(
            matches!(KeySet::read(&garbage, Some(&Algorithm::ALL), 100), Err(KeysError::NoUsableKey { .. })),
            "{garbage}"
        );
    }
}

#[test]
fn k19_only_the_first_keys_up_to_the_cap_are_looked_at() {
    let many: Vec<_> = (0..10_000).map(|i| p256().jwk(&i.to_string())).collect();
    let set = set(&many).unwrap();
    assert_eq!(set.len(), 100);
    assert_eq!(outcome(&set, p256(), "ES256", Some("99")), Outcome::Good);
    assert_eq!(outcome(&set, p256(), "ES256", Some("100")), Outcome::UnknownKey);
}

#[test]
fn a_set_is_within_another_that_has_all_its_keys() {
    let (a, b) = (p256().jwk("a"), rsa().jwk("b"));
    let one = set(std::slice::from_ref(&a)).unwrap();
    let two = set(&[b.clone(), a.clone()]).unwrap();
    assert!(one.is_within(&two) && two.is_within(&two));
    assert!(!two.is_within(&one));
    let same_kid_other_key = set(&[other_p256().jwk("a")]).unwrap();
    assert!(!one.is_within(&same_kid_other_key));
}

#[test]
fn rfc7515_appendix_a2_and_a3_signatures_verify() {
    // The keys and tokens RFC 7515 shows in appendices A.2 (RS256) and A.3 (ES256).
    let set = set(&[
        json!({"kty": "EC", "crv": "P-256", "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}),
        json!({"kty": "RSA", "e": "AQAB", "n": "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ"}),
    ]).unwrap();
    let payload =
        "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
    let rs256 = "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";
    let es256 = "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
    for (header, good) in [("eyJhbGciOiJSUzI1NiJ9", rs256), ("eyJhbGciOiJFUzI1NiJ9", es256)] {
        let verify = |signature: &str| {
            set.verify(&jws::parse(&format!("{header}.{payload}.{signature}")).unwrap(), |_| true)
        };
        assert_eq!(verify(good), Outcome::Good);
        let other =
            if good.starts_with('c') { good.replacen('c', "d", 1) } else { good.replacen('D', "E", 1) };
        assert_eq!(verify(&other), Outcome::Bad);
    }
}
