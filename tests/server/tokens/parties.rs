//! For whom, by whom and through which client: audience, issuer, `client_id`.

use std::sync::Arc;

use mcp_auth::ambient::SystemClock;
use mcp_auth::testing::{Era, TestIssuer};
use serde_json::json;

use super::bench::Bench;
use crate::authorization_server::AuthorizationServer;
use crate::everything::Everything;

#[tokio::test]
async fn t24_an_audience_that_only_resembles_ours_is_refused() {
    let bench = Bench::new().await;
    let us = bench.server.url().to_owned();
    let origin = us.strip_suffix("/mcp").unwrap();
    for aud in [
        json!(format!("{us}/")),
        json!(us.to_uppercase()),
        json!(us.replace("http:", "HTTP:")),
        json!(format!("{us}.evil")),
        json!(us.replace("127.0.0.1", "127.0.0.1.evil")),
        json!(us.replace("127.0.0.1", "localhost")),
        json!(us.replace("/mcp", "/%6dcp")),
        json!(format!("{us}?x")),
        json!(format!("{us}#x")),
        json!(format!(" {us}")),
        json!(origin),
        json!(format!("{origin}/")),
        json!(format!("{us} https://other.example")),
        json!("https://other.example/mcp"),
        json!("*"),
        json!(""),
        json!([]),
        json!(["https://other.example"]),
        json!([[us]]),
        json!([us, 5]),
        json!([us, null]),
        json!({ "aud": us }),
        json!({ us.clone(): true }),
        json!(5),
        json!(true),
    ] {
        bench.refuses(&bench.token(json!({ "aud": aud })), &aud.to_string()).await;
    }
    bench.refuses(&bench.token(json!({ "aud": null })), "absent").await;
    bench.refuses(&bench.with_payload(|claims| claims.replace(&format!("\"{us}\""), "null")), "null").await;
    bench.accepts(&bench.token(json!({ "aud": us })), "ours").await;
}

#[tokio::test]
async fn t25_an_audience_among_others_is_ours_unless_it_must_be_the_only_one() {
    let (any, single) = (Bench::new().await, Bench::with("single_audience = true").await);
    for bench in [&any, &single] {
        let us = bench.server.url();
        bench.accepts(&bench.token(json!({ "aud": [us] })), "a list of one").await;
        let both = bench.token(json!({ "aud": [us, "https://other.example"] }));
        let twice = bench.token(json!({ "aud": ["https://other.example", us] }));
        for token in [both, twice] {
            if std::ptr::eq(bench, &any) {
                bench.accepts(&token, "any").await;
            } else {
                bench.refuses(&token, "single_audience").await;
            }
        }
    }
}

#[tokio::test]
async fn t27_t28_t58_an_issuer_that_only_resembles_a_configured_one_is_refused_and_not_contacted() {
    let bench = Bench::new().await;
    let asked = bench.issuer.asked();
    let stranger = AuthorizationServer::with_keys(&[&bench.key]).await;
    let ours = bench.issuer.issuer().to_owned();
    for iss in [
        json!(["https://evil.example", ours]),
        json!([ours]),
        json!({ "iss": ours }),
        json!(5),
        json!(true),
        json!(""),
        json!(format!("{ours}/")),
        json!(ours.to_uppercase()),
        json!(ours.replace("http:", "https:")),
        json!(ours.replace("127.0.0.1", "127.0.0.%31")),
        json!(ours.replace("127.0.0.1", "localhost")),
        json!(ours.replace("127.0.0.1", "127.0.0.\u{661}")),
        json!(format!("{ours}\0")),
        json!(format!(" {ours}")),
        json!(format!("{ours}?x")),
        json!("https://evil.example"),
        json!(stranger.issuer()),
    ] {
        bench.refuses(&bench.token(json!({ "iss": iss })), &iss.to_string()).await;
    }
    bench.refuses(&bench.token(json!({ "iss": null })), "absent").await;
    bench.accepts(&bench.token(json!({ "iss": ours })), "ours").await;
    assert_eq!((bench.issuer.asked(), stranger.asked()), (asked, vec![]));
}

