//! How much of a body is read, for how long, in which form: H27, H30, H31.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{sleep, timeout};

use super::support::*;

#[tokio::test]
async fn h30_a_body_over_the_limit_is_413_however_it_is_sent() {
    let server = start(defaults()).await;
    let exactly = "x".repeat(BODY_LIMIT);
    let over = "x".repeat(BODY_LIMIT + 1);
    let length = |body: &str| format!("Content-Length: {}\r\n", body.len());
    let chunks = |body: &str| format!("{:x}\r\n{body}\r\n0\r\n\r\n", body.len());
    assert_eq!(status(&server.post(&length(&exactly), &exactly).await), 200);
    assert_eq!(status(&server.post(&length(&over), &over).await), 413);
    assert_eq!(status(&server.post("Transfer-Encoding: chunked\r\n", &chunks(&exactly)).await), 200);
    assert_eq!(status(&server.post("Transfer-Encoding: chunked\r\n", &chunks(&over)).await), 413);
    assert_eq!(server.calls(), 2);
}

#[tokio::test]
async fn h30_a_client_that_is_still_uploading_is_not_reset_before_it_can_read_its_413() {
    let server = start(defaults()).await;
    let huge = "x".repeat(8 * 1024 * 1024);
    for _ in 0..5 {
        let mut stream = server.connect().await;
        let head = format!("POST /mcp HTTP/1.1\r\nHost: HOST\r\nContent-Length: {}\r\n\r\n", huge.len());
        server.send(&mut stream, head).await;
        stream.write_all(huge.as_bytes()).await.expect("all of it is taken");
        assert_eq!(status(&read_to_close(&mut stream).await), 413);
    }
    assert_eq!(server.calls(), 0);
}

#[tokio::test]
async fn h30_a_client_that_asks_first_is_told_to_go_on_only_within_the_limit() {
    let server = start(defaults()).await;
    let answer = server.post("Content-Length: 1001\r\nExpect: 100-continue\r\n", "").await;
    assert_eq!(status(&answer), 413);
    let mut stream = server.connect().await;
    let head = "POST /mcp HTTP/1.1\r\nHost: HOST\r\nContent-Length: 4\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n";
    server.send(&mut stream, head).await;
    assert_eq!(status(&read_until(&mut stream, "\r\n\r\n").await), 100);
    stream.write_all(b"ping").await.unwrap();
    assert_eq!(status(&read_to_close(&mut stream).await), 200);
}

#[tokio::test]
async fn h31_a_compressed_body_is_415_and_not_inflated() {
    let server = start(defaults()).await;
    for coding in ["gzip", "br", "zstd", "deflate", "identity, gzip"] {
        let answer =
            server.post(&format!("Content-Encoding: {coding}\r\nContent-Length: 4\r\n"), "ping").await;
        assert_eq!(status(&answer), 415, "{coding}");
        assert!(answer.contains("accept-encoding: identity"), "{answer}");
    }
    assert_eq!(server.calls(), 0);
}

#[tokio::test]
async fn h27_a_trickling_body_is_408_with_every_framing() {
    let server = start(ConnectionLimits { body_timeout: Duration::from_secs(1), ..defaults() }).await;
    for framing in ["Content-Length: 900", "Transfer-Encoding: chunked"] {
        let mut stream = server.connect().await;
        server.send(&mut stream, format!("POST /mcp HTTP/1.1\r\nHost: HOST\r\n{framing}\r\n\r\n")).await;
        let (mut read, mut write) = stream.split();
        let trickle = async {
            loop {
                let bytes: &[u8] = if framing.starts_with('C') { b"x" } else { b"1\r\nx\r\n" };
                if write.write_all(bytes).await.is_err() {
                    std::future::pending::<()>().await;
                }
                sleep(Duration::from_millis(100)).await;
            }
        };
        let mut answer = Vec::new();
        tokio::select! {
            () = trickle => {}
            ended = timeout(PATIENCE, read.read_to_end(&mut answer)) => { ended.expect("an answer").unwrap_or(0); }
        }
        assert_eq!(status(&String::from_utf8_lossy(&answer)), 408, "{framing}");
    }
    assert_eq!(server.calls(), 0);
}
