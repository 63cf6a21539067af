//! What everyone may read without a token: protected resource metadata (rows A01 to A05 and H12 of
//! docs/src/threats.md), what pages in a browser are allowed (H19), and health.

use std::sync::Arc;

use mcp_auth::authn::{Fetch, FetchError, FetchFuture, FetchRequest, Fetched};
use mcp_auth::testing::TestServer;
use mcp_auth::{Config, Server};
use mcp_auth_tests::open::{self, Open};
use serde_json::{Value, json};

use crate::everything::Everything;
use crate::wire::{Reply, Wire};

const ROOT: &str = "/.well-known/oauth-protected-resource";
const OF_ENDPOINT: &str = "/.well-known/oauth-protected-resource/mcp";

async fn start(toml: &str) -> (Everything, TestServer, Wire) {
    let everything = Everything::default();
    let server =
        everything.builder(toml).fetch(Arc::new(NoNetwork)).start().await.expect("the server starts");
    let wire = Wire::of(&server);
    (everything, server, wire)
}

/// Issuers that cannot be reached, and need not be for what stands here.
struct NoNetwork;

impl Fetch for NoNetwork {
    fn fetch(&self, _request: FetchRequest, _max_bytes: usize) -> FetchFuture<'_> {
        Box::pin(async { Err(FetchError::Timeout) })
    }
}

async fn ask(wire: Wire, method: &str, target: &str, lines: &str) -> Reply {
    let host = if lines.starts_with("Host:") { String::new() } else { format!("Host: {}\r\n", wire.host()) };
    wire.raw(format!("{method} {target} HTTP/1.1\r\n{host}{lines}Connection: close\r\n\r\n")).await
}

#[tokio::test]
async fn a01_a03_both_well_known_forms_are_served_to_everyone_and_no_other_path_is() {
    let (everything, server, wire) = start("").await;
    let at_root = ask(wire, "GET", ROOT, "").await;
    for (target, token) in [
        (ROOT, String::new()),
        (OF_ENDPOINT, String::new()),
        (OF_ENDPOINT, "Authorization: Bearer nonsense\r\n".to_owned()),
        (OF_ENDPOINT, format!("Authorization: Bearer {}\r\n", server.token("alice").mint())),
        ("/.well-known/oauth-protected-resource?x=y", String::new()),
    ] {
        let reply = ask(wire, "GET", target, &token).await;
        assert_eq!(reply.status(), 200, "{target}: {}", reply.text());
        assert_eq!(reply.header("content-type"), Some("application/json"));
        assert_eq!(reply.json(), at_root.json());
    }
    let document = at_root.json();
    assert_eq!(document["resource"], server.url());
    assert_eq!(document["authorization_servers"], json!(["https://issuer.test"]));
    assert_eq!(document["bearer_methods_supported"], json!(["header"]));
    assert_eq!(ask(wire, "HEAD", OF_ENDPOINT, "").await.status(), 200);
    for method in ["POST", "PUT", "DELETE"] {
        assert_eq!(ask(wire, method, OF_ENDPOINT, "Content-Length: 0\r\n").await.status(), 405, "{method}");
    }
    for target in [
        "/.well-known/oauth-protected-resource/",
        "/.well-known/oauth-protected-resource/mcp/",
        "/.well-known/oauth-protected-resource/mcp/x",
        "/.well-known/oauth-protected-resource/other",
        "/.well-known/oauth-protected-resource//mcp",
        "/.well-known/oauth-protected-resource%2Fmcp",
        "/.well-known/OAuth-Protected-Resource/mcp",
        "/mcp/.well-known/oauth-protected-resource",
        "/.well-known/",
        "/.well-known/oauth-authorization-server",
        "/.well-known/openid-configuration",
    ] {
        assert_eq!(ask(wire, "GET", target, "").await.status(), 404, "{target}");
    }
    assert_eq!(everything.ran(), 0);
}

