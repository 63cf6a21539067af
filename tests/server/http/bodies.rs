//! The body of a request: its size, encoding and media type, and the form of its answer.

use serde_json::Value;

use super::answers::{assert_unauthenticated, assert_whoami, start};
use crate::wire::{call_body, call_headers};

#[tokio::test]
async fn h30_a_body_over_the_limit_is_413_however_it_is_sent() {
    let (everything, server, wire, _bearer) = start("[limits]\nbody = \"128 KiB\"\n").await;
    let bearer = format!("Authorization: Bearer {}\r\n", server.token("alice").scope("write").mint());
    let limit = 128 * 1024;
    let lines = format!("Host: {}\r\n{}", wire.host(), call_headers("write_note"));
    // A call whose body has exactly this many bytes.
    let body = |bytes: usize| {
        let start = call_body("write_note").replace("\"arguments\":{}", "\"arguments\":{\"text\":\"\"}");
        let text = "x".repeat(bytes - start.len());
        start.replace("\"text\":\"\"", &format!("\"text\":\"{text}\""))
    };
    let chunked = |body: &str, credentials: &str| {
        let (one, two) = body.split_at(body.len() / 2);
        format!(
            "POST /mcp HTTP/1.1\r\nConnection: close\r\n{lines}{credentials}Transfer-Encoding: chunked\r\n\r\n\
             {:x}\r\n{one}\r\n{:x}\r\n{two}\r\n0\r\n\r\n",
            one.len(),
            two.len()
        )
    };
    let (exact, over) = (body(limit), body(limit + 1));
    assert_eq!(exact.len(), limit);
    let known = format!("{lines}{bearer}");
    let refused = wire.post("/mcp", &known, &over).await;
    assert_eq!(refused.status(), 413);
    assert!(refused.text().contains("131072 bytes (limits.body)"), "{}", refused.text());
    assert_eq!(wire.raw(chunked(&over, &bearer)).await.status(), 413);
    let asks = format!("Expect: 100-continue\r\n{known}");
    let reply = wire.raw(format!(
        "POST /mcp HTTP/1.1\r\nConnection: close\r\nContent-Length: {}\r\n{asks}\r\n",
        limit + 1
    ));
    let reply = reply.await;
    assert_eq!(reply.status(), 413, "never told to go on: {}", reply.text());
    // Without a verified caller, an announced length past the limit is 413 too.
    assert_eq!(wire.post("/mcp", &lines, &over).await.status(), 413);
    assert_eq!(everything.ran(), 0);
    assert_eq!(wire.post("/mcp", &known, &exact).await.status(), 200);
    assert_eq!(wire.raw(chunked(&exact, &bearer)).await.status(), 200);
    assert_eq!(everything.ran(), 2);
}

#[tokio::test]
async fn h30_at_most_64_kib_are_read_for_a_caller_that_is_not_verified() {
    let (everything, server, wire, _bearer) = start("").await;
    let lines = format!("Host: {}\r\n{}", wire.host(), call_headers("write_note"));
    let body = |text: usize| {
        let text = format!("\"arguments\":{{\"text\":\"{}\"}}", "x".repeat(text));
        call_body("write_note").replace("\"arguments\":{}", &text)
    };
    let expired = format!("Authorization: Bearer {}\r\n", server.token("alice").expired().mint());
    for (credentials, error) in [("", None), (expired.as_str(), Some("invalid_token"))] {
        let lines = format!("{lines}{credentials}");
        let within = wire.post("/mcp", &lines, body(60 * 1024)).await;
        assert_eq!(within.status(), 401, "{}", within.text());
        let challenge = within.challenge().expect("a challenge");
        assert_eq!(
            (challenge.error(), challenge.scopes()),
            (error, vec!["base", "write"]),
            "the call's own scopes"
        );
        let past = wire.post("/mcp", &lines, body(70 * 1024)).await;
        assert_eq!(past.status(), 401, "{}", past.text());
        let says_why = past.text().contains("limits.unverified_body");
        assert_eq!(says_why, error.is_none(), "{}", past.text());
        let challenge = past.challenge().expect("a challenge");
        assert_eq!((challenge.error(), challenge.scopes()), (error, vec!["base"]), "the call was not read");
    }
    assert_eq!(everything.ran(), 0);
    let bearer = format!("Authorization: Bearer {}\r\n", server.token("alice").scope("write").mint());
    let served = wire.post("/mcp", &format!("{lines}{bearer}"), body(70 * 1024)).await;
    assert_eq!(served.status(), 200);
    assert_eq!(everything.ran(), 1);
}

