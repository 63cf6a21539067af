//! Which tokens are served with which certificate.

use mcp_auth::testing::Era;
use serde_json::json;

use super::bench::{
    Bench, CONSTRAINED, NO_CERTIFICATE, NOT_BOUND, OTHER_CERTIFICATE, behind_proxy, certificate, rfc9440,
    thumbprint,
};
use crate::authorization_server::Reply;

#[tokio::test]
async fn t86_a_bound_token_is_refused_without_its_certificate_and_with_another_one() {
    let (own, other) = (certificate("alice's laptop"), certificate("mallory's"));
    for mode in ["allowed", "required"] {
        let bench = Bench::with(mode).await;
        let token = bench.token(&own);
        // Before it was ever verified, and after.
        for _ in 0..2 {
            bench.refuses(&token, &[], NO_CERTIFICATE, mode).await;
            bench.refuses(&token, &[&rfc9440(&other)], OTHER_CERTIFICATE, mode).await;
            bench.serves(&token, &[&rfc9440(&own)], mode).await;
        }
    }
}

#[tokio::test]
async fn t87_a_token_that_was_verified_a_moment_ago_is_refused_with_another_certificate() {
    let (own, other) = (certificate("alice's laptop"), certificate("mallory's"));
    let bench = Bench::with("required").await;
    let token = bench.token(&own);
    for _ in 0..3 {
        bench.serves(&token, &[&rfc9440(&own)], "own").await;
        bench.refuses(&token, &[&rfc9440(&other)], OTHER_CERTIFICATE, "cached").await;
        bench.refuses(&token, &[], NO_CERTIFICATE, "cached").await;
    }
    assert_eq!(bench.issuer.fetches(), 1, "the keys were fetched once, so it was remembered");
}

#[tokio::test]
async fn t87_a_session_is_not_continued_with_another_certificate() {
    let (own, other) = (certificate("alice's laptop"), certificate("mallory's"));
    let bench = Bench::with("allowed").await;
    let token = bench.token(&own);
    let client = bench.server.client().era(Era::Legacy("2025-11-25")).token(token.clone());
    let mine = client.header("client-cert", &rfc9440(&own));
    assert_eq!(mine.initialize().await.status(), 200);
    let session = mine.session().expect("a session").to_owned();
    assert_eq!(mine.call_tool("read_note", json!({})).await.status(), 200);
    let before = bench.everything.ran();
    for certificate in [Some(rfc9440(&other)), Some(String::new()), None] {
        let theirs = bench.server.client().era(Era::Legacy("2025-11-25")).token(token.clone());
        let theirs = theirs.header("mcp-session-id", &session);
        let theirs = match &certificate {
            Some(value) => theirs.header("client-cert", value),
            None => theirs,
        };
        let params = json!({ "name": "read_note", "arguments": {} });
        let answer = theirs.request_without_session("tools/call", params).await;
        let challenge = answer.challenge().expect("a challenge");
        assert_eq!((answer.status(), challenge.error()), (401, Some("invalid_token")), "{}", answer.body());
    }
    assert_eq!(bench.everything.ran(), before);
    assert_eq!(mine.call_tool("read_note", json!({})).await.status(), 200, "it is still open");
}

#[tokio::test]
async fn what_is_refused_and_served_is_the_same_on_every_revision() {
    let (own, other) = (certificate("alice's laptop"), certificate("mallory's"));
    let bench = Bench::with("required").await;
    for era in Era::ALL {
        let client = || bench.server.client().era(era).token(bench.token(&own));
        let answer = client().header("client-cert", &rfc9440(&own)).call_tool("read_note", json!({})).await;
        assert_eq!(answer.status(), 200, "{era:?}: {}", answer.body());
        let answer = client().header("client-cert", &rfc9440(&other)).call_tool("read_note", json!({})).await;
        assert_eq!(answer.status(), 401, "{era:?}: {}", answer.body());
        assert_eq!(client().call_tool("read_note", json!({})).await.status(), 401, "{era:?}");
    }
}

#[tokio::test]
async fn an_unbound_token_is_served_where_that_is_allowed_and_refused_where_it_must_be_bound() {
    let own = certificate("alice's laptop");
    let (allowed, required) = (Bench::with("allowed").await, Bench::with("required").await);
    for values in [&[][..], &[&*rfc9440(&own)]] {
        allowed.serves(&allowed.token_with(json!({})), values, "allowed").await;
        required.refuses(&required.token_with(json!({})), values, NOT_BOUND, "required").await;
    }
    required.serves(&required.token(&own), &[&rfc9440(&own)], "the twin").await;
}

