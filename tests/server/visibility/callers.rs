//! Public and protected operations beside each other: what each caller is answered.

use mcp_auth::testing::{Client, Era, TestServer};
use mcp_auth_tests::open::{self, Open};
use serde_json::json;

use super::lists::lists;
use crate::everything::Everything;

#[tokio::test]
async fn public_operation_needs_no_token_and_a_protected_one_does_on_every_revision() {
    let everything = Everything::default();
    for connect in ["authenticated", "anonymous"] {
        let server = everything.start_with(&format!("[auth]\nconnect = \"{connect}\"")).await;
        for era in Era::ALL {
            let client = server.client().era(era);
            let before = everything.ran();
            let request = |method, params| client.request_without_session(method, params);
            let ping = request("tools/call", json!({ "name": "ping", "arguments": {} })).await;
            assert_eq!(ping.text(), Some("pong"), "{connect} {era:?} {}", ping.body());
            let who = request("tools/call", json!({ "name": "who", "arguments": {} })).await;
            assert_eq!(who.text(), Some("anonymous"));
            let about = request("resources/read", json!({ "uri": "about://server" })).await;
            assert_eq!(about.result().expect("contents")["contents"][0]["text"], "a test server");
            assert_eq!(everything.ran(), before + 3);
            for (method, params, scopes) in [
                ("tools/call", json!({ "name": "whoami", "arguments": {} }), ["base"].as_slice()),
                ("tools/call", json!({ "name": "read_note", "arguments": {} }), &["base", "read"]),
                ("prompts/get", json!({ "name": "summarize" }), &["base", "read"]),
                ("resources/read", json!({ "uri": "note://7" }), &["base", "read"]),
                ("acme/report", json!({}), &["base", "write"]),
            ] {
                let answer = request(method, params).await;
                assert_eq!(answer.status(), 401, "{connect} {era:?} {method}");
                let challenge = answer.challenge().expect("a challenge");
                assert_eq!((challenge.error(), challenge.scopes().as_slice()), (None, scopes), "{method}");
            }
            assert_eq!(everything.ran(), before + 3);
        }
    }
}

#[tokio::test]
async fn connect_says_what_every_message_without_its_own_rule_needs() {
    let everything = Everything::default();
    let stateless =
        ["server/discover", "tools/list", "prompts/list", "resources/list", "resources/templates/list"];
    let legacy = ["ping", "tools/list", "prompts/list", "resources/list", "resources/templates/list"];
    for (connect, refused) in [("authenticated", true), ("anonymous", false)] {
        let server = everything.start_with(&format!("[auth]\nconnect = \"{connect}\"")).await;
        for era in Era::ALL {
            for method in if era == Era::Stateless { stateless } else { legacy } {
                let answer = server.client().era(era).request_without_session(method, json!({})).await;
                if refused {
                    assert_eq!(answer.status(), 401, "{era:?} {method}");
                    let challenge = answer.challenge().expect("a challenge");
                    assert_eq!((challenge.error(), challenge.scopes()), (None, vec!["base"]));
                } else {
                    assert!(answer.is_success(), "{era:?} {method} {}", answer.body());
                }
                let known = server.client().era(era).token(server.token("alice"));
                assert!(known.request(method, json!({})).await.is_success(), "{connect} {era:?} {method}");
            }
            let unknown = |client: Client| async move {
                client.request_without_session("acme/unheard-of", json!({})).await
            };
            let answer = unknown(server.client().era(era)).await;
            assert_eq!(answer.status(), 401, "{connect} {era:?}: an anonymous caller learns of no operation");
            let answer = unknown(server.client().era(era).token(server.token("alice"))).await;
            assert_eq!(answer.error_code(), Some(-32601), "{connect} {era:?} {}", answer.body());
        }
    }
    assert_eq!(everything.ran(), 0);
}

#[tokio::test]
async fn denial_as_a_tool_error_is_for_a_missing_scope_on_a_tool_call_and_nothing_else() {
    let everything = Everything::default();
    let server = everything.start_with("[auth]\ndenial = \"tool-error\"").await;
    for era in Era::ALL {
        let reader = server.client().era(era).token(server.token("alice").scope("read unknown"));
        let answer = reader.call_tool("write_note", json!({ "text": "x" })).await;
        assert_eq!(answer.status(), 200, "{era:?}");
        let result = answer.result().expect("a result");
        assert_eq!(result["isError"], true);
        assert_eq!(answer.text(), Some("this needs the scope write"));
        let facts = &result["_meta"]["mcp-auth/refusal"];
        assert_eq!(facts["error"], "insufficient_scope");
        assert_eq!((&facts["required"], &facts["held"]), (&json!(["write"]), &json!(["read"])));
        let result_type = (era == Era::Stateless).then(|| json!("complete"));
        assert_eq!(result.get("resultType"), result_type.as_ref(), "{era:?}");
        assert!(answer.challenge().is_none());

        for (method, params) in [
            ("prompts/get", json!({ "name": "summarize" })),
            ("resources/read", json!({ "uri": "note://7" })),
            ("acme/report", json!({})),
        ] {
            let answer = server.client().era(era).token(server.token("alice")).request(method, params).await;
            assert_eq!(answer.status(), 403, "{era:?} {method}");
            assert_eq!(answer.challenge().expect("a challenge").error(), Some("insufficient_scope"));
        }
        let call = json!({ "name": "write_note", "arguments": { "text": "x" } });
        let anonymous = server.client().era(era).request_without_session("tools/call", call.clone()).await;
        assert_eq!((anonymous.status(), anonymous.error_code()), (401, Some(401)), "{era:?}");
        let expired = server.client().era(era).token(server.token("alice").expired());
        let answer = expired.request_without_session("tools/call", call).await;
        assert_eq!(answer.status(), 401);
        assert_eq!(answer.challenge().expect("a challenge").error(), Some("invalid_token"));
        let absent = reader.call_tool("absent", json!({})).await;
        assert_eq!(absent.error_code(), Some(-32602), "{era:?} {}", absent.body());
    }
    assert_eq!(everything.ran(), 0);
    let writer = server.client().token(server.token("alice").scope("write"));
    assert_eq!(writer.call_tool("write_note", json!({ "text": "x" })).await.text(), Some("x"));
}