#[tokio::test]
async fn a_public_tool_with_a_body_over_the_unverified_limit_is_413_and_sends_nobody_to_log_in() {
    let (everything, server, wire, _bearer) = start("").await;
    let past = |tool: &str| {
        let text = format!("\"arguments\":{{\"text\":\"{}\"}}", "x".repeat(70 * 1024));
        call_body(tool).replace("\"arguments\":{}", &text)
    };
    let lines = |tool: &str| format!("Host: {}\r\n{}", wire.host(), call_headers(tool));
    let public = wire.post("/mcp", &lines("ping"), past("ping")).await;
    assert_eq!(public.status(), 413, "{}", public.text());
    assert!(public.text().contains("65536 bytes (limits.unverified_body)"), "{}", public.text());
    assert!(public.challenge().is_none());
    // What the headers do not name, a tool that is not public, and a token that is refused: 401.
    let unnamed = lines("ping").replace("Mcp-Name: ping\r\n", "");
    assert_eq!(wire.post("/mcp", &unnamed, past("ping")).await.status(), 401);
    assert_eq!(wire.post("/mcp", &lines("whoami"), past("whoami")).await.status(), 401);
    assert_eq!(wire.post("/mcp", &lines("no_such_tool"), past("no_such_tool")).await.status(), 401);
    let expired = format!("Authorization: Bearer {}\r\n", server.token("alice").expired().mint());
    let refused = wire.post("/mcp", &format!("{}{expired}", lines("ping")), past("ping")).await;
    assert_eq!(refused.challenge().expect("a challenge").error(), Some("invalid_token"));
    assert_eq!(everything.ran(), 0);
}

#[tokio::test]
async fn h31_a_compressed_body_is_415_and_never_inflated() {
    let (everything, _server, wire, bearer) = start("").await;
    // A gzip header (RFC 1952 §2.3) without a deflate stream: a server that inflates it fails in another way than 415.
    let bomb = [&[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3][..], &[0xff; 1024]].concat();
    for coding in
        ["gzip", "GZIP", "br", "zstd", "deflate", "x-gzip", "identity, gzip", "nonsense", "\"gzip\""]
    {
        let lines = |credentials: &str| {
            format!(
                "Host: {}\r\n{}Content-Encoding: {coding}\r\n{credentials}",
                wire.host(),
                call_headers("whoami")
            )
        };
        let reply = wire.post("/mcp", &lines(&bearer), &bomb).await;
        assert_eq!(reply.status(), 415, "{coding}: {}", reply.text());
        assert_eq!(wire.post("/mcp", &lines(""), &bomb).await.status(), 401, "401 outranks 415");
    }
    assert_eq!(everything.ran(), 0);
    assert_whoami(&wire.call("whoami", &format!("Content-Encoding: identity\r\n{bearer}")).await, "identity");
}

