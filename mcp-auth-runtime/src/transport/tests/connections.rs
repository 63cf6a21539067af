//! Connections: their clocks, their number, a handler that panics: H28.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{sleep, timeout};

use super::support::*;

#[tokio::test]
async fn a_head_that_does_not_come_or_trickles_is_given_up() {
    let server = start(ConnectionLimits { header_timeout: Duration::from_secs(1), ..defaults() }).await;
    for first in ["", "POST /mcp HTTP/1.1\r\nHost: "] {
        let mut stream = server.connect().await;
        server.send(&mut stream, first).await;
        let (mut read, mut write) = stream.split();
        let trickle = async {
            loop {
                sleep(Duration::from_millis(100)).await;
                if first.is_empty() || write.write_all(b"x").await.is_err() {
                    std::future::pending::<()>().await;
                }
            }
        };
        let mut answer = Vec::new();
        tokio::select! {
            () = trickle => {}
            ended = timeout(PATIENCE, read.read_to_end(&mut answer)) => { ended.expect("closed").unwrap_or(0); }
        }
        assert!(answer.is_empty());
    }
}

#[test]
fn the_limit_that_closed_a_connection_is_named_in_the_log() {
    let short = Duration::from_millis(300);
    let limits =
        ConnectionLimits { header_timeout: short, idle_timeout: short, write_timeout: short, ..defaults() };
    let said = |directives: &str, sent: &'static str, until: &'static str| {
        crate::observe::support::logged_at(directives, || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let server = start(limits).await;
                let mut stream = server.connect().await;
                server.send(&mut stream, sent).await;
                match sent.contains("/endless") {
                    true => timeout(PATIENCE, server.dropped.notified()).await.expect("given up"),
                    false => drop(read_until(&mut stream, until).await),
                }
                drop(timeout(short * 3, read_to_close(&mut stream)).await);
                sleep(short).await;
            });
        })
    };
    let endless = "GET /endless HTTP/1.1\r\nHost: HOST\r\n\r\n";
    for (directives, sent, until, key) in [
        ("info", "POST /mcp HTTP/1.1\r\n", "", "limits.header_timeout"),
        ("info", endless, "", "limits.write_timeout"),
        ("debug", "", "", "limits.header_timeout"),
        ("debug", KEEP, "ping", "limits.idle_timeout"),
    ] {
        let log = said(directives, sent, until);
        assert_eq!(log.matches("a connection was closed").count(), 1, "{sent}: {log}");
        assert!(log.contains(key), "{sent}: {log}");
    }
    // A connection on which nothing more came is not logged at `info`.
    for (sent, until) in [("", ""), (KEEP, "ping")] {
        assert!(!said("info", sent, until).contains("a connection was closed"), "{sent}");
    }
}

#[test]
fn a_connection_that_gives_way_leaves_a_line_that_names_the_limit() {
    let said = |open: usize| {
        crate::observe::support::logged(|| {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let server = start(ConnectionLimits { max_connections: 2, ..defaults() }).await;
                let mut waiting = Vec::new();
                for _ in 0..open {
                    let mut stream = server.connect().await;
                    server.send(&mut stream, KEEP).await;
                    read_until(&mut stream, "ping").await;
                    waiting.push(stream);
                }
                sleep(Duration::from_millis(100)).await;
            });
        })
    };
    assert_eq!(said(3).matches("(limits.connections)").count(), 1);
    assert_eq!(said(2).matches("(limits.connections)").count(), 0);
}

#[tokio::test]
async fn an_idle_connection_outlives_the_head_timer_and_ends_with_the_idle_timer() {
    let head = Duration::from_millis(300);
    let limits =
        ConnectionLimits { header_timeout: head, idle_timeout: Duration::from_secs(3), ..defaults() };
    let server = start(limits).await;
    let mut stream = server.connect().await;
    for _ in 0..2 {
        server.send(&mut stream, KEEP).await;
        assert_eq!(status(&read_until(&mut stream, "ping").await), 200);
        sleep(head * 3).await;
    }
    assert_eq!(read_to_close(&mut stream).await, "", "closed without another word");
}

#[tokio::test]
async fn the_idle_timer_also_runs_after_an_answer_that_was_waited_for() {
    let server = start(ConnectionLimits { idle_timeout: Duration::from_secs(1), ..defaults() }).await;
    let mut stream = server.connect().await;
    server.send(&mut stream, "GET /slow HTTP/1.1\r\nHost: HOST\r\n\r\n").await;
    read_until(&mut stream, "finished").await;
    assert_eq!(read_to_close(&mut stream).await, "");
}

