//! Scopes: from one claim, split at spaces, at most 1024.

use serde_json::{Value, json};

use super::bench::Bench;

#[tokio::test]
async fn t48_scopes_come_from_the_configured_claims_and_never_from_two() {
    let (scope, scp) = (Bench::new().await, Bench::with("scope_claims = [\"scp\", \"scope\"]").await);
    let only = |name: &str, value: Value| json!({ "scope": null, name: value });
    scope.grants_nothing(&scope.token(json!({ "scope": "other", "scp": "read" })), "scope counts").await;
    scope.grants_nothing(&scope.token(only("scp", json!("read"))), "scp is not configured").await;
    scope.grants_nothing(&scope.token(only("scopes", json!("read"))), "nor is scopes").await;
    scope.grants_nothing(&scope.token(only("permissions", json!(["read"]))), "nor are permissions").await;
    scope.accepts(&scope.token(json!({ "scope": "read", "scp": "other" })), "scope counts").await;
    scp.grants_nothing(&scp.token(json!({ "scope": "read", "scp": "other" })), "scp comes first").await;
    scp.grants_nothing(&scp.token(json!({ "scope": "read", "scp": "" })), "present and empty").await;
    scp.grants_nothing(&scp.token(json!({ "scope": "read", "scp": 5 })), "present and no scopes").await;
    scp.accepts(&scp.token(json!({ "scope": "other", "scp": ["read"] })), "scp comes first").await;
    scp.accepts(&scp.token(json!({ "scope": "read" })), "scope comes second").await;
}

#[tokio::test]
async fn t49_t52_scopes_are_split_at_spaces_only_and_other_shapes_grant_nothing() {
    let bench = Bench::new().await;
    for scope in [
        json!("x\tread"),
        json!("x\u{a0}read"),
        json!("x\u{2003}read"),
        json!("x,read"),
        json!("x\nread"),
        json!("x\0read"),
        json!("\"read\""),
        json!("read;"),
        json!("READ"),
        json!("rea"),
        json!("read."),
        json!("re\u{430}d"),
        json!("*"),
        json!(""),
        json!(" "),
        json!({}),
        json!({ "read": true }),
        json!(5),
        json!(true),
        json!([]),
        json!(["x read"]),
        json!([["read"]]),
        json!(["read", 5]),
    ] {
        bench.grants_nothing(&bench.token(json!({ "scope": scope })), &scope.to_string()).await;
    }
    bench.grants_nothing(&bench.token(json!({ "scope": null })), "absent").await;
    bench.grants_nothing(&bench.with_payload(|claims| claims.replace("\"read\"", "null")), "null").await;
    for scope in
        [json!("read"), json!("x read"), json!("  x  read  "), json!("x,y read"), json!(["x", "read"])]
    {
        bench.accepts(&bench.token(json!({ "scope": scope })), &scope.to_string()).await;
    }
}

#[tokio::test]
async fn t51_a_token_with_more_than_1024_scopes_is_refused() {
    let bench = Bench::new().await;
    let scopes = |count: usize| format!("read{}", " x".repeat(count - 1));
    bench.accepts(&bench.token(json!({ "scope": scopes(1024) })), "1024").await;
    bench.refuses(&bench.token(json!({ "scope": scopes(1025) })), "1025").await;
    let list = |count: usize| (0..count).map(|n| if n == 0 { "read" } else { "x" }).collect::<Vec<_>>();
    bench.accepts(&bench.token(json!({ "scope": list(1024) })), "a list of 1024").await;
    bench.refuses(&bench.token(json!({ "scope": list(1025) })), "a list of 1025").await;
}
