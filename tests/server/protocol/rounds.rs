//! Calls of several rounds, and the state that travels through the client.

use mcp_auth::testing::Answer;
use serde_json::{Value, json};

use crate::talks::Talks;

/// The `requestState` of a round that asks.
fn state_of(answer: &Answer) -> String {
    let result = answer.result().unwrap_or_else(|| panic!("{}", answer.body()));
    assert_eq!(result["resultType"], "input_required", "{result}");
    assert_eq!(result["inputRequests"]["size"]["method"], "elicitation/create");
    result["requestState"].as_str().expect("a state").to_owned()
}

fn replying(mut params: Value, state: &str, size: &str) -> Value {
    params["requestState"] = state.into();
    params["inputResponses"] = json!({ "size": { "action": "accept", "content": { "size": size } } });
    params
}

#[tokio::test]
async fn rounds_carry_what_the_tool_remembers_through_the_client() {
    let talks = Talks::default();
    let server = talks.start().await;
    let client = server.client().token(server.token("alice").scope("order"));
    let order = json!({ "name": "order", "arguments": { "item": "tea" } });
    let first = state_of(&client.request("tools/call", order.clone()).await);
    let second = client.request("tools/call", replying(order.clone(), &first, "large")).await;
    let second = state_of(&second);
    assert_ne!(first, second);
    let refreshed = server.client().token(server.token("alice").scope("order").ttl(100));
    let done = refreshed.request("tools/call", replying(order, &second, "yes")).await;
    assert_eq!(done.text(), Some("tea remembered: large, then yes"), "{}", done.body());

    let advise = json!({ "name": "advise" });
    let state = state_of(&client.request("prompts/get", advise.clone()).await);
    let done = client.request("prompts/get", replying(advise, &state, "small")).await;
    assert_eq!(done.result().expect("a prompt")["messages"][0]["content"]["text"], "prompting small");
    let receipt = json!({ "uri": "order://7" });
    let state = state_of(&client.request("resources/read", receipt.clone()).await);
    let done = client.request("resources/read", replying(receipt, &state, "small")).await;
    assert_eq!(done.result().expect("a resource")["contents"][0]["text"], "7 reading small");
}

#[tokio::test]
async fn a_request_state_is_brought_back_again_and_with_rounds_once_only_once() {
    let order = json!({ "name": "order", "arguments": { "item": "tea" } });
    for (config, once) in [("", false), ("[server]\nrounds = \"once\"\n", true)] {
        let talks = Talks::default();
        let server = talks.start_with(config).await;
        let client = server.client().token(server.token("alice").scope("order"));
        let state = state_of(&client.request("tools/call", order.clone()).await);
        let first = client.request("tools/call", replying(order.clone(), &state, "large")).await;
        let next = state_of(&first);
        let ran = talks.ran();
        let again = client.request("tools/call", replying(order.clone(), &state, "small")).await;
        match once {
            true => {
                assert_eq!(again.error_code(), Some(-32602), "{}", again.body());
                assert!(again.body().contains("was brought back before"), "{}", again.body());
                assert_eq!(talks.ran(), ran, "the tool did not run");
            }
            false => assert_eq!(again.result().expect("a result")["resultType"], "input_required"),
        }
        let done = client.request("tools/call", replying(order.clone(), &next, "yes")).await;
        assert_eq!(done.text(), Some("tea remembered: large, then yes"), "{}", done.body());
    }
}

#[tokio::test]
async fn j26_a_request_state_that_is_forged_foreign_or_for_something_else_is_32602() {
    let talks = Talks::default();
    let server = talks.start().await;
    let alice = || server.token("alice").scope("order");
    let order = json!({ "name": "order", "arguments": { "item": "tea" } });
    let client = server.client().token(alice());
    let state = state_of(&client.request("tools/call", order.clone()).await);
    let ran = talks.ran();

    let mut flipped = state.clone().into_bytes();
    let middle = flipped.len() / 2;
    flipped[middle] = if flipped[middle] == b'A' { b'B' } else { b'A' };
    let flipped = String::from_utf8(flipped).expect("text");
    let (head, longer) = (state[..state.len() - 4].to_owned(), format!("{state}AAAA"));
    for forged in [flipped.as_str(), &head, &longer, "", "remembered: nothing yet", "{}"] {
        let answer = client.request("tools/call", replying(order.clone(), forged, "large")).await;
        assert_eq!(answer.error_code(), Some(-32602), "{forged:?} {}", answer.body());
        assert!(!answer.body().contains("remembered"), "{}", answer.body());
    }
    for (who, token) in [
        ("another subject", server.token("bob").scope("order")),
        ("another client", alice().client("another")),
        ("no client", alice().without_claim("client_id")),
    ] {
        let other = server.client().token(token);
        let answer = other.request("tools/call", replying(order.clone(), &state, "large")).await;
        assert_eq!(answer.error_code(), Some(-32602), "{who} {}", answer.body());
    }
    for (what, method, params) in [
        ("other arguments", "tools/call", json!({ "name": "order", "arguments": { "item": "coffee" } })),
        (
            "more arguments",
            "tools/call",
            json!({ "name": "order", "arguments": { "item": "tea", "to": "x" } }),
        ),
        ("another tool", "tools/call", json!({ "name": "reorder", "arguments": { "item": "tea" } })),
        ("a prompt", "prompts/get", json!({ "name": "advise" })),
        ("a resource", "resources/read", json!({ "uri": "order://7" })),
    ] {
        let answer = client.request(method, replying(params, &state, "large")).await;
        assert_eq!(answer.error_code(), Some(-32602), "{what} {}", answer.body());
    }
    let receipt = |id: u8| json!({ "uri": format!("order://{id}") });
    let read = state_of(&client.request("resources/read", receipt(7)).await);
    let answer = client.request("resources/read", replying(receipt(8), &read, "large")).await;
    assert_eq!(answer.error_code(), Some(-32602), "another resource: {}", answer.body());
    assert_eq!(talks.ran(), ran + 1, "none of it reached a method");

    let again = talks.start().await;
    let token = alice().claim("aud", again.url());
    assert_eq!(again.client().token(token).request("tools/call", order.clone()).await.status(), 401);
    let elsewhere = again.client().token(again.token("alice").scope("order"));
    let answer = elsewhere.request("tools/call", replying(order.clone(), &state, "large")).await;
    assert_eq!(answer.error_code(), Some(-32602), "another process: {}", answer.body());

    let poor = server.client().token(server.token("alice"));
    let answer = poor.request("tools/call", replying(order.clone(), &state, "large")).await;
    assert_eq!(answer.status(), 403, "a19: a state is not a permission");
    let answer = server.client().request("tools/call", replying(order.clone(), &state, "large")).await;
    assert_eq!(answer.status(), 401);
    let answer = client.request("tools/call", replying(order, &state, "large")).await;
    state_of(&answer);
}
