//! Hosts and origins: which are served, on which routes.

use mcp_auth::{Config, Server};

use super::answers::{assert_whoami, start};
use crate::everything::{CONFIG, Everything};
use crate::wire::{Wire, call_body, call_headers};

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
    let local = format!("[server]\nlisten = \"127.0.0.1:0\"\n[issuer]\nstate_dir = {:?}\n", state.path());
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
async fn h18_a_foreign_origin_is_403_with_every_credential() {
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
    // Legacy streams do not avoid the check.
    for method in ["GET", "DELETE", "PUT"] {
        let request = format!(
            "{method} /mcp HTTP/1.1\r\nHost: {}\r\nOrigin: https://evil.example\r\n{bearer}Connection: close\r\n\r\n",
            wire.host()
        );
        assert_eq!(wire.raw(request).await.status(), 403, "{method}");
    }
    drop(server);
}