#[tokio::test]
async fn a15_broader_scopes_count_for_narrower_ones_and_never_the_other_way() {
    let everything = Everything::default();
    let server = everything.start().await;
    let text = json!({ "text": "x" });
    // What is held, what is called, and what the challenge names when it is not allowed.
    let cases: [(&str, &str, &[&str]); 18] = [
        ("admin", "write_note", &[]),
        ("admin", "read_note", &[]),
        ("admin", "audit_log", &[]),
        ("audit", "audit_log", &[]),
        ("write", "read_note", &[]),
        ("write export", "export_notes", &[]),
        ("read export", "export_notes", &[]),
        ("admin", "based", &["admin", "base"]),
        ("admin", "export_notes", &["admin", "export", "read"]),
        ("read", "write_note", &["read", "write"]),
        ("write", "audit_log", &["audit", "write"]),
        ("read write export base", "audit_log", &["audit", "base", "export", "read", "write"]),
        ("export", "export_notes", &["export", "read"]),
        ("Read", "read_note", &["read"]),
        ("rea", "read_note", &["read"]),
        ("read.all", "read_note", &["read"]),
        ("*", "read_note", &["read"]),
        ("", "read_note", &["read"]),
    ];
    for era in Era::ALL {
        for (held, tool, challenged) in cases {
            let before = everything.ran();
            let client = server.client().era(era).token(server.token("alice").scope(held));
            let arguments = if tool == "write_note" { text.clone() } else { json!({}) };
            let answer = client.call_tool(tool, arguments).await;
            if challenged.is_empty() {
                assert!(answer.is_success(), "{era:?} {held} {tool} {}", answer.body());
                assert_eq!(everything.ran(), before + 1);
            } else {
                assert_eq!(answer.status(), 403, "{era:?} {held} {tool}");
                assert_eq!(answer.challenge().expect("a challenge").scopes(), challenged, "{held} {tool}");
                assert_eq!(everything.ran(), before);
            }
        }
    }
}

#[tokio::test]
async fn invalid_token_gets_401_on_public_operations_too() {
    let everything = Everything::default();
    for connect in ["authenticated", "anonymous"] {
        let server = everything.start_with(&format!("[auth]\nconnect = \"{connect}\"")).await;
        for era in Era::ALL {
            for token in [
                server.token("alice").expired(),
                server.token("alice").signed_by_a_stranger(),
                server.token("alice").audience("https://elsewhere.test/"),
            ] {
                let client = server.client().era(era).token(token);
                for (method, params) in [
                    ("tools/call", json!({ "name": "ping", "arguments": {} })),
                    ("tools/call", json!({ "name": "absent", "arguments": {} })),
                    ("resources/read", json!({ "uri": "about://server" })),
                    ("tools/list", json!({})),
                    ("ping", json!({})),
                    ("acme/unheard-of", json!({})),
                ] {
                    let answer = client.request_without_session(method, params).await;
                    assert_eq!(answer.status(), 401, "{connect} {era:?} {method}");
                    let challenge = answer.challenge().expect("a challenge");
                    assert_eq!(challenge.error(), Some("invalid_token"), "{method}");
                    assert_eq!(challenge.scopes(), ["base"]);
                }
                assert_eq!(client.initialize().await.status(), 401);
            }
        }
    }
    assert_eq!(everything.ran(), 0);
}

#[tokio::test]
async fn with_verify_none_every_caller_is_anonymous_with_every_credential() {
    let server = TestServer::builder(Open).toml(open::CONFIG).expect("a configuration");
    let server = server.start().await.expect("a server");
    for era in Era::ALL {
        for client in [
            server.client(),
            server.client().token(server.token("alice")),
            server.client().token(server.token("alice").expired()),
            server.client().header("authorization", "Basic eDp5"),
        ] {
            let client = client.era(era);
            let answer = client.call_tool("who", json!({})).await;
            assert_eq!(answer.text(), Some("anonymous"), "{era:?} {}", answer.body());
            assert_eq!(lists(&client).await, ["about", "greet", "ping", "topic", "who"]);
            assert!(client.get_prompt("greet", json!({})).await.is_success());
            assert!(client.read_resource("about://x").await.is_success());
            let absent = client.call_tool("absent", json!({})).await;
            assert_eq!(absent.error_code(), Some(-32602), "{era:?}: there is no caller to hide it from");
        }
    }
}
