//! Nonces of the server, and proofs that come twice.

use mcp_auth_store::Outage;
use mcp_auth_tests::clock::MovedClock;
use serde_json::{Value, json};

use super::bench::{Bench, thumbprint, unique};
use crate::authorization_server::{AuthorizationServer, Key, now};

const BAD: &str = "invalid_dpop_proof";
const NONCE: &str = "use_dpop_nonce";
const OTHER: &str = "the nonce of the DPoP proof is not one of this server, or is too old";
const USED: &str = "the DPoP proof was used before";

#[tokio::test]
async fn a_proof_without_a_nonce_is_answered_with_one_that_is_then_taken() {
    let bench = Bench::with("allowed").await;
    let token = bench.token();
    let words = "the DPoP proof needs a nonce of this server";
    let before = bench.everything.ran();
    let without = bench.proof(&token).claim("nonce", json!(null)).signed();
    let got = bench.send("DPoP", &token, &[without.as_bytes()]).await;
    assert_eq!((got.status, got.error()), (401, (Some(NONCE.into()), Some(words.into()))), "{got:?}");
    assert!(got.challenge("Bearer").is_none(), "clients look for the nonce in the only challenge: {got:?}");
    assert_eq!(bench.everything.ran(), before);
    let nonce = got.nonce.expect("a nonce");
    let with = bench.proof(&token).claim("nonce", json!(nonce)).signed();
    let got = bench.send("DPoP", &token, &[with.as_bytes()]).await;
    assert_eq!((got.status, got.nonce.as_deref()), (200, Some(&*nonce)), "an answer has the newest: {got:?}");
    // Who presents nothing gets one too, and who sends a plain token without a proof does not.
    assert!(bench.call("read_note", "", &[]).await.nonce.is_some());
    assert_eq!(bench.send("Bearer", &bench.token_with(json!({})), &[]).await.nonce, None);
}

#[tokio::test]
async fn t82_a_nonce_of_this_slot_and_the_last_is_taken_and_no_older_one() {
    let start = now() / 300 * 300;
    let clock = MovedClock::at(start);
    let ambient = clock.ambient();
    let bench = Bench::changed("allowed", |builder| builder.ambient(ambient)).await;
    let cnf = json!({ "jkt": thumbprint(&bench.own.bare_jwk()) });
    let token = bench.token_with(json!({ "cnf": cnf, "iat": start, "exp": start + 3000 }));
    let nonce = bench.nonce.lock().unwrap().clone().expect("a nonce");
    let proof =
        |ahead: u64| bench.proof(&token).claim("nonce", json!(nonce)).claim("iat", json!(start + ahead));
    for ahead in [0, 299, 300, 599] {
        clock.put_ahead(ahead);
        bench.accepts(&token, &proof(ahead).signed(), &ahead.to_string()).await;
    }
    clock.put_ahead(600);
    bench.refuses(&token, &[proof(600).signed().as_bytes()], NONCE, OTHER, "too old").await;
    // The refusal brought the next one.
    let next = bench.proof(&token).claim("iat", json!(start + 600));
    assert_ne!(next.claims["nonce"], json!(nonce));
    bench.accepts(&token, &next.signed(), "the next one").await;
}

#[tokio::test]
async fn t82_a_nonce_of_another_server_or_of_no_one_is_refused() {
    let (bench, another) = (Bench::with("allowed").await, Bench::with("allowed").await);
    let token = bench.token();
    let own = bench.nonce.lock().unwrap().clone().expect("a nonce");
    let foreign = another.nonce.lock().unwrap().clone().expect("a nonce");
    for bad in [
        foreign,
        String::new(),
        "x".into(),
        own[1..].into(),
        format!("{own}="),
        own.to_lowercase(),
        "0".into(),
    ] {
        let proof = bench.proof(&token).claim("nonce", json!(bad));
        bench.refuses(&token, &[proof.signed().as_bytes()], NONCE, OTHER, &bad).await;
    }
    let words = "a claim of the DPoP proof is malformed";
    for bad in [json!(1), json!([own]), json!(true)] {
        let proof = bench.proof(&token).claim("nonce", bad.clone());
        bench.refuses(&token, &[proof.signed().as_bytes()], BAD, words, &bad.to_string()).await;
    }
    bench.accepts(&token, &bench.proof(&token).signed(), "its own").await;
}

