//! What the macros leave to the protocol: progress, cancellation, questions, rounds, tasks, subscriptions,
//! completion, methods of one's own.

use mcp_auth::testing::{Answer, Era};
use serde_json::{Value, json};

use crate::everything::Everything;
use crate::streams::Wire;
use crate::talks::{Talks, in_time};

const LEGACY: [Era; 3] = [Era::Legacy("2025-11-25"), Era::Legacy("2025-06-18"), Era::Legacy("2025-03-26")];

#[tokio::test]
async fn progress_reaches_the_client_before_the_result_on_every_revision() {
    let everything = Everything::default();
    let server = everything.start().await;
    for era in Era::ALL {
        let wire = Wire::new(server.url(), era).token(server.token("alice")).connected().await;
        for token in [json!("p-1"), json!(7)] {
            let params = json!({ "name": "works", "arguments": {}, "_meta": { "progressToken": token } });
            let mut reading = wire.request(3, "tools/call", params).await;
            let progress = reading.next().await.expect("progress");
            assert_eq!(progress["method"], "notifications/progress", "{era:?}");
            assert_eq!(progress["params"]["progressToken"], token);
            let result = reading.next().await.expect("a result");
            assert_eq!((&result["id"], &result["result"]["content"][0]["text"]), (&json!(3), &json!("done")));
            assert_eq!(reading.next().await, None, "{era:?}");
        }
        let mut quiet = wire.call_tool(4, "works", json!({})).await;
        assert_eq!(quiet.next().await.expect("a result")["id"], 4, "{era:?}: nobody asked for progress");
    }
}

#[tokio::test]
async fn j38_a_client_that_goes_away_cancels_its_call() {
    let talks = Talks::default();
    let server = talks.start().await;
    let wire = Wire::new(server.url(), Era::Stateless).token(server.token("alice"));
    let call = tokio::spawn(async move { wire.call_tool(1, "waits", json!({})).await.status });
    talks.started().await;
    call.abort();
    talks.cancelled().await;
}

#[tokio::test]
async fn in_a_session_a_call_is_cancelled_by_its_caller_and_by_nobody_else() {
    let talks = Talks::default();
    let server = talks.start().await;
    let cancel =
        json!({ "jsonrpc": "2.0", "method": "notifications/cancelled", "params": { "requestId": 5 } });
    for era in LEGACY {
        let alice = Wire::new(server.url(), era).token(server.token("alice")).connected().await;
        let bob = Wire::new(server.url(), era).token(server.token("bob")).connected().await;
        let mut call = alice.call_tool(5, "waits", json!({})).await;
        talks.started().await;
        assert_eq!(bob.post(cancel.clone()).await.status, 202, "in a session of its own");
        let in_hers = bob.clone().in_session(alice.session());
        assert_eq!(in_hers.post(cancel.clone()).await.status, 404, "in hers");
        talks.finish_one();
        assert_eq!(call.response().await["result"]["content"][0]["text"], "finished for alice", "{era:?}");

        let _call = alice.call_tool(5, "waits", json!({})).await;
        talks.started().await;
        assert_eq!(alice.post(cancel.clone()).await.status, 202);
        talks.cancelled().await;
    }
}

#[tokio::test]
async fn j36_two_callers_with_the_same_request_id_get_their_own_replies() {
    let talks = Talks::default();
    let server = talks.start().await;
    for era in Era::ALL {
        let mut calls = Vec::new();
        for subject in ["alice", "bob", "carol"] {
            let wire = Wire::new(server.url(), era).token(server.token(subject)).connected().await;
            calls.push(tokio::spawn(async move {
                let answer = wire.call_tool(1, "waits", json!({})).await.response().await;
                (subject, answer)
            }));
            talks.started().await;
        }
        for call in calls {
            talks.finish_one();
            let (subject, answer) = in_time(call).await.expect("a reply");
            assert_eq!(answer["result"]["content"][0]["text"], format!("finished for {subject}"), "{era:?}");
        }
    }
}

