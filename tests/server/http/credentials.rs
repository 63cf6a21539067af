//! Credentials in every place, spelling and number; only one good header counts.

use mcp_auth::testing::Era;
use serde_json::json;

use super::answers::{assert_invalid_request, assert_unauthenticated, assert_whoami, start};

#[tokio::test]
async fn h01_h03_no_credentials_and_those_of_another_scheme_get_401_without_error() {
    let (everything, _server, wire, bearer) = start("").await;
    for credentials in [
        "",
        "Authorization:\r\n",
        "Authorization: Basic YWxpY2U6c2VjcmV0\r\n",
        "Authorization: Digest username=\"alice\"\r\n",
        "Authorization: Frobnicate abc\r\n",
        "Authorization: Bearerabc\r\n",
        "Proxy-Authorization: Bearer abc\r\n",
    ] {
        assert_unauthenticated(&wire.call("whoami", credentials).await, credentials);
    }
    assert_eq!(everything.ran(), 0);
    assert_whoami(&wire.call("whoami", &bearer).await, "a good token");
    assert_eq!(everything.ran(), 1);
}

#[tokio::test]
async fn h04_the_scheme_has_no_case_and_may_be_followed_by_spaces() {
    let (_everything, _server, wire, bearer) = start("").await;
    for spelling in ["Bearer", "bearer", "BEARER", "bEaReR", "Bearer  "] {
        assert_whoami(&wire.call("whoami", &bearer.replace("Bearer", spelling)).await, spelling);
    }
}

#[tokio::test]
async fn h06_several_credentials_in_one_header_or_two_are_an_invalid_request() {
    let (everything, _server, wire, bearer) = start("").await;
    let token = bearer.trim_end().trim_start_matches("Authorization: Bearer ").to_owned();
    for value in [
        "Bearer".to_owned(),
        "Bearer ".to_owned(),
        format!("Bearer {token} b"),
        format!("Bearer {token},b"),
        format!("Bearer {token}, Basic c"),
        format!("Bearer {token}, Bearer {token}"),
        format!("Basic c, Bearer {token}"),
        format!("Bearer \"{token}\""),
        format!("Bearer Bearer {token}"),
        format!("Bearer\t{token}"),
        format!("Bearer: {token}"),
        format!("Basic c, Bearer\t{token}"),
    ] {
        let reply = wire.call("whoami", &format!("Authorization: {value}\r\n")).await;
        assert_invalid_request(&reply, &value);
        assert!(!reply.text().contains(&token), "the token comes back");
    }
    for second in ["Authorization: Basic c\r\n", &bearer, "authorization:\r\n"] {
        assert_invalid_request(&wire.call("whoami", &format!("{bearer}{second}")).await, second);
        assert_invalid_request(&wire.call("whoami", &format!("{second}{bearer}")).await, second);
    }
    assert_eq!(everything.ran(), 0);
}

#[tokio::test]
async fn h01_h06_credentials_are_read_the_same_way_on_every_revision() {
    let (everything, server, _wire, bearer) = start("").await;
    let token = bearer.trim_end().trim_start_matches("Authorization: Bearer ").to_owned();
    for era in Era::ALL {
        for (value, status, error) in [
            ("Basic YWxpY2U6c2VjcmV0".to_owned(), 401, None),
            ("Bearer a b".to_owned(), 400, Some("invalid_request")),
            (format!("Bearer {token},{token}"), 400, Some("invalid_request")),
            ("Bearer nonsense".to_owned(), 401, Some("invalid_token")),
        ] {
            let client = server.client().era(era).header("authorization", &value);
            let answer = client.call_tool("whoami", json!({})).await;
            assert_eq!(answer.status(), status, "{era:?} {value:?}: {}", answer.body());
            assert_eq!(answer.challenge().expect("a challenge").error(), error, "{era:?} {value:?}");
        }
    }
    assert_eq!(everything.ran(), 0);
    for era in Era::ALL {
        let client = server.client().era(era).header("authorization", &format!("bearer  {token}"));
        assert!(client.call_tool("whoami", json!({})).await.is_success(), "{era:?}");
    }
    assert_eq!(everything.ran(), 4);
}

#[tokio::test]
async fn h07_a_token_outside_ascii_is_400_and_one_of_17_kb_is_431() {
    let (everything, _server, wire, _bearer) = start("").await;
    assert_invalid_request(&wire.call("whoami", "Authorization: Bearer tökén\r\n").await, "UTF-8");
    let long = format!("Authorization: Bearer {}\r\n", "t".repeat(17 * 1024));
    let reply = wire.call("whoami", &long).await;
    assert_eq!(reply.status(), 431);
    assert!(!reply.text().contains("ttt"));
    // Twin: 8 KB are read, and found to be no token.
    let reply = wire.call("whoami", &format!("Authorization: Bearer {}\r\n", "t".repeat(8 * 1024))).await;
    assert_eq!(reply.status(), 401);
    assert_eq!(reply.challenge().expect("a challenge").error(), Some("invalid_token"));
    assert_eq!(everything.ran(), 0);
}

