//! The log of a process: nothing waits for its reader, and what a stranger sent stays on its line.

use std::time::{Duration, Instant};

use mcp_auth::testing::Client;
use serde_json::json;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::time::timeout;

use crate::launch::{self, Issuer};
use crate::process::{listening, text};
use mcp_auth::serde_json;

const PATIENCE: Duration = Duration::from_secs(60);

/// So many decisions about [`verbose`] names are 3 MB of lines: more than a pipe, the queue, and what is on its way
/// from the one to the other hold together.
const MANY: usize = 1500;

/// A name that is ten times as long in a log.
fn verbose(name: usize) -> String {
    format!("{name}{}", "\u{10ffff}".repeat(200))
}

/// How many lines were lost, if this line says so.
fn lost(line: &str) -> Option<usize> {
    let (_, lost) = line.split_once("lines of the log were lost since the start")?;
    Some(lost.split_once("dropped=").expect("their number").1.parse().expect("a number"))
}

#[tokio::test]
async fn h35_a_standard_error_that_nothing_reads_does_not_stop_a_server_over_stdio() {
    let issuer = Issuer::start().await;
    // Who keeps the decisions only has to know that some are missing.
    let launch = launch::trusting(&issuer).variable("MCP_LOG__FILTER", "mcp_auth::audit=info");
    let mut pipe = launch.variable("MCP_AUTH__CONNECT", "anonymous").unread().stdio();
    let calls = async {
        for call in 0..MANY {
            pipe.call_tool(&verbose(call), json!({})).await;
        }
        assert!(pipe.request("tools/list", json!({})).await["result"]["tools"].is_array());
    };
    timeout(PATIENCE, calls).await.expect("every call is answered");
    pipe.read_on();
    pipe.hang_up();
    let ended = pipe.ended(PATIENCE).await;
    ended.well();
    let decisions = ended.stderr.lines().filter(|line| line.contains(" mcp_auth::audit: ")).count();
    let lost = ended.stderr.lines().filter_map(lost).next_back().expect("it says that lines were lost");
    assert!(lost > 0 && decisions > 0);
    assert_eq!(decisions + lost, MANY + 1);
}

