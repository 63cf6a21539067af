//! What is wrong with a request before it is read: H07, H24, H25, H34, framing.

use std::time::Duration;

use tokio::time::sleep;

use super::support::*;

#[tokio::test]
async fn t45_h07_a_token_of_8_kb_passes_and_one_of_17_kb_is_431() {
    let server = start(defaults()).await;
    let bearer = |size: usize| format!("Authorization: Bearer {}\r\nContent-Length: 0\r\n", "t".repeat(size));
    assert_eq!(status(&server.post(&bearer(8 * 1024), "").await), 200);
    let refused = server.post(&bearer(17 * 1024), "").await;
    assert_eq!(status(&refused), 431);
    assert!(!refused.contains("ttt"));
    assert_eq!(status(&server.post(&bearer(1024 * 1024), "").await), 431);
    assert_eq!(server.calls(), 1);
}

#[tokio::test]
async fn h25_the_101st_header_and_a_header_of_64_kb_are_431() {
    let server = start(defaults()).await;
    let headers = |count: usize| (0..count).map(|n| format!("X-{n}: a\r\n")).collect::<String>();
    assert_eq!(status(&server.post(&headers(98), "").await), 200, "with host and connection: 100");
    assert_eq!(status(&server.post(&headers(99), "").await), 431);
    assert_eq!(status(&server.post(&format!("X: {}\r\n", "a".repeat(64 * 1024)), "").await), 431);
    assert_eq!(server.calls(), 1);
}

#[tokio::test]
async fn h25_the_limits_are_those_that_were_set() {
    let server = start(ConnectionLimits { max_headers: 3, max_header_bytes: 200, ..defaults() }).await;
    assert_eq!(status(&server.post("A: a\r\n", "").await), 200);
    assert_eq!(status(&server.post("A: a\r\nB: b\r\n", "").await), 431);
    assert_eq!(status(&server.post(&format!("A: {}\r\n", "a".repeat(200)), "").await), 431);
}

#[tokio::test]
async fn h24_a_folded_line_a_space_before_the_colon_and_nul_are_bad_requests() {
    let server = start(defaults()).await;
    for header in [
        "X: a\r\n b\r\n",
        "X: a\r\n\tb\r\n",
        " X: a\r\n",
        "X : a\r\n",
        "X\t: a\r\n",
        "X: a\0b\r\n",
        "X\0: a\r\n",
        "X: a\rb\r\n",
        "X: a\x7fb\r\n",
        "X\r\n",
        ": a\r\n",
        "X(: a\r\n",
        "Authorization : Bearer t\r\n",
    ] {
        assert_eq!(status(&server.post(header, "").await), 400, "{header:?}");
    }
    for line in
        ["POST  /mcp HTTP/1.1", "POST /mcp HTTP/1.1 x", "POST /mcp HTTP/3.7", "/mcp", "POST /m cp HTTP/1.1"]
    {
        assert_eq!(status(&server.raw(format!("{line}\r\nHost: HOST\r\n\r\n")).await), 400, "{line:?}");
    }
    assert_eq!(server.calls(), 0);
}

#[tokio::test]
async fn h34_an_http2_preface_ends_the_connection_and_no_other() {
    let server = start(defaults()).await;
    let answer = server.raw("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await;
    assert!(!answer.contains("200"), "{answer}");
    assert_eq!(status(&server.post("", "").await), 200);
}

#[tokio::test]
async fn content_length_beside_transfer_encoding_is_a_bad_request_in_any_order_and_slicing() {
    let server = start(defaults()).await;
    let chunked = "4\r\nping\r\n0\r\n\r\n";
    for headers in [
        "Content-Length: 14\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked\r\nContent-Length: 14\r\n",
        "transfer-encoding: CHUNKED\r\ncontent-length: 0\r\n",
        "Content-Length: 4\r\nTransfer-Encoding: gzip, chunked\r\n",
    ] {
        assert_eq!(status(&server.post(headers, chunked).await), 400, "{headers:?}");
        let mut stream = server.connect().await;
        for slice in [KEEP, "POST /mcp HTTP/1.1\r\nHost: HOST\r\n", headers, "\r\n", chunked] {
            server.send(&mut stream, slice).await;
            if slice == KEEP {
                assert_eq!(status(&read_until(&mut stream, "ping").await), 200);
            }
            sleep(Duration::from_millis(20)).await;
        }
        assert_eq!(status(&read_to_close(&mut stream).await), 400, "as a second request: {headers:?}");
    }
    assert_eq!(server.calls(), 4, "only the first requests of each connection");
    assert_eq!(status(&server.post("Transfer-Encoding: chunked\r\n", chunked).await), 200);
}

#[tokio::test]
async fn a_chunked_request_behind_another_in_the_same_bytes_is_refused_and_a_plain_one_is_not() {
    let server = start(defaults()).await;
    let chunked = "POST /mcp HTTP/1.1\r\nHost: HOST\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n";
    let answers = server.raw(format!("{KEEP}{chunked}")).await;
    assert_eq!(answers.matches("HTTP/1.1 200 OK").count(), 1, "{answers}");
    assert_eq!(answers.matches("HTTP/1.1 400 ").count(), 1, "{answers}");
    let last = KEEP.replace("Content-Length", "Connection: close\r\nContent-Length");
    let answers = server.raw(format!("{KEEP}{KEEP}{last}")).await;
    assert_eq!(answers.matches("HTTP/1.1 200 OK").count(), 3, "{answers}");
}

#[tokio::test]
async fn a_body_that_is_framed_wrongly_is_a_bad_request_and_never_500() {
    let server = start(defaults()).await;
    for (headers, body) in [
        ("Content-Length: 4\r\nContent-Length: 5\r\n", "pingx"),
        ("Content-Length: +4\r\n", "ping"),
        ("Content-Length: 4, 4\r\n", "ping"),
        ("Content-Length: -1\r\n", ""),
        ("Content-Length: 99999999999999999999\r\n", ""),
        ("Transfer-Encoding: gzip\r\n", "ping"),
        ("Transfer-Encoding: chunked, gzip\r\n", "ping"),
        ("Transfer-Encoding: chunked\r\n", "xyz\r\nping\r\n0\r\n\r\n"),
        ("Transfer-Encoding: chunked\r\n", "4\r\npingpong\r\n0\r\n\r\n"),
        ("Transfer-Encoding: chunked\r\n", "fffffffffffffffff\r\n"),
    ] {
        let answer = server.post(headers, body).await;
        let expected = if headers.contains("9999") { [400, 431] } else { [400, 400] };
        assert!(expected.contains(&status(&answer)), "{headers:?} {body:?}: {answer}");
    }
    assert_eq!(server.calls(), 0);
}
