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
    assert!(refused.contains("limits.header_bytes"), "{refused}");
    assert!(!refused.contains("ttt"));
    assert_eq!(status(&server.post(&bearer(1024 * 1024), "").await), 431);
    assert_eq!(server.calls(), 1);
}

#[tokio::test]
async fn h25_the_101st_header_and_a_header_of_64_kb_are_431() {
    let server = start(defaults()).await;
    let headers = |count: usize| (0..count).map(|n| format!("X-{n}: a\r\n")).collect::<String>();
    assert_eq!(status(&server.post(&headers(98), "").await), 200, "with host and connection: 100");
    let refused = server.post(&headers(99), "").await;
    assert_eq!(status(&refused), 431);
    assert!(refused.contains("limits.headers"), "{refused}");
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

/// Sends it in two writes that arrive apart, the second one after the first answer if there is one.
async fn in_two(server: &Server, sent: &str, cut: usize) -> String {
    let mut stream = server.connect().await;
    server.send(&mut stream, &sent[..cut]).await;
    sleep(Duration::from_millis(5)).await;
    server.send(&mut stream, &sent[cut..]).await;
    read_to_close(&mut stream).await
}

fn statuses(answers: &str) -> Vec<u16> {
    answers.split("HTTP/1.1 ").skip(1).map(|answer| answer[..3].parse().unwrap()).collect()
}

#[tokio::test]
async fn pipelined_requests_are_answered_in_order_at_every_cut() {
    let server = start(defaults()).await;
    let host = format!("localhost:{}", server.address.port());
    let chunked = format!(
        "POST /mcp HTTP/1.1\r\nHost: {host}\r\nTransfer-Encoding: chunked\r\n\r\n4;a\r\npong\r\n0\r\nT: t\r\n\r\n"
    );
    let last =
        format!("POST /mcp HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nContent-Length: 4\r\n\r\nlast");
    let pair = format!("{chunked}{last}");
    for cut in 0..pair.len() {
        let answers = in_two(&server, &pair, cut).await;
        assert_eq!(statuses(&answers), [200, 200], "cut at {cut}: {answers}");
        assert!(answers.find("pong").unwrap() < answers.find("last").unwrap(), "{answers}");
    }
    assert_eq!(server.calls(), 2 * pair.len());
}

#[tokio::test]
async fn h36_a_bad_head_behind_a_good_request_is_refused_at_every_cut() {
    let server = start(defaults()).await;
    let host = format!("localhost:{}", server.address.port());
    let good = KEEP.replace("HOST", &host);
    let mut good_calls = 0;
    for (headers, status) in [
        ("Content-Length: 4\r\nTransfer-Encoding: chunked\r\n", 400),
        ("Transfer-Encoding: gzip, chunked\r\n", 501),
        ("X: a\nY: b\r\n", 400),
    ] {
        let bad = format!("POST /mcp HTTP/1.1\r\nHost: {host}\r\n{headers}\r\n4\r\nping\r\n0\r\n\r\n");
        let sent = format!("{good}{bad}{good}");
        for cut in (0..good.len() + bad.len()).step_by(2) {
            let answers = in_two(&server, &sent, cut).await;
            assert_eq!(statuses(&answers), [200, status], "{headers:?} cut at {cut}: {answers}");
            good_calls += 1;
        }
    }
    assert_eq!(server.calls(), good_calls, "only the first request of each connection");
}

#[tokio::test]
async fn h36_a_bare_lf_does_not_end_a_line_of_a_head() {
    let server = start(defaults()).await;
    for sent in [
        "POST /mcp HTTP/1.1\nHost: HOST\nContent-Length: 4\n\nping",
        "POST /mcp HTTP/1.1\r\nHost: HOST\nContent-Length: 4\r\n\r\nping",
        "POST /mcp HTTP/1.1\r\nHost: HOST\r\nContent-Length: 4\n\r\nping",
        "POST /mcp HTTP/1.1\r\nHost: HOST\r\nContent-Length: 4\r\n\nping",
        "\nPOST /mcp HTTP/1.1\r\nHost: HOST\r\nContent-Length: 4\r\n\r\nping",
    ] {
        let answer = server.raw(sent).await;
        assert_eq!(statuses(&answer), [400], "{sent:?}: {answer}");
        assert!(answer.contains("connection: close") && answer.contains("bare LF"), "{answer}");
    }
    assert_eq!(server.calls(), 0);
    assert_eq!(
        status(&server.raw("\r\nGET /mcp HTTP/1.1\r\nHost: HOST\r\nConnection: close\r\n\r\n").await),
        200
    );
}

#[tokio::test]
async fn h36_a_transfer_coding_that_is_not_decoded_is_501() {
    let server = start(defaults()).await;
    let chunked = "4\r\nping\r\n0\r\n\r\n";
    for headers in [
        "Transfer-Encoding: gzip, chunked\r\n",
        "Transfer-Encoding: identity, chunked\r\n",
        "Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n",
    ] {
        let answer = server.post(headers, chunked).await;
        assert_eq!(status(&answer), 501, "{headers:?}");
        assert!(answer.contains("connection: close") && answer.contains("chunked"), "{answer}");
    }
    assert_eq!(server.calls(), 0);
    assert_eq!(status(&server.post("Transfer-Encoding: chunked\r\n", chunked).await), 200);
}

#[tokio::test]
async fn a_head_that_began_before_the_answer_has_the_clock_of_a_head() {
    let limits = ConnectionLimits { header_timeout: Duration::from_secs(1), ..defaults() };
    let server = start(limits).await; // idle: 75 s, longer than this test waits
    let mut stream = server.connect().await;
    server.send(&mut stream, format!("{KEEP}POST /mcp HTTP/1.1\r\n")).await;
    assert!(read_to_close(&mut stream).await.ends_with("ping"));
}

#[tokio::test]
async fn a_body_that_is_framed_wrongly_is_a_bad_request_and_never_500() {
    let server = start(defaults()).await;
    for (headers, body) in [
        ("Content-Length: 4\r\nContent-Length: 5\r\n", "pingx"),
        ("Content-Length: 4\r\nContent-Length: 4\r\n", "ping"),
        ("Content-Length: +4\r\n", "ping"),
        ("Content-Length: 4, 4\r\n", "ping"),
        ("Content-Length: -1\r\n", ""),
        ("Content-Length: 99999999999999999999\r\n", ""),
        ("Transfer-Encoding: gzip\r\n", "ping"),
        ("Transfer-Encoding: chunked, gzip\r\n", "ping"),
        ("Transfer-Encoding: identity\r\n", "ping"),
        ("Transfer-Encoding: chunked, chunked\r\n", "4\r\nping\r\n0\r\n\r\n"),
        ("Transfer-Encoding : chunked\r\n", "4\r\nping\r\n0\r\n\r\n"),
        ("Transfer-Encoding: chunked\r\n", "4;a\nb\r\nping\r\n0\r\n\r\n"),
        ("Transfer-Encoding: chunked\r\n", "4\r\nping\r\n0\r\nX: a\nY: b\r\n\r\n"),
        ("Transfer-Encoding: chunked\r\n", "xyz\r\nping\r\n0\r\n\r\n"),
        ("Transfer-Encoding: chunked\r\n", "4\r\npingpong\r\n0\r\n\r\n"),
        ("Transfer-Encoding: chunked\r\n", "fffffffffffffffff\r\n"),
    ] {
        let answer = server.post(headers, body).await;
        assert_eq!(status(&answer), 400, "{headers:?} {body:?}: {answer}");
    }
    assert_eq!(server.calls(), 0);
}
