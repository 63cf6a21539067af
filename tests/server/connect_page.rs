//! The page that says how applications are connected: at `/`, and where a browser opens the MCP endpoint.

use mcp_auth::testing::TestServer;

use crate::everything::Everything;
use crate::wire::{Reply, Wire};

/// What Chromium sends from its address bar.
const BROWSER: &str = "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8\r\nAccept-Language: en-GB,en;q=0.9\r\n";
/// What MCP clients send with a GET, and others that ask for no page by its name.
const NOT_BROWSERS: [&str; 6] = [
    "",
    "Accept: */*\r\n",
    "Accept: text/*\r\n",
    "Accept: text/event-stream\r\n",
    "Accept: application/json, text/event-stream\r\n",
    "Accept: text/html;q=0, */*\r\n",
];

async fn start(toml: &str) -> (Everything, TestServer, Wire) {
    let everything = Everything::default();
    let server = everything.start_with(toml).await;
    let wire = Wire::of(&server);
    (everything, server, wire)
}

async fn ask(wire: Wire, method: &str, target: &str, lines: &str) -> Reply {
    let names_host = lines.starts_with("Host:") || lines.contains("\nHost:");
    let host = if names_host { String::new() } else { format!("Host: {}\r\n", wire.host()) };
    wire.raw(format!("{method} {target} HTTP/1.1\r\n{host}{lines}Connection: close\r\n\r\n")).await
}

fn is_page(reply: &Reply) -> bool {
    reply.header("content-type") == Some("text/html; charset=utf-8")
        && reply.text().contains("<!DOCTYPE html>")
}

/// All headers but those that belong to the body, in their order.
fn other_headers(reply: &Reply) -> Vec<String> {
    let head = reply.text().split("\r\n\r\n").next().unwrap_or_default();
    let of_the_body = [
        "content-",
        "x-content-type-options:",
        "x-frame-options:",
        "referrer-policy:",
        "vary: accept-language",
        "x-request-id:",
        "date:",
    ];
    let lines = head.lines().map(str::to_lowercase);
    lines.filter(|line| !of_the_body.iter().any(|name| line.starts_with(name))).collect()
}

#[tokio::test]
async fn the_root_is_a_page_for_whoever_takes_one_and_names_the_endpoint_to_all_others() {
    let (_everything, server, wire) = start("").await;
    for lines in [BROWSER, "", "Accept: */*\r\n", "Accept: text/*\r\n"] {
        let reply = ask(wire, "GET", "/", lines).await;
        assert_eq!(reply.status(), 200, "{lines:?}: {}", reply.text());
        assert!(is_page(&reply), "{lines:?}: {}", reply.text());
        assert!(reply.text().contains(&format!("<code id=\"address\">{}</code>", server.url())));
        let policy = reply.header("content-security-policy").expect("a policy");
        assert!(policy.starts_with("default-src 'none'; script-src 'sha256-"), "{policy}");
        assert!(policy.contains("frame-ancestors 'none'") && !policy.contains("unsafe"), "{policy}");
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "same-origin"),
            ("x-frame-options", "DENY"),
            ("cache-control", "no-store"),
            ("content-language", "en"),
        ] {
            assert_eq!(reply.header(name), Some(value), "{name}");
        }
        let head = ask(wire, "HEAD", "/", lines).await;
        assert_eq!((head.status(), head.header("content-type")), (200, Some("text/html; charset=utf-8")));
    }
    for (method, lines) in [
        ("GET", "Accept: text/event-stream\r\n"),
        ("GET", "Accept: application/json, text/event-stream\r\n"),
        ("POST", "Content-Length: 0\r\nAccept: text/html\r\n"),
        ("DELETE", BROWSER),
        ("OPTIONS", BROWSER),
    ] {
        let reply = ask(wire, method, "/", lines).await;
        assert_eq!(reply.status(), 404, "{method} {lines:?}");
        assert!(reply.text().contains("the MCP endpoint of this server is at /mcp"), "{}", reply.text());
    }
}

