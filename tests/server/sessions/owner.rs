//! Whose a session is: issuer, subject and client of the caller who opened it.

use std::sync::Arc;

use mcp_auth::ambient::SystemClock;
use mcp_auth::rmcp::ServiceExt as _;
use mcp_auth::rmcp::model::CallToolRequestParams;
use mcp_auth::rmcp::transport::StreamableHttpClientTransport;
use mcp_auth::rmcp::transport::streamable_http_client::StreamableHttpClientTransportConfig;
use mcp_auth::testing::{Era, TestIssuer, TestServer};
use mcp_auth_tests::open::{self, Open};
use serde_json::json;

use super::legacy::{LATEST_LEGACY, LEGACY, is_refused_everywhere, is_unknown_session};
use super::streams::Keys;
use crate::everything::Everything;
use crate::streams::Wire;

#[tokio::test]
async fn j34_a_session_is_its_callers_own() {
    let everything = Everything::default();
    let other = TestIssuer::new("https://other.test", Arc::new(SystemClock));
    let verify = "[[auth.issuers]]\nissuer = \"https://other.test\"\n\
                  jwks_uri = \"https://other.test/jwks\"\n";
    let server =
        everything.builder(verify).fetch(Arc::new(Keys(other.jwks()))).start().await.expect("a server");
    for era in LEGACY {
        let alice = Wire::new(server.url(), era).token(server.token("alice").scope("read")).connected().await;
        let strangers = [
            ("another subject", server.token("bob").scope("read")),
            ("another client", server.token("alice").client("another").scope("read")),
            ("no client", server.token("alice").without_claim("client_id").scope("read")),
            ("another issuer", other.token("alice", server.url()).scope("read")),
        ];
        for (who, token) in strangers {
            // Not because the token is invalid:
            let elsewhere = server.client().era(era).token(token.clone());
            assert!(elsewhere.call_tool("read_note", json!({})).await.is_success(), "{who}");
            is_refused_everywhere(&alice.clone().token(token)).await;
        }
        let ran = everything.ran();
        let answer = alice.call_tool(8, "read_note", json!({})).await.response().await;
        assert_eq!(answer["result"]["content"][0]["text"], "a note", "{era:?}: still open");
        assert_eq!(everything.ran(), ran + 1);

        let refreshed = alice.clone().token(server.token("alice").scope("write").ttl(200));
        let answer = refreshed.call_tool(9, "write_note", json!({ "text": "x" })).await.response().await;
        assert_eq!(answer["result"]["content"][0]["text"], "x", "{era:?}: a fresh token keeps the session");
        assert_eq!(refreshed.get().await.status, 200, "{era:?}");
        assert_eq!(refreshed.delete().await.status, 204, "{era:?}");
        is_refused_everywhere(&refreshed).await;
    }
}

#[tokio::test]
async fn j34_initialize_naming_anothers_session_opens_a_new_one() {
    let everything = Everything::default();
    let server = everything.start().await;
    for era in LEGACY {
        let alice = Wire::new(server.url(), era).token(server.token("alice")).connected().await;
        for known in [alice.session(), "unheard-of"] {
            let bob = Wire::new(server.url(), era).token(server.token("bob")).in_session(known);
            let answer = bob.initialize().await;
            assert_eq!(answer.status, 200, "{era:?}");
            let opened = answer.header("mcp-session-id").expect("its own session");
            assert_ne!(opened, known, "{era:?}");
            is_refused_everywhere(&bob).await;
        }
        assert_eq!(alice.call_tool(1, "ping", json!({})).await.status, 200);
    }
}

#[tokio::test]
async fn j34_without_a_token_a_session_is_401_or_unknown_as_connect_says() {
    let everything = Everything::default();
    for (connect, status) in [("authenticated", 401), ("anonymous", 404)] {
        let server = everything.start_with(&format!("[auth]\nconnect = \"{connect}\"")).await;
        let alice = Wire::new(server.url(), LATEST_LEGACY).token(server.token("alice")).connected().await;
        let anonymous = Wire::new(server.url(), LATEST_LEGACY).in_session(alice.session());
        assert_eq!(anonymous.request(1, "tools/list", json!({})).await.status, status, "{connect}");
        assert_eq!(anonymous.get().await.status, status, "{connect}");
        assert_eq!(anonymous.delete().await.status, status, "{connect}");
        assert_eq!(
            anonymous.call_tool(1, "ping", json!({})).await.status,
            404,
            "{connect}: public, in a session"
        );
        assert_eq!(everything.ran(), 0);
        assert_eq!(alice.request(1, "tools/list", json!({})).await.status, 200, "{connect}");
    }
}

