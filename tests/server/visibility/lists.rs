//! What lists show to each caller, and who may cache them.

use mcp_auth::testing::{Answer, Client, Era, TestServer};
use serde_json::{Value, json};

use crate::everything::Everything;
use mcp_auth_tests::open::{self, Open};

const LISTS: [&str; 4] = ["tools/list", "prompts/list", "resources/list", "resources/templates/list"];

/// The names in a list.
fn listed(answer: &Answer) -> Vec<&str> {
    let result = answer.result().unwrap_or_else(|| panic!("a list, not {}", answer.body()));
    let items = ["tools", "prompts", "resources", "resourceTemplates"].iter().find_map(|key| result.get(key));
    items.and_then(Value::as_array).expect("items").iter().filter_map(|item| item["name"].as_str()).collect()
}

pub async fn lists(client: &Client) -> Vec<String> {
    let mut names = Vec::new();
    for method in LISTS {
        names.extend(listed(&client.request(method, json!({})).await).into_iter().map(str::to_owned));
    }
    names.sort();
    names
}

/// Everything in [`Everything`], in order.
pub const ALL: [&str; 15] = [
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
async fn lists_show_anonymous_callers_what_is_public_and_others_everything() {
    let everything = Everything::default();
    let server = everything.start_with("[auth]\nconnect = \"anonymous\"").await;
    for era in Era::ALL {
        let anonymous = server.client().era(era);
        assert_eq!(lists(&anonymous).await, ["about", "panics", "ping", "who"], "{era:?}");
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
    let server = TestServer::builder(Open).toml(open::CONFIG).expect("a configuration");
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