#[tokio::test]
async fn j40_a_question_in_a_session_is_answered_by_its_user_and_by_nobody_else() {
    let talks = Talks::default();
    let server = talks.start().await;
    let asking = json!({ "elicitation": {} });
    for era in LEGACY {
        let wire = |subject: &str| {
            Wire::new(server.url(), era).token(server.token(subject)).capabilities(asking.clone())
        };
        let (alice, bob) = (wire("alice").connected().await, wire("bob").connected().await);
        let mut call = alice.call_tool(3, "asks", json!({})).await;
        let question = call.next_or_response("elicitation/create").await;
        assert_eq!(question["params"]["message"], "Which size?", "{era:?} {question}");
        let reply = |size: &str| {
            let result = json!({ "action": "accept", "content": { "size": size } });
            json!({ "jsonrpc": "2.0", "id": question["id"], "result": result })
        };
        let in_hers = bob.clone().in_session(alice.session());
        assert_eq!(in_hers.post(reply("forged")).await.status, 404);
        assert_eq!(
            bob.post(reply("astray")).await.status,
            202,
            "in a session of its own, where nobody asked"
        );
        assert_eq!(alice.post(reply("large")).await.status, 202);
        assert_eq!(call.response().await["result"]["content"][0]["text"], "large", "{era:?}");
    }
}

#[tokio::test]
async fn asking_back_within_a_call_is_refused_in_2026_07_28() {
    let talks = Talks::default();
    let server = talks.start().await;
    let alice = Wire::new(server.url(), Era::Stateless).token(server.token("alice"));
    let mut call = alice.capabilities(json!({ "elicitation": {} })).call_tool(3, "asks", json!({})).await;
    let answer = call.response().await;
    assert_eq!(answer["result"]["isError"], true, "{answer}");
}

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
    assert_eq!(answer.status(), 403, "a19: a state is no permission");
    let answer = server.client().request("tools/call", replying(order.clone(), &state, "large")).await;
    assert_eq!(answer.status(), 401);
    let answer = client.request("tools/call", replying(order, &state, "large")).await;
    state_of(&answer);
}

const TASKS: &str = "io.modelcontextprotocol/tasks";

#[tokio::test]
async fn a_task_is_reached_by_its_creator_and_under_its_creators_rule_only() {
    let talks = Talks::default();
    let server = talks.start().await;
    for era in [Era::Stateless, Era::Legacy("2025-11-25")] {
        let able = json!({ "extensions": { TASKS: {} } });
        let wire = |token| {
            let wire = Wire::new(server.url(), era).token(String::from(token)).capabilities(able.clone());
            async move { wire.connected().await }
        };
        let alice = wire(server.token("alice").scope("tasks")).await;
        let created = alice.call_tool(1, "starts", json!({})).await.response().await;
        let id =
            created["result"]["taskId"].as_str().unwrap_or_else(|| panic!("{era:?} {created}")).to_owned();
        let refreshed = wire(server.token("alice").scope("tasks").ttl(100)).await;
        for alice in [&alice, &refreshed] {
            let task = alice.request(2, "tasks/get", json!({ "taskId": id })).await.response().await;
            assert_eq!(task["result"]["status"], "completed", "{era:?} {task}");
            assert_eq!(task["result"]["result"]["content"][0]["text"], "done");
            let done = alice.request(3, "tasks/cancel", json!({ "taskId": id })).await.response().await;
            assert!(done.get("result").is_some(), "{done}");
        }
        let ran = talks.ran();
        let strangers = [
            server.token("bob").scope("tasks"),
            server.token("alice").client("another").scope("tasks"),
            server.token("alice").without_claim("client_id").scope("tasks"),
        ];
        for stranger in strangers {
            let stranger = wire(stranger).await;
            for method in ["tasks/get", "tasks/cancel"] {
                let foreign = stranger.request(4, method, json!({ "taskId": id })).await;
                let absent = stranger.request(4, method, json!({ "taskId": "task-none" })).await;
                for (mut answer, id) in [(foreign, id.as_str()), (absent, "task-none")] {
                    assert_eq!(answer.status, 200);
                    let error = answer.response().await["error"].clone();
                    assert_eq!(
                        error,
                        json!({ "code": -32602, "message": format!("unknown task: {id}") }),
                        "{era:?}"
                    );
                }
            }
        }
        let poor = wire(server.token("alice")).await;
        let answer = poor.request(5, "tasks/get", json!({ "taskId": id })).await;
        assert_eq!(answer.status, 403, "{era:?}: the rule of the tool that created it");
        let nobody = server.client().era(era);
        let answer = nobody.request_without_session("tasks/get", json!({ "taskId": id })).await;
        assert_eq!(answer.status(), 401, "{era:?}");
        assert_eq!(talks.ran(), ran);
    }
}

