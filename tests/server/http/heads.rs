//! The head of a request: how it is framed, and how long it may be.

use super::answers::{assert_whoami, start};

#[tokio::test]
async fn h24_folded_lines_spaces_before_a_colon_and_nul_are_400() {
    let (everything, _server, wire, bearer) = start("").await;
    for line in [
        "X: a\r\n b\r\n".to_owned(),
        "X: a\r\n\tb\r\n".to_owned(),
        "X : a\r\n".to_owned(),
        "X: a\0b\r\n".to_owned(),
        "X\0: a\r\n".to_owned(),
        "X: a\rb\r\n".to_owned(),
        bearer.replace("Authorization:", "Authorization :"),
        bearer.replace("Bearer ", "Bearer\r\n "),
        "Transfer-Encoding : chunked\r\n".to_owned(),
    ] {
        let reply = wire.call("whoami", &format!("{line}{bearer}")).await;
        assert_eq!(reply.status(), 400, "{line:?}: {}", reply.text());
    }
    // Two framings in one request are two readings of it.
    for line in ["Transfer-Encoding: chunked\r\n", "Content-Length: 1\r\n"] {
        let reply = wire.call("whoami", &format!("{line}{bearer}")).await;
        assert_eq!(reply.status(), 400, "{line:?}: {}", reply.text());
    }
    assert_eq!(everything.ran(), 0);
    assert_whoami(&wire.call("whoami", &format!("X:a\t b \r\n{bearer}")).await, "spaces around a value");
}

#[tokio::test]
async fn h25_too_many_headers_and_one_too_long_are_431() {
    let (everything, _server, wire, bearer) = start("").await;
    let filler = |count: usize| (0..count).map(|n| format!("X-{n}: a\r\n")).collect::<String>();
    // Besides the filler there are nine: framing, host, five of the message, the token.
    assert_whoami(&wire.call("whoami", &format!("{bearer}{}", filler(91))).await, "100 headers");
    assert_eq!(wire.call("whoami", &format!("{bearer}{}", filler(92))).await.status(), 431, "101 headers");
    let long = format!("{bearer}X: {}\r\n", "a".repeat(64 * 1024));
    assert_eq!(wire.call("whoami", &long).await.status(), 431, "64 KB");
    let target = format!("/mcp?{}", "a".repeat(64 * 1024));
    assert!([414, 431].contains(&wire.call_at(&target, "whoami", &bearer).await.status()), "a long target");
    assert_eq!(everything.ran(), 1);
}

#[tokio::test]
async fn h25_the_limits_are_those_of_the_configuration() {
    let (_everything, _server, wire, bearer) =
        start("[limits]\nheaders = 16\nheader_bytes = \"8 KiB\"\n").await;
    let filler = |count: usize| (0..count).map(|n| format!("X-{n}: a\r\n")).collect::<String>();
    assert_whoami(&wire.call("whoami", &format!("{bearer}{}", filler(7))).await, "16 headers");
    assert_eq!(wire.call("whoami", &format!("{bearer}{}", filler(8))).await.status(), 431);
    assert_eq!(wire.call("whoami", &format!("{bearer}X: {}\r\n", "a".repeat(8192))).await.status(), 431);
}
