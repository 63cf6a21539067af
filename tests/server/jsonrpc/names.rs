//! Names and URIs: they match exactly, and what is refused tells nothing about what is there.

use mcp_auth::testing::Era;
use serde_json::{Value, json};

use super::ask::{Ask, INVALID_PARAMS, assert_refused, code, start};

/// Every kind of thing that has a name, one that exists and one that does not.
fn things(era: Era) -> [(Ask, Ask); 4] {
    let pair = |method: &str, there: Value, absent: Value| {
        (Ask::new(era, method, there), Ask::new(era, method, absent))
    };
    let complete = |name: &str| json!({ "ref": { "type": "ref/prompt", "name": name }, "argument": { "name": "a", "value": "" } });
    [
        pair("tools/call", json!({ "name": "export_notes" }), json!({ "name": "no_such_tool" })),
        pair("prompts/get", json!({ "name": "summarize" }), json!({ "name": "no_such_prompt" })),
        pair("resources/read", json!({ "uri": "note://all" }), json!({ "uri": "nothing://all" })),
        pair("completion/complete", complete("summarize"), complete("no_such_prompt")),
    ]
}

#[tokio::test]
async fn j19_with_visibility_all_a_forbidden_operation_is_403_and_an_unknown_one_is_not() {
    let bench = start("").await;
    for era in Era::ALL {
        for (there, absent) in things(era) {
            let reply = there.send(&bench, Some(&bench.without)).await;
            assert_eq!(reply.status(), 403, "{}: {}", there.message, reply.text());
            assert_eq!(reply.challenge().expect("a challenge").error(), Some("insufficient_scope"));
            let reply = absent.send(&bench, Some(&bench.without)).await;
            assert_eq!((reply.status(), code(&reply)), (200, Some(INVALID_PARAMS)), "{}", reply.text());
            assert_eq!(reply.json()["id"], 1);
        }
    }
    assert_eq!(bench.everything.ran(), 0);
}

#[tokio::test]
async fn j19_with_visibility_granted_a_forbidden_operation_answers_like_an_unknown_one() {
    let bench = start("[auth]\nvisibility = \"granted\"\n").await;
    for era in Era::ALL {
        for (there, absent) in things(era) {
            let forbidden = there.send(&bench, Some(&bench.without)).await;
            let unknown = absent.send(&bench, Some(&bench.without)).await;
            assert_eq!(
                (forbidden.status(), code(&forbidden)),
                (200, Some(INVALID_PARAMS)),
                "{}",
                forbidden.text()
            );
            assert_eq!(forbidden.challenge(), None);
            // Nothing but the name differs.
            let name = |ask: &Ask| {
                let params = &ask.message["params"];
                let named =
                    params["name"].as_str().or(params["uri"].as_str()).or(params["ref"]["name"].as_str());
                named.expect("a name").to_owned()
            };
            let (one, other) = (forbidden.json().to_string(), unknown.json().to_string());
            assert_eq!(one.replace(&name(&there), "…"), other.replace(&name(&absent), "…"));
        }
    }
    assert_eq!(bench.everything.ran(), 0);
    let token = bench.server.token("alice").scope("export read").mint();
    let (there, _) = &things(Era::Stateless)[0];
    assert_eq!(there.send(&bench, Some(&token)).await.status(), 200);
    assert_eq!(bench.everything.ran(), 1);
}

#[tokio::test]
async fn j19_an_anonymous_caller_gets_401_for_what_is_there_and_what_is_not() {
    for connect in ["authenticated", "anonymous"] {
        for visibility in ["all", "granted"] {
            let bench = start(&format!("[auth]\nconnect = {connect:?}\nvisibility = {visibility:?}\n")).await;
            for era in Era::ALL {
                for (there, absent) in things(era) {
                    for ask in [there, absent] {
                        let reply = ask.send(&bench, None).await;
                        assert_eq!(reply.status(), 401, "{connect} {visibility}: {}", reply.text());
                        assert_eq!(reply.challenge().expect("a challenge").error(), None);
                    }
                }
                assert_eq!(Ask::tool(era, "ping", json!({})).send(&bench, None).await.status(), 200);
            }
            assert_eq!(bench.everything.ran(), Era::ALL.len(), "the public tool alone");
        }
    }
}

