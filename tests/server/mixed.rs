//! Servers with public and protected operations: who sees what in lists, and what each caller is answered.

use mcp_auth::prelude::*;
use mcp_auth::testing::{Answer, Client, Era, TestServer};
use serde_json::{Value, json};

use crate::everything::Everything;

const LISTS: [&str; 4] = ["tools/list", "prompts/list", "resources/list", "resources/templates/list"];

/// Everything is public.
#[derive(Debug, Clone, Default)]
struct Open;

#[server(name = "open")]
impl Open {
    /// Anyone.
    #[tool(public)]
    fn ping(&self) -> &'static str {
        "pong"
    }

    /// Anyone; says who.
    #[tool(public)]
    fn who(&self, caller: Option<Caller>) -> String {
        caller.map_or_else(|| "nobody".to_owned(), |caller| caller.subject().to_owned())
    }

    #[prompt(public)]
    fn greet(&self) -> &'static str {
        "Say hello."
    }

    #[resource(uri = "about://server", public)]
    fn about(&self) -> &'static str {
        "open"
    }

    #[resource(uri = "about://{topic}", public)]
    fn topic(&self, topic: String) -> String {
        topic
    }
}

/// Operations of every kind that need `secret`, each beside one that is not there at all.
#[derive(Debug, Clone, Default)]
struct Hidden;

#[server(name = "hidden", scope = "secret")]
impl Hidden {
    /// Anyone who is someone.
    #[tool(authenticated)]
    fn seen(&self) -> &'static str {
        "seen"
    }

    /// Hidden.
    #[tool]
    fn hidden_tool(&self) -> &'static str {
        "hidden"
    }

    #[prompt]
    fn hidden_prompt(&self) -> &'static str {
        "hidden"
    }

    #[resource(uri = "hidden://fixed")]
    fn hidden_resource(&self) -> &'static str {
        "hidden"
    }

    #[resource(uri = "hidden://by/{id}")]
    fn hidden_template(&self, id: u8) -> String {
        id.to_string()
    }

    #[resource(uri = "about://server", public)]
    fn about(&self) -> &'static str {
        "a test server"
    }

    #[method("completion/complete", authenticated)]
    fn complete(&self) -> Json<Value> {
        Json(json!({ "completion": { "values": [] } }))
    }

    #[method("resources/subscribe", authenticated)]
    fn subscribe(&self) {}

    #[method("subscriptions/listen", authenticated)]
    fn listen(&self) {}

    #[method("acme/hidden")]
    fn custom(&self) -> Json<Value> {
        Json(json!({}))
    }
}

/// The names in a list.
fn listed(answer: &Answer) -> Vec<&str> {
    let result = answer.result().unwrap_or_else(|| panic!("a list, not {}", answer.body()));
    let items = ["tools", "prompts", "resources", "resourceTemplates"].iter().find_map(|key| result.get(key));
    items.and_then(Value::as_array).expect("items").iter().filter_map(|item| item["name"].as_str()).collect()
}

async fn lists(client: &Client) -> Vec<String> {
    let mut names = Vec::new();
    for method in LISTS {
        names.extend(listed(&client.request(method, json!({})).await).into_iter().map(str::to_owned));
    }
    names.sort();
    names
}

/// Everything in [`Everything`], in order.
const ALL: [&str; 15] = [
    "about",
    "all_notes",
    "audit_log",
    "based",
    "export_notes",
    "note",
    "panics",
    "ping",
    "read_note",
    "request_parts",
    "summarize",
    "who",
    "whoami",
    "works",
    "write_note",
];

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
            assert_eq!(who.text(), Some("nobody"));
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
async fn connect_says_what_everything_without_a_rule_of_its_own_needs() {
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
            let unknown =
                server.client().era(era).request_without_session("acme/unheard-of", json!({})).await;
            if refused {
                assert_eq!(unknown.status(), 401, "{era:?}");
            } else {
                assert_eq!(unknown.error_code(), Some(-32601), "{era:?} {}", unknown.body());
            }
        }
    }
    assert_eq!(everything.ran(), 0);
}

#[tokio::test]
async fn lists_show_anonymous_callers_what_is_public_and_others_everything() {
    let everything = Everything::default();
    let server = everything.start_with("[auth]\nconnect = \"anonymous\"").await;
    for era in Era::ALL {
        let nobody = server.client().era(era);
        assert_eq!(lists(&nobody).await, ["about", "panics", "ping", "who"], "{era:?}");
        let alice = server.client().era(era).token(server.token("alice"));
        assert_eq!(lists(&alice).await, ALL, "{era:?}: whatever it holds, so that it can step up");
    }
}