#[tokio::test]
async fn a_second_head_that_trickles_is_given_up_by_the_head_timer() {
    let limits = ConnectionLimits { header_timeout: Duration::from_secs(1), ..defaults() };
    let server = start(limits).await; // idle: 75 s, longer than this test waits
    let mut stream = server.connect().await;
    server.send(&mut stream, KEEP).await;
    read_until(&mut stream, "ping").await;
    server.send(&mut stream, "POST /mcp HTTP/1.1\r\n").await;
    assert_eq!(read_to_close(&mut stream).await, "");
}

#[tokio::test]
async fn an_answer_that_the_client_does_not_read_is_given_up() {
    let server = start(ConnectionLimits { write_timeout: Duration::from_secs(1), ..defaults() }).await;
    let mut stream = server.connect().await;
    server.send(&mut stream, "GET /endless HTTP/1.1\r\nHost: HOST\r\n\r\n").await;
    timeout(PATIENCE, server.dropped.notified()).await.expect("the endless answer is dropped");
}

#[tokio::test]
async fn j38_an_answer_whose_client_is_gone_is_dropped() {
    let server = start(defaults()).await;
    let mut stream = server.connect().await;
    server.send(&mut stream, "GET /endless HTTP/1.1\r\nHost: HOST\r\n\r\n").await;
    read_until(&mut stream, "xxxx").await;
    drop(stream);
    timeout(PATIENCE, server.dropped.notified()).await.expect("the endless answer is dropped");
}

#[tokio::test]
async fn h28_silent_sockets_do_not_keep_live_requests_out() {
    let server = start(ConnectionLimits { max_connections: 8, ..defaults() }).await;
    let mut live = server.connect().await;
    server.send(&mut live, KEEP).await;
    assert_eq!(status(&read_until(&mut live, "ping").await), 200);
    let mut silent = Vec::new();
    for n in 0..64 {
        let mut socket = server.connect().await;
        if n % 2 == 0 {
            server.send(&mut socket, "POST /mcp HTTP/1.1\r\n").await; // half a head is no reason to stay
        }
        silent.push(socket);
    }
    server.send(&mut live, KEEP).await;
    assert_eq!(status(&read_until(&mut live, "ping").await), 200, "a connection that works is kept");
    assert_eq!(status(&server.post("Content-Length: 4\r\n", "ping").await), 200, "a new one comes in");
    let mut closed = 0;
    for socket in &mut silent {
        let ended = timeout(Duration::from_millis(50), socket.read(&mut [0; 16])).await;
        closed += usize::from(matches!(ended, Ok(Ok(0) | Err(_))));
    }
    assert!(closed >= 64 - 8, "only {closed} of 64 silent sockets gave way");
}

#[tokio::test]
async fn h28_when_all_are_busy_a_new_connection_is_closed_and_the_busy_ones_finish() {
    let server = start(ConnectionLimits { max_connections: 1, ..defaults() }).await;
    let mut busy = server.connect().await;
    server.send(&mut busy, "GET /slow HTTP/1.1\r\nHost: HOST\r\nConnection: close\r\n\r\n").await;
    timeout(PATIENCE, server.entered.notified()).await.unwrap();
    assert_eq!(server.post("", "").await, "");
    assert!(read_to_close(&mut busy).await.ends_with("finished"));
    assert_eq!(status(&server.post("", "").await), 200);
}

#[tokio::test]
async fn a_handler_that_panics_answers_500_without_detail_and_the_connection_goes_on() {
    let server = start(defaults()).await;
    let mut stream = server.connect().await;
    server.send(&mut stream, "GET /panic HTTP/1.1\r\nHost: HOST\r\n\r\n").await;
    let answer = read_until(&mut stream, "internal error").await;
    assert_eq!(status(&answer), 500);
    assert!(!answer.contains("token-in-a-panic"));
    server.send(&mut stream, KEEP).await;
    assert_eq!(status(&read_until(&mut stream, "ping").await), 200);
}

#[tokio::test]
async fn a_body_that_panics_ends_its_connection_only() {
    let server = start(defaults()).await;
    server.raw("GET /panic-in-body HTTP/1.1\r\nHost: HOST\r\n\r\n").await;
    assert_eq!(status(&server.post("", "").await), 200);
}

#[tokio::test]
async fn a_request_carries_its_peers_address() {
    let server = start(defaults()).await;
    let mut stream = server.connect().await;
    let address = stream.local_addr().unwrap().to_string();
    server.send(&mut stream, "GET /peer HTTP/1.1\r\nHost: HOST\r\nConnection: close\r\n\r\n").await;
    assert!(read_to_close(&mut stream).await.ends_with(&address));
}