fn listening(uris: &[&str]) -> Value {
    json!({ "notifications": { "resourceSubscriptions": uris } })
}

#[tokio::test]
async fn listening_needs_the_rule_of_every_resource() {
    let talks = Talks::default();
    let server = talks.start().await;
    let asking = |token: Option<mcp_auth::testing::Token>, uris: &'static [&'static str]| {
        let client = server.client();
        let client = match token {
            Some(token) => client.token(token),
            None => client,
        };
        async move { client.request("subscriptions/listen", listening(uris)).await }
    };
    let poor = || Some(server.token("alice"));
    for uris in [["note://7"].as_slice(), &["note://public", "note://7"], &["note://7", "note://public"]] {
        let answer = asking(poor(), uris).await;
        assert_eq!(answer.status(), 403, "{uris:?} {}", answer.body());
        assert_eq!(answer.challenge().expect("a challenge").scopes(), ["notes"]);
    }
    let rich = || Some(server.token("alice").scope("notes"));
    for uris in [["gone://7"].as_slice(), &["note://7", "gone://7"]] {
        let answer = asking(rich(), uris).await;
        assert_eq!(answer.error_code(), Some(-32602), "{uris:?} {}", answer.body());
    }
    for uris in [[].as_slice(), &["note://public"], &["note://7"], &["gone://7"]] {
        assert_eq!(asking(None, uris).await.status(), 401, "{uris:?}");
    }
    assert_eq!(talks.ran(), 0);

    for (token, uris) in [
        (server.token("alice"), ["note://public"].as_slice()),
        (server.token("alice").scope("notes"), &["note://public", "note://7"]),
    ] {
        let wire = Wire::new(server.url(), Era::Stateless).token(token);
        let mut stream = wire.request(9, "subscriptions/listen", listening(uris)).await;
        let first = stream.next().await.expect("an acknowledgement");
        assert_eq!(first["method"], "notifications/subscriptions/acknowledged");
        assert_eq!(first["params"]["notifications"]["resourceSubscriptions"], json!(uris), "{first}");
        for uri in uris {
            let update = stream.next().await.expect("an update");
            assert_eq!(update["method"], "notifications/resources/updated");
            assert_eq!(update["params"]["uri"], *uri);
        }
    }
}

#[tokio::test]
async fn listening_ends_with_its_result_when_the_server_stops() {
    let talks = Talks::default();
    let server = talks.start().await;
    let wire = Wire::new(server.url(), Era::Stateless).token(server.token("alice"));
    let mut stream = wire.request(9, "subscriptions/listen", listening(&["note://public"])).await;
    for _ in ["acknowledged", "updated"] {
        assert!(stream.next().await.expect("a notification").get("method").is_some());
    }
    let stopped = tokio::spawn(server.stop());
    let last = stream.next().await.expect("a final result");
    assert_eq!((&last["id"], &last["result"]["resultType"]), (&json!(9), &json!("complete")), "{last}");
    assert_eq!(stream.next().await, None);
    in_time(stopped).await.expect("stopped");
}

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
            let nobody =
                server.client().era(era).request_without_session("completion/complete", params).await;
            assert_eq!(nobody.status(), 401, "{era:?} {reference}");
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
        let nobody = server.client().era(era);
        let answer = nobody.request_without_session("acme/echo", json!({})).await;
        assert_eq!(answer.challenge().expect("a challenge").scopes(), ["echo"], "{era:?}");
        let answer = nobody.request_without_session("acme/nothing", json!({})).await;
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
async fn output_schema_that_is_no_object_is_listed_and_sent_only_where_it_may_be() {
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