#[tokio::test]
async fn a_browser_at_the_endpoint_gets_status_and_challenge_of_everybody_and_a_page_for_a_body() {
    let (everything, server, wire) = start("").await;
    let bearer = format!("Authorization: Bearer {}\r\n", server.token("alice").mint());
    for (credentials, status) in [("", 401), (&*bearer, 405)] {
        for method in ["GET", "HEAD"] {
            let opened = ask(wire, method, "/mcp", &format!("{BROWSER}{credentials}")).await;
            assert_eq!(opened.status(), status, "{}", opened.text());
            assert_eq!(opened.header("content-type"), Some("text/html; charset=utf-8"));
            assert_eq!(is_page(&opened), method == "GET");
            for lines in NOT_BROWSERS {
                let other = ask(wire, method, "/mcp", &format!("{lines}{credentials}")).await;
                assert_eq!(other.status(), status, "{lines:?}");
                assert_eq!(other.header("content-type"), Some("application/json"), "{lines:?}");
                assert_eq!(other.header("content-security-policy"), None, "{lines:?}");
                assert_eq!(other_headers(&other), other_headers(&opened), "{lines:?}");
            }
        }
    }
    let opened = ask(wire, "GET", "/mcp", BROWSER).await;
    let challenge = opened.challenge().expect("a challenge");
    assert_eq!(challenge.scopes(), ["base"]);
    assert!(challenge.resource_metadata().is_some() && opened.text().contains("AI applications"));
    assert!(opened.text().to_lowercase().contains("vary: accept\r\n"), "{}", opened.text());
    assert_eq!(everything.ran(), 0);
}

#[tokio::test]
async fn what_a_client_sends_by_post_is_answered_in_json_whatever_it_accepts() {
    let (everything, _server, wire) = start("").await;
    let lines = "Accept: text/html\r\nContent-Type: application/json\r\n";
    let body = r#"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#;
    let reply = wire.post("/mcp", &format!("Host: {}\r\n{lines}", wire.host()), body).await;
    assert_eq!((reply.status(), reply.header("content-type")), (401, Some("application/json")));
    assert_eq!(reply.json()["id"], 1);
    assert_eq!(everything.ran(), 0);
}

#[tokio::test]
async fn the_page_shows_the_configured_url_and_never_what_a_request_calls_the_server() {
    let (_everything, _server, wire) =
        start("[server]\nlisten = \"127.0.0.1:0\"\npublic_url = \"https://todos.example.com/mcp\"\n[[auth.issuers]]\nissuer = \"https://login.example.com/\"\n").await;
    for target in ["/", "/mcp"] {
        let forwarded = "X-Forwarded-Host: evil.example\r\nForwarded: host=evil.example\r\n";
        let reply = ask(wire, "GET", target, &format!("{BROWSER}{forwarded}")).await;
        assert!(
            is_page(&reply) && reply.text().contains("https://todos.example.com/mcp"),
            "{}",
            reply.text()
        );
        for absent in ["evil", "127.0.0.1", "What it offers", "write_note"] {
            assert!(!reply.text().contains(absent), "{target}: {absent}");
        }
        let rebound = ask(wire, "GET", target, &format!("Host: evil.example\r\n{BROWSER}")).await;
        assert_eq!(rebound.status(), 403);
        assert!(!is_page(&rebound), "{}", rebound.text());
    }
}

#[tokio::test]
async fn operations_are_listed_for_this_computer_and_for_nobody_behind_a_proxy() {
    let (_everything, _server, wire) =
        start("[tools.write_note]\nscopes = [\"more\"]\n[scopes.more]\ndescription = \"More\"\n").await;
    for target in ["/", "/mcp"] {
        let reply = ask(wire, "GET", target, BROWSER).await;
        for part in ["What it offers", "write_note", "more", "public"] {
            assert!(reply.text().contains(part), "{target}: {part}: {}", reply.text());
        }
        for trace in
            ["X-Forwarded-For: 192.0.2.7\r\n", "Via: 1.1 proxy\r\n", "CF-Connecting-IP: 192.0.2.7\r\n"]
        {
            let passed_on = ask(wire, "GET", target, &format!("{BROWSER}{trace}")).await;
            assert!(is_page(&passed_on) && !passed_on.text().contains("write_note"), "{trace}");
        }
    }
}

