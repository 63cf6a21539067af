//! Lists: their cursors, what they show to each caller, and who may cache them.

use mcp_auth::testing::Era;
use serde_json::{Value, json};

use super::ask::{Ask, Bench, INVALID_PARAMS, assert_refused, code, start};

const LISTS: [&str; 4] = ["tools/list", "prompts/list", "resources/list", "resources/templates/list"];

#[tokio::test]
async fn j27_a_cursor_we_never_gave_out_is_invalid() {
    let bench = start("").await;
    for era in Era::ALL {
        for list in LISTS {
            for cursor in [json!("forged"), json!(""), json!("MQ=="), json!("0"), json!("x".repeat(10_000))] {
                let reply =
                    Ask::new(era, list, json!({ "cursor": cursor })).send(&bench, Some(&bench.with)).await;
                assert_eq!(code(&reply), Some(INVALID_PARAMS), "{list} {cursor}: {}", reply.text());
            }
            for cursor in [json!(1), json!({}), json!(["a"])] {
                let ask = Ask::new(era, list, json!({ "cursor": cursor }));
                assert_refused(&bench, &ask, ask.message.to_string(), INVALID_PARAMS, json!(1)).await;
            }
            let reply = Ask::new(era, list, json!({ "cursor": null })).send(&bench, Some(&bench.with)).await;
            assert_eq!(reply.json()["result"].get("nextCursor"), None, "{}", reply.text());
            assert!(reply.json()["result"].is_object(), "{}", reply.text());
        }
    }
}

/// The names or URIs a list shows, in order.
async fn shown(bench: &Bench, era: Era, list: &str, token: Option<&str>) -> (Vec<String>, Value) {
    let reply = Ask::new(era, list, json!({})).send(bench, token).await;
    assert_eq!(reply.status(), 200, "{list}: {}", reply.text());
    let result = reply.json()["result"].clone();
    let items =
        ["tools", "prompts", "resources", "resourceTemplates"].iter().find_map(|key| result[*key].as_array());
    let name = |item: &Value| {
        let name = item.get("uri").or(item.get("uriTemplate")).or(item.get("name"));
        name.and_then(Value::as_str).expect("a name").to_owned()
    };
    let mut names: Vec<String> = items.expect("a list").iter().map(name).collect();
    names.sort();
    (names, result["cacheScope"].clone())
}

#[tokio::test]
async fn j28_with_visibility_granted_lists_show_what_the_caller_may_call_and_are_private() {
    let bench = start("[auth]\nvisibility = \"granted\"\nconnect = \"anonymous\"\n").await;
    let open = ["panics", "ping", "who"];
    let known = ["panics", "ping", "request_parts", "who", "whoami", "works"];
    let read = ["panics", "ping", "read_note", "request_parts", "who", "whoami", "works"];
    let write = ["panics", "ping", "read_note", "request_parts", "who", "whoami", "works", "write_note"];
    let reader = bench.server.token("alice").scope("read").mint();
    let none: [&str; 0] = [];
    for era in Era::ALL {
        for (token, tools, prompts, resources, templates) in [
            (None, &open[..], &none[..], &["about://server"][..], &none[..]),
            (Some(&bench.without), &known[..], &none[..], &["about://server"][..], &none[..]),
            (
                Some(&reader),
                &read[..],
                &["summarize"][..],
                &["about://server", "note://all"][..],
                &["note://{id}"][..],
            ),
            (
                Some(&bench.with),
                &write[..],
                &["summarize"][..],
                &["about://server", "note://all"][..],
                &["note://{id}"][..],
            ),
        ] {
            for (list, expected) in LISTS.into_iter().zip([tools, prompts, resources, templates]) {
                let (found, cache) = shown(&bench, era, list, token.map(String::as_str)).await;
                assert_eq!(found, expected, "{list} {era:?}");
                if era == Era::Stateless {
                    assert_eq!(cache, "private", "{list}");
                }
            }
        }
    }
}

#[tokio::test]
async fn j28_with_visibility_all_lists_show_a_verified_caller_everything_and_others_what_is_public() {
    let bench = start("[auth]\nconnect = \"anonymous\"\n").await;
    for era in Era::ALL {
        let (all, cache) = shown(&bench, era, "tools/list", Some(&bench.without)).await;
        assert_eq!(all.len(), 11, "{all:?}");
        let (open, _) = shown(&bench, era, "tools/list", None).await;
        assert_eq!(open, ["panics", "ping", "who"]);
        if era == Era::Stateless {
            assert_eq!(
                cache, "private",
                "a list for an anonymous caller must not come from another caller's cache"
            );
        }
    }
}
