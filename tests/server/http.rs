//! HTTP below and around the message, rows H01 to H33: credentials in every place, hosts and origins, methods,
//! framing, sizes and timers. Written to the socket byte by byte, against the whole server.

use std::time::{Duration, Instant};

use mcp_auth::testing::{Era, TestServer};
use mcp_auth::{Config, Server};
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;
use tokio::time::sleep;

use crate::everything::{CONFIG, Everything};
use crate::wire::{Reply, Wire, call_body, call_headers};

/// A server, its socket, and a header line with a good token of alice, who holds no scope.
async fn start(toml: &str) -> (Everything, TestServer, Wire, String) {
    let everything = Everything::default();
    let server = everything.start_with(toml).await;
    let wire = Wire::of(&server);
    let bearer = format!("Authorization: Bearer {}\r\n", server.token("alice").mint());
    (everything, server, wire, bearer)
}

/// 401 as for nobody: a challenge without `error`, the scopes, the metadata; the request's id in the body.
#[track_caller]
fn assert_unauthenticated(reply: &Reply, input: &str) {
    assert_eq!(reply.status(), 401, "{input:?}: {}", reply.text());
    let challenge = reply.challenge().expect("a challenge");
    assert_eq!(challenge.error(), None, "{input:?}");
    assert_eq!(challenge.scopes(), ["base"], "{input:?}");
    assert!(challenge.resource_metadata().is_some(), "{input:?}");
    assert_eq!(reply.json()["id"], 1, "{input:?}");
    assert_eq!(reply.json()["error"]["code"], 401, "{input:?}");
}

/// 400 `invalid_request` (RFC 6750 §3.1).
#[track_caller]
fn assert_invalid_request(reply: &Reply, input: &str) {
    assert_eq!(reply.status(), 400, "{input:?}: {}", reply.text());
    let challenge = reply.challenge().expect("a challenge");
    assert_eq!(challenge.error(), Some("invalid_request"), "{input:?}");
    assert_eq!(reply.json()["id"], 1, "{input:?}");
}

#[track_caller]
fn assert_whoami(reply: &Reply, input: &str) {
    assert_eq!(reply.status(), 200, "{input:?}: {}", reply.text());
    assert_eq!(reply.json()["result"]["structuredContent"]["subject"], "alice", "{input:?}");
}