/// Any page on this computer could read an answer that its script fetches.
#[tokio::test]
async fn operations_are_listed_for_who_opens_the_page_and_not_for_a_script_of_another_one() {
    let (_everything, _server, wire) = start("").await;
    for target in ["/", "/mcp"] {
        for script in
            ["Origin: http://localhost:5173\r\n", "Sec-Fetch-Mode: cors\r\n", "Sec-Fetch-Mode: no-cors\r\n"]
        {
            let fetched = ask(wire, "GET", target, &format!("{BROWSER}{script}")).await;
            assert!(is_page(&fetched) && !fetched.text().contains("write_note"), "{target} {script}");
        }
        let opened = ask(wire, "GET", target, &format!("{BROWSER}Sec-Fetch-Mode: navigate\r\n")).await;
        assert!(
            opened.text().contains("write_note") && opened.text().contains("Version "),
            "{}",
            opened.text()
        );
    }
}

#[tokio::test]
async fn a_credential_that_is_not_good_is_told_what_is_wrong_and_no_page_hides_it() {
    let (_everything, _server, wire) = start("").await;
    let reply = ask(wire, "GET", "/mcp", &format!("{BROWSER}Authorization: Bearer not-a-token\r\n")).await;
    assert_eq!((reply.status(), reply.header("content-type")), (401, Some("application/json")));
    assert!(reply.text().contains("invalid_token"), "{}", reply.text());
}

#[tokio::test]
async fn programs_that_weigh_json_more_get_json() {
    let (_everything, _server, wire) = start("").await;
    let preferred = "Accept: application/json, text/html;q=0.1\r\n";
    let axios = "Accept: application/json, text/plain, */*\r\n";
    for (target, status) in [("/", 404), ("/mcp", 401)] {
        for lines in [preferred, axios] {
            let reply = ask(wire, "GET", target, lines).await;
            assert_eq!((reply.status(), is_page(&reply)), (status, false), "{target} {lines}");
        }
    }
}

#[tokio::test]
async fn the_page_can_be_turned_off_and_looks_as_the_operator_says() {
    let (_everything, _server, wire) = start("[pages]\nconnect = false\n").await;
    assert_eq!(ask(wire, "GET", "/", BROWSER).await.status(), 404);
    let endpoint = ask(wire, "GET", "/mcp", BROWSER).await;
    assert_eq!((endpoint.status(), endpoint.header("content-type")), (401, Some("application/json")));

    let (_everything, _server, wire) = start(
        "[server]\nname = \"To-do <b>list</b>\"\n[pages]\ncolor = \"#ffdd00\"\nsupport_url = \"mailto:help@example.com\"\n",
    )
    .await;
    let german = format!("{BROWSER}Accept-Language: de;q=1, en;q=0.5\r\n").replace("en-GB,en;q=0.9", "fr");
    let reply = ask(wire, "GET", "/", &german).await;
    assert_eq!(reply.header("content-language"), Some("de"));
    for part in [
        "<html lang=\"de\">",
        "Mit <bdi>To-do &lt;b&gt;list&lt;/b&gt;</bdi> verbinden",
        "--button: #ffdd00",
        "href=\"mailto:help@example.com\"",
    ] {
        assert!(reply.text().contains(part), "{part}: {}", reply.text());
    }
}

#[tokio::test]
async fn an_endpoint_at_the_root_is_the_endpoint() {
    let (_everything, server, wire) = start("[server]\npath = \"/\"\n").await;
    let reply = ask(wire, "GET", "/", BROWSER).await;
    assert_eq!(reply.status(), 401, "{}", reply.text());
    assert!(is_page(&reply) && reply.challenge().is_some(), "{}", reply.text());
    assert!(reply.text().contains(server.url()));
}
