//! How a connection ends.

use std::io::Write as _;
use std::sync::mpsc::RecvTimeoutError;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::super::{StdioLimits, serve_streams};
use super::support::{Client, Handler, Log, Mood, call, initialize, text_of, walk};

#[tokio::test]
async fn end_of_input_ends_at_once_when_nothing_is_in_flight() {
    assert!(Client::connect().hang_up().await < StdioLimits::default().drain);
    assert!(Client::legacy().await.hang_up().await < StdioLimits::default().drain);
}

#[tokio::test]
async fn a_call_in_flight_at_the_end_of_input_is_still_answered() {
    let mut client = Client::legacy().await;
    client.send(call(1, "slow"));
    // Without a line break, as the last line may be.
    client.send_bytes(call(2, "a").to_string().as_bytes());
    assert!(client.hang_up().await < Duration::from_secs(1));
    let mut ids = [client.answer().await["id"].as_i64(), client.answer().await["id"].as_i64()];
    ids.sort_unstable();
    assert_eq!(ids, [Some(1), Some(2)]);
    assert_eq!(client.answers.recv_timeout(Duration::from_secs(1)), Err(RecvTimeoutError::Disconnected));
}

#[tokio::test]
async fn half_a_message_at_the_end_of_input_does_not_run() {
    let mut client = Client::legacy().await;
    let text = call(1, "a").to_string();
    client.send_bytes(&text.as_bytes()[..text.len() - 1]);
    client.hang_up().await;
    assert_eq!(client.answer().await["error"]["code"], -32700);
    assert!(!client.log.has("a"));
}

#[tokio::test]
async fn calls_that_wait_to_be_cancelled_get_their_answer_out_within_two_seconds() {
    let mut client = Client::legacy().await;
    client.send(call(1, "until cancelled"));
    assert!(client.hang_up().await < Duration::from_secs(2));
    assert_eq!(text_of(&client.answer().await), "until cancelled");
}

#[tokio::test]
async fn neither_a_stubborn_call_nor_a_waiting_gate_outlives_the_input_by_two_seconds() {
    for (tool, mood) in [("stubborn", Mood::SomebodyKnown), ("b", Mood::Waits)] {
        let mut client = Client::settled().await;
        client.is_in(mood);
        client.send(call(1, tool));
        client.is_silent().await;
        assert!(client.hang_up().await < Duration::from_secs(2), "{tool}");
    }
}

#[tokio::test]
async fn shutdown_ends_the_same_way_while_the_input_stays_open() {
    let mut client = Client::connect();
    client.shutdown.cancel();
    assert!(client.ended().await < StdioLimits::default().drain);

    let mut client = Client::legacy().await;
    client.send(call(1, "slow"));
    while !client.log.has("slow") {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    client.shutdown.cancel();
    assert!(client.ended().await < Duration::from_secs(2));
    assert_eq!(text_of(&client.answer().await), "slow");
}

#[tokio::test]
async fn a_client_that_no_longer_reads_ends_the_connection() {
    let (server_in, mut input) = std::io::pipe().unwrap();
    let (output, server_out) = std::io::pipe().unwrap();
    drop(output);
    let serving = serve_streams(
        Handler(Log::default()),
        walk(&Arc::new(Mutex::new(Mood::SomebodyKnown)), StdioLimits::default()),
        CancellationToken::new(),
        server_in,
        server_out,
    );
    input.write_all(format!("{}\n", initialize()).as_bytes()).unwrap();
    let ended = tokio::time::timeout(Duration::from_secs(2), serving).await.expect("an end");
    assert!(ended.is_ok(), "{ended:?}");
}