#[tokio::test]
async fn t81_a_proof_is_served_once() {
    let bench = Bench::with("allowed").await;
    let token = bench.token();
    let proof = bench.proof(&token).signed();
    bench.accepts(&token, &proof, "first").await;
    for _ in 0..2 {
        bench.refuses(&token, &[proof.as_bytes()], BAD, USED, "again").await;
    }
    // The same jti with other words around it, and beside another token of the same key.
    let jti = unique();
    let with_jti = |token: &str| bench.proof(token).claim("jti", json!(jti));
    bench.accepts(&token, &with_jti(&token).signed(), "a new jti").await;
    bench
        .refuses(&token, &[with_jti(&token).claim("x", json!(1)).signed().as_bytes()], BAD, USED, "words")
        .await;
    let second = bench.token();
    bench.refuses(&second, &[with_jti(&second).signed().as_bytes()], BAD, USED, "another token").await;
    // Another client may happen to choose it too.
    let other = Key::new(jsonwebtoken::Algorithm::ES256, "o");
    let others = bench.token_for(&other);
    let proof = bench.proof_by(&other, &others).claim("jti", json!(jti)).signed();
    bench.accepts(&others, &proof, "another key").await;
}

#[tokio::test]
async fn a_refused_proof_uses_nothing_up() {
    let bench = Bench::with("allowed").await;
    let (token, jti) = (bench.token(), unique());
    let proof = || bench.proof(&token).claim("jti", json!(jti));
    for (name, value) in
        [("ath", json!("x")), ("htm", json!("GET")), ("nonce", json!("x")), ("nonce", Value::Null)]
    {
        let bad = proof().claim(name, value).signed();
        assert_eq!(bench.send("DPoP", &token, &[bad.as_bytes()]).await.status, 401, "{name}");
    }
    let expired = bench.token_with(json!({
        "cnf": { "jkt": thumbprint(&bench.own.bare_jwk()) }, "iat": now() - 900, "exp": now() - 300,
    }));
    let beside = bench.proof(&expired).claim("jti", json!(jti)).signed();
    assert_eq!(bench.send("DPoP", &expired, &[beside.as_bytes()]).await.status, 401);
    bench.accepts(&token, &proof().signed(), "at last").await;
}

#[tokio::test]
async fn t81_of_many_at_once_one_proof_is_served_once() {
    let bench = Bench::with("allowed").await;
    let token = bench.token();
    let proof = bench.proof(&token).signed();
    let before = bench.everything.ran();
    let proofs = [proof.as_bytes()];
    let all = futures_util::future::join_all((0..20).map(|_| bench.send("DPoP", &token, &proofs))).await;
    assert_eq!(all.iter().filter(|got| got.status == 200).count(), 1);
    assert!(all.iter().all(|got| matches!(got.status, 200 | 401)), "{all:?}");
    assert_eq!(bench.everything.ran(), before + 1);
}

/// The URL of two servers behind one balancer.
const BALANCER: &str = "http://127.0.0.1:4999/mcp";

#[tokio::test]
async fn t81_two_servers_on_one_store_take_each_others_nonces_and_refuse_each_others_used_proofs() {
    let outage = Outage::new();
    let key = Key::new(jsonwebtoken::Algorithm::ES256, "k");
    let issuer = AuthorizationServer::with_keys(&[&key]).await;
    let start = async || {
        let store = outage.store();
        let section = format!("[server]\npublic_url = \"{BALANCER}\"\n{}", issuer.toml("dpop = \"allowed\""));
        Bench::changed("allowed", |_| {
            let everything = crate::everything::Everything::default();
            everything.builder(&section).with(|builder| builder.store(store))
        })
        .await
    };
    let (first, second) = (start().await, start().await);
    let jkt = thumbprint(&first.own.bare_jwk());
    let token = key.token(&issuer.claims(BALANCER, json!({ "cnf": { "jkt": jkt } })));
    // Each of them gives the same nonce, and takes the other's.
    assert!(first.call("read_note", "", &[]).await.nonce.is_some());
    let proof = |bench: &Bench| bench.proof_by(&first.own, &token).claim("htu", json!(BALANCER)).signed();
    let one = proof(&first);
    assert_eq!(second.send("DPoP", &token, &[one.as_bytes()]).await.status, 200);
    for bench in [&first, &second] {
        let got = bench.send("DPoP", &token, &[one.as_bytes()]).await;
        assert_eq!((got.status, got.error()), (401, (Some(BAD.into()), Some(USED.into()))), "{got:?}");
    }
    // A store that is down: nothing opens, and the token is not called invalid.
    outage.begin();
    let got = first.send("DPoP", &token, &[proof(&first).as_bytes()]).await;
    assert_eq!((got.status, got.challenges.len()), (503, 0), "{got:?}");
    assert!(got.retry_after.is_some(), "{got:?}");
    outage.end();
    assert_eq!(first.send("DPoP", &token, &[proof(&first).as_bytes()]).await.status, 200);
}
