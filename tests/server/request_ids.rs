//! Each request has an id: its client is told, and every line of the log about it says so.

use std::collections::BTreeSet;
use std::time::Duration;

use mcp_auth::serde_json::{self, Value};
use mcp_auth::testing::Era;
use mcp_auth_tests::everything::Everything;
use mcp_auth_tests::wire::Wire;
use serde_json::json;
use tokio::time::timeout;

use crate::launch::{self, Issuer};

const PATIENCE: Duration = Duration::from_secs(60);

/// Whether the server made it.
fn is_made(id: &str) -> bool {
    id.len() == 24 && id.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[tokio::test]
async fn every_answer_says_another_id_whatever_it_answers() {
    let server = Everything::default().start().await;
    let wire = Wire::of(&server);
    let host = wire.host();
    let mut ids = BTreeSet::new();
    for (status, request) in [
        (200, format!("GET /.well-known/oauth-protected-resource/mcp HTTP/1.1\r\nHost: {host}\r\n\r\n")),
        (200, format!("GET /healthz HTTP/1.1\r\nHost: {host}\r\n\r\n")),
        (401, format!("GET /mcp HTTP/1.1\r\nHost: {host}\r\n\r\n")),
        (404, format!("GET /nowhere HTTP/1.1\r\nHost: {host}\r\n\r\n")),
        (403, format!("GET /mcp HTTP/1.1\r\nHost: {host}\r\nOrigin: https://evil.example\r\n\r\n")),
        (403, "GET /mcp HTTP/1.1\r\nHost: evil.example\r\n\r\n".to_owned()),
        (400, format!("GET /mcp HTTP/1.1\r\nHost: {host}\r\nA b: c\r\n\r\n")),
        (431, format!("GET /mcp HTTP/1.1\r\nHost: {host}\r\n{}\r\n", "A: b\r\n".repeat(500))),
    ] {
        let request = request.replacen("\r\n", "\r\nConnection: close\r\n", 1);
        let reply = wire.raw(&request).await;
        assert_eq!(reply.status(), status, "{request}");
        let id = reply.header("x-request-id").unwrap_or_else(|| panic!("no id: {request}"));
        assert!(is_made(id) && ids.insert(id.to_owned()), "{id}");
    }
    let preflight = format!(
        "OPTIONS /mcp HTTP/1.1\r\nConnection: close\r\nHost: {host}\r\nOrigin: http://localhost:6274\r\nAccess-Control-Request-Method: POST\r\n\
         Access-Control-Request-Headers: authorization, x-request-id\r\n\r\n"
    );
    let reply = wire.raw(&preflight).await;
    assert!(reply.header("x-request-id").is_some_and(is_made), "{}", reply.text());
    assert!(reply.header("access-control-expose-headers").unwrap().contains("X-Request-Id"));
    assert_eq!(reply.header("access-control-allow-headers"), Some("authorization"), "pages choose no id");
}

#[tokio::test]
async fn h39_an_id_that_a_client_chose_is_not_taken_and_that_of_a_trusted_proxy_is() {
    let everything = Everything::default();
    let alone = everything.start().await;
    let behind = everything.start_with("[server]\ntrusted_proxies = [\"127.0.0.1\"]\n").await;
    let id = async |server: &_, lines: &str| {
        let reply = Wire::of(server).call("ping", lines).await;
        assert_eq!(reply.status(), 200, "{}", reply.text());
        reply.header("x-request-id").expect("an id").to_owned()
    };
    let longest = "a".repeat(64);
    for plain in ["of-a-client", "4bf92f3577b34da6a3ce929d0e0e4736", &longest] {
        let line = format!("X-Request-Id: {plain}\r\n");
        assert!(is_made(&id(&alone, &line).await), "{plain}");
        assert_eq!(id(&behind, &line).await, plain);
    }
    for lines in [
        String::new(),
        "X-Request-Id:\r\n".to_owned(),
        "X-Request-Id: a b\r\n".to_owned(),
        "X-Request-Id: a\tb\r\n".to_owned(),
        "X-Request-Id: \"a\"\r\n".to_owned(),
        "X-Request-Id: a\u{e9}\r\n".to_owned(),
        format!("X-Request-Id: {longest}a\r\n"),
        "X-Request-Id: a\r\nX-Request-Id: b\r\n".to_owned(),
        "X-Request-Id: a\r\nX-Request-Id: a\r\n".to_owned(),
        "X-Correlation-Id: a\r\nRequest-Id: a\r\n".to_owned(),
    ] {
        assert!(is_made(&id(&behind, &lines).await), "{lines}");
    }
}

/// Every line of a log of JSON that has this field.
fn with_field(lines: impl IntoIterator<Item = String>, field: &str, value: &Value) -> Vec<Value> {
    let lines = lines.into_iter().filter_map(|line| serde_json::from_str::<Value>(&line).ok());
    lines.filter(|line| line["fields"][field] == *value).collect()
}

/// The id in the spans that an event stands in.
fn around(line: &Value) -> Option<&str> {
    line["spans"].as_array()?.iter().find(|span| span["name"] == "request")?["request_id"].as_str()
}

#[tokio::test]
async fn the_log_calls_a_request_what_its_answer_is_told() {
    let issuer = Issuer::start().await;
    let launch = launch::trusting_only(&issuer).variable("TEST_SERVER", "logs");
    let launch = launch.variable("MCP_LOG__FORMAT", "json").variable("MCP_LOG__LEVEL", "debug");
    let server = launch.http().await;
    let alice = server.client().token(issuer.token("alice").mint());
    let stranger = server.client().token("no.such.token");
    let mut told = Vec::new();
    for tool in ["direct", "forwarded"] {
        let answer = alice.call_tool(tool, json!({})).await;
        assert_eq!(answer.text(), Some("logged"));
        told.push(answer.header("x-request-id").expect("an id").to_owned());
    }
    for answer in [
        stranger.call_tool("direct", json!({})).await,
        alice.call_tool("nothing", json!({})).await,
        alice.list_tools().await,
        alice.post("{", Default::default()).await,
    ] {
        told.push(answer.header("x-request-id").expect("an id").to_owned());
    }
    let mut lines = Vec::new();
    let logged = async {
        loop {
            lines.extend(server.lines());
            let audited = |id: &String| !with_field(lines.clone(), "request_id", &json!(id)).is_empty();
            if told.iter().all(audited) {
                break;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(PATIENCE, logged).await.expect("each is audited");
    for id in &told {
        let audited = with_field(lines.clone(), "request_id", &json!(id));
        assert_eq!(audited.len(), 1, "{audited:?}");
        assert_eq!(audited[0]["target"], "mcp_auth::audit");
    }
    // What a tool says itself, whichever way its call came.
    let said = with_field(lines.clone(), "message", &json!("said by a tool"));
    let ids: Vec<_> = said.iter().filter_map(around).collect();
    assert_eq!(ids, told[..2], "{said:?}");
    // And what the server says besides.
    let refused = with_field(lines, "message", &json!("a credential was refused"));
    assert_eq!(refused.iter().filter_map(around).collect::<Vec<_>>(), [&told[2]], "{refused:?}");
}

#[tokio::test]
async fn the_events_of_a_session_say_which_request_they_are_of() {
    let issuer = Issuer::start().await;
    let launch = launch::trusting_only(&issuer).variable("TEST_SERVER", "logs");
    let server = launch.variable("MCP_LOG__FORMAT", "json").variable("MCP_LOG__LEVEL", "info").http().await;
    let alice = server.client().token(issuer.token("alice").mint()).era(Era::Legacy("2025-11-25"));
    let answer = alice.call_tool("forwarded", json!({})).await;
    assert_eq!(answer.text(), Some("logged"), "{}", answer.body());
    let id = answer.header("x-request-id").expect("an id").to_owned();
    let mut lines = Vec::new();
    let logged = async {
        loop {
            lines.extend(server.lines());
            let said = with_field(lines.clone(), "message", &json!("said by a tool"));
            if !said.is_empty() && !with_field(lines.clone(), "request_id", &json!(id)).is_empty() {
                break said;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    let said = timeout(PATIENCE, logged).await.expect("it is logged");
    assert_eq!(around(&said[0]), Some(&*id), "{said:?}");
}

#[tokio::test]
async fn over_stdio_each_message_has_an_id_of_its_own() {
    let launch = launch::toml("").variable("TEST_SERVER", "open").variable("MCP_LOG__FORMAT", "json");
    let mut pipe = launch.stdio();
    for _ in 0..3 {
        pipe.call_tool("ping", json!({})).await;
    }
    pipe.hang_up();
    let ended = pipe.ended(PATIENCE).await;
    let lines = ended.stderr.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let audited: Vec<_> = lines.filter(|line| line["target"] == "mcp_auth::audit").collect();
    let ids: BTreeSet<_> = audited.iter().filter_map(|line| line["fields"]["request_id"].as_str()).collect();
    assert!(audited.len() >= 3 && ids.len() == audited.len(), "{audited:?}");
    assert!(ids.iter().all(|id| is_made(id)), "{ids:?}");
}

#[tokio::test]
async fn a_tool_that_sees_the_head_of_a_request_sees_the_id_of_the_log_in_every_era() {
    let server = Everything::default().start().await;
    for era in Era::ALL {
        let client = server.client().era(era).token(server.token("alice")).header("x-request-id", "hidden");
        let answer = client.call_tool("request_parts", json!({})).await;
        let id = answer.header("x-request-id").expect("an id").to_owned();
        let text = answer.text().expect("the parts");
        assert!(text.contains(&format!("\"x-request-id\": \"{id}\"")), "{text}");
        assert!(!text.contains("hidden"), "{text}");
    }
}