#[tokio::test]
async fn j21_names_match_exactly_or_not_at_all() {
    let bench = start("").await;
    let admin = bench.server.token("alice").scope("admin export audit").mint();
    let long = "x".repeat(10 * 1024);
    for era in Era::ALL {
        for name in [
            "READ_NOTE",
            "Read_note",
            " read_note",
            "read_note ",
            "read_note\0",
            "read_note\n",
            "read_not\u{65}\u{301}",
            "r\u{435}ad_note",
            "read-note",
            "read_note/",
            "read_note,ping",
            "./read_note",
            "%72ead_note",
            "",
            "*",
            &long,
        ] {
            let mut ask = Ask::tool(era, name, json!({}));
            if era == Era::Stateless && (name.trim() != name || name.is_empty()) {
                use base64::Engine as _;
                let encoded = base64::prelude::BASE64_STANDARD.encode(name);
                ask.set("Mcp-Name", &format!("=?base64?{encoded}?="));
            }
            let reply = ask.send(&bench, Some(&admin)).await;
            assert_eq!(code(&reply), Some(INVALID_PARAMS), "{name:?}: {}", &reply.text()[..200]);
            assert_eq!(ask.send(&bench, None).await.status(), 401, "{name:?}");
        }
        for name in [json!(5), json!(["read_note"]), json!({ "name": "read_note" }), Value::Null, json!(true)]
        {
            let mut ask = Ask::tool(era, "read_note", json!({}));
            ask.message["params"]["name"] = name;
            assert_refused(&bench, &ask, ask.message.to_string(), INVALID_PARAMS, json!(1)).await;
        }
    }
    assert_eq!(bench.everything.ran(), 0);
    assert_eq!(
        Ask::tool(Era::Stateless, "read_note", json!({})).send(&bench, Some(&admin)).await.status(),
        200
    );
    assert_eq!(bench.everything.ran(), 1);
}

#[tokio::test]
async fn j30_a_uri_that_is_not_exactly_a_declared_one_is_unknown() {
    let bench = start("").await;
    for era in Era::ALL {
        for uri in [
            "note://..",
            "note://../all",
            "note://%2e%2e",
            "note://%2e%2e%2fall",
            "note://1/../2",
            "note://1%2f2",
            "note://1\\2",
            "note://1\0",
            "note://1%00",
            "note://all/",
            "note://ALL",
            "NOTE://all",
            "note://all?x=1",
            "note://all#x",
            "note:///all",
            "note:all",
            "note://",
            "note://x",
            "note://-1",
            "note://1.0",
            "note://\u{661}",
            "note://99999999999999999999",
            "file:///etc/passwd",
            "note://{id}",
            "",
        ] {
            let mut ask = Ask::new(era, "resources/read", json!({ "uri": uri }));
            if era == Era::Stateless && uri.is_empty() {
                ask.set("Mcp-Name", "=?base64??=");
            }
            let reply = ask.send(&bench, Some(&bench.with)).await;
            assert_eq!(code(&reply), Some(INVALID_PARAMS), "{uri:?}: {}", reply.text());
            assert_eq!(ask.send(&bench, None).await.status(), 401, "{uri:?}");
        }
        for uri in [json!(5), json!(null), json!(["note://all"])] {
            let mut ask = Ask::new(era, "resources/read", json!({ "uri": "note://all" }));
            ask.message["params"]["uri"] = uri;
            assert_refused(&bench, &ask, ask.message.to_string(), INVALID_PARAMS, json!(1)).await;
        }
    }
    assert_eq!(bench.everything.ran(), 0);
    for (uri, text) in
        [("note://all", "every note"), ("note://7", "note 7"), ("about://server", "a test server")]
    {
        let reply = Ask::new(Era::Stateless, "resources/read", json!({ "uri": uri }))
            .send(&bench, Some(&bench.with))
            .await;
        assert_eq!(reply.json()["result"]["contents"][0]["text"], text, "{}", reply.text());
        assert_eq!(reply.json()["result"]["contents"][0]["uri"], uri);
    }
}