#[tokio::test]
async fn h08_h10_a_token_anywhere_but_in_the_header_is_not_a_credential() {
    let (everything, _server, wire, bearer) = start("").await;
    let token = bearer.trim_end().trim_start_matches("Authorization: Bearer ").to_owned();
    for target in [format!("/mcp?access_token={token}"), format!("/mcp?a=b&access%5Ftoken={token}")] {
        assert_unauthenticated(&wire.call_at(&target, "whoami", "").await, &target);
    }
    for name in [
        "Cookie: access_token",
        "Cookie: Authorization",
        "X-Forwarded-Access-Token: Bearer ",
        "X-Forwarded-Authorization: Bearer ",
        "X-Auth-Request-Access-Token: ",
        "X-Original-Authorization: Bearer ",
        "X-API-Key: ",
        "Sec-WebSocket-Protocol: bearer, ",
        "Mcp-Session-Id: ",
    ] {
        let glue = if name.starts_with("Cookie") { "=" } else { "" };
        assert_unauthenticated(&wire.call("whoami", &format!("{name}{glue}{token}\r\n")).await, name);
    }
    let form = format!("Host: {}\r\nContent-Type: application/x-www-form-urlencoded\r\n", wire.host());
    let reply = wire.post("/mcp", &form, format!("access_token={token}")).await;
    assert_eq!(reply.status(), 401, "{}", reply.text());
    assert_eq!(reply.challenge().expect("a challenge").error(), None);
    assert_eq!(everything.ran(), 0);
}

#[tokio::test]
async fn h09_a_token_in_the_query_or_a_form_beside_the_header_is_an_invalid_request() {
    let (everything, _server, wire, bearer) = start("").await;
    for target in ["/mcp?access_token=x", "/mcp?a=b&access_token=", "/mcp?access%5Ftoken=x"] {
        assert_invalid_request(&wire.call_at(target, "whoami", &bearer).await, target);
    }
    let form = format!(
        "Host: {}\r\nContent-Type: application/x-www-form-urlencoded; charset=utf-8\r\n{bearer}",
        wire.host()
    );
    let reply = wire.post("/mcp", &form, "a=b&access_token=x").await;
    assert_eq!(reply.status(), 400, "{}", reply.text());
    assert_eq!(reply.challenge().expect("a challenge").error(), Some("invalid_request"));
    assert_eq!(everything.ran(), 0);
    // Twin: another query is ignored.
    assert_whoami(&wire.call_at("/mcp?a=access_token", "whoami", &bearer).await, "another query");
}

#[tokio::test]
async fn h12_forwarded_headers_change_neither_verdict_nor_challenge() {
    let (everything, server, wire, bearer) = start("").await;
    let plain = wire.call("write_note", "").await;
    let metadata = server.at("/.well-known/oauth-protected-resource/mcp");
    assert_eq!(plain.challenge().expect("a challenge").resource_metadata(), Some(metadata.as_str()));
    for forwarded in [
        "X-Forwarded-Host: evil.example\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Port: 443\r\n",
        "Forwarded: for=127.0.0.1;host=evil.example;proto=https\r\n",
        "X-Forwarded-Uri: /healthz\r\nX-Original-URL: /healthz\r\nX-Rewrite-URL: /healthz\r\n",
        "X-Forwarded-Prefix: /evil\r\nX-Forwarded-Method: OPTIONS\r\nX-Original-Method: OPTIONS\r\n",
        "X-Forwarded-For: 127.0.0.1\r\nX-Real-IP: 127.0.0.1\r\nX-Client-IP: ::1\r\n",
        "X-Forwarded-User: alice\r\nX-Remote-User: alice\r\nX-Auth-Request-User: alice\r\n",
    ] {
        let reply = wire.call("write_note", forwarded).await;
        assert_eq!(reply.challenge(), plain.challenge(), "{forwarded:?}");
        assert_eq!(reply.status(), 401, "{forwarded:?}");
        assert_whoami(&wire.call("whoami", &format!("{forwarded}{bearer}")).await, forwarded);
    }
    assert_eq!(everything.ran(), 6);
}

#[tokio::test]
async fn h13_no_user_agent_skips_authentication() {
    let (everything, _server, wire, _bearer) = start("").await;
    for agent in ["kube-probe/1.30", "GoogleHC/1.0", "ELB-HealthChecker/2.0", "health-check", "Prometheus/2"]
    {
        assert_unauthenticated(&wire.call("whoami", &format!("User-Agent: {agent}\r\n")).await, agent);
    }
    assert_eq!(everything.ran(), 0);
}