#[tokio::test]
async fn a02_resource_is_the_public_url_byte_for_byte_and_its_metadata_is_where_the_challenge_says() {
    for (path, public_url, metadata) in [
        (
            "/mcp",
            "https://todos.example.com/mcp",
            "https://todos.example.com/.well-known/oauth-protected-resource/mcp",
        ),
        (
            "/mcp",
            "https://Todos.Example.COM/mcp",
            "https://Todos.Example.COM/.well-known/oauth-protected-resource/mcp",
        ),
        ("/mcp", "HTTPS://a.example/mcp", "HTTPS://a.example/.well-known/oauth-protected-resource/mcp"),
        (
            "/mcp",
            "https://a.example:443/mcp",
            "https://a.example:443/.well-known/oauth-protected-resource/mcp",
        ),
        (
            "/mcp",
            "https://a.example/t/1/mcp",
            "https://a.example/.well-known/oauth-protected-resource/t/1/mcp",
        ),
        (
            "/mcp",
            "https://a.example/a%2Fb/mcp",
            "https://a.example/.well-known/oauth-protected-resource/a%2Fb/mcp",
        ),
        (
            "/mcp",
            "https://a.example/{x}/mcp",
            "https://a.example/.well-known/oauth-protected-resource/{x}/mcp",
        ),
        (
            "/mcp",
            "https://[2001:DB8:0::1]/mcp",
            "https://[2001:DB8:0::1]/.well-known/oauth-protected-resource/mcp",
        ),
        ("/", "https://a.example", "https://a.example/.well-known/oauth-protected-resource"),
        ("/", "https://a.example/", "https://a.example/.well-known/oauth-protected-resource"),
        ("/", "https://a.example/t/", "https://a.example/.well-known/oauth-protected-resource/t/"),
        (
            "/v1/mcp",
            "http://localhost:9/v1/mcp",
            "http://localhost:9/.well-known/oauth-protected-resource/v1/mcp",
        ),
    ] {
        let toml = format!(
            "[server]\npath = {path:?}\npublic_url = {public_url:?}\n[auth]\n\
             [[auth.issuers]]\nissuer = \"https://login.example\"\n"
        );
        let (_everything, _server, wire) = start(&toml).await;
        let refused = wire.call_at(path, "whoami", "").await;
        assert_eq!(refused.status(), 401, "{public_url}: {}", refused.text());
        let challenge = refused.challenge().expect("a challenge");
        assert_eq!(challenge.resource_metadata(), Some(metadata), "{public_url}");
        let (_, place) = metadata.split_once("://").expect("a URL");
        let place = &place[place.find('/').expect("a path")..];
        for target in [place, ROOT] {
            let reply = ask(wire, "GET", target, "").await;
            assert_eq!(reply.json()["resource"], public_url, "{target}: {}", reply.text());
        }
    }
}

#[tokio::test]
async fn h12_nothing_in_a_request_changes_the_metadata() {
    let (_everything, server, wire) = start("[server]\nallowed_hosts = [\"todos.test\"]\n").await;
    let port = wire.host().rsplit_once(':').expect("a port").1.to_owned();
    let plain = ask(wire, "GET", OF_ENDPOINT, "").await;
    assert_eq!(plain.json()["resource"], server.url());
    for lines in [
        "X-Forwarded-Host: evil.example\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Port: 443\r\n".to_owned(),
        "Forwarded: host=evil.example;proto=https\r\n".to_owned(),
        "X-Forwarded-Prefix: /evil\r\nX-Original-URL: /evil\r\nX-Forwarded-Uri: /evil\r\n".to_owned(),
        format!("Host: localhost:{port}\r\n"),
        "Host: todos.test\r\n".to_owned(),
        "Accept: text/html\r\n".to_owned(),
    ] {
        let reply = ask(wire, "GET", OF_ENDPOINT, &lines).await;
        assert_eq!(reply.status(), 200, "{lines:?}");
        assert_eq!(reply.json(), plain.json(), "{lines:?}");
    }
    assert_eq!(ask(wire, "GET", OF_ENDPOINT, "Host: evil.example\r\n").await.status(), 403);
}

