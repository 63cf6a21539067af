//! Connections that send slowly, send nothing, or speak HTTP/2.

use std::time::{Duration, Instant};

use tokio::io::AsyncWriteExt as _;
use tokio::time::sleep;

use super::answers::{assert_whoami, start};
use crate::wire::{Reply, call_headers};

#[tokio::test]
async fn h26_a_head_that_never_ends_closes_the_connection() {
    let (_everything, _server, wire, bearer) = start("[limits]\nheader_timeout = \"1s\"\n").await;
    let began = Instant::now();
    for sent in ["", "POST", "POST /mcp HTTP/1.1\r\nHost: x\r\n"] {
        let mut stream = wire.connect().await;
        stream.write_all(sent.as_bytes()).await.expect("sent");
        assert!([0, 408].contains(&Reply::read(&mut stream).await.status()), "{sent:?}");
    }
    assert!(began.elapsed() < Duration::from_secs(15), "{:?}", began.elapsed());
    assert_whoami(&wire.call("whoami", &bearer).await, "the server goes on");
}

#[tokio::test]
async fn h27_a_body_that_trickles_in_is_408_or_closed() {
    let (everything, _server, wire, bearer) = start("[limits]\nbody_timeout = \"1s\"\n").await;
    for credentials in ["", &bearer] {
        let began = Instant::now();
        let mut stream = wire.connect().await;
        let head = format!(
            "POST /mcp HTTP/1.1\r\nHost: {}\r\n{}{credentials}Content-Length: 500\r\n\r\n",
            wire.host(),
            call_headers("whoami")
        );
        stream.write_all(head.as_bytes()).await.expect("sent");
        let (mut read, mut write) = stream.into_split();
        let trickle = tokio::spawn(async move {
            while write.write_all(b" ").await.is_ok() {
                sleep(Duration::from_millis(100)).await;
            }
        });
        let mut answer = Vec::new();
        let _ = tokio::io::AsyncReadExt::read_to_end(&mut read, &mut answer).await;
        trickle.abort();
        let answer = String::from_utf8_lossy(&answer);
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 408 "), "{answer}");
        assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    }
    assert_eq!(everything.ran(), 0);
    assert_whoami(&wire.call("whoami", &bearer).await, "the server goes on");
}

#[tokio::test]
async fn h28_idle_sockets_are_capped_and_keep_no_call_out() {
    let (everything, _server, wire, bearer) = start("[limits]\nconnections = 8\n").await;
    let mut idle = Vec::new();
    for _ in 0..100 {
        idle.push(wire.connect().await);
    }
    let began = Instant::now();
    for _ in 0..10 {
        assert_whoami(&wire.call("whoami", &bearer).await, "among idle sockets");
    }
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    assert_eq!(everything.ran(), 10);
    let mut closed = 0;
    for stream in &mut idle {
        let mut byte = [0];
        let read = tokio::io::AsyncReadExt::read(stream, &mut byte);
        if tokio::time::timeout(Duration::from_millis(50), read).await.is_ok() {
            closed += 1;
        }
    }
    assert!(closed >= 92, "no more than the cap stay open: {closed} of 100 were closed");
}

#[tokio::test]
async fn h34_an_http2_preface_ends_its_connection_and_no_other() {
    let (_everything, _server, wire, bearer) = start("").await;
    let reply = wire.raw("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0").await;
    assert!([0, 400, 505].contains(&reply.status()), "{}", reply.text());
    assert_whoami(&wire.call("whoami", &bearer).await, "afterwards");
}
