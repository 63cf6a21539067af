//! The text of a message: JSON, one message, no key twice, not too deep; escapes change nothing.

use mcp_auth::testing::Era;
use serde_json::{Value, json};

use super::ask::{Ask, INVALID_REQUEST, PARSE_ERROR, assert_refused, assert_served, code, start};

#[tokio::test]
async fn j01_what_is_not_one_json_text_is_a_parse_error() {
    let bench = start("").await;
    for era in Era::ALL {
        let ask = Ask::write(era);
        let good = ask.message.to_string();
        let spoiled = |from: &str, to: &str| {
            assert!(good.contains(from), "{from:?} is not in {good}");
            good.replacen(from, to, 1).into_bytes()
        };
        let mut bad_utf8 = good.clone().into_bytes();
        let at = good.find("hello").expect("the text");
        bad_utf8[at] = 0xff;
        for body in [
            Vec::new(),
            b" ".to_vec(),
            b"tools/call".to_vec(),
            good.as_bytes()[..good.len() - 1].to_vec(),
            [b"\xef\xbb\xbf", good.as_bytes()].concat(),
            [good.as_bytes(), b"x"].concat(),
            [good.as_bytes(), good.as_bytes()].concat(),
            [good.as_bytes(), b"\n", good.as_bytes()].concat(),
            [good.as_bytes(), b"\0"].concat(),
            spoiled("\"id\":1", "\"id\":NaN"),
            spoiled("\"id\":1", "\"id\":01"),
            spoiled("\"id\":1", "\"id\":1,"),
            spoiled("\"id\":1", "\"id\":1e999"),
            spoiled("\"id\":1", "'id':1"),
            spoiled("\"id\":1", "/* */\"id\":1"),
            spoiled("hello", "\\ud800"),
            spoiled("hello", "\\udc00\\ud800"),
            spoiled("hello", "a\nb"),
            spoiled("hello", "\\x41"),
            bad_utf8,
            good.encode_utf16().flat_map(u16::to_le_bytes).collect(),
        ] {
            assert_refused(&bench, &ask, body, PARSE_ERROR, Value::Null).await;
        }
        assert_served(&bench, &ask, format!(" \r\n\t{good}\n")).await;
    }
}

#[tokio::test]
async fn j02_a_batch_is_refused_whole() {
    let bench = start("").await;
    for era in Era::ALL {
        let ask = Ask::write(era);
        let good = ask.message.to_string();
        let ping = Ask::tool(era, "ping", json!({})).message.to_string();
        for body in
            ["[]".to_owned(), format!("[{good}]"), format!("[{ping},{good}]"), "\"x\"".to_owned(), "5".into()]
        {
            assert_refused(&bench, &ask, body, INVALID_REQUEST, Value::Null).await;
        }
    }
}

#[tokio::test]
async fn j03_j04_a_key_twice_is_refused_at_any_depth() {
    let bench = start("").await;
    for era in Era::ALL {
        let ask = Ask::write(era);
        let good = ask.message.to_string();
        let doubled = |key: &str, other: &str| {
            let key = format!("\"{key}\":");
            assert!(good.contains(&key), "{key} is not in {good}");
            [good.replacen(&key, &format!("{key}{other},{key}"), 1), {
                // The key once more, one of its letters written as an escape.
                let first = key.chars().nth(1).expect("a letter");
                let escaped = key.replacen(first, &format!("\\u{:04x}", u32::from(first)), 1);
                good.replacen(&key, &format!("{escaped}{other},{key}"), 1)
            }]
        };
        for (key, other) in [
            ("jsonrpc", "\"2.0\""),
            ("method", "\"tools/list\""),
            ("method", "\"tools/call\""),
            ("params", "{\"name\":\"ping\"}"),
            ("name", "\"ping\""),
            ("arguments", "{}"),
            ("text", "\"x\""),
        ] {
            for body in doubled(key, other) {
                assert_refused(&bench, &ask, body, INVALID_REQUEST, json!(1)).await;
            }
        }
        for body in doubled("id", "2") {
            assert_refused(&bench, &ask, body, INVALID_REQUEST, Value::Null).await;
        }
        if era == Era::Stateless {
            let version = "io.modelcontextprotocol/protocolVersion";
            for body in [doubled("_meta", "{}"), doubled(version, "\"2025-11-25\"")].concat() {
                assert_refused(&bench, &ask, body, INVALID_REQUEST, json!(1)).await;
            }
        }
        let nested = good.replace("\"hello\"", "{\"a\":[{\"b\":1,\"b\":1}]}");
        assert_refused(&bench, &ask, nested, INVALID_REQUEST, json!(1)).await;
        assert_served(&bench, &ask, &good).await;
    }
}

#[tokio::test]
async fn j05_a_message_nested_too_deep_is_refused_without_a_panic() {
    let bench = start("[limits]\nenvelope_depth = 16\n").await;
    for era in Era::ALL {
        let ask = Ask::write(era);
        let good = ask.message.to_string();
        let deep = |levels: usize| {
            let text = format!("{}1{}", "[".repeat(levels), "]".repeat(levels));
            good.replace("\"hello\"", &text)
        };
        assert_refused(&bench, &ask, deep(14), INVALID_REQUEST, json!(1)).await;
        for levels in [200, 20_000] {
            let reply = ask.send_text(&bench, Some(&bench.with), deep(levels)).await;
            assert_eq!(reply.status(), 400, "{levels}");
            assert!(
                [PARSE_ERROR, INVALID_REQUEST].contains(&code(&reply).expect("a code")),
                "{}",
                reply.text()
            );
        }
        // Twin: 13 levels within the message's own three pass the gate; for the tool they are not a text.
        let reply = ask.send_text(&bench, Some(&bench.with), deep(13)).await;
        assert_ne!(reply.status(), 400, "{}", reply.text());
        assert_served(&bench, &ask, &good).await;
    }
}

#[tokio::test]
async fn j06_escapes_change_no_verdict() {
    let bench = start("").await;
    for era in Era::ALL {
        let ask = Ask::write(era);
        let good = ask.message.to_string();
        for (from, to) in [
            ("tools/call", "\\u0074ools/call"),
            ("tools/call", "tools\\/call"),
            ("write_note", "\\u0077rite_note"),
            ("\"method\"", "\"m\\u0065thod\""),
            ("\"name\"", "\"\\u006eame\""),
            ("\"params\"", "\"par\\u0061ms\""),
        ] {
            let body = good.replacen(from, to, 1);
            assert_ne!(body, good);
            let anonymous = ask.send_text(&bench, None, &body).await;
            assert_eq!(anonymous.challenge().expect("a challenge").scopes(), ["base", "write"], "{body}");
            let reply = ask.send_text(&bench, Some(&bench.without), &body).await;
            assert_eq!(reply.status(), 403, "{body}: {}", reply.text());
            assert_served(&bench, &ask, &body).await;
        }
    }
}