#[tokio::test]
async fn h32_a_body_of_another_media_type_is_415() {
    let (everything, _server, wire, bearer) = start("").await;
    for content_type in [
        "",
        "Content-Type: text/plain\r\n",
        "Content-Type: application/jsonp\r\n",
        "Content-Type: text/json\r\n",
        "Content-Type: application/json\r\nContent-Type: application/json\r\n",
        "Content-Type: application/json\r\nContent-Type: text/plain\r\n",
        "Content-Type: application/json; charset=utf-16\r\n",
        "Content-Type: application/json; charset=\"iso-8859-1\"\r\n",
    ] {
        let lines = format!("Host: {}\r\n{}", wire.host(), call_headers("whoami"));
        let lines = lines.replace("Content-Type: application/json\r\n", content_type);
        let reply = wire.post("/mcp", &format!("{lines}{bearer}"), call_body("whoami")).await;
        assert_eq!(reply.status(), 415, "{content_type:?}: {}", reply.text());
        assert!(reply.text().contains("application/json"), "it says what to send: {}", reply.text());
        let reply = wire.post("/mcp", &lines, call_body("whoami")).await;
        assert_unauthenticated(&reply, content_type);
    }
    assert_eq!(everything.ran(), 0);
    let lines = format!("Host: {}\r\n{}{bearer}", wire.host(), call_headers("whoami"));
    let lines = lines.replace("application/json\r\n", "Application/JSON; charset=utf-8\r\n");
    assert_whoami(&wire.post("/mcp", &lines, call_body("whoami")).await, "with a parameter");
}

#[tokio::test]
async fn h33_a_client_that_does_not_accept_both_forms_gets_406() {
    let (everything, _server, wire, bearer) = start("").await;
    let accept = "Accept: application/json, text/event-stream\r\n";
    for refused in [
        "Accept: application/json\r\n",
        "Accept: text/event-stream\r\n",
        "Accept: application/json, text/event-stream;q=0\r\n",
        "Accept: application/json;q=0.0, text/event-stream\r\n",
        "Accept: text/html\r\n",
        "Accept: application/*\r\n",
        "Accept: */*;q=0\r\n",
        "Accept: */*\r\nAccept: application/json;q=0\r\n",
    ] {
        let lines = format!("Host: {}\r\n{}", wire.host(), call_headers("whoami")).replace(accept, refused);
        let reply = wire.post("/mcp", &format!("{lines}{bearer}"), call_body("whoami")).await;
        assert_eq!(reply.status(), 406, "{refused:?}: {}", reply.text());
        let send = "application/json, text/event-stream";
        assert!(reply.text().contains(send), "it says what to send: {}", reply.text());
        assert_unauthenticated(&wire.post("/mcp", &lines, call_body("whoami")).await, refused);
    }
    assert_eq!(everything.ran(), 0);
    for accepted in [
        accept,
        "",
        "Accept: */*\r\n",
        "Accept: */*;q=0.1\r\n",
        "Accept: application/*, text/*\r\n",
        "Accept: application/*\r\nAccept: text/event-stream\r\n",
        "Accept: text/html, */*;q=0.8\r\n",
        "Accept: text/event-stream;q=0.1,application/json;q=1\r\n",
        "Accept: application/json\r\nAccept: text/event-stream\r\n",
    ] {
        let lines = format!("Host: {}\r\n{}", wire.host(), call_headers("whoami")).replace(accept, accepted);
        let reply = wire.post("/mcp", &format!("{lines}{bearer}"), call_body("whoami")).await;
        assert_whoami(&reply, accepted);
    }
}

#[tokio::test]
async fn every_refusal_is_a_json_rpc_error_that_no_cache_keeps() {
    let (_everything, server, wire, bearer) = start("").await;
    let expired = format!("Authorization: Bearer {}\r\n", server.token("alice").expired().mint());
    for (status, extra) in [
        (401, ""),
        (401, expired.as_str()),
        (400, "Authorization: Bearer a b\r\n"),
        (403, "Origin: null\r\n"),
        (403, bearer.as_str()),
    ] {
        let reply = wire.call("write_note", extra).await;
        assert_eq!(reply.status(), status, "{extra:?}: {}", reply.text());
        assert_eq!(reply.header("content-type"), Some("application/json"), "{extra:?}");
        assert_eq!(reply.header("cache-control"), Some("no-store"), "{extra:?}");
        assert_eq!(reply.json()["jsonrpc"], "2.0", "{extra:?}");
        assert_ne!(reply.json()["error"]["message"], Value::Null, "{extra:?}");
    }
}
