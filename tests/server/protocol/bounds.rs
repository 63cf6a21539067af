//! How long a call may take, and how much it may answer.

use std::sync::Arc;
use std::time::{Duration, Instant};

use mcp_auth::prelude::*;
use mcp_auth::testing::{Era, TestServer};
use serde_json::json;
use tokio::sync::Notify;
use tokio::time::{sleep, timeout};

use crate::launch;
use crate::process::text;

/// A server whose methods take their time, or answer with a lot.
#[derive(Debug, Clone, Default)]
struct Endless {
    dropped: Arc<Notify>,
}

struct OnDrop(Arc<Notify>);

impl Drop for OnDrop {
    fn drop(&mut self) {
        self.0.notify_one();
    }
}

impl Endless {
    async fn never(&self) -> String {
        let _told = OnDrop(Arc::clone(&self.dropped));
        std::future::pending().await
    }
}

/// Endless.
#[server(name = "endless")]
impl Endless {
    /// Never answers.
    #[tool(authenticated)]
    async fn hangs(&self) -> String {
        self.never().await
    }

    /// Never answers, and needs the transport.
    #[tool(authenticated)]
    async fn hangs_in_transport(&self, _cancelled: CancellationToken) -> String {
        self.never().await
    }

    /// Never answers, and says how long it may take.
    #[tool(authenticated, timeout = "1s")]
    async fn hangs_shortly(&self) -> String {
        self.never().await
    }

    /// Takes longer than the others may.
    #[tool(authenticated, timeout = "1h")]
    async fn takes_long(&self) -> &'static str {
        sleep(Duration::from_millis(1500)).await;
        "done"
    }

    /// Answers with as many characters as it is asked for.
    #[tool(authenticated)]
    fn large(&self, Parameters(Size { characters }): Parameters<Size>) -> String {
        "x".repeat(characters)
    }

    #[prompt(authenticated)]
    fn large_prompt(&self) -> String {
        "x".repeat(5000)
    }

    #[resource(uri = "large://it", authenticated)]
    fn large_resource(&self) -> String {
        "x".repeat(5000)
    }

    #[resource(uri = "hangs://it", authenticated)]
    async fn hanging_resource(&self) -> String {
        self.never().await
    }

    #[method("acme/large", authenticated)]
    fn large_method(&self) -> Json<Vec<u32>> {
        Json((0..5000).collect())
    }
}

#[derive(Debug, mcp_auth::serde::Deserialize, mcp_auth::schemars::JsonSchema)]
#[serde(crate = "mcp_auth::serde")]
#[schemars(crate = "mcp_auth::schemars")]
struct Size {
    characters: usize,
}

async fn start(endless: &Endless, toml: &str) -> TestServer {
    let builder = TestServer::builder(endless.clone()).toml(toml).expect("a configuration");
    builder.start().await.expect("a server")
}

#[tokio::test]
async fn j39_a_call_over_its_time_is_stopped_and_its_client_is_told() {
    let endless = Endless::default();
    let server = start(&endless, "[limits]\ncall_timeout = \"1s\"\n").await;
    for era in Era::ALL {
        let client = server.client().era(era).token(server.token("alice"));
        for (tool, says) in [
            ("hangs", "limits.call_timeout"),
            ("hangs_in_transport", "limits.call_timeout"),
            ("hangs_shortly", "the tool's own timeout"),
        ] {
            let began = Instant::now();
            let answer = client.call_tool(tool, json!({})).await;
            assert!(began.elapsed() < Duration::from_secs(10));
            let expected = format!("the call took longer than 1 s and was stopped ({says})");
            assert_eq!(answer.text(), Some(&*expected), "{era:?} {}", answer.body());
            assert_eq!(answer.result().expect("a result")["isError"], true);
            timeout(Duration::from_secs(5), endless.dropped.notified()).await.expect("it was dropped");
        }
        let answer = client.read_resource("hangs://it").await;
        assert_eq!(answer.error_code(), Some(-32603), "{era:?} {}", answer.body());
        assert!(answer.body().contains("limits.call_timeout"), "{}", answer.body());
        timeout(Duration::from_secs(5), endless.dropped.notified()).await.expect("it was dropped");
        assert_eq!(client.call_tool("large", json!({ "characters": 1 })).await.text(), Some("x"));
    }
}

#[tokio::test]
async fn a_tool_that_says_its_own_time_has_that_one() {
    let endless = Endless::default();
    let server = start(&endless, "[limits]\ncall_timeout = \"1s\"\n").await;
    let client = server.client().token(server.token("alice"));
    assert_eq!(client.call_tool("takes_long", json!({})).await.text(), Some("done"));
    let server = start(&endless, "").await;
    let client = server.client().token(server.token("alice"));
    let answer = client.call_tool("hangs_shortly", json!({})).await;
    assert!(answer.text().is_some_and(|text| text.contains("the tool's own timeout")), "{}", answer.body());
}

#[tokio::test]
async fn j39_an_answer_over_the_limit_is_an_error_that_names_the_key() {
    let server = start(&Endless::default(), "[limits]\nanswer = \"4 KiB\"\n").await;
    let said = "the answer is larger than this server sends: 4096 bytes (limits.answer)";
    for era in Era::ALL {
        let client = server.client().era(era).token(server.token("alice"));
        assert_eq!(
            client.call_tool("large", json!({ "characters": 3500 })).await.text().map(str::len),
            Some(3500)
        );
        let answer = client.call_tool("large", json!({ "characters": 5000 })).await;
        assert_eq!((answer.text(), answer.status()), (Some(said), 200), "{era:?} {}", answer.body());
        assert_eq!(answer.result().expect("a result")["isError"], true);
        for answer in [
            client.get_prompt("large_prompt", json!({})).await,
            client.read_resource("large://it").await,
            client.request("acme/large", json!({})).await,
        ] {
            assert_eq!(answer.error_code(), Some(-32603), "{era:?} {}", answer.body());
            assert_eq!(answer.error().expect("an error")["message"], said);
        }
    }
}

#[tokio::test]
async fn j39_over_stdio_a_call_over_its_time_is_stopped_too() {
    let launch = launch::toml("[auth]\nverify = \"none\"\n[limits]\ncall_timeout = \"1s\"\n").audited();
    let mut pipe = launch.variable("TEST_SERVER", "hangs").stdio().era(Era::Legacy("2025-11-25"));
    pipe.open().await;
    let answer = pipe.call_tool("hangs", json!({})).await;
    assert_eq!(text(&answer), "the call took longer than 1 s and was stopped (limits.call_timeout)");
    pipe.hang_up();
    let ended = pipe.ended(Duration::from_secs(30)).await;
    let stopped = ended.stderr.lines().find(|line| line.contains("\"stop\"")).expect("it is audited");
    assert!(stopped.contains("hangs") && stopped.contains("limits.call_timeout"), "{stopped}");
}
