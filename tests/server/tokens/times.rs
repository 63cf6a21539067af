//! Times: expiry, not before, issued at, the longest lifetime and the skew.

use mcp_auth::testing::Era;
use mcp_auth_tests::clock::MovedClock;
use serde_json::{Value, json};

use super::bench::Bench;
use crate::authorization_server::now;
use crate::everything::Everything;

#[tokio::test]
async fn t31_t33_t34_an_expiry_is_a_date_and_not_too_far() {
    let bench = Bench::new().await;
    bench.refuses(&bench.token(json!({ "exp": null })), "absent").await;
    let exp = |text: &str| {
        bench.with_payload(|claims| {
            let mut claims: Value = serde_json::from_str(&claims).unwrap();
            claims["exp"] = json!("EXP");
            claims.to_string().replace("\"EXP\"", text)
        })
    };
    let (soon, long) = (now() + 300, now() + 23 * 3600);
    for text in [
        "null",
        "true",
        "\"999\"",
        "{}",
        "[]",
        "-1",
        "1e308",
        "1e999",
        "18446744073709551616",
        "18446744073709551615",
        "1000000000000000000",
        "253402300800",
        &format!("\"{soon}\""),
        &format!("[{soon}]"),
        &(now() + 25 * 3600).to_string(),
    ] {
        bench.refuses(&exp(text), text).await;
    }
    for text in [soon.to_string(), format!("{soon}.5"), long.to_string()] {
        bench.accepts(&exp(&text), &text).await;
    }
    bench.refuses(&bench.token(json!({ "iat": null, "exp": now() + 25 * 3600 })), "no iat, too far").await;
    bench.accepts(&bench.token(json!({ "iat": null })), "no iat").await;
}

#[tokio::test]
async fn t34_the_longest_lifetime_is_the_issuers() {
    let bench = Bench::with("max_token_lifetime = \"5m\"").await;
    bench.accepts(&bench.token(json!({ "exp": now() + 290 })), "290 s").await;
    bench.refuses(&bench.token(json!({ "exp": now() + 310 })), "310 s").await;
    bench.refuses(&bench.token(json!({ "iat": now() - 200, "exp": now() + 200 })), "400 s, half over").await;
}

#[tokio::test]
async fn t36_t37_t39_times_are_checked_with_the_issuers_skew() {
    let (default, none) = (Bench::new().await, Bench::with("clock_skew = \"0s\"").await);
    let expired = |ago: u64| json!({ "iat": now() - 600, "exp": now() - ago });
    default.accepts(&default.token(expired(15)), "expired within the skew").await;
    default.refuses(&default.token(expired(35)), "expired beyond the skew").await;
    none.refuses(&none.token(expired(1)), "expired, no skew").await;
    default.accepts(&default.token(json!({ "nbf": now() + 25 })), "soon valid").await;
    default.accepts(&default.token(json!({ "nbf": now() - 25 })), "long valid").await;
    for (case, changes) in [
        ("nbf in the future", json!({ "nbf": now() + 60 })),
        ("nbf is text", json!({ "nbf": "0" })),
        ("nbf is true", json!({ "nbf": true })),
        ("nbf is huge", json!({ "nbf": 1e308 })),
        ("nbf is negative", json!({ "nbf": -1 })),
        ("iat in the future", json!({ "iat": now() + 60 })),
        ("iat is text", json!({ "iat": "0" })),
        ("exp before iat", json!({ "iat": now() + 20, "exp": now() + 10 })),
        ("nbf after exp", json!({ "exp": now() + 5, "nbf": now() + 10 })),
    ] {
        default.refuses(&default.token(changes), case).await;
    }
    none.refuses(&none.token(json!({ "nbf": now() + 20 })), "soon valid, no skew").await;
}

#[tokio::test]
async fn t36_a_remembered_token_is_refused_once_exp_and_skew_have_passed() {
    let clock = MovedClock::system();
    let everything = Everything::default();
    let server = everything.builder("").ambient(clock.ambient()).start().await.expect("the server starts");
    let token = server.token("alice").scope("read").ttl(20).mint();
    for (ahead, status) in [(0, 200), (15, 200), (40, 200), (55, 401), (0, 200)] {
        clock.put_ahead(ahead);
        for era in Era::ALL {
            let answer = server.client().era(era).token(&token).call_tool("read_note", json!({})).await;
            assert_eq!(answer.status(), status, "{ahead} s ahead, {era:?}: {}", answer.body());
        }
    }
    assert_eq!(everything.ran(), 16);
}