#[tokio::test]
async fn h35_a_standard_error_that_nothing_reads_does_not_stop_a_server_over_http() {
    let issuer = Issuer::start().await;
    let launch = launch::trusting(&issuer).variable("MCP_LOG__LEVEL", "info");
    let mut process = launch.command().spawn().unwrap();
    let mut log = BufReader::new(process.stderr.take().unwrap()).lines();
    let url = format!("http://{}", listening(&mut log).await);
    let strangers = async {
        let client = Client::new(format!("{url}/mcp"));
        for request in 0..MANY {
            assert_eq!(client.call_tool(&verbose(request), json!({})).await.status(), 401, "{request}");
        }
        assert_eq!(reqwest::get(format!("{url}/healthz")).await.unwrap().status(), 200);
        while reqwest::get(format!("{url}/readyz")).await.unwrap().status() != 200 {}
        let alice = client.token(issuer.token("alice").scope("read"));
        assert_eq!(alice.call_tool("read_note", json!({})).await.status(), 200);
    };
    timeout(PATIENCE, strangers).await.expect("every request is answered");
    let (mut decisions, mut said) = (0, 0);
    let reading = async {
        while decisions + said < MANY + 1 {
            let line = log.next_line().await.unwrap().expect("it runs on");
            decisions += usize::from(line.contains(" mcp_auth::audit: "));
            said = lost(&line).unwrap_or(said);
        }
    };
    timeout(PATIENCE, reading).await.expect("every line is written or counted");
    assert!(said > 0 && decisions > 0, "{said} of {decisions}");
    assert_eq!(decisions + said, MANY + 1);
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

/// What the server `which` writes where its tool panics, with these variables.
async fn panicking(which: &str, variables: &[(&str, &str)]) -> String {
    let issuer = Issuer::start().await;
    let launch = launch::trusting(&issuer).variable("MCP_AUTH__CONNECT", "anonymous");
    let launch = launch.variable("TEST_SERVER", which).variable("RUST_BACKTRACE", "0");
    let launch = variables.iter().fold(launch, |launch, (name, value)| launch.variable(name, value));
    let mut pipe = launch.stdio();
    pipe.call_tool("panics", json!({})).await;
    pipe.hang_up();
    pipe.ended(PATIENCE).await.stderr
}

/// The events of panics in a log of JSON, and how many lines are none.
fn panics(log: &str) -> (Vec<serde_json::Value>, usize) {
    let lines: Vec<serde_json::Value> =
        log.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let others = log.lines().count() - lines.len();
    (lines.into_iter().filter(|line| line["target"] == "mcp_auth_runtime::observe::panics").collect(), others)
}

#[tokio::test]
async fn a_panic_is_one_line_of_the_log_with_its_place_and_thread() {
    for filter in ["info", "error", "mcp_auth::audit=info"] {
        let log = panicking("everything", &[("MCP_LOG__FORMAT", "json"), ("MCP_LOG__FILTER", filter)]).await;
        let (panics, others) = panics(&log);
        assert_eq!((panics.len(), others), (1, 0), "{filter}: {log}");
        let (level, fields) = (&panics[0]["level"], &panics[0]["fields"]);
        assert_eq!((level, &fields["message"]), (&json!("ERROR"), &json!("panicked: a tool that panics")));
        assert!(fields["at"].as_str().unwrap().contains("everything.rs:"), "{fields}");
        assert!(!fields["thread"].as_str().unwrap().is_empty(), "{fields}");
        assert!(fields.get("backtrace").is_none(), "{fields}");
    }
}

#[tokio::test]
async fn backtrace_that_is_asked_for_is_a_field_of_the_panics_line() {
    let log = panicking("everything", &[("MCP_LOG__FORMAT", "json"), ("RUST_BACKTRACE", "1")]).await;
    let (panics, others) = panics(&log);
    assert_eq!((panics.len(), others), (1, 0), "{log}");
    assert!(panics[0]["fields"]["backtrace"].as_str().unwrap().contains('\n'), "{log}");
    let text = panicking("everything", &[("RUST_BACKTRACE", "1")]).await;
    let line = text.lines().find(|line| line.contains("panicked: a tool that panics")).expect("a line");
    assert!(line.contains("backtrace=") && line.contains("\\n"), "{text}");
}

#[tokio::test]
async fn a_log_that_is_off_leaves_panics_to_the_hook_that_was_there() {
    let log = panicking("everything", &[("MCP_LOG__LEVEL", "off")]).await;
    assert!(log.contains("a tool that panics") && !log.contains("ERROR"), "{log}");
    let log = panicking("hooked", &[("MCP_LOG__LEVEL", "off")]).await;
    assert_eq!(log, "the program's own hook\n");
}

#[tokio::test]
async fn hook_of_the_program_is_called_beside_the_log() {
    let log = panicking("hooked", &[("MCP_LOG__FORMAT", "json")]).await;
    let (panics, others) = panics(&log);
    assert_eq!((panics.len(), others), (1, 1), "{log}");
    assert!(log.contains("the program's own hook\n"), "{log}");
}

#[tokio::test]
async fn a_panic_that_ends_the_program_is_in_its_log() {
    let ended = launch::toml("").variable("TEST_SERVER", "ends").variable("RUST_BACKTRACE", "0").stdio();
    let ended = ended.ended(PATIENCE).await;
    assert_eq!(ended.status.code(), Some(101), "{ended:?}");
    let last = ended.stderr.lines().last().expect("a line");
    assert!(last.contains("ERROR") && last.contains("the program ends\\n ERROR forged"), "{ended:?}");
}

#[tokio::test]
async fn a_panic_that_is_caught_does_not_wait_for_the_log() {
    let issuer = Issuer::start().await;
    let launch = launch::trusting(&issuer).variable("MCP_AUTH__CONNECT", "anonymous");
    let mut pipe = launch.variable("RUST_BACKTRACE", "0").unread().stdio();
    for call in 0..100 {
        pipe.call_tool(&verbose(call), json!({})).await; // from now on nothing more is written
    }
    let started = Instant::now();
    for _ in 0..100 {
        pipe.call_tool("panics", json!({})).await;
    }
    // Where each one waits for as long as a panic does that ends the process, it is five seconds.
    assert!(started.elapsed() < Duration::from_secs(4), "{:?}", started.elapsed());
}

#[cfg(unix)]
#[tokio::test]
async fn what_was_logged_before_a_second_signal_is_written() {
    let launch = launch::toml("").variable("TEST_SERVER", "noisy").variable("MCP_LOG__LEVEL", "info");
    let mut pipe = launch.stdio();
    pipe.post("tools/call", json!({ "name": "wait", "arguments": {} })).await;
    pipe.hears("waiting").await;
    pipe.terminate().await;
    pipe.hears("shutting down").await;
    pipe.terminate().await;
    let ended = pipe.ended(PATIENCE).await;
    assert_eq!(ended.status.code(), Some(143), "{ended:?}");
    assert!(ended.stderr.contains("second signal: exiting at once"), "{ended:?}");
}
