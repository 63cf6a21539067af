//! What is served: a bound token with its proof, made with every algorithm, and plain tokens beside it.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P521_SHA512_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use jsonwebtoken::Algorithm;
use serde_json::{Value, json};

use super::bench::{Bench, thumbprint};
use crate::authorization_server::{Key, b64};

#[tokio::test]
async fn t53_a_bound_token_is_served_with_its_proof_and_refused_without_one() {
    for dpop in ["allowed", "required"] {
        let bench = Bench::with(dpop).await;
        let token = bench.token();
        bench.accepts(&token, &bench.proof(&token).signed(), dpop).await;
        let before = bench.everything.ran();
        // As a plain bearer token, with or without a proof beside it.
        let proof = bench.proof(&token).signed();
        for proofs in [&[][..], &[proof.as_bytes()]] {
            let got = bench.send("Bearer", &token, proofs).await;
            assert_eq!(got.status, 401, "{dpop}: {got:?}");
            let words = "the token is bound to its sender's key";
            assert_eq!(got.error(), (Some("invalid_token".into()), Some(words.into())), "{dpop}");
        }
        let words = "the request has no DPoP header";
        bench.refuses(&token, &[], "invalid_dpop_proof", words, dpop).await;
        assert_eq!(bench.everything.ran(), before);
    }
}

#[tokio::test]
async fn where_dpop_is_off_the_scheme_presents_nothing_and_bound_tokens_are_refused() {
    let bench = Bench::with("off").await;
    let token = bench.token();
    let proof = bench.proof(&token).signed();
    let got = bench.send("DPoP", &token, &[proof.as_bytes()]).await;
    assert_eq!((got.status, got.challenges.len(), &got.nonce), (401, 1, &None), "{got:?}");
    assert_eq!(got.challenge("Bearer").expect("a challenge").error(), None);
    let got = bench.send("Bearer", &token, &[proof.as_bytes()]).await;
    assert_eq!(got.challenge("Bearer").expect("a challenge").error(), Some("invalid_token"));
    assert_eq!(bench.send("Bearer", &bench.token_with(json!({})), &[]).await.status, 200);
}

#[tokio::test]
async fn an_unbound_token_is_a_bearer_token_where_that_is_allowed_and_never_one_of_the_dpop_scheme() {
    let allowed = Bench::with("allowed").await;
    let plain = allowed.token_with(json!({}));
    assert_eq!(allowed.send("Bearer", &plain, &[]).await.status, 200);
    let proof = allowed.proof(&plain).signed();
    let words = "the token is not bound to a key";
    allowed.refuses(&plain, &[proof.as_bytes()], "invalid_token", words, "allowed").await;
    // A proof beside a plain bearer token says nothing, and hinders nothing.
    assert_eq!(allowed.send("Bearer", &plain, &[b"x", b"y"]).await.status, 200);

    let required = Bench::with("required").await;
    let plain = required.token_with(json!({}));
    let before = required.everything.ran();
    let got = required.send("Bearer", &plain, &[]).await;
    assert_eq!((got.status, got.error().0.as_deref()), (401, Some("invalid_token")), "{got:?}");
    let proof = required.proof(&plain).signed();
    required.refuses(&plain, &[proof.as_bytes()], "invalid_token", words, "required").await;
    assert_eq!(required.everything.ran(), before);
}

#[tokio::test]
async fn a_token_that_is_bound_otherwise_or_twice_is_refused_with_a_good_proof_too() {
    let bench = Bench::with("allowed").await;
    let jkt = thumbprint(&bench.own.bare_jwk());
    for cnf in [
        json!({ "jkt": jkt, "x5t#S256": "x" }),
        json!({ "x5t#S256": "x" }),
        json!({ "jkt": "x" }),
        json!({ "jkt": [jkt] }),
        json!([{ "jkt": jkt }]),
        json!({}),
        json!(jkt),
    ] {
        let token = bench.token_with(json!({ "cnf": cnf }));
        let proof = bench.proof(&token).signed();
        let words = "the token is bound to its sender's key";
        bench.refuses(&token, &[proof.as_bytes()], "invalid_token", words, &cnf.to_string()).await;
    }
}

