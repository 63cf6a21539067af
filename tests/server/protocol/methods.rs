//! Completion, methods of a server's own, and results whose schema is not an object.

use mcp_auth::testing::Era;
use serde_json::json;

use crate::talks::Talks;

#[tokio::test]
async fn completion_needs_its_own_rule_and_that_of_what_is_completed() {
    let talks = Talks::default();
    let server = talks.start().await;
    let prompt = |name: &str| json!({ "type": "ref/prompt", "name": name });
    let resource = |uri: &str| json!({ "type": "ref/resource", "uri": uri });
    for era in Era::ALL {
        for (reference, scopes, status, code) in [
            (prompt("summarize"), "complete notes", 200, None),
            (resource("note://{id}"), "complete notes", 200, None),
            (resource("note://public"), "complete", 200, None),
            (prompt("summarize"), "complete", 403, Some(403)),
            (prompt("summarize"), "notes", 403, Some(403)),
            (resource("note://{id}"), "complete", 403, Some(403)),
            (resource("note://public"), "notes", 403, Some(403)),
            (prompt("gone"), "complete notes", 200, Some(-32602)),
            (resource("gone://{id}"), "complete notes", 200, Some(-32602)),
        ] {
            let before = talks.ran();
            let client = server.client().era(era).token(server.token("alice").scope(scopes));
            let params = json!({ "ref": reference, "argument": { "name": "size", "value": "n" } });
            let answer = client.request("completion/complete", params.clone()).await;
            assert_eq!(
                (answer.status(), answer.error_code()),
                (status, code),
                "{era:?} {reference} {scopes}"
            );
            if code.is_none() {
                assert_eq!(answer.result().expect("a result")["completion"]["values"], json!(["n1", "n2"]));
            }
            if code == Some(403) {
                let challenge = answer.challenge().expect("a challenge");
                for scope in scopes.split(' ') {
                    assert!(challenge.scopes().contains(&scope), "held: {scope}");
                }
            }
            assert_eq!(talks.ran() - before, usize::from(code.is_none()));
            let anonymous =
                server.client().era(era).request_without_session("completion/complete", params).await;
            assert_eq!(anonymous.status(), 401, "{era:?} {reference}");
        }
    }
}

#[tokio::test]
async fn methods_of_ones_own_run_by_their_rule_on_every_revision() {
    let talks = Talks::default();
    let server = talks.start().await;
    for era in Era::ALL {
        let client = |scopes: &str| server.client().era(era).token(server.token("alice").scope(scopes));
        let answer = client("echo").request("acme/echo", json!({ "a": [1, 2] })).await;
        let result = answer.result().unwrap_or_else(|| panic!("{era:?} {}", answer.body()));
        assert_eq!((&result["params"]["a"], &result["for"]), (&json!([1, 2]), &json!("alice")));
        let refused = client("order").request("acme/echo", json!({})).await;
        assert_eq!(refused.status(), 403, "{era:?}");
        assert_eq!(refused.challenge().expect("a challenge").scopes(), ["echo", "order"]);
        let anonymous = server.client().era(era);
        let answer = anonymous.request_without_session("acme/echo", json!({})).await;
        assert_eq!(answer.challenge().expect("a challenge").scopes(), ["echo"], "{era:?}");
        let answer = anonymous.request_without_session("acme/nothing", json!({})).await;
        assert!(answer.is_success(), "{era:?}: public: {}", answer.body());
        let status = if era == Era::Stateless { 404 } else { 200 };
        for unknown in ["acme/Echo", "acme/echo/", "acme/ech", "logging/setLevel", "resources/subscribe"] {
            let params = json!({ "level": "info", "uri": "note://public" });
            let answer = client("echo").request(unknown, params).await;
            assert_eq!(
                (answer.status(), answer.error_code()),
                (status, Some(-32601)),
                "{era:?} {}",
                answer.body()
            );
        }
    }
    assert_eq!(talks.ran(), 8);
}

#[tokio::test]
async fn output_schema_that_is_not_an_object_is_listed_and_sent_only_where_it_may_be() {
    let talks = Talks::default();
    let server = talks.start().await;
    for era in Era::ALL {
        let client = server.client().era(era).token(server.token("alice"));
        let list = client.list_tools().await;
        let tools = list.result().expect("tools")["tools"].as_array().expect("tools").clone();
        let numbers = tools.iter().find(|tool| tool["name"] == "numbers").expect("numbers");
        let answer = client.call_tool("numbers", json!({})).await;
        assert_eq!(answer.text(), Some("[1,2,3]"));
        if era == Era::Stateless {
            assert_eq!(numbers["outputSchema"]["type"], "array");
            assert_eq!(answer.structured(), Some(&json!([1, 2, 3])));
        } else {
            assert_eq!(numbers.get("outputSchema"), None, "{era:?}");
            assert_eq!(answer.structured(), None, "{era:?}");
        }
    }
}