#[tokio::test]
async fn authorization_servers_are_as_configured_no_slash_added_or_removed() {
    let issuers =
        ["https://b.example", "https://a.example/", "https://c.example/tenant/", "https://C.example:443/x"];
    let mut toml = "[auth]\n".to_owned();
    for issuer in issuers {
        toml.push_str(&format!("[[auth.issuers]]\nissuer = {issuer:?}\n"));
    }
    let (_everything, _server, wire) = start(&toml).await;
    let found = ask(wire, "GET", OF_ENDPOINT, "").await.json()["authorization_servers"].clone();
    let found: Vec<&str> = found.as_array().expect("a list").iter().filter_map(Value::as_str).collect();
    // The issuer in this process comes first: it is where clients then log in.
    assert_eq!(found[..1], ["https://issuer.test"]);
    assert_eq!(found[1..], issuers);
}

#[tokio::test]
async fn a05_scopes_supported_are_those_declared_and_never_offline_access() {
    let (_everything, _server, wire) = start("").await;
    let document = ask(wire, "GET", OF_ENDPOINT, "").await.json();
    assert_eq!(document["scopes_supported"], json!(["admin", "audit", "base", "export", "read", "write"]));
    let refresh = "[auth]\nbase_scopes = [\"base\", \"offline_access\"]\n";
    let refused = Everything::default().builder(refresh).start().await.expect_err("not ours to ask for");
    assert!(refused.to_string().contains("offline_access"), "{refused}");
}

#[tokio::test]
async fn the_metadata_says_what_the_configuration_tells_people_and_nothing_empty() {
    let (_everything, _server, wire) = start("").await;
    let document = ask(wire, "GET", OF_ENDPOINT, "").await.json();
    let keys: Vec<&String> = document.as_object().expect("an object").keys().collect();
    // The built-in issuer binds tokens to the key of a client that asks for it.
    assert_eq!(keys.len(), 6, "{keys:?}");
    let toml = "[server]\nname = \"To-do list\"\ndocumentation = \"https://docs.example/\"\n\
                policy = \"https://docs.example/policy\"\nterms = \"https://docs.example/terms\"\n";
    let (_everything, _server, wire) = start(toml).await;
    let document = ask(wire, "GET", OF_ENDPOINT, "").await.json();
    assert_eq!(document["resource_name"], "To-do list");
    assert_eq!(document["resource_documentation"], "https://docs.example/");
    assert_eq!(document["resource_policy_uri"], "https://docs.example/policy");
    assert_eq!(document["resource_tos_uri"], "https://docs.example/terms");
}

#[tokio::test]
async fn a_public_server_has_no_metadata_and_reads_no_token() {
    let builder = TestServer::builder(Open).toml(open::CONFIG).expect("a configuration");
    let server = builder.start().await.expect("it starts");
    let wire = Wire::of(&server);
    for target in [ROOT, OF_ENDPOINT] {
        assert_eq!(
            ask(wire, "GET", target, "").await.status(),
            404,
            "no issuer to send a client to: {target}"
        );
    }
    for credentials in ["", "Authorization: Bearer nonsense\r\n", "Authorization: Bearer a b\r\n"] {
        assert_eq!(wire.call("ping", credentials).await.status(), 200, "{credentials:?}");
    }
    assert_eq!(ask(wire, "GET", "/readyz", "").await.status(), 200);
}

const PAGE: &str = "Origin: http://localhost:6274\r\n";
const FOREIGN: &str = "Origin: https://evil.example\r\n";
const PREFLIGHT: &str = "Access-Control-Request-Method: POST\r\n\
                         Access-Control-Request-Headers: authorization, content-type, mcp-protocol-version, \
                         mcp-method, mcp-name, mcp-session-id, mcp-param-city, last-event-id, x-evil\r\n";