#[tokio::test]
async fn where_no_certificate_can_come_a_bound_token_is_refused_as_before() {
    let own = certificate("alice's laptop");
    let bench = Bench::of("", "").await;
    let token = bench.token(&own);
    for values in [&[][..], &[&*rfc9440(&own)]] {
        bench.refuses(&token, values, CONSTRAINED, "off").await;
    }
    bench.serves(&bench.token_with(json!({})), &[], "the twin").await;
}

#[tokio::test]
async fn t86_what_names_no_certificate_is_bound_to_none_that_could_be_shown() {
    let own = certificate("alice's laptop");
    let bench = Bench::with("allowed").await;
    let x5t = thumbprint(&own);
    for cnf in [
        json!({ "x5t#S256": "x" }),
        json!({ "x5t#S256": format!("{x5t}=") }),
        json!({ "x5t#S256": [x5t] }),
        json!({ "x5t#S256": null }),
        json!({ "x5t": x5t }),
        json!({ "x5t#S256": x5t, "kid": "k" }),
        json!({ "x5t#S256": x5t, "jkt": x5t }),
        json!([{ "x5t#S256": x5t }]),
        json!({}),
        json!(x5t),
    ] {
        let token = bench.token_with(json!({ "cnf": cnf }));
        bench.refuses(&token, &[&rfc9440(&own)], CONSTRAINED, &cnf.to_string()).await;
    }
}

#[tokio::test]
async fn t86_a_token_bound_to_a_key_and_a_certificate_is_served_with_both_and_with_neither_alone() {
    use crate::dpop::bench as dpop;
    let (own, other) = (certificate("alice's laptop"), certificate("mallory's"));
    let both =
        dpop::Bench::of(&behind_proxy("rfc9440"), "dpop = \"allowed\"\ncertificate_bound = \"allowed\"")
            .await;
    let jkt = dpop::thumbprint(&both.own.bare_jwk());
    let token = both.token_with(json!({ "cnf": { "jkt": jkt, "x5t#S256": thumbprint(&own) } }));
    let call = async |scheme: &str, certificate: Option<&[u8]>| {
        let proof = both.proof(&token).signed();
        let header = certificate.map(rfc9440);
        both.call_with("read_note", &format!("{scheme} {token}"), &[proof.as_bytes()], header.as_deref())
            .await
    };
    let before = both.everything.ran();
    assert_eq!(call("DPoP", Some(&own)).await.status, 200);
    assert_eq!(both.everything.ran(), before + 1);
    for (scheme, certificate) in
        [("DPoP", None), ("DPoP", Some(&other[..])), ("Bearer", Some(&own[..])), ("Bearer", None)]
    {
        let got = call(scheme, certificate).await;
        assert_eq!((got.status, got.error().0.as_deref()), (401, Some("invalid_token")), "{scheme} {got:?}");
    }
    let got = both.call_with("read_note", &format!("DPoP {token}"), &[], Some(&rfc9440(&own))).await;
    assert_eq!((got.status, got.error().0.as_deref()), (401, Some("invalid_dpop_proof")), "{got:?}");
    assert_eq!(both.everything.ran(), before + 1);
}

#[tokio::test]
async fn t86_an_opaque_token_is_bound_to_the_certificate_that_its_issuer_says() {
    let (own, other) = (certificate("alice's laptop"), certificate("mallory's"));
    let more =
        "certificate_bound = \"required\"\n[auth.issuers.introspection]\nauth = \"none\"\ntokens = \"all\"\n";
    let bench = Bench::of_asked(&behind_proxy("rfc9440"), more).await;
    let answers = |changes| {
        let mut answer = bench.issuer.claims(bench.server.url(), changes);
        answer["active"] = true.into();
        bench.issuer.put("/introspect", Reply::Json(answer));
    };
    answers(json!({ "cnf": { "x5t#S256": thumbprint(&own) }, "token_type": "Bearer" }));
    bench.refuses("opaque-1", &[], NO_CERTIFICATE, "none").await;
    bench.serves("opaque-1", &[&rfc9440(&own)], "own").await;
    bench.refuses("opaque-1", &[&rfc9440(&other)], OTHER_CERTIFICATE, "other").await;
    answers(json!({}));
    bench.refuses("opaque-2", &[&rfc9440(&own)], NOT_BOUND, "unbound").await;
    answers(json!({ "cnf": { "x5t#S256": "x" } }));
    bench.refuses("opaque-3", &[&rfc9440(&own)], CONSTRAINED, "malformed").await;
}