#[tokio::test]
async fn granted_visibility_lists_what_the_token_may_do() {
    let everything = Everything::default();
    let server = everything.start_with("[auth]\nconnect = \"anonymous\"\nvisibility = \"granted\"").await;
    let public = ["about", "panics", "ping", "who"];
    let authenticated = ["request_parts", "whoami", "works"];
    let reading = ["all_notes", "note", "read_note", "summarize"];
    let cases: [(Option<&str>, &[&[&str]]); 7] = [
        (None, &[&public]),
        (Some(""), &[&public, &authenticated]),
        (Some("base unknown"), &[&public, &authenticated, &["based"]]),
        (Some("read"), &[&public, &authenticated, &reading]),
        (Some("read export"), &[&public, &authenticated, &reading, &["export_notes"]]),
        (Some("write"), &[&public, &authenticated, &reading, &["write_note"]]),
        (Some("admin"), &[&public, &authenticated, &reading, &["write_note", "audit_log"]]),
    ];
    for era in Era::ALL {
        for (scopes, visible) in cases {
            let mut visible: Vec<_> = visible.iter().copied().flatten().copied().collect();
            visible.sort_unstable();
            let client = server.client().era(era);
            let client = match scopes {
                None => client,
                Some(scopes) => client.token(server.token("alice").scope(scopes)),
            };
            assert_eq!(lists(&client).await, visible, "{era:?} {scopes:?}");
        }
    }
    assert_eq!(everything.ran(), 0);
}

/// An answer as text, without the name that was asked for. It is rmcp that answers for methods nobody declared,
/// in an order of members (and in sessions, as a stream) of its own; the message is the same.
async fn about(client: Client, method: &str, params: &Value, name: &str) -> (u16, String) {
    let answer = client.request(method, params.clone()).await;
    let by_rmcp = method.starts_with("acme/");
    let message = if by_rmcp { answer.message().to_string() } else { answer.body().to_owned() };
    (answer.status(), message.replace(name, "NAME"))
}

#[tokio::test]
async fn j19_with_granted_visibility_what_is_hidden_answers_like_what_is_not_there() {
    let config = "[auth]\nvisibility = \"granted\"\nconnect = \"anonymous\"\n";
    let server =
        TestServer::builder(Hidden).toml(config).expect("a configuration").start().await.expect("a server");
    let uri = |uri: &str| json!({ "uri": uri });
    let named = |name: &str| json!({ "name": name, "arguments": {} });
    let completing =
        |reference: Value| json!({ "ref": reference, "argument": { "name": "id", "value": "" } });
    let by_prompt = |name: &str| completing(json!({ "type": "ref/prompt", "name": name }));
    let by_resource = |uri: &str| completing(json!({ "type": "ref/resource", "uri": uri }));
    let listening = |uris: &[&str]| json!({ "notifications": { "resourceSubscriptions": uris } });
    for era in Era::ALL {
        let mut cases = vec![
            ("tools/call", named("hidden_tool"), "hidden_tool", named("absent_tool"), "absent_tool"),
            ("prompts/get", named("hidden_prompt"), "hidden_prompt", named("absent_prompt"), "absent_prompt"),
            (
                "resources/read",
                uri("hidden://fixed"),
                "hidden://fixed",
                uri("absent://fixed"),
                "absent://fixed",
            ),
            ("resources/read", uri("hidden://by/7"), "hidden://by/7", uri("absent://by/7"), "absent://by/7"),
            (
                "completion/complete",
                by_prompt("hidden_prompt"),
                "hidden_prompt",
                by_prompt("absent"),
                "absent",
            ),
            (
                "completion/complete",
                by_resource("hidden://by/{id}"),
                "hidden://by/{id}",
                by_resource("a://b"),
                "a://b",
            ),
            ("acme/hidden", json!({}), "acme/hidden", json!({}), "acme/absent"),
        ];
        if era == Era::Stateless {
            let (hidden, absent) = ("hidden://by/7", "absent://by/7");
            cases.push(("subscriptions/listen", listening(&[hidden]), hidden, listening(&[absent]), absent));
            let last = |last| listening(&["about://server", last]);
            cases.push(("subscriptions/listen", last(hidden), hidden, last(absent), absent));
            let first = |first| listening(&[first, "gone://too"]);
            cases.push(("subscriptions/listen", first(hidden), hidden, first(absent), absent));
        } else {
            cases.push((
                "resources/subscribe",
                uri("hidden://by/7"),
                "hidden://by/7",
                uri("absent://1"),
                "absent://1",
            ));
        }
        for (method, hidden, hidden_name, absent, absent_name) in cases {
            let absent_method = if method == "acme/hidden" { "acme/absent" } else { method };
            let client = || server.client().era(era).token(server.token("alice").scope("other"));
            let hidden_answer = about(client(), method, &hidden, hidden_name).await;
            let absent_answer = about(client(), absent_method, &absent, absent_name).await;
            assert_eq!(hidden_answer, absent_answer, "{era:?} {method}");
            assert!(hidden_answer.1.contains("\"error\""), "{era:?} {method} {hidden_answer:?}");

            let nobody = || server.client().era(era);
            let hidden_answer = nobody().request(method, hidden.clone()).await;
            assert_eq!(hidden_answer.status(), 401, "{era:?} {method}");
            if method != "acme/hidden" {
                let absent_answer = nobody().request(method, absent).await;
                assert_eq!(absent_answer.status(), 401, "{era:?} {method}: anonymous callers learn nothing");
            }

            let granted = server.client().era(era).token(server.token("alice").scope("secret"));
            if method != "subscriptions/listen" {
                let answer = granted.request(method, hidden).await;
                assert!(answer.is_success(), "{era:?} {method} {}", answer.body());
            }
        }
    }
}