/// No answer may let a page send cookies, or let every page in.
#[track_caller]
fn assert_never_open(reply: &Reply) {
    assert_eq!(reply.header("access-control-allow-credentials"), None, "{}", reply.text());
    assert_ne!(reply.header("access-control-allow-origin"), Some("*"), "{}", reply.text());
}

#[tokio::test]
async fn h19_the_preflight_of_a_loopback_page_is_answered_without_a_token() {
    let (everything, _server, wire) = start("").await;
    for target in ["/mcp", ROOT, OF_ENDPOINT] {
        let reply = ask(wire, "OPTIONS", target, &format!("{PAGE}{PREFLIGHT}")).await;
        assert_eq!(reply.status(), 204, "{target}: {}", reply.text());
        assert_never_open(&reply);
        assert_eq!(reply.header("access-control-allow-origin"), Some("http://localhost:6274"), "{target}");
        let methods = reply.header("access-control-allow-methods").expect("methods").to_owned();
        for method in ["GET", "POST", "DELETE"] {
            assert!(methods.contains(method), "{methods}");
        }
        let headers = reply.header("access-control-allow-headers").expect("headers").to_owned();
        let headers: Vec<&str> = headers.split(", ").collect();
        for name in ["authorization", "content-type", "mcp-protocol-version", "mcp-method", "mcp-name"] {
            assert!(headers.contains(&name), "{name}: {headers:?}");
        }
        for name in ["mcp-session-id", "mcp-param-city", "last-event-id"] {
            assert!(headers.contains(&name), "{name}: {headers:?}");
        }
        assert!(!headers.contains(&"x-evil"), "{headers:?}");
        assert_eq!(reply.challenge(), None);
    }
    assert_eq!(everything.ran(), 0);
}

#[tokio::test]
async fn h19_a_foreign_page_gets_no_allow_origin_anywhere() {
    let (everything, server, wire) = start("").await;
    let bearer = format!("Authorization: Bearer {}\r\n", server.token("alice").mint());
    for origin in [FOREIGN, "Origin: null\r\n", "Origin: http://localhost.evil:6274\r\n", "Origin: *\r\n"] {
        let preflight = format!("{origin}{PREFLIGHT}");
        for (method, target, lines, status) in [
            ("OPTIONS", "/mcp", preflight.as_str(), 403),
            ("OPTIONS", OF_ENDPOINT, &preflight, 204),
            ("GET", OF_ENDPOINT, origin, 200),
            ("GET", "/healthz", origin, 200),
            ("GET", "/nothing", origin, 0),
        ] {
            let reply = ask(wire, method, target, lines).await;
            assert!(status == 0 || reply.status() == status, "{method} {target}: {}", reply.text());
            assert_never_open(&reply);
            for name in ["origin", "methods", "headers"] {
                assert_eq!(reply.header(&format!("access-control-allow-{name}")), None, "{method} {target}");
            }
        }
        let reply = wire.call("whoami", &format!("{origin}{bearer}")).await;
        assert_eq!((reply.status(), reply.header("access-control-allow-origin")), (403, None));
    }
    assert_eq!(everything.ran(), 0);
}