#[tokio::test]
async fn unknown_session_gets_404_on_every_method() {
    let everything = Everything::default();
    let server = everything.start().await;
    for era in LEGACY {
        for session in ["unheard-of", "00000000-0000-4000-8000-000000000000", " ", "x y"] {
            let wire = Wire::new(server.url(), era).token(server.token("alice")).in_session(session);
            is_refused_everywhere(&wire).await;
        }
        let client = server.client().era(era).token(server.token("alice")).header("mcp-session-id", "gone");
        is_unknown_session(&client.request_without_session("tools/list", json!({})).await);
    }
    assert_eq!(everything.ran(), 0);
}

#[tokio::test]
async fn j35_a_session_id_means_nothing_in_2026_07_28() {
    let everything = Everything::default();
    let server = everything.start().await;
    let alice = Wire::new(server.url(), LATEST_LEGACY).token(server.token("alice")).connected().await;
    for session in [alice.session(), "unheard-of"] {
        let bob = Wire::new(server.url(), Era::Stateless).token(server.token("bob")).in_session(session);
        let answer = bob.call_tool(1, "who", json!({})).await.response().await;
        assert_eq!(answer["result"]["content"][0]["text"], "bob");
        for answer in [bob.get().await, bob.delete().await] {
            assert_eq!(answer.status, 405);
            assert_eq!(answer.header("allow"), Some("POST"));
        }
    }
    assert_eq!(alice.call_tool(1, "ping", json!({})).await.status, 200);
}

#[tokio::test]
async fn with_verify_none_sessions_are_an_operators_wish_anyones_and_still_counted() {
    let config = format!("{}[limits]\nanonymous_sessions = 3", open::CONFIG);
    let server = TestServer::builder(Open).toml(&config).expect("a configuration");
    let server = server.start().await.expect("a server");
    for era in LEGACY {
        let one = Wire::new(server.url(), era).connected().await;
        let another = Wire::new(server.url(), era).token("of no interest").in_session(one.session());
        for wire in [&one, &another] {
            let answer = wire.call_tool(1, "ping", json!({})).await.response().await;
            assert_eq!(answer["result"]["content"][0]["text"], "pong", "{era:?}");
        }
        assert_eq!(one.get().await.status, 200);
    }
    let without = Wire::new(server.url(), LATEST_LEGACY).initialize().await;
    assert_eq!((without.status, without.header("mcp-session-id")), (200, None));
    is_refused_everywhere(&Wire::new(server.url(), LATEST_LEGACY).in_session("unheard-of")).await;
}

#[tokio::test]
async fn with_verify_none_a_legacy_client_is_served_without_a_session() {
    let server = TestServer::builder(Open).toml(open::CONFIG).expect("a configuration");
    let server = server.start().await.expect("a server");
    for era in LEGACY {
        let wire = Wire::new(server.url(), era);
        let opened = wire.initialize().await;
        assert_eq!((opened.status, opened.header("mcp-session-id")), (200, None), "{era:?}");
        assert_eq!(
            wire.post(json!({ "jsonrpc": "2.0", "method": "notifications/initialized" })).await.status,
            202
        );
        let answer = wire.call_tool(1, "ping", json!({})).await.response().await;
        assert_eq!(answer["result"]["content"][0]["text"], "pong", "{era:?}");
        let listed = wire.request(2, "tools/list", json!({})).await.response().await;
        assert!(listed["result"]["tools"].is_array(), "{era:?}: {listed}");
        assert_eq!((wire.get().await.status, wire.delete().await.status), (405, 405), "{era:?}");
    }
}

#[tokio::test]
async fn with_verify_none_rmcps_own_client_of_an_older_revision_works_without_a_session() {
    let server = TestServer::builder(Open).toml(open::CONFIG).expect("a configuration");
    let server = server.start().await.expect("a server");
    let config = StreamableHttpClientTransportConfig::with_uri(server.url());
    let client = ().serve(StreamableHttpClientTransport::from_config(config)).await.expect("connected");
    assert_eq!(client.peer_info().expect("the server").protocol_version.as_str(), LATEST_LEGACY.version());
    assert_eq!(client.list_all_tools().await.expect("tools").len(), 2);
    let answer = client.call_tool(CallToolRequestParams::new("ping")).await.expect("an answer");
    assert_eq!(answer.content[0].as_text().expect("text").text, "pong");
    client.cancel().await.expect("closed");
}