#[tokio::test]
async fn t23_a_token_without_audience_passes_for_an_allowed_client_alone_where_that_is_allowed() {
    let usual = Bench::with("allowed_clients = [\"app\"]").await;
    let optional = Bench::with("audience_optional = true\nallowed_clients = [\"app\"]").await;
    for (none, case) in [(json!({ "aud": null }), "absent"), (json!({ "aud": [] }), "empty")] {
        usual.refuses(&usual.token(none.clone()), case).await;
        optional.accepts(&optional.token(none.clone()), case).await;
        let mut other = none;
        other["client_id"] = "other".into();
        optional.refuses(&optional.token(other), case).await;
    }
    optional.accepts(&optional.token(json!({})), "ours").await;
    for bad in [json!("https://other.example"), json!([""]), json!(""), json!({}), json!([5]), json!(false)] {
        optional.refuses(&optional.token(json!({ "aud": bad })), &bad.to_string()).await;
    }
    let alone = format!("{}audience_optional = true", "[[auth.issuers]]\nissuer = \"https://as.example\"\n");
    let started = Everything::default().builder(&alone).start().await.map(drop);
    assert!(started.expect_err("refused").to_string().contains("allowed_clients must name the clients"));
}

#[tokio::test]
async fn t54_only_allowed_clients_are_served_where_the_issuer_names_them() {
    let (any, named) = (Bench::new().await, Bench::with("allowed_clients = [\"app\", \"cli\"]").await);
    for (case, changes, allowed) in [
        ("client_id", json!({ "client_id": "cli" }), true),
        ("azp", json!({ "client_id": null, "azp": "app" }), true),
        ("another", json!({ "client_id": "other" }), false),
        ("another by azp", json!({ "client_id": null, "azp": "other" }), false),
        ("client_id before azp", json!({ "client_id": "other", "azp": "app" }), false),
        ("in capitals", json!({ "client_id": "APP" }), false),
        ("none at all", json!({ "client_id": null }), false),
    ] {
        any.accepts(&any.token(changes.clone()), case).await;
        let token = named.token(changes);
        if allowed { named.accepts(&token, case).await } else { named.refuses(&token, case).await }
    }
    for client in [json!(5), json!(""), json!(["app"]), json!("a\r\nb")] {
        any.refuses(&any.token(json!({ "client_id": client })), &client.to_string()).await;
    }
}

#[tokio::test]
async fn the_built_in_issuers_rules_hold_for_a_trusted_one_in_this_process() {
    let everything = Everything::default();
    let server = everything.start().await;
    let good = || server.token("alice").scope("read");
    let us = server.url();
    let stranger = TestIssuer::new("https://issuer.test", Arc::new(SystemClock));
    for (case, token) in [
        ("T10 b64", good().header("b64", false)),
        ("T18 JWT", good().header("typ", "JWT")),
        ("T24 slash", good().audience(&format!("{us}/"))),
        ("T28 slash", good().issuer("https://issuer.test/")),
        ("T31 no exp", good().without_claim("exp")),
        ("T36 expired", good().expired()),
        ("T46 no sub", good().without_claim("sub")),
        ("a stranger's key", good().signed_by_a_stranger()),
        ("another issuer of that name", stranger.token("alice", us).scope("read")),
    ] {
        for era in Era::ALL {
            let answer = server.client().era(era).token(&token).call_tool("read_note", json!({})).await;
            assert_eq!(answer.status(), 401, "{case} {era:?}: {}", answer.body());
            assert_eq!(answer.challenge().unwrap().error(), Some("invalid_token"), "{case} {era:?}");
        }
    }
    assert_eq!(everything.ran(), 0);
    for era in Era::ALL {
        let answer = server.client().era(era).token(good()).call_tool("read_note", json!({})).await;
        assert_eq!(answer.text(), Some("a note"), "{era:?}");
    }
    assert_eq!(everything.ran(), 4);
}