#[tokio::test]
async fn j19_with_visibility_all_what_is_not_allowed_is_403_and_what_is_not_there_32602() {
    let server = TestServer::start(Hidden).await.expect("a server");
    for era in Era::ALL {
        let client = server.client().era(era).token(server.token("alice"));
        let hidden = client.call_tool("hidden_tool", json!({})).await;
        assert_eq!(hidden.status(), 403, "{era:?}");
        assert_eq!(hidden.challenge().expect("a challenge").scopes(), ["secret"]);
        let absent = client.call_tool("absent_tool", json!({})).await;
        assert_eq!((absent.status(), absent.error_code()), (200, Some(-32602)), "{era:?} {}", absent.body());
        let nobody = server.client().era(era);
        let call = |name| json!({ "name": name, "arguments": {} });
        for name in ["hidden_tool", "absent_tool"] {
            let answer = nobody.request_without_session("tools/call", call(name)).await;
            assert_eq!(answer.status(), 401, "{era:?} {name}");
        }
    }
}

#[tokio::test]
async fn a20_lists_that_depend_on_the_caller_are_private_and_others_public() {
    let everything = Everything::default();
    for visibility in ["all", "granted"] {
        let config = format!("[auth]\nconnect = \"anonymous\"\nvisibility = \"{visibility}\"");
        let server = everything.start_with(&config).await;
        for client in [server.client(), server.client().token(server.token("alice").scope("read"))] {
            for method in LISTS {
                let answer = client.request(method, json!({})).await;
                let result = answer.result().expect("a list");
                assert_eq!(result["cacheScope"], "private", "{visibility} {method}");
                assert_eq!(result["resultType"], "complete");
            }
        }
    }
    let server = TestServer::builder(Open).toml("[auth]\nmode = \"none\"").expect("a configuration");
    let server = server.start().await.expect("a server");
    for method in LISTS {
        let answer = server.client().request(method, json!({})).await;
        assert_eq!(answer.result().expect("a list")["cacheScope"], "public", "{method}");
    }
}

#[tokio::test]
async fn j27_cursor_that_was_never_given_out_is_32602() {
    let everything = Everything::default();
    let server = everything.start().await;
    for era in Era::ALL {
        let client = server.client().era(era).token(server.token("alice"));
        for method in LISTS {
            let answer = client.request(method, json!({ "cursor": "10" })).await;
            assert_eq!(answer.error_code(), Some(-32602), "{era:?} {method} {}", answer.body());
        }
    }
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
        assert_eq!(result["structuredContent"]["error"], "insufficient_scope");
        assert_eq!(result["structuredContent"]["required"], json!(["write"]));
        assert_eq!(result["structuredContent"]["held"], json!(["read"]));
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
        let nobody = server.client().era(era).request_without_session("tools/call", call.clone()).await;
        assert_eq!((nobody.status(), nobody.error_code()), (401, Some(401)), "{era:?}");
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
async fn token_that_is_no_good_gets_401_on_public_operations_too() {
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
async fn with_mode_none_every_caller_is_anonymous_whatever_it_presents() {
    let server = TestServer::builder(Open).toml("[auth]\nmode = \"none\"").expect("a configuration");
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
            assert_eq!(answer.text(), Some("nobody"), "{era:?} {}", answer.body());
            assert_eq!(lists(&client).await, ["about", "greet", "ping", "topic", "who"]);
            assert!(client.get_prompt("greet", json!({})).await.is_success());
            assert!(client.read_resource("about://x").await.is_success());
            let absent = client.call_tool("absent", json!({})).await;
            assert_eq!(absent.error_code(), Some(-32602), "{era:?}: there is nobody to hide it from");
        }
    }
}