#[tokio::test]
async fn the_scheme_has_no_case_and_stands_before_one_token() {
    let bench = Bench::with("allowed").await;
    let token = bench.token();
    for scheme in ["DPoP", "dpop", "DPOP", "DPoP  "] {
        let proof = bench.proof(&token).signed();
        assert_eq!(bench.send(scheme, &token, &[proof.as_bytes()]).await.status, 200, "{scheme}");
    }
    let before = bench.everything.ran();
    for two in [
        format!("DPoP {token}, Bearer {token}"),
        format!("Bearer {token}, DPoP {token}"),
        format!("Basic eDp5, DPoP {token}"),
        "DPoP".to_owned(),
        "DPoP a b".to_owned(),
        format!("DPoP:{token}"),
    ] {
        let proof = bench.proof(&token).signed();
        let got = bench.call("read_note", &two, &[proof.as_bytes()]).await;
        assert_eq!((got.status, got.error().0.as_deref()), (400, Some("invalid_request")), "{two}");
    }
    assert_eq!(bench.everything.ran(), before);
}

#[tokio::test]
async fn proofs_of_every_algorithm_are_good() {
    use Algorithm::{ES256, ES384, EdDSA, PS256, PS384, PS512, RS256, RS384, RS512};
    let bench = Bench::with("required").await;
    for alg in [ES256, ES384, EdDSA, PS256, PS384, PS512, RS256, RS384, RS512] {
        let own = Key::new(alg, "client");
        let token = bench.token_for(&own);
        bench.accepts(&token, &bench.proof_by(&own, &token).signed(), &format!("{alg:?}")).await;
    }
    // EdDSA by its name since RFC 9864.
    let own = Key::new(EdDSA, "client");
    let token = bench.token_for(&own);
    bench
        .accepts(&token, &bench.proof_by(&own, &token).header("alg", json!("Ed25519")).signed(), "Ed25519")
        .await;
}

#[tokio::test]
async fn a_proof_by_es512_is_good() {
    let bench = Bench::with("required").await;
    let own = EcdsaKeyPair::generate(&ECDSA_P521_SHA512_FIXED_SIGNING).unwrap();
    let (x, y) = own.public_key().as_ref()[1..].split_at(66);
    let jwk = json!({ "kty": "EC", "crv": "P-521", "x": b64(x), "y": b64(y) });
    let token = bench.token_with(json!({ "cnf": { "jkt": thumbprint(&jwk) } }));
    let proof = bench.proof(&token).header("alg", json!("ES512")).header("jwk", jwk);
    let signed = format!("{}.{}", b64(proof.header.to_string()), b64(proof.claims.to_string()));
    let signature = own.sign(&SystemRandom::new(), signed.as_bytes()).unwrap();
    bench.accepts(&token, &format!("{signed}.{}", b64(signature)), "ES512").await;
}

#[tokio::test]
async fn what_changes_nothing_of_a_proof_is_passed_over() {
    let bench = Bench::with("required").await;
    let token = bench.token();
    let good = || bench.proof(&token);
    let url = bench.server.url().to_owned();
    let jwk = |name: &str, value: Value| good().jwk(name, value);
    for (case, proof) in [
        ("jwk.alg", jwk("alg", json!("ES256"))),
        ("jwk.use", jwk("use", json!("sig"))),
        ("jwk.key_ops, as WebCrypto exports it", jwk("key_ops", json!(["verify"])).jwk("ext", json!(true))),
        ("kid", good().header("kid", json!("x"))),
        ("jku is never fetched", good().header("jku", json!("http://127.0.0.1:1/"))),
        ("another claim", good().claim("x", json!({}))),
        ("exp", good().claim("exp", json!(crate::authorization_server::now() + 60))),
        ("iat with a fraction", good().claim("iat", json!(crate::authorization_server::now() as f64 + 0.5))),
        ("a query", good().claim("htu", json!(format!("{url}?x=1#f")))),
        ("another case of the host", good().claim("htu", json!(url.replace("http:", "HTTP:")))),
        ("at the edge of the window", good().claim("iat", json!(crate::authorization_server::now() - 240))),
        ("at the other edge", good().claim("iat", json!(crate::authorization_server::now() + 295))),
        ("the longest jti", good().claim("jti", json!(format!("{:a>256}", super::bench::unique())))),
    ] {
        bench.accepts(&token, &proof.signed(), case).await;
    }
}

#[tokio::test]
async fn a_scope_that_is_missing_is_asked_for_in_both_schemes() {
    let bench = Bench::with("allowed").await;
    let token = bench.token();
    let got =
        bench.call("write_note", &format!("DPoP {token}"), &[bench.proof(&token).signed().as_bytes()]).await;
    // Its arguments do not count yet: the rule is asked first.
    assert_eq!(got.status, 403, "{got:?}");
    for scheme in ["Bearer", "DPoP"] {
        let challenge = got.challenge(scheme).expect("a challenge");
        assert_eq!(challenge.error(), Some("insufficient_scope"), "{scheme}");
        assert!(challenge.scopes().contains(&"write"), "{scheme}");
    }
}
