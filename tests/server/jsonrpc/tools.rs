//! Tools that get wrong arguments, panic, hang, or answer with a lot.

use std::sync::Arc;
use std::time::Duration;

use mcp_auth::prelude::*;
use mcp_auth::testing::{Era, TestServer};
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;
use tokio::sync::Notify;
use tokio::time::timeout;

use super::ask::{Ask, INVALID_PARAMS, assert_refused, assert_served, code, start};
use crate::wire::Wire;

#[tokio::test]
async fn j22_a_tool_does_not_run_on_arguments_its_schema_forbids() {
    let bench = start("").await;
    for era in Era::ALL {
        for arguments in [
            json!({}),
            json!({ "text": 5 }),
            json!({ "text": null }),
            json!({ "text": ["x"] }),
            json!({ "Text": "x" }),
            json!({ "text": "x", "extra": 1 }),
            Value::Null,
        ] {
            let ask = Ask::tool(era, "write_note", arguments.clone());
            let reply = ask.send(&bench, Some(&bench.with)).await;
            let failed = code(&reply) == Some(INVALID_PARAMS) || reply.json()["result"]["isError"] == true;
            assert!(failed, "{arguments}: {}", reply.text());
            assert_eq!(ask.send(&bench, Some(&bench.without)).await.status(), 403, "the scope comes first");
        }
        for arguments in [json!([]), json!("text"), json!(1), json!(true)] {
            let ask = Ask::tool(era, "write_note", arguments);
            assert_refused(&bench, &ask, ask.message.to_string(), INVALID_PARAMS, json!(1)).await;
        }
        for params in [json!([]), json!("write_note"), json!(["write_note", {}])] {
            let mut ask = Ask::write(era);
            ask.message["params"] = params;
            assert_refused(&bench, &ask, ask.message.to_string(), INVALID_PARAMS, json!(1)).await;
        }
    }
    assert_eq!(bench.everything.ran(), 0);
}

#[tokio::test]
async fn j39_a_tool_that_panics_fails_its_own_call_only() {
    let bench = start("").await;
    for era in Era::ALL {
        let panicked = Ask::tool(era, "panics", json!({})).send(&bench, Some(&bench.with)).await;
        assert_eq!(code(&panicked), Some(-32603), "{}", panicked.text());
        assert!(!panicked.text().contains("a tool that panics"), "what it said stays here");
        assert_eq!(panicked.json()["id"], 1);
        let ask = Ask::write(era);
        assert_served(&bench, &ask, ask.message.to_string()).await;
    }
    // In a session too, and the session lives on.
    for era in Era::ALL {
        let client = bench.server.client().era(era).token(bench.with.clone());
        assert_eq!(client.call_tool("panics", json!({})).await.error_code(), Some(-32603), "{era:?}");
        assert_eq!(
            client.call_tool("write_note", json!({ "text": "on" })).await.text(),
            Some("on"),
            "{era:?}"
        );
    }
}

/// A server one of whose tools never answers.
#[derive(Debug, Clone, Default)]
struct Patient {
    started: Arc<Notify>,
    dropped: Arc<Notify>,
}

/// Patient.
#[server(name = "patient")]
impl Patient {
    /// Never answers.
    #[tool(authenticated)]
    async fn hangs(&self, cancelled: CancellationToken) -> &'static str {
        let _told = OnDrop(Arc::clone(&self.dropped));
        self.started.notify_one();
        cancelled.cancelled().await;
        "cancelled"
    }

    /// Answers with as many megabytes as it is asked for.
    #[tool(authenticated)]
    fn large(&self, Parameters(size): Parameters<Size>) -> String {
        "x".repeat(size.megabytes << 20)
    }
}

struct OnDrop(Arc<Notify>);

impl Drop for OnDrop {
    fn drop(&mut self) {
        self.0.notify_one();
    }
}

#[derive(Debug, mcp_auth::serde::Deserialize, mcp_auth::schemars::JsonSchema)]
#[serde(crate = "mcp_auth::serde")]
#[schemars(crate = "mcp_auth::schemars")]
struct Size {
    megabytes: usize,
}

#[tokio::test]
async fn j38_j39_a_tool_that_hangs_delays_no_other_call_and_ends_with_its_client() {
    let patient = Patient::default();
    let server = TestServer::start(patient.clone()).await.expect("it starts");
    let wire = Wire::of(&server);
    let bearer = format!("Authorization: Bearer {}\r\n", server.token("alice").mint());
    let mut hanging = wire.connect().await;
    let body = crate::wire::call_body("hangs");
    let request = format!(
        "POST /mcp HTTP/1.1\r\nHost: {}\r\n{}{bearer}Content-Length: {}\r\n\r\n{body}",
        wire.host(),
        crate::wire::call_headers("hangs"),
        body.len()
    );
    hanging.write_all(request.as_bytes()).await.expect("sent");
    timeout(Duration::from_secs(10), patient.started.notified()).await.expect("it runs");
    let client = server.client().token(server.token("bob"));
    for _ in 0..3 {
        assert!(client.call_tool("large", json!({ "megabytes": 0 })).await.is_success());
    }
    drop(hanging);
    timeout(Duration::from_secs(10), patient.dropped.notified()).await.expect("a disconnect cancels it");
    // A large answer arrives whole.
    let large = client.call_tool("large", json!({ "megabytes": 32 })).await;
    assert_eq!(large.text().map(str::len), Some(32 << 20));
    server.stop().await;
}