#[tokio::test]
async fn a_page_can_read_every_answer_and_its_challenge() {
    let (_everything, server, wire) = start("").await;
    let bearer = format!("Authorization: Bearer {}\r\n", server.token("alice").mint());
    let malformed = "Authorization: Bearer a b\r\n".to_owned();
    for (tool, credentials, status) in [
        ("whoami", &String::new(), 401),
        ("whoami", &malformed, 400),
        ("write_note", &bearer, 403),
        ("whoami", &bearer, 200),
    ] {
        let reply = wire.call(tool, &format!("{PAGE}{credentials}")).await;
        assert_eq!(reply.status(), status, "{}", reply.text());
        assert_never_open(&reply);
        assert_eq!(reply.header("access-control-allow-origin"), Some("http://localhost:6274"), "{status}");
        let exposed = reply.header("access-control-expose-headers").expect("exposed headers").to_lowercase();
        for name in ["www-authenticate", "mcp-session-id", "mcp-protocol-version"] {
            assert!(exposed.contains(name), "{exposed}");
        }
        assert!(
            reply.header("vary").is_some_and(|vary| vary.to_lowercase().contains("origin")),
            "{}",
            reply.text()
        );
    }
    let metadata = ask(wire, "GET", OF_ENDPOINT, PAGE).await;
    assert_eq!(metadata.header("access-control-allow-origin"), Some("http://localhost:6274"));
    // Without an origin nothing is said, and caches still keep the answers apart.
    let plain = ask(wire, "GET", OF_ENDPOINT, "").await;
    assert_eq!(plain.header("access-control-allow-origin"), None);
    assert_eq!(plain.header("vary").map(str::to_lowercase).as_deref(), Some("origin"));
}

#[tokio::test]
async fn a_configured_origin_is_a_page_like_those_on_loopback_and_its_neighbours_are_not() {
    let (_everything, _server, wire) = start("[cors]\nallowed_origins = [\"https://app.example\"]\n").await;
    let reply = ask(wire, "OPTIONS", "/mcp", &format!("Origin: https://app.example\r\n{PREFLIGHT}")).await;
    assert_eq!(reply.header("access-control-allow-origin"), Some("https://app.example"));
    for origin in [
        "https://app.example.evil",
        "http://app.example",
        "https://app.example:8443",
        "https://x.app.example",
    ] {
        let reply = ask(wire, "OPTIONS", "/mcp", &format!("Origin: {origin}\r\n{PREFLIGHT}")).await;
        assert_eq!((reply.status(), reply.header("access-control-allow-origin")), (403, None), "{origin}");
    }
}

#[tokio::test]
async fn origins_of_listed_programs_may_call_and_all_other_programs_get_403() {
    let listed = [
        "tauri://localhost",
        "vscode-webview://1f2e3d4c-abcd-4123-9abc-0123456789ab",
        "vscode-file://vscode-app",
        "chrome-extension://abcdefghijklmnopabcdefghijklmnop",
        "moz-extension://1f2e3d4c-abcd-4123-9abc-0123456789ab",
        "safari-web-extension://1F2E3D4C-ABCD-4123-9ABC-0123456789AB",
        "capacitor://localhost",
        "app://obsidian.md",
    ];
    let (_everything, server, wire) = start(&format!("[cors]\nallowed_origins = {listed:?}\n")).await;
    let token = server.token("alice").mint();
    for origin in listed {
        let preflight = ask(wire, "OPTIONS", "/mcp", &format!("Origin: {origin}\r\n{PREFLIGHT}")).await;
        assert_eq!(preflight.status(), 204, "{origin}: {}", preflight.text());
        // Byte for byte what the program sent: it compares.
        assert_eq!(preflight.header("access-control-allow-origin"), Some(origin));
        let call =
            wire.call("whoami", &format!("Origin: {origin}\r\nAuthorization: Bearer {token}\r\n")).await;
        assert_eq!(
            (call.status(), call.header("access-control-allow-origin")),
            (200, Some(origin)),
            "{origin}"
        );
        let stranger = wire.call("whoami", &format!("Origin: {origin}\r\n")).await;
        assert_eq!((stranger.status(), stranger.header("access-control-allow-origin")), (401, Some(origin)));
    }
    for origin in [
        "tauri://localhost:1420",
        "tauri://evil",
        "tauri://",
        "tauri://localhost/",
        "ionic://localhost",
        "http://tauri.localhost",
        "vscode-webview://2f2e3d4c-abcd-4123-9abc-0123456789ab",
        "vscode-webview://",
        "vscode-file://vscode-app.evil",
        "chrome-extension://bbcdefghijklmnopabcdefghijklmnop",
        "https://abcdefghijklmnopabcdefghijklmnop",
        "app://obsidian.md:1",
        "app://obsidian",
        "https://obsidian.md",
        "capacitor://localhost, app://obsidian.md",
        "file://",
        "null",
        "*",
    ] {
        let preflight = ask(wire, "OPTIONS", "/mcp", &format!("Origin: {origin}\r\n{PREFLIGHT}")).await;
        assert_eq!(
            (preflight.status(), preflight.header("access-control-allow-origin")),
            (403, None),
            "{origin}"
        );
        let call =
            wire.call("whoami", &format!("Origin: {origin}\r\nAuthorization: Bearer {token}\r\n")).await;
        assert_eq!((call.status(), call.header("access-control-allow-origin")), (403, None), "{origin}");
    }
}

