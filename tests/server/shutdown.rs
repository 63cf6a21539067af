//! How a whole server stops: what runs finishes, what listens is told, nothing new comes in.

use std::time::{Duration, Instant};

use mcp_auth::prelude::*;
use mcp_auth::testing::Era;
use serde_json::json;
use tokio::net::TcpStream;

use crate::streams::Wire;
use crate::talks::{Talks, in_time};

const LATEST_LEGACY: Era = Era::Legacy("2025-11-25");

fn address(url: &str) -> String {
    url.trim_start_matches("http://").trim_end_matches("/mcp").to_owned()
}

/// Waits until no connection is accepted any more.
async fn refuses_connections(address: &str) {
    in_time(async {
        while TcpStream::connect(address).await.is_ok() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    })
    .await;
}

#[tokio::test]
async fn calls_in_flight_finish_and_nothing_new_is_accepted() {
    for era in Era::ALL {
        let talks = Talks::default();
        let server = talks.start().await;
        let address = address(server.url());
        let wire = Wire::new(server.url(), era).token(server.token("alice")).connected().await;
        let call = tokio::spawn(async move { wire.call_tool(1, "waits", json!({})).await.response().await });
        talks.started().await;
        let stopped = tokio::spawn(server.stop());
        refuses_connections(&address).await;
        assert!(!stopped.is_finished(), "{era:?}: it waits for the call");
        talks.finish_one();
        let answer = in_time(call).await.expect("an answer");
        assert_eq!(answer["result"]["content"][0]["text"], "finished for alice", "{era:?}");
        in_time(stopped).await.expect("stopped");
    }
}

#[tokio::test]
async fn listeners_get_their_final_result_while_calls_still_run() {
    let talks = Talks::default();
    let server = talks.start().await;
    let wire = Wire::new(server.url(), Era::Stateless).token(server.token("alice"));
    let asked = json!({ "notifications": { "toolsListChanged": true } });
    let mut stream = wire.request(2, "subscriptions/listen", asked).await;
    assert_eq!(
        stream.next().await.expect("an acknowledgement")["method"],
        "notifications/subscriptions/acknowledged"
    );
    let call = tokio::spawn(async move { wire.call_tool(1, "waits", json!({})).await.response().await });
    talks.started().await;
    let stopped = tokio::spawn(server.stop());
    let last = stream.next().await.expect("a final result");
    assert_eq!((&last["id"], &last["result"]["resultType"]), (&json!(2), &json!("complete")));
    assert!(!call.is_finished());
    talks.finish_one();
    assert_eq!(in_time(call).await.expect("an answer")["result"]["isError"], false);
    in_time(stopped).await.expect("stopped");
}

#[tokio::test]
async fn what_outlasts_the_drain_time_is_cut() {
    let talks = Talks::default();
    let server = talks.start_with("[limits]\ndrain_timeout = \"1s\"").await;
    let wire = Wire::new(server.url(), LATEST_LEGACY).token(server.token("alice")).connected().await;
    let mut stream = wire.get().await;
    assert_eq!(stream.status, 200);
    let mut call = wire.call_tool(1, "waits", json!({})).await;
    talks.started().await;
    let started = Instant::now();
    let stopped = tokio::spawn(server.stop());
    while let Some(message) = stream.next().await {
        assert!(message.get("result").is_none(), "{message}");
    }
    assert_eq!(call.next().await, None, "a call that does not end in time gets no answer");
    in_time(stopped).await.expect("stopped");
    assert!(started.elapsed() >= Duration::from_millis(900), "only after the drain time");
}

/// A server that runs in a separate process.
#[derive(Debug, Clone, Default)]
struct Slow;

#[server(name = "slow")]
impl Slow {
    /// Takes a second.
    #[tool(public)]
    async fn slow(&self) -> &'static str {
        eprintln!("\nrunning");
        tokio::time::sleep(Duration::from_secs(1)).await;
        "finished"
    }
}

#[cfg(unix)]
const IS_CHILD: &str = "SHUTDOWN_TEST_CHILD";

#[cfg(unix)]
#[tokio::test]
#[ignore = "the child of the test below"]
async fn child_that_serves_until_it_is_told_to_stop() {
    if std::env::var_os(IS_CHILD).is_none() {
        return; // a person runs the ignored tests
    }
    let config = "[server]\nlisten = \"127.0.0.1:0\"\n[auth]\nverify = \"none\"";
    let config = mcp_auth::Config::from_toml_str(config).expect("a configuration");
    mcp_auth::serve_with(Slow, config).await.expect("served");
    eprintln!("\nserved");
}

#[cfg(unix)]
#[tokio::test]
async fn sigterm_and_ctrl_c_let_the_call_in_flight_finish_and_the_process_exit_0() {
    use std::process::Stdio;

    use tokio::io::{AsyncBufReadExt as _, BufReader};

    for signal in ["TERM", "INT"] {
        let mut child = tokio::process::Command::new(std::env::current_exe().expect("this program"))
            .args([
                "--exact",
                "--ignored",
                "--nocapture",
                "shutdown::child_that_serves_until_it_is_told_to_stop",
            ])
            .env(IS_CHILD, "1")
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("the child runs");
        let mut lines = BufReader::new(child.stderr.take().expect("its log")).lines();
        let url = loop {
            let line = in_time(lines.next_line()).await.expect("readable").expect("where it listens");
            if let Some((_, url)) = line.split_once("resource identifier): ") {
                break url.trim().to_owned();
            }
        };
        let client = mcp_auth::testing::Client::new(&url);
        let call = tokio::spawn(async move { client.call_tool("slow", json!({})).await });
        while in_time(lines.next_line()).await.expect("readable").expect("that it runs") != "running" {}

        crate::process::signal(&child, signal).await;
        refuses_connections(&address(&url)).await;
        let answer = in_time(call).await.expect("an answer");
        assert_eq!(answer.text(), Some("finished"), "{signal}");
        let mut served = false;
        while let Some(line) = in_time(lines.next_line()).await.expect("readable") {
            served |= line == "served";
        }
        assert!(served, "{signal}: serve returned");
        assert_eq!(in_time(child.wait()).await.expect("its end").code(), Some(0), "{signal}");
    }
}
