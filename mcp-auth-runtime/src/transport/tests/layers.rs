//! Host, Origin, health and the exact path: H12, H15, H16, H18, H22.

use http::Method;

use super::support::*;

#[tokio::test]
async fn h16_no_host_two_hosts_and_an_empty_one_are_bad_requests_on_every_path() {
    let server = start(defaults()).await;
    for path in ["/mcp", "/nowhere", "/peer"] {
        for hosts in
            ["", "Host: HOST\r\nHost: HOST\r\n", "Host: HOST\r\nHost: evil\r\n", "Host:\r\n", "Host: a b\r\n"]
        {
            let answer =
                server.raw(format!("POST {path} HTTP/1.1\r\nConnection: close\r\n{hosts}\r\n")).await;
            assert_eq!(status(&answer), 400, "{path} {hosts:?}");
        }
    }
    assert_eq!(status(&server.raw("POST /mcp HTTP/1.0\r\n\r\n").await.replace("1.0", "1.1")), 400);
    assert_eq!(server.calls(), 0);
}

#[tokio::test]
async fn h15_a_foreign_host_is_403_json_on_every_path_and_in_every_spelling() {
    let server = start(defaults()).await;
    let port = server.address.port();
    for path in ["/mcp", "/nowhere", "/peer", "/.well-known/oauth-protected-resource"] {
        for host in ["evil.example", "localhost.evil", "127.1", "[::1%25eth0]", "localhost."] {
            let request = format!("POST {path} HTTP/1.1\r\nHost: {host}:{port}\r\nConnection: close\r\n\r\n");
            let answer = server.raw(request).await;
            assert_eq!(status(&answer), 403, "{path} {host}");
            assert!(answer.contains(r#""jsonrpc":"2.0""#) && answer.contains(r#""code":403"#), "{answer}");
            assert!(answer.contains("content-type: application/json"), "{answer}");
        }
    }
    for target in ["http://evil.example/mcp", "https://evil.example/mcp"] {
        let answer =
            server.raw(format!("POST {target} HTTP/1.1\r\nHost: HOST\r\nConnection: close\r\n\r\n")).await;
        assert_eq!(status(&answer), 403, "{target}");
    }
    let ours = "POST http://HOST/mcp HTTP/1.1\r\nHost: HOST\r\nConnection: close\r\n\r\n";
    assert_eq!(status(&server.raw(ours).await), 200);
    assert_eq!(server.calls(), 1);
}

#[tokio::test]
async fn health_needs_no_host_that_we_know() {
    let server = start(defaults()).await;
    for host in ["", "Host: 10.0.0.7\r\n", "Host: evil.example\r\nHost: b\r\n"] {
        for path in ["/healthz", "/readyz"] {
            let answer = server.raw(format!("GET {path} HTTP/1.1\r\nConnection: close\r\n{host}\r\n")).await;
            assert_eq!(status(&answer), 200, "{path} {host:?}");
        }
        let answer = server.raw(format!("GET /healthz/ HTTP/1.1\r\nConnection: close\r\n{host}\r\n")).await;
        assert_ne!(status(&answer), 200, "only the exact path");
    }
}

#[tokio::test]
async fn h18_a_foreign_origin_is_403_for_every_method_and_the_endpoint_never_sees_it() {
    let server = start(defaults()).await;
    for origins in [
        "Origin: http://evil.example\r\n",
        "Origin: null\r\n",
        "Origin: http://localhost.evil\r\n",
        "Origin: http://localhost:6274\r\nOrigin: http://localhost:6274\r\n",
    ] {
        for method in ["POST", "GET", "DELETE", "OPTIONS", "PUT"] {
            let request =
                format!("{method} /mcp HTTP/1.1\r\nHost: HOST\r\nConnection: close\r\n{origins}\r\n");
            let answer = server.raw(request).await;
            assert_eq!(status(&answer), 403, "{method} {origins:?}");
            assert!(!answer.to_ascii_lowercase().contains("access-control-allow-origin"), "{answer}");
        }
    }
    assert_eq!(server.calls(), 0);
    assert_eq!(status(&server.post("Origin: http://localhost:6274\r\n", "").await), 200);
}

#[tokio::test]
async fn the_endpoint_has_one_path() {
    let server = start(defaults()).await;
    for path in ["/mcp/", "/mcp/x", "/mcp/../mcp", "//mcp", "/./mcp", "/%6dcp", "/mcp%2f", "/MCP"] {
        let answer =
            server.raw(format!("POST {path} HTTP/1.1\r\nHost: HOST\r\nConnection: close\r\n\r\n")).await;
        assert_eq!(status(&answer), 404, "{path}");
    }
    assert_eq!(server.calls(), 0);
}

#[tokio::test]
async fn h12_h22_override_and_forwarded_headers_change_nothing() {
    let server = start(defaults()).await;
    let answer = server
        .post("X-HTTP-Method-Override: DELETE\r\nX-Forwarded-Host: evil\r\nForwarded: host=evil\r\n", "")
        .await;
    assert_eq!(status(&answer), 200);
    assert!(answer.contains(&format!("x-method: {}", Method::POST)), "{answer}");
    let rebound = "POST /mcp HTTP/1.1\r\nHost: evil\r\nX-Forwarded-Host: HOST\r\nConnection: close\r\n\r\n";
    assert_eq!(status(&server.raw(rebound).await), 403);
}
