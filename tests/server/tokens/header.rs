//! The shape of a token and its header: compact JWS of the right type, without extensions.

use serde_json::json;

use super::bench::Bench;
use crate::authorization_server::b64;

#[tokio::test]
async fn t07_t21_t60_a_token_that_is_not_a_compact_jws_is_refused() {
    let bench = Bench::new().await;
    let [h, p, s] = bench.parts();
    let jwe = b64(r#"{"alg":"RSA-OAEP","enc":"A256GCM","zip":"DEF"}"#);
    for token in [
        format!("{h}.{p}."),
        format!("{h}.{p}"),
        format!("{h}..{s}"),
        format!(".{p}.{s}"),
        format!("{h}.{p}.{s}."),
        format!(".{h}.{p}.{s}"),
        format!("{h}.{p}.{s}.{s}"),
        format!("{h}.{p}.{s}.{s}.{s}"),
        format!("{h}.{p}.{s}="),
        format!("{h}.{p}.{s}=="),
        format!("{jwe}.AAAA.AAAA.AAAA.AAAA"),
        format!("{jwe}.{p}.{s}"),
        h.clone(),
        ".".to_owned(),
        "..".to_owned(),
        "sk_live_4eC39HqLyjWDarjtT1zdp7dc".to_owned(),
        "00000000-0000-0000-0000-000000000000".to_owned(),
        "mF_9.B5f-4.1JqM".to_owned(),
    ] {
        bench.refuses(&token, &token).await;
    }
    bench.accepts(&format!("{h}.{p}.{s}"), "three parts").await;
}

#[tokio::test]
async fn t09_t10_t22_headers_that_change_what_a_token_means_are_refused() {
    let bench = Bench::new().await;
    for (name, values) in [
        ("crit", vec![json!(["x"]), json!([]), json!(["alg"]), json!("x"), json!(null), json!(["b64"])]),
        ("b64", vec![json!(false), json!(true)]),
        ("zip", vec![json!("DEF"), json!(null)]),
        ("enc", vec![json!("A256GCM")]),
    ] {
        for value in values {
            bench.refuses(&bench.with_header(name, value.clone()), &format!("{name}: {value}")).await;
        }
    }
    bench.accepts(&bench.with_header("x-other", json!({ "any": 1 })), "a header without a meaning").await;
}

#[tokio::test]
async fn t16_a_kid_is_one_string() {
    let bench = Bench::new().await;
    for kid in [json!(5), json!([]), json!(["k"]), json!(null), json!({}), json!(true)] {
        bench.refuses(&bench.with_header("kid", kid.clone()), &kid.to_string()).await;
    }
    for header in [
        r#"{"alg":"ES256","kid":"k","kid":"k"}"#,
        r#"{"alg":"ES256","kid":"k","\u006bid":"k"}"#,
        r#"{"alg":"ES256","alg":"ES256","kid":"k"}"#,
        r#"{"alg":"ES256","kid":"k"} "#,
        "\u{feff}{\"alg\":\"ES256\",\"kid\":\"k\"}",
        r#"[{"alg":"ES256","kid":"k"}]"#,
    ] {
        let token = bench.key.compact(header, bench.claims(json!({})).to_string());
        // White space around JSON is JSON; everything else here is not one strict object.
        if header.ends_with(' ') {
            bench.accepts(&token, header).await
        } else {
            bench.refuses(&token, header).await
        }
    }
    bench.refuses(&bench.with_header("kid", json!("../../k")), "unknown").await;
    bench.accepts(&bench.with_header("kid", json!("k")), "its own").await;
}

#[tokio::test]
async fn t18_types_of_other_tokens_are_refused_and_an_issuer_can_demand_rfc_9068() {
    let access = ["at+jwt", "AT+JWT", "application/at+jwt", "Application/AT+JWT"];
    let others =
        ["dpop+jwt", "logout+jwt", "id_token", "secevent+jwt", "JWE", "JOSE", "", "at+jwt ", "text/at+jwt"];
    let (any, strict) = (Bench::new().await, Bench::with("require_at_jwt = true").await);
    for (bench, demands) in [(&any, false), (&strict, true)] {
        for typ in access {
            bench.accepts(&bench.with_header("typ", json!(typ)), typ).await;
        }
        for typ in others {
            bench.refuses(&bench.with_header("typ", json!(typ)), typ).await;
        }
        for typ in [json!(null), json!(5), json!(["at+jwt"])] {
            bench.refuses(&bench.with_header("typ", typ.clone()), &typ.to_string()).await;
        }
        let untyped = bench.key.compact(r#"{"alg":"ES256","kid":"k"}"#, bench.claims(json!({})).to_string());
        for (case, token) in [
            ("JWT", bench.with_header("typ", json!("JWT"))),
            ("jwt", bench.with_header("typ", json!("jwt"))),
            ("absent", untyped),
        ] {
            if demands { bench.refuses(&token, case).await } else { bench.accepts(&token, case).await }
        }
    }
}

#[tokio::test]
async fn t19_t53_id_tokens_and_sender_constrained_tokens_are_refused() {
    let bench = Bench::new().await;
    for (case, changes) in [
        ("an ID token for the client", json!({ "aud": "app", "nonce": "n" })),
        ("at_hash", json!({ "at_hash": "x" })),
        ("c_hash", json!({ "c_hash": "x" })),
        ("bound to a key (DPoP)", json!({ "cnf": { "jkt": "x" } })),
        ("bound to a certificate", json!({ "cnf": { "x5t#S256": "x" } })),
        ("cnf of another shape", json!({ "cnf": "x" })),
    ] {
        bench.refuses(&bench.token(changes), case).await;
    }
    bench.accepts(&bench.token(json!({ "nonce": "n" })), "an access token with a nonce").await;
}