#[tokio::test]
async fn h01_h03_no_credentials_and_those_of_another_scheme_get_401_without_error() {
    let (everything, _server, wire, bearer) = start("").await;
    for credentials in [
        "",
        "Authorization:\r\n",
        "Authorization: Basic YWxpY2U6c2VjcmV0\r\n",
        "Authorization: Digest username=\"alice\"\r\n",
        "Authorization: Frobnicate abc\r\n",
        "Authorization: DPoP abc\r\n",
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
    ] {
        let reply = wire.call("whoami", &format!("Authorization: {value}\r\n")).await;
        match value.as_str() {
            // Another scheme's name, with a tab in it: no credentials at all.
            tab if tab.contains('\t') => assert!([400, 401].contains(&reply.status()), "{}", reply.text()),
            value => assert_invalid_request(&reply, value),
        }
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
async fn h08_h10_a_token_anywhere_but_in_the_header_is_no_credential() {
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
    // Twin: another query is nobody's business.
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

#[tokio::test]
async fn h15_a_foreign_host_is_403_on_every_route_but_health() {
    let (everything, _server, wire, bearer) = start("").await;
    let port = wire.host().rsplit_once(':').expect("a port").1.to_owned();
    let body = call_body("whoami");
    let lines = |host: &str| format!("Host: {host}\r\n{}{bearer}", call_headers("whoami"));
    for host in [
        "evil.example".to_owned(),
        format!("evil.example:{port}"),
        format!("localhost.evil:{port}"),
        format!("localhost.:{port}"),
        format!("127.1:{port}"),
        format!("127.0.0.2:{port}"),
        format!("2130706433:{port}"),
        format!("0x7f.0.0.1:{port}"),
        format!("0.0.0.0:{port}"),
        format!("[::1%25eth0]:{port}"),
        format!("[::ffff:127.0.0.1]:{port}"),
        format!("evil.example@127.0.0.1:{port}"),
        "127.0.0.1:1".to_owned(),
        format!("127.0.0.1:0{port}"),
        format!("127.0.0.1:{port}:80"),
    ] {
        let reply = wire.post("/mcp", &lines(&host), &body).await;
        assert!([400, 403].contains(&reply.status()), "{host:?}: {}", reply.text());
        assert_eq!(reply.status() == 400, host.contains('@'), "{host:?}");
        assert_eq!(reply.challenge(), None, "{host:?}");
        for target in ["/.well-known/oauth-protected-resource", "/.well-known/oauth-protected-resource/mcp"] {
            let get = format!("GET {target} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
            assert!([400, 403].contains(&wire.raw(get).await.status()), "{host:?} {target}");
        }
        let probe = format!("GET /healthz HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
        assert_eq!(wire.raw(probe).await.status(), 200, "{host:?}");
    }
    // An absolute target overrides `Host` (RFC 9112 §3.2.2); both must be ours.
    let foreign = format!("http://evil.example:{port}/mcp");
    assert_eq!(wire.post(&foreign, &lines(&wire.host()), &body).await.status(), 403);
    let ours = format!("http://{}/mcp", wire.host());
    assert_eq!(wire.post(&ours, &lines("evil.example"), &body).await.status(), 403);
    let other_name = format!("http://localhost:{port}/mcp");
    assert_eq!(wire.post(&other_name, &lines(&wire.host()), &body).await.status(), 400);
    assert_eq!(everything.ran(), 0);

    for host in
        [wire.host(), format!("localhost:{port}"), format!("LOCALHOST:{port}"), format!("[::1]:{port}")]
    {
        assert_whoami(&wire.post("/mcp", &lines(&host), &body).await, &host);
    }
    assert_whoami(&wire.post(&ours, &lines(&wire.host()), &body).await, "absolute target");
}

#[tokio::test]
async fn h15_a_rebound_page_cannot_drive_the_built_in_issuer() {
    let state = tempfile::tempdir().expect("a directory");
    let local = format!(
        "[server]\nlisten = \"127.0.0.1:0\"\n[auth]\nmode = \"embedded\"\nembedded.state_dir = {:?}\n",
        state.path()
    );
    let config = Config::builder().toml(CONFIG).toml(&local).build().expect("a configuration");
    let running = Server::builder(Everything::default()).config(config).start().await.expect("it starts");
    let wire = Wire::at(running.address());
    let ask = |method: &str, target: &str, lines: &str| {
        let head =
            format!("{method} {target} HTTP/1.1\r\n{lines}Content-Length: 0\r\nConnection: close\r\n\r\n");
        wire.raw(head)
    };
    let (ours, foreign) = (format!("Host: {}\r\n", wire.host()), "Host: evil.example\r\n".to_owned());
    let page = format!("{ours}Origin: https://evil.example\r\n");
    for (method, target) in [
        ("GET", "/.well-known/oauth-authorization-server"),
        ("GET", "/jwks"),
        ("GET", "/authorize"),
        ("POST", "/authorize"),
        ("POST", "/token"),
        ("POST", "/register"),
        ("POST", "/revoke"),
    ] {
        let served = ask(method, target, &ours).await;
        assert!(![0, 403, 404, 405].contains(&served.status()), "{method} {target}: {}", served.text());
        assert_eq!(ask(method, target, &foreign).await.status(), 403, "{method} {target}");
        let cross_site = ask(method, target, &page).await.status();
        assert_eq!(cross_site == 403, method == "POST", "{method} {target}: {cross_site}");
    }
    running.stop().await;
}

#[tokio::test]
async fn h15_an_operator_can_allow_another_host() {
    let (_everything, _server, wire, bearer) = start("[server]\nallowed_hosts = [\"todos.test\"]\n").await;
    let lines = |host: &str| format!("Host: {host}\r\n{}{bearer}", call_headers("whoami"));
    for host in ["todos.test", "todos.test:8443"] {
        assert_whoami(&wire.post("/mcp", &lines(host), call_body("whoami")).await, host);
    }
    assert_eq!(wire.post("/mcp", &lines("x.todos.test"), call_body("whoami")).await.status(), 403);
}

#[tokio::test]
async fn h16_two_hosts_none_and_an_empty_one_are_400() {
    let (everything, _server, wire, bearer) = start("").await;
    let host = format!("Host: {}\r\n", wire.host());
    for hosts in [
        String::new(),
        "Host:\r\n".to_owned(),
        "Host: \r\n".to_owned(),
        format!("{host}{host}"),
        format!("{host}Host: evil.example\r\n"),
        format!("Host: evil.example\r\n{host}"),
        format!("Host: {} {}\r\n", wire.host(), wire.host()),
        format!("Host: http://{}\r\n", wire.host()),
    ] {
        let lines = format!("{hosts}{}{bearer}", call_headers("whoami"));
        let reply = wire.post("/mcp", &lines, call_body("whoami")).await;
        assert_eq!(reply.status(), 400, "{hosts:?}: {}", reply.text());
    }
    assert_eq!(everything.ran(), 0);
    // HTTP/1.0 may leave it out; we do not guess.
    let old =
        format!("POST /mcp HTTP/1.0\r\n{}{bearer}Content-Length: 2\r\n\r\n{{}}", call_headers("whoami"));
    assert_eq!(wire.raw(old).await.status(), 400);
}

#[tokio::test]
async fn h18_a_foreign_origin_is_403_whatever_it_presents() {
    let (everything, server, wire, bearer) = start("").await;
    let own = format!("Origin: http://{}\r\n", wire.host());
    for origin in [
        "Origin: https://evil.example\r\n",
        "Origin: null\r\n",
        "Origin:\r\n",
        "Origin: *\r\n",
        "Origin: http://localhost.evil\r\n",
        "Origin: http://evil.example#http://localhost\r\n",
        "Origin: http://localhost@evil.example\r\n",
        "Origin: http://127.1\r\n",
        "Origin: file://\r\n",
        "Origin: ws://localhost\r\n",
        "Origin: http://localhost/path\r\n",
        "Origin: http://localhost http://localhost\r\n",
        "Origin: http://localhost\r\nOrigin: http://localhost\r\n",
        "Origin: http://localhost\r\nOrigin: https://evil.example\r\n",
        "Origin: http://l\u{f6}calhost\r\n",
    ] {
        for credentials in ["", &bearer] {
            let reply = wire.call("whoami", &format!("{origin}{credentials}")).await;
            assert_eq!(reply.status(), 403, "{origin:?}: {}", reply.text());
            assert_eq!(reply.challenge(), None, "403 is about the page, not about a scope: {origin:?}");
            assert_eq!(reply.header("access-control-allow-origin"), None, "{origin:?}");
        }
    }
    assert_eq!(everything.ran(), 0);
    for origin in [
        own.as_str(),
        "Origin: http://localhost\r\n",
        "Origin: http://localhost:6274\r\n",
        "Origin: https://127.0.0.1:1\r\n",
        "Origin: http://[::1]:3000\r\n",
    ] {
        assert_whoami(&wire.call("whoami", &format!("{origin}{bearer}")).await, origin);
    }
    // Legacy streams are no way around it.
    for method in ["GET", "DELETE", "PUT"] {
        let request = format!(
            "{method} /mcp HTTP/1.1\r\nHost: {}\r\nOrigin: https://evil.example\r\n{bearer}Connection: close\r\n\r\n",
            wire.host()
        );
        assert_eq!(wire.raw(request).await.status(), 403, "{method}");
    }
    drop(server);
}

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

#[tokio::test]
async fn h24_folded_lines_spaces_before_a_colon_and_nul_are_400() {
    let (everything, _server, wire, bearer) = start("").await;
    for line in [
        "X: a\r\n b\r\n".to_owned(),
        "X: a\r\n\tb\r\n".to_owned(),
        "X : a\r\n".to_owned(),
        "X: a\0b\r\n".to_owned(),
        "X\0: a\r\n".to_owned(),
        "X: a\rb\r\n".to_owned(),
        bearer.replace("Authorization:", "Authorization :"),
        bearer.replace("Bearer ", "Bearer\r\n "),
        "Transfer-Encoding : chunked\r\n".to_owned(),
    ] {
        let reply = wire.call("whoami", &format!("{line}{bearer}")).await;
        assert_eq!(reply.status(), 400, "{line:?}: {}", reply.text());
    }
    // Two framings in one request are two readings of it.
    for line in ["Transfer-Encoding: chunked\r\n", "Content-Length: 1\r\n"] {
        let reply = wire.call("whoami", &format!("{line}{bearer}")).await;
        assert_eq!(reply.status(), 400, "{line:?}: {}", reply.text());
    }
    assert_eq!(everything.ran(), 0);
    assert_whoami(&wire.call("whoami", &format!("X:a\t b \r\n{bearer}")).await, "spaces around a value");
}

#[tokio::test]
async fn h25_too_many_headers_and_one_too_long_are_431() {
    let (everything, _server, wire, bearer) = start("").await;
    let filler = |count: usize| (0..count).map(|n| format!("X-{n}: a\r\n")).collect::<String>();
    // Besides the filler there are nine: framing, host, five of the message, the token.
    assert_whoami(&wire.call("whoami", &format!("{bearer}{}", filler(91))).await, "100 headers");
    assert_eq!(wire.call("whoami", &format!("{bearer}{}", filler(92))).await.status(), 431, "101 headers");
    let long = format!("{bearer}X: {}\r\n", "a".repeat(64 * 1024));
    assert_eq!(wire.call("whoami", &long).await.status(), 431, "64 KB");
    let target = format!("/mcp?{}", "a".repeat(64 * 1024));
    assert!([414, 431].contains(&wire.call_at(&target, "whoami", &bearer).await.status()), "a long target");
    assert_eq!(everything.ran(), 1);
}

#[tokio::test]
async fn h25_the_limits_are_those_of_the_configuration() {
    let (_everything, _server, wire, bearer) =
        start("[limits]\nheaders = 16\nheader_bytes = \"8 KiB\"\n").await;
    let filler = |count: usize| (0..count).map(|n| format!("X-{n}: a\r\n")).collect::<String>();
    assert_whoami(&wire.call("whoami", &format!("{bearer}{}", filler(7))).await, "16 headers");
    assert_eq!(wire.call("whoami", &format!("{bearer}{}", filler(8))).await.status(), 431);
    assert_eq!(wire.call("whoami", &format!("{bearer}X: {}\r\n", "a".repeat(8192))).await.status(), 431);
}

#[tokio::test]
async fn h26_a_head_that_never_ends_closes_the_connection() {
    let (_everything, _server, wire, bearer) = start("[limits]\nheader_timeout = \"1s\"\n").await;
    let began = Instant::now();
    for sent in ["", "POST", "POST /mcp HTTP/1.1\r\nHost: x\r\n"] {
        let mut stream = wire.connect().await;
        stream.write_all(sent.as_bytes()).await.expect("sent");
        assert!([0, 408].contains(&Reply::read(&mut stream).await.status()), "{sent:?}");
    }
    assert!(began.elapsed() < Duration::from_secs(15), "{:?}", began.elapsed());
    assert_whoami(&wire.call("whoami", &bearer).await, "the server goes on");
}

#[tokio::test]
async fn h27_a_body_that_trickles_in_is_408_or_closed() {
    let (everything, _server, wire, bearer) = start("[limits]\nbody_timeout = \"1s\"\n").await;
    for credentials in ["", &bearer] {
        let began = Instant::now();
        let mut stream = wire.connect().await;
        let head = format!(
            "POST /mcp HTTP/1.1\r\nHost: {}\r\n{}{credentials}Content-Length: 500\r\n\r\n",
            wire.host(),
            call_headers("whoami")
        );
        stream.write_all(head.as_bytes()).await.expect("sent");
        let (mut read, mut write) = stream.into_split();
        let trickle = tokio::spawn(async move {
            while write.write_all(b" ").await.is_ok() {
                sleep(Duration::from_millis(100)).await;
            }
        });
        let mut answer = Vec::new();
        let _ = tokio::io::AsyncReadExt::read_to_end(&mut read, &mut answer).await;
        trickle.abort();
        let answer = String::from_utf8_lossy(&answer);
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 408 "), "{answer}");
        assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    }
    assert_eq!(everything.ran(), 0);
    assert_whoami(&wire.call("whoami", &bearer).await, "the server goes on");
}

#[tokio::test]
async fn h28_idle_sockets_are_capped_and_keep_no_call_out() {
    let (everything, _server, wire, bearer) = start("[limits]\nconnections = 8\n").await;
    let mut idle = Vec::new();
    for _ in 0..100 {
        idle.push(wire.connect().await);
    }
    let began = Instant::now();
    for _ in 0..10 {
        assert_whoami(&wire.call("whoami", &bearer).await, "among idle sockets");
    }
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    assert_eq!(everything.ran(), 10);
    let mut closed = 0;
    for stream in &mut idle {
        let mut byte = [0];
        let read = tokio::io::AsyncReadExt::read(stream, &mut byte);
        if tokio::time::timeout(Duration::from_millis(50), read).await.is_ok() {
            closed += 1;
        }
    }
    assert!(closed >= 92, "no more than the cap stay open: {closed} of 100 were closed");
}

#[tokio::test]
async fn h30_a_body_over_the_limit_is_413_however_it_is_sent() {
    let (everything, server, wire, _bearer) = start("[limits]\nbody = \"128 KiB\"\n").await;
    let bearer = format!("Authorization: Bearer {}\r\n", server.token("alice").scope("write").mint());
    let limit = 128 * 1024;
    let lines = format!("Host: {}\r\n{}", wire.host(), call_headers("write_note"));
    // A call whose body has exactly this many bytes.
    let body = |bytes: usize| {
        let start = call_body("write_note").replace("\"arguments\":{}", "\"arguments\":{\"text\":\"\"}");
        let text = "x".repeat(bytes - start.len());
        start.replace("\"text\":\"\"", &format!("\"text\":\"{text}\""))
    };
    let chunked = |body: &str, credentials: &str| {
        let (one, two) = body.split_at(body.len() / 2);
        format!(
            "POST /mcp HTTP/1.1\r\nConnection: close\r\n{lines}{credentials}Transfer-Encoding: chunked\r\n\r\n\
             {:x}\r\n{one}\r\n{:x}\r\n{two}\r\n0\r\n\r\n",
            one.len(),
            two.len()
        )
    };
    let (exact, over) = (body(limit), body(limit + 1));
    assert_eq!(exact.len(), limit);
    let known = format!("{lines}{bearer}");
    assert_eq!(wire.post("/mcp", &known, &over).await.status(), 413);
    assert_eq!(wire.raw(chunked(&over, &bearer)).await.status(), 413);
    let asks = format!("Expect: 100-continue\r\n{known}");
    let reply = wire.raw(format!(
        "POST /mcp HTTP/1.1\r\nConnection: close\r\nContent-Length: {}\r\n{asks}\r\n",
        limit + 1
    ));
    let reply = reply.await;
    assert_eq!(reply.status(), 413, "never told to go on: {}", reply.text());
    // Whoever is not verified: what it announces past the limit is 413 too.
    assert_eq!(wire.post("/mcp", &lines, &over).await.status(), 413);
    assert_eq!(everything.ran(), 0);
    assert_eq!(wire.post("/mcp", &known, &exact).await.status(), 200);
    assert_eq!(wire.raw(chunked(&exact, &bearer)).await.status(), 200);
    assert_eq!(everything.ran(), 2);
}

#[tokio::test]
async fn h30_at_most_64_kib_are_read_for_whoever_is_not_verified() {
    let (everything, server, wire, _bearer) = start("").await;
    let lines = format!("Host: {}\r\n{}", wire.host(), call_headers("write_note"));
    let body = |text: usize| {
        let text = format!("\"arguments\":{{\"text\":\"{}\"}}", "x".repeat(text));
        call_body("write_note").replace("\"arguments\":{}", &text)
    };
    let expired = format!("Authorization: Bearer {}\r\n", server.token("alice").expired().mint());
    for (credentials, error) in [("", None), (expired.as_str(), Some("invalid_token"))] {
        let lines = format!("{lines}{credentials}");
        let within = wire.post("/mcp", &lines, body(60 * 1024)).await;
        assert_eq!(within.status(), 401, "{}", within.text());
        let challenge = within.challenge().expect("a challenge");
        assert_eq!(
            (challenge.error(), challenge.scopes()),
            (error, vec!["base", "write"]),
            "the call's own scopes"
        );
        let past = wire.post("/mcp", &lines, body(70 * 1024)).await;
        assert_eq!(past.status(), 401, "{}", past.text());
        let challenge = past.challenge().expect("a challenge");
        assert_eq!((challenge.error(), challenge.scopes()), (error, vec!["base"]), "the call was not read");
    }
    assert_eq!(everything.ran(), 0);
    let bearer = format!("Authorization: Bearer {}\r\n", server.token("alice").scope("write").mint());
    let served = wire.post("/mcp", &format!("{lines}{bearer}"), body(70 * 1024)).await;
    assert_eq!(served.status(), 200);
    assert_eq!(everything.ran(), 1);
}

#[tokio::test]
async fn h31_a_compressed_body_is_415_and_never_inflated() {
    let (everything, _server, wire, bearer) = start("").await;
    // A gzip header (RFC 1952 §2.3) and no deflate stream: whoever inflates it fails in another way than 415.
    let bomb = [&[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3][..], &[0xff; 1024]].concat();
    for coding in
        ["gzip", "GZIP", "br", "zstd", "deflate", "x-gzip", "identity, gzip", "nonsense", "\"gzip\""]
    {
        let lines = |credentials: &str| {
            format!(
                "Host: {}\r\n{}Content-Encoding: {coding}\r\n{credentials}",
                wire.host(),
                call_headers("whoami")
            )
        };
        let reply = wire.post("/mcp", &lines(&bearer), &bomb).await;
        assert_eq!(reply.status(), 415, "{coding}: {}", reply.text());
        assert_eq!(wire.post("/mcp", &lines(""), &bomb).await.status(), 401, "401 outranks 415");
    }
    assert_eq!(everything.ran(), 0);
    assert_whoami(&wire.call("whoami", &format!("Content-Encoding: identity\r\n{bearer}")).await, "identity");
}

#[tokio::test]
async fn h32_a_body_of_another_media_type_is_415() {
    let (everything, _server, wire, bearer) = start("").await;
    for content_type in [
        "",
        "Content-Type: text/plain\r\n",
        "Content-Type: application/jsonp\r\n",
        "Content-Type: text/json\r\n",
    ] {
        let lines = format!("Host: {}\r\n{}", wire.host(), call_headers("whoami"));
        let lines = lines.replace("Content-Type: application/json\r\n", content_type);
        let reply = wire.post("/mcp", &format!("{lines}{bearer}"), call_body("whoami")).await;
        assert_eq!(reply.status(), 415, "{content_type:?}: {}", reply.text());
        let reply = wire.post("/mcp", &lines, call_body("whoami")).await;
        assert_unauthenticated(&reply, content_type);
    }
    assert_eq!(everything.ran(), 0);
    let lines = format!("Host: {}\r\n{}{bearer}", wire.host(), call_headers("whoami"));
    let lines = lines.replace("application/json\r\n", "Application/JSON; charset=utf-8\r\n");
    assert_whoami(&wire.post("/mcp", &lines, call_body("whoami")).await, "with a parameter");
}

#[tokio::test]
async fn h33_a_client_that_does_not_accept_both_forms_gets_406() {
    let (everything, _server, wire, bearer) = start("").await;
    let accept = "Accept: application/json, text/event-stream\r\n";
    for refused in [
        "",
        "Accept: application/json\r\n",
        "Accept: text/event-stream\r\n",
        "Accept: application/json, text/event-stream;q=0\r\n",
        "Accept: application/json;q=0.0, text/event-stream\r\n",
        "Accept: text/html\r\n",
    ] {
        let lines = format!("Host: {}\r\n{}", wire.host(), call_headers("whoami")).replace(accept, refused);
        let reply = wire.post("/mcp", &format!("{lines}{bearer}"), call_body("whoami")).await;
        assert_eq!(reply.status(), 406, "{refused:?}: {}", reply.text());
        assert_unauthenticated(&wire.post("/mcp", &lines, call_body("whoami")).await, refused);
    }
    assert_eq!(everything.ran(), 0);
    for accepted in [
        accept,
        "Accept: text/event-stream;q=0.1,application/json;q=1\r\n",
        "Accept: application/json\r\nAccept: text/event-stream\r\n",
    ] {
        let lines = format!("Host: {}\r\n{}", wire.host(), call_headers("whoami")).replace(accept, accepted);
        let reply = wire.post("/mcp", &format!("{lines}{bearer}"), call_body("whoami")).await;
        assert_whoami(&reply, accepted);
    }
}

#[tokio::test]
async fn h34_an_http2_preface_ends_its_connection_and_no_other() {
    let (_everything, _server, wire, bearer) = start("").await;
    let reply = wire.raw("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0").await;
    assert!([0, 400, 505].contains(&reply.status()), "{}", reply.text());
    assert_whoami(&wire.call("whoami", &bearer).await, "afterwards");
}

#[tokio::test]
async fn every_refusal_is_a_json_rpc_error_that_no_cache_keeps() {
    let (_everything, server, wire, bearer) = start("").await;
    let expired = format!("Authorization: Bearer {}\r\n", server.token("alice").expired().mint());
    for (status, extra) in [
        (401, ""),
        (401, expired.as_str()),
        (400, "Authorization: Bearer a b\r\n"),
        (403, "Origin: null\r\n"),
        (403, bearer.as_str()),
    ] {
        let reply = wire.call("write_note", extra).await;
        assert_eq!(reply.status(), status, "{extra:?}: {}", reply.text());
        assert_eq!(reply.header("content-type"), Some("application/json"), "{extra:?}");
        assert_eq!(reply.header("cache-control"), Some("no-store"), "{extra:?}");
        assert_eq!(reply.json()["jsonrpc"], "2.0", "{extra:?}");
        assert_ne!(reply.json()["error"]["message"], Value::Null, "{extra:?}");
    }
}
