//! What a caller may not see answers like what is not there.

use mcp_auth::prelude::*;
use mcp_auth::testing::{Client, Era, TestServer};
use serde_json::{Value, json};

use crate::streams::Wire;

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

    #[method("tasks/hidden")]
    fn of_a_task(&self) -> Json<Value> {
        Json(json!({}))
    }

    #[method("acme/hidden")]
    fn custom(&self) -> Json<Value> {
        Json(json!({}))
    }
}

/// An answer: its status, its headers but for those of the moment, and its text without the name that was asked for.
pub async fn about(client: Client, method: &str, params: &Value, name: &str) -> (u16, String, String) {
    let answer = client.request(method, params.clone()).await;
    let headers =
        ["content-type", "cache-control", "mcp-session-id", "www-authenticate", "x-accel-buffering"];
    let headers = headers.map(|name| answer.header(name).unwrap_or_default()).join(" | ");
    (answer.status(), headers, answer.body().replace(name, "NAME"))
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
        let of_a_task = |name| json!({ "taskId": name });
        let (hidden, absent) = ("tasks/hidden", "tasks/absent");
        cases.push((hidden, of_a_task("t"), hidden, of_a_task("t"), absent));
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
            let absent_method = if method.ends_with("/hidden") { absent_name } else { method };
            let client = || server.client().era(era).token(server.token("alice").scope("other"));
            let hidden_answer = about(client(), method, &hidden, hidden_name).await;
            let absent_answer = about(client(), absent_method, &absent, absent_name).await;
            assert_eq!(hidden_answer, absent_answer, "{era:?} {method}");
            assert!(hidden_answer.2.contains("\"error\""), "{era:?} {method} {hidden_answer:?}");

            let anonymous = || server.client().era(era);
            let hidden_answer = anonymous().request(method, hidden.clone()).await;
            assert_eq!(hidden_answer.status(), 401, "{era:?} {method}");
            let absent_answer = anonymous().request(absent_method, absent).await;
            assert_eq!(absent_answer.status(), 401, "{era:?} {method}: anonymous callers learn nothing");

            let granted = server.client().era(era).token(server.token("alice").scope("secret"));
            if method != "subscriptions/listen" && method != "tasks/hidden" {
                let answer = granted.request(method, hidden).await;
                assert!(answer.is_success(), "{era:?} {method} {}", answer.body());
            }
        }
    }
}

#[tokio::test]
async fn a_notification_says_nothing_of_a_method_that_is_hidden() {
    let config = "[auth]\nvisibility = \"granted\"\n";
    let server =
        TestServer::builder(Hidden).toml(config).expect("a configuration").start().await.expect("a server");
    for era in Era::ALL {
        let wire = Wire::new(server.url(), era).token(server.token("alice")).connected().await;
        for method in ["acme/hidden", "acme/absent", "notifications/acme"] {
            let mut answer = wire.notify(method).await;
            assert_eq!((answer.status, answer.next().await), (202, None), "{era:?} {method}");
            assert_eq!(answer.header("content-type"), None, "{era:?} {method}");
        }
    }
}

#[tokio::test]
async fn a_method_that_does_not_exist_says_so_in_words() {
    let server = TestServer::start(Hidden).await.expect("a server");
    for era in Era::ALL {
        let status = if era == Era::Stateless { 404 } else { 200 };
        for method in
            ["acme/absent", "tools/lists", "sampling/createMessage", "logging/setLevel", "tasks/get"]
        {
            if method == "logging/setLevel" && era == Era::Stateless {
                continue;
            }
            let params = json!({ "level": "info", "taskId": "t" });
            let client = server.client().era(era).token(server.token("alice"));
            let answer = client.request(method, params).await;
            assert_eq!((answer.status(), answer.error_code()), (status, Some(-32601)), "{era:?} {method}");
            let message = &answer.error().expect("an error")["message"];
            assert_eq!(message, &format!("unknown method: {method}"), "{era:?}");
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
        let anonymous = server.client().era(era);
        let call = |name| json!({ "name": name, "arguments": {} });
        for name in ["hidden_tool", "absent_tool"] {
            let answer = anonymous.request_without_session("tools/call", call(name)).await;
            assert_eq!(answer.status(), 401, "{era:?} {name}");
        }
    }
}