#[tokio::test]
async fn no_program_is_allowed_unless_it_is_listed_not_even_on_loopback() {
    let (_everything, _server, wire) = start("").await;
    for origin in
        ["tauri://localhost", "app://localhost", "chrome-extension://localhost", "capacitor://localhost"]
    {
        let reply = ask(wire, "OPTIONS", "/mcp", &format!("Origin: {origin}\r\n{PREFLIGHT}")).await;
        assert_eq!((reply.status(), reply.header("access-control-allow-origin")), (403, None), "{origin}");
    }
}

#[tokio::test]
async fn health_needs_no_token_and_no_known_host_and_says_little() {
    let (_everything, _server, wire) = start("").await;
    for (target, text) in [("/healthz", "ok\n"), ("/readyz", "{\"ready\":true}")] {
        for lines in ["", "Host: 10.0.0.7:8080\r\n", "Authorization: Bearer nonsense\r\n", FOREIGN] {
            let reply = ask(wire, "GET", target, lines).await;
            assert_eq!(reply.status(), 200, "{target} {lines:?}: {}", reply.text());
            assert!(reply.text().ends_with(&format!("\r\n\r\n{text}")), "{}", reply.text());
            assert_eq!(reply.header("cache-control"), Some("no-store"));
        }
        assert_eq!(ask(wire, "HEAD", target, "").await.status(), 200);
        assert_eq!(ask(wire, "POST", target, "Content-Length: 0\r\n").await.status(), 405);
        for near in
            [format!("{target}/"), format!("{target}x"), format!("/mcp{target}"), target.to_uppercase()]
        {
            assert_eq!(ask(wire, "GET", &near, "").await.status(), 404, "{near}");
        }
    }
}

#[tokio::test]
async fn unknown_paths_answer_404_in_a_line_that_names_the_endpoint() {
    let (_everything, _server, wire) = start("").await;
    for target in ["/sse", "/mcp/", "/v1/mcp", "/.well-known/openid-configuration", "/favicon.ico"] {
        for method in ["GET", "POST", "DELETE"] {
            let reply = ask(wire, method, target, "Content-Length: 0\r\n").await;
            assert_eq!(reply.status(), 404, "{method} {target}");
            let said = "nothing is here; the MCP endpoint of this server is at /mcp";
            assert!(reply.text().contains(said), "{}", reply.text());
            assert_eq!(reply.header("content-type"), Some("application/json"));
        }
    }
}

