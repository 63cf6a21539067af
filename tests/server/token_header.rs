//! `auth.token_header`: a proxy in front hands on the token in a header of its own, and nothing else counts.

use mcp_auth::testing::{Client, Era, TestServer};
use serde_json::json;

use crate::everything::Everything;

const HEADER: &str = "Cf-Access-Jwt-Assertion";

async fn server(everything: &Everything) -> TestServer {
    everything.start_with(&format!("[auth]\ntoken_header = \"{HEADER}\"")).await
}

/// A call as plain HTTP, with these headers besides.
async fn plain(server: &TestServer, headers: &[(&str, &[u8])]) -> (u16, String) {
    let meta = json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientInfo": { "name": "t", "version": "1" },
        "io.modelcontextprotocol/clientCapabilities": {},
    });
    let params = json!({ "name": "read_note", "arguments": {}, "_meta": meta });
    let body = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params });
    let mut request = reqwest::Client::new()
        .post(server.url())
        .header("content-type", "application/json")
        .header("accept", "application/json, text/event-stream")
        .header("mcp-protocol-version", "2026-07-28")
        .header("mcp-method", "tools/call")
        .header("mcp-name", "read_note")
        .body(body.to_string());
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let answer = request.send().await.unwrap();
    let challenge = answer.headers().get("www-authenticate").map(|value| value.to_str().unwrap().to_owned());
    (answer.status().as_u16(), challenge.unwrap_or_default())
}

#[tokio::test]
async fn h38_only_the_header_that_carries_the_token_counts_and_authorization_is_ignored() {
    let everything = Everything::default();
    let server = server(&everything).await;
    let token = |subject: &str| server.token(subject).scope("read").mint();
    let (alice, bob) = (token("alice"), token("bob"));
    let subject = async |client: Client| client.call_tool("who", json!({})).await.text().map(str::to_owned);
    for era in Era::ALL {
        let client = || server.client().era(era);
        let answer = client().header(HEADER, &alice).call_tool("read_note", json!({})).await;
        assert_eq!(answer.text(), Some("a note"), "{era:?}: {}", answer.body());
        let both = client().header(HEADER, &alice);
        assert_eq!(subject(both.token(bob.clone())).await.as_deref(), Some("alice"), "{era:?}");
        for ignored in ["Bearer x", "Bearer a, Bearer b", "Basic x", "x"] {
            let both = client().header(HEADER, &alice).header("authorization", ignored);
            assert_eq!(subject(both).await.as_deref(), Some("alice"), "{era:?} {ignored}");
        }
        let before = everything.ran();
        let elsewhere = client().token(alice.clone()).call_tool("read_note", json!({})).await;
        assert_eq!(elsewhere.status(), 401, "{era:?}");
        assert_eq!(elsewhere.challenge().expect("a challenge").error(), None, "as if nothing had been sent");
        assert_eq!(everything.ran(), before);
    }
}

#[tokio::test]
async fn h38_anything_but_one_token_alone_in_that_header_is_an_invalid_request() {
    let everything = Everything::default();
    let server = server(&everything).await;
    let token = server.token("alice").scope("read").mint();
    let token = token.as_bytes();
    assert_eq!(plain(&server, &[(HEADER, token)]).await.0, 200);
    let before = everything.ran();
    let bearer = [b"Bearer ", token].concat();
    for bad in [
        vec![(HEADER, &bearer[..])],
        vec![(HEADER, token), (HEADER, token)],
        vec![(HEADER, token), (HEADER, b"")],
        vec![(HEADER, b"\xff")],
        vec![(HEADER, b"")],
        vec![(HEADER, b"a, b")],
        vec![(HEADER, b"a b"), ("authorization", &bearer[..])],
    ] {
        let (status, challenge) = plain(&server, &bad).await;
        assert_eq!(status, 400, "{bad:?}");
        assert!(challenge.contains("invalid_request"), "{challenge}");
    }
    let (status, challenge) = plain(&server, &[(HEADER, b"x")]).await;
    assert!(status == 401 && challenge.contains("invalid_token"), "{status} {challenge}");
    assert_eq!(plain(&server, &[("authorization", &bearer[..])]).await.0, 401);
    assert_eq!(everything.ran(), before);
}

#[tokio::test]
async fn h38_neither_that_header_nor_authorization_reaches_a_tool() {
    let everything = Everything::default();
    let server = server(&everything).await;
    let (alice, bob) = (server.token("alice").mint(), server.token("bob").mint());
    for era in Era::ALL {
        let client = server.client().era(era).header(HEADER, &alice).token(bob.clone());
        let answer = client.call_tool("request_parts", json!({})).await;
        let text = answer.text().unwrap_or_else(|| panic!("{}", answer.body()));
        assert!(!text.contains(&alice) && !text.contains(&bob), "{text}");
        assert!(!text.to_lowercase().contains("cf-access"), "{text}");
    }
}

#[tokio::test]
async fn h38_a_header_that_means_something_else_carries_no_token() {
    for (toml, why) in [
        ("[auth]\ntoken_header = \"cookie\"", "means something else"),
        ("[auth]\ntoken_header = \"host\"", "means something else"),
        ("[auth]\ntoken_header = \"Mcp-Session-Id\"", "means something else"),
        ("[auth]\ntoken_header = \"Authorization\"", "without this key"),
        ("[auth]\ntoken_header = \"X-T\"\n[server]\ntool_headers = [\"x-t\"]", "server.tool_headers"),
        (
            "[auth]\ntoken_header = \"X-T\"\n[server]\nclient_address_header = \"x-t\"",
            "client_address_header",
        ),
    ] {
        let said = match TestServer::builder(Everything::default()).toml(toml) {
            Err(error) => error.to_string(),
            Ok(builder) => builder.start().await.map(drop).expect_err(toml).to_string(),
        };
        assert!(said.contains(why), "{toml}: {said}");
    }
}
