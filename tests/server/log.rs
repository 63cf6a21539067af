//! The log of a process: nothing waits for its reader, and what a stranger sent stays on its line.

use std::time::Duration;

use mcp_auth::testing::Client;
use serde_json::json;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::time::timeout;

use crate::launch::{self, Issuer};
use crate::process::{listening, text};
use mcp_auth::serde_json;

const PATIENCE: Duration = Duration::from_secs(60);

/// More lines than a pipe holds, several times.
const MANY: usize = 1500;

#[tokio::test]
async fn h35_a_standard_error_that_nothing_reads_does_not_stop_a_server_over_stdio() {
    let launch = launch::toml("").variable("TEST_SERVER", "open").variable("MCP_LOG__LEVEL", "info");
    let mut pipe = launch.unread().stdio();
    let calls = async {
        for call in 0..MANY {
            assert_eq!(text(&pipe.call_tool("ping", json!({})).await), "pong", "{call}");
        }
    };
    timeout(PATIENCE, calls).await.expect("every call is answered");
}

#[tokio::test]
async fn h35_a_standard_error_that_nothing_reads_does_not_stop_a_server_over_http() {
    let issuer = Issuer::start().await;
    let launch = launch::trusting(&issuer);
    let mut process = launch.command().spawn().unwrap();
    let mut log = BufReader::new(process.stderr.take().unwrap()).lines();
    let url = format!("http://{}", listening(&mut log).await);
    let strangers = async {
        let client = Client::new(format!("{url}/mcp"));
        for request in 0..MANY {
            assert_eq!(client.call_tool("read_note", json!({})).await.status(), 401, "{request}");
        }
        assert_eq!(reqwest::get(format!("{url}/healthz")).await.unwrap().status(), 200);
    };
    timeout(PATIENCE, strangers).await.expect("every request is answered");
    drop(log);
}

#[tokio::test]
async fn without_a_level_a_server_over_stdio_logs_its_decisions_and_no_more() {
    let launch = launch::toml("").variable("TEST_SERVER", "open");
    let mut pipe = launch.stdio();
    assert_eq!(text(&pipe.call_tool("ping", json!({})).await), "pong");
    pipe.hang_up();
    let ended = pipe.ended(PATIENCE).await;
    ended.well();
    let lines: Vec<&str> = ended.stderr.lines().filter(|line| line.contains(" INFO ")).collect();
    assert!(!lines.is_empty() && lines.iter().all(|line| line.contains("mcp_auth::audit")), "{lines:?}");
}

#[tokio::test]
async fn the_text_of_a_panic_is_one_line_of_the_log() {
    let issuer = Issuer::start().await;
    let launch = launch::trusting(&issuer).variable("MCP_LOG__FORMAT", "json");
    let mut pipe = launch.variable("MCP_AUTH__CONNECT", "anonymous").stdio();
    pipe.call_tool("panics", json!({})).await;
    pipe.hang_up();
    let ended = pipe.ended(PATIENCE).await;
    let panics = ended.stderr.lines().filter(|line| line.contains("a tool that panics"));
    let panics: Vec<serde_json::Value> = panics.map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(panics.len(), 1, "{}", ended.stderr);
    assert_eq!(panics[0]["level"], "ERROR");
    assert!(panics[0]["fields"]["at"].as_str().unwrap().contains(".rs:"), "{panics:?}");
}