#[tokio::test]
async fn k21_a_server_without_keys_is_alive_and_not_ready() {
    let (_everything, server, wire) =
        start("[auth]\n[[auth.issuers]]\nissuer = \"https://down.example\"\n").await;
    assert_eq!(ask(wire, "GET", "/healthz", "").await.status(), 200);
    let reply = ask(wire, "GET", "/readyz", "").await;
    assert_eq!(reply.status(), 503);
    let missing = "{\"ready\":false,\"missing\":[{\"issuer\":\"https://down.example\",\"since\":\"20";
    assert!(reply.text().contains(missing), "{}", reply.text());
    assert_eq!(reply.header("content-type"), Some("application/json"));
    assert_eq!(reply.header("access-control-allow-origin"), None);
    // Its tokens are neither valid nor invalid as long as its keys are not known.
    let token = server.token("alice").issuer("https://down.example").mint();
    let reply = wire.call("whoami", &format!("Authorization: Bearer {token}\r\n")).await;
    assert_eq!(reply.status(), 503, "{}", reply.text());
    assert!(
        reply.header("retry-after").is_some_and(|after| after.parse::<u32>().is_ok_and(|after| after > 0))
    );
    assert_eq!(reply.challenge(), None);
    // And another issuer's go on working.
    let token = server.token("alice").mint();
    assert_eq!(wire.call("whoami", &format!("Authorization: Bearer {token}\r\n")).await.status(), 200);
}

/// Answers one document at one place, 404 elsewhere; nothing while it is down.
struct Publishes(&'static str, String, std::sync::atomic::AtomicBool);

impl Fetch for Publishes {
    fn fetch(&self, request: FetchRequest, _max_bytes: usize) -> FetchFuture<'_> {
        Box::pin(async move {
            if self.2.load(std::sync::atomic::Ordering::SeqCst) {
                return Err(FetchError::Timeout);
            }
            let is_there = request.url.as_str() == self.0;
            let status = if is_there { http::StatusCode::OK } else { http::StatusCode::NOT_FOUND };
            let body = if is_there { self.1.clone().into() } else { Default::default() };
            Ok(Fetched { status, headers: http::HeaderMap::new(), body })
        })
    }
}

/// A server that trusts two issuers, of which the first publishes `document`, and where clients of 2025-03-26 look.
async fn first_issuer_publishes(document: &str, is_down: bool) -> Reply {
    const AT: &str = "https://first.test/.well-known/oauth-authorization-server";
    let fetch = Publishes(AT, document.to_owned(), is_down.into());
    let toml = "[server]\nlisten = \"127.0.0.1:0\"\n[[auth.issuers]]\nissuer = \"https://first.test\"\n\
                [[auth.issuers]]\nissuer = \"https://second.test\"\n";
    let config =
        Config::builder().toml(crate::everything::CONFIG).toml(toml).build().expect("a configuration");
    let builder = Server::builder(Everything::default()).config(config).fetch(Arc::new(fetch));
    let running = builder.start().await.expect("it starts");
    let wire = Wire::at(running.address());
    let target = "/.well-known/oauth-authorization-server";
    let reply = ask(wire, "GET", target, "").await;
    assert_eq!(ask(wire, "POST", target, "Content-Length: 0\r\n").await.status(), 405);
    assert_eq!(ask(wire, "GET", target, "Host: evil.example\r\n").await.status(), 403);
    assert_eq!(ask(wire, "GET", &format!("{target}/mcp"), "").await.status(), 404);
    running.stop().await;
    reply
}

#[tokio::test]
async fn client_of_2025_03_26_finds_the_first_issuers_own_document_at_the_server() {
    let document =
        "{ \"issuer\": \"https://first.test\", \"jwks_uri\": \"https://first.test/jwks\", \"x\":1 }";
    let reply = first_issuer_publishes(document, false).await;
    assert_eq!((reply.status(), reply.header("content-type")), (200, Some("application/json")));
    assert_eq!(reply.text().split_once("\r\n\r\n").map(|(_, body)| body), Some(document), "unchanged");
}

#[tokio::test]
async fn issuer_that_is_down_is_503_there() {
    let reply = first_issuer_publishes("", true).await;
    assert_eq!(reply.status(), 503);
    assert!(reply.header("retry-after").is_some() && reply.text().contains("cannot be read right now"));
}
