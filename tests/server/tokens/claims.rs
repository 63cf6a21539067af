//! Claims as a whole: one strict JSON object, not too long, with a plain subject.

use serde_json::json;

use super::bench::Bench;

#[tokio::test]
async fn t40_t42_t43_claims_are_one_strict_json_object() {
    let bench = Bench::new().await;
    let with = |member: &str| bench.with_payload(|claims| claims.replacen('{', &format!("{{{member},"), 1));
    let us = bench.server.url();
    for member in [
        "\"exp\":4102444800".to_owned(),
        format!("\"aud\":\"{us}\""),
        format!("\"iss\":\"{}\"", bench.issuer.issuer()),
        "\"sub\":\"root\"".to_owned(),
        "\"scope\":\"admin\"".to_owned(),
        "\"sc\\u006fpe\":\"admin\"".to_owned(),
        "\"x\":{\"a\":1,\"a\":2}".to_owned(),
        format!("\"deep\":{}1{}", "[".repeat(64), "]".repeat(64)),
        "\"nan\":NaN".to_owned(),
        "\"lone\":\"\\ud800\"".to_owned(),
    ] {
        bench.refuses(&with(&member), &member).await;
    }
    bench.accepts(&with("\"x\":{\"a\":1},\"y\":{\"a\":1}"), "the same name in two objects").await;
    let header = bench.key.header().to_string();
    let claims = bench.claims(json!({})).to_string();
    for (case, payload) in [
        ("a list", b"[]".to_vec()),
        ("text", b"\"x\"".to_vec()),
        ("a number", b"1".to_vec()),
        ("null", b"null".to_vec()),
        ("empty object", b"{}".to_vec()),
        ("in a list", format!("[{claims}]").into_bytes()),
        ("BOM", format!("\u{feff}{claims}").into_bytes()),
        ("two objects", format!("{claims}{{}}").into_bytes()),
        ("a byte too many", format!("{claims}\0").into_bytes()),
        ("a comma too many", claims.replace('}', ",}").into_bytes()),
        ("bad UTF-8", [claims.trim_end_matches('}').as_bytes(), b",\"x\":\"\xff\"}"].concat()),
        ("cut off", claims.trim_end_matches('}').as_bytes().to_vec()),
        ("UTF-16", claims.encode_utf16().flat_map(u16::to_le_bytes).collect()),
        ("depth 5000", [b"{\"a\":".as_slice(), &b"[".repeat(5000), &b"]".repeat(5000), b"}"].concat()),
    ] {
        bench.refuses(&bench.key.compact(&header, payload), case).await;
    }
    bench.accepts(&bench.key.compact(&header, claims), "as it should be").await;
}

#[tokio::test]
async fn t45_long_tokens_are_served_up_to_the_header_limit() {
    let bench = Bench::new().await;
    let padded = |bytes: usize| bench.token(json!({ "padding": "x".repeat(bytes * 3 / 4) }));
    bench.accepts(&padded(8 * 1024), "8 KiB").await;
    let before = bench.everything.ran();
    for bytes in [17 * 1024, 100 * 1024, 1024 * 1024] {
        let client = bench.server.client().token(padded(bytes));
        let answer = client.call_tool("read_note", json!({})).await;
        assert_eq!(answer.status(), 431, "{bytes}: {}", answer.body());
    }
    assert_eq!(bench.everything.ran(), before);
}

#[tokio::test]
async fn t46_a_subject_is_a_short_plain_string() {
    let bench = Bench::new().await;
    bench.refuses(&bench.token(json!({ "sub": null })), "absent").await;
    for sub in [
        json!(""),
        json!(5),
        json!(["alice"]),
        json!({}),
        json!(true),
        json!("x".repeat(5 * 1024)),
        json!("x".repeat(256)),
        json!("a\r\nx-admin: 1"),
        json!("a\0"),
        json!("\u{202e}ecila"),
        json!("a\u{2028}b"),
        json!("\u{1b}[31malice"),
    ] {
        bench.refuses(&bench.token(json!({ "sub": sub })), &sub.to_string()).await;
    }
    for sub in ["alice", "auth0|123", "Ælfrēd", &"x".repeat(255)] {
        bench.accepts(&bench.token(json!({ "sub": sub })), sub).await;
    }
}
