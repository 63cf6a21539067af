//! Methods and paths: only POST at the exact path.

use super::answers::{assert_unauthenticated, assert_whoami, start};

#[tokio::test]
async fn h21_every_other_method_is_405_with_allow_once_the_caller_is_known() {
    let (everything, _server, wire, bearer) = start("").await;
    let modern = "MCP-Protocol-Version: 2026-07-28\r\n";
    let legacy = "MCP-Protocol-Version: 2025-11-25\r\n";
    for (method, lines) in [
        ("GET", modern),
        ("DELETE", modern),
        ("GET", "MCP-Protocol-Version: 2026-07-28\r\nMcp-Session-Id: x\r\nLast-Event-ID: 1\r\n"),
        ("GET", legacy),
        ("DELETE", legacy),
        ("GET", ""),
        ("PUT", modern),
        ("PATCH", legacy),
        ("TRACE", ""),
        ("HEAD", modern),
        ("HEAD", legacy),
        ("OPTIONS", ""),
        ("QUERY", ""),
        ("POSTS", ""),
        ("post", ""),
    ] {
        let request = |credentials: &str| {
            format!(
                "{method} /mcp HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n{lines}{credentials}\r\n",
                wire.host()
            )
        };
        let reply = wire.raw(request(&bearer)).await;
        assert_eq!(reply.status(), 405, "{method} {lines:?}: {}", reply.text());
        assert_eq!(reply.header("allow"), Some("POST"), "{method}");
        assert!(!reply.text().contains("Authorization"), "TRACE must not echo");
        let reply = wire.raw(request("")).await;
        assert_eq!(reply.status(), 401, "{method}: 401 outranks 405");
        assert_eq!(reply.challenge().expect("a challenge").scopes(), ["base"]);
    }
    let connect =
        format!("CONNECT {host} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n", host = wire.host());
    assert!((400..500).contains(&wire.raw(connect).await.status()));
    assert_eq!(everything.ran(), 0);
}

#[tokio::test]
async fn h22_method_overrides_are_ignored() {
    let (everything, _server, wire, bearer) = start("").await;
    for name in ["X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"] {
        for method in ["GET", "DELETE", "OPTIONS"] {
            let line = format!("{name}: {method}\r\n");
            assert_whoami(&wire.call("whoami", &format!("{line}{bearer}")).await, &line);
            assert_unauthenticated(&wire.call("whoami", &line).await, &line);
        }
        let get = format!(
            "GET /mcp?_method=POST HTTP/1.1\r\nHost: {}\r\n{name}: POST\r\n{bearer}Connection: close\r\n\r\n",
            wire.host()
        );
        assert_eq!(wire.raw(get).await.status(), 405);
    }
    assert_eq!(everything.ran(), 9);
}

#[tokio::test]
async fn h23_only_the_exact_path_is_the_endpoint() {
    let (everything, _server, wire, bearer) = start("").await;
    for target in [
        "/mcp/",
        "/mcp/x",
        "/mcp/../mcp",
        "//mcp",
        "/./mcp",
        "/%6dcp",
        "/MCP",
        "/mcp;a=b",
        "/mcp%00",
        "/mcp%2f",
        "/",
        "/x/../mcp",
        "/mcp%3fa",
        "\\mcp",
    ] {
        for credentials in ["", &bearer] {
            let reply = wire.call_at(target, "whoami", credentials).await;
            assert!([400, 404].contains(&reply.status()), "{target}: {}", reply.text());
        }
    }
    assert_eq!(everything.ran(), 0);
    for target in ["/mcp", "/mcp?", "/mcp?a=b"] {
        assert_whoami(&wire.call_at(target, "whoami", &bearer).await, target);
    }
}
