//! Calls that take a while: progress, cancellation, questions to the user, equal request ids.

use mcp_auth::testing::Era;
use serde_json::json;

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
        assert_eq!(quiet.next().await.expect("a result")["id"], 4, "{era:?}: no progress was asked for");
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
async fn j38_in_a_session_a_client_that_goes_away_and_does_not_come_back_cancels_its_call() {
    let talks = Talks::default();
    let server = talks.start().await;
    for era in LEGACY {
        let alice = Wire::new(server.url(), era).token(server.token("alice")).connected().await;
        let call = alice.call_tool(1, "waits", json!({})).await;
        talks.started().await;
        drop(call);
        talks.cancelled().await;
        let mut next = alice.call_tool(2, "waits", json!({})).await;
        talks.started().await;
        talks.finish_one();
        assert_eq!(next.response().await["result"]["content"][0]["text"], "finished for alice", "{era:?}");
    }
}

#[tokio::test]
async fn in_a_session_a_client_that_comes_back_reads_the_rest_of_its_answer() {
    let talks = Talks::default();
    let server = talks.start().await;
    for era in LEGACY {
        let alice = Wire::new(server.url(), era).token(server.token("alice")).connected().await;
        let mut call = alice.call_tool(1, "waits", json!({})).await;
        talks.started().await;
        let last = call.event_id().await;
        drop(call);
        let mut resumed = alice.resume(&last).await;
        assert_eq!(resumed.status, 200, "{era:?}");
        tokio::time::sleep(std::time::Duration::from_secs(8)).await; // longer than it has to come back
        talks.finish_one();
        assert_eq!(resumed.response().await["result"]["content"][0]["text"], "finished for alice", "{era:?}");
    }
}

#[tokio::test]
async fn j38_in_a_session_a_client_that_comes_back_and_goes_away_again_cancels_its_call() {
    let talks = Talks::default();
    let server = talks.start_with("[limits]\ncaller_calls = 1\n").await;
    let alice = Wire::new(server.url(), LEGACY[0]).token(server.token("alice")).connected().await;
    let mut call = alice.call_tool(1, "waits", json!({})).await;
    talks.started().await;
    let last = call.event_id().await;
    drop(call);
    let resumed = alice.resume(&last).await;
    assert_eq!(
        alice.call_tool(2, "numbers", json!({})).await.status,
        429,
        "the call runs, and has its place"
    );
    drop(resumed);
    talks.cancelled().await;
    assert_eq!(alice.call_tool(3, "numbers", json!({})).await.status, 200, "its place is free");
}

#[tokio::test]
async fn in_a_session_a_call_is_cancelled_by_its_caller_only() {
    let talks = Talks::default();
    let server = talks.start().await;
    let cancel =
        json!({ "jsonrpc": "2.0", "method": "notifications/cancelled", "params": { "requestId": 5 } });
    for era in LEGACY {
        let alice = Wire::new(server.url(), era).token(server.token("alice")).connected().await;
        let bob = Wire::new(server.url(), era).token(server.token("bob")).connected().await;
        let mut call = alice.call_tool(5, "waits", json!({})).await;
        talks.started().await;
        assert_eq!(bob.post(cancel.clone()).await.status, 202, "in another session");
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
async fn j40_a_question_in_a_session_is_answered_by_its_user_only() {
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
            "in another session, where no question was asked"
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
