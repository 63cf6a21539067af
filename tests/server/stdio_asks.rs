//! What a server over stdio asks the person of its client, on both lifecycles: by its tools, and before a call runs that has to be
//! confirmed.

use mcp_auth::testing::Era;
use serde_json::{Value, json};

use crate::process::{Launch, Pipe, refusal, text};
use crate::stdio::{ERAS, SOON, for_the_local_caller, home};

/// A server that asks, and a client that can show forms or not.
async fn asking(era: Era, capabilities: Value) -> Pipe {
    let launch = Launch::of(env!("CARGO_BIN_EXE_everything")).toml("[auth]\nverify = \"none\"\n");
    let mut pipe = launch.variable("TEST_SERVER", "asks").stdio().era(era).capabilities(capabilities);
    assert!(pipe.open().await.get("result").is_some());
    pipe
}

/// What comes of a call whose question, which says `words`, is answered with `reply`.
async fn answered(pipe: &mut Pipe, era: Era, call: &Value, words: &str, reply: &Value) -> Value {
    let is_asked = |question: &Value| {
        let message = question["params"]["message"].as_str().unwrap_or_default();
        assert!(message.contains(words), "{question}");
    };
    if era == Era::Stateless {
        let asked = pipe.request("tools/call", call.clone()).await;
        let (name, question) = asked["result"]["inputRequests"].as_object().unwrap().iter().next().unwrap();
        is_asked(question);
        let mut again = call.clone();
        again["requestState"] = asked["result"]["requestState"].clone();
        again["inputResponses"] = json!({ name: reply });
        return pipe.request("tools/call", again).await;
    }
    let id = pipe.post("tools/call", call.clone()).await;
    let question = pipe.receive().await;
    assert_eq!(question["method"], "elicitation/create", "{question}");
    is_asked(&question);
    pipe.send(&json!({ "jsonrpc": "2.0", "id": question["id"], "result": reply }).to_string()).await;
    let answer = pipe.receive().await;
    assert_eq!(answer["id"], id, "{answer}");
    answer
}

/// What comes of a booking whose question is answered with `reply`.
async fn booked(pipe: &mut Pipe, era: Era, reply: &Value) -> Value {
    let call = json!({ "name": "book", "arguments": {} });
    answered(pipe, era, &call, "Which trip?", reply).await
}

#[tokio::test]
async fn a_person_is_asked_over_stdio_on_both_lifecycles() {
    for era in ERAS {
        let mut pipe = asking(era, json!({ "elicitation": { "form": {} } })).await;
        for (reply, said, failed) in [
            (json!({ "action": "accept", "content": { "to": "Rome" } }), "Rome", false),
            (json!({ "action": "decline" }), "no trip: declined", false),
            (json!({ "action": "cancel" }), "no trip: cancelled", false),
            (
                json!({ "action": "accept", "content": { "to": "" } }),
                "the person's answer does not fit: invalid member `to`: expected text of at least 1 character, got \"\"",
                true,
            ),
        ] {
            let answer = booked(&mut pipe, era, &reply).await;
            assert_eq!((text(&answer), &answer["result"]["isError"]), (said, &json!(failed)), "{era:?}");
        }
    }
}

#[tokio::test]
async fn a_client_on_stdio_that_cannot_ask_is_told_so() {
    for era in ERAS {
        let mut pipe = asking(era, json!({})).await;
        let answer = pipe.call_tool("book", json!({})).await;
        match era {
            Era::Stateless => assert_eq!(answer["error"]["code"], -32021, "{answer}"),
            _ => assert!(text(&answer).contains("capability `elicitation`"), "{answer}"),
        }
    }
}

#[tokio::test]
async fn a_call_over_stdio_runs_once_its_person_confirmed_it_and_not_without() {
    for era in ERAS {
        let forms = json!({ "elicitation": { "form": {} } });
        let mut pipe = for_the_local_caller().stdio().era(era).capabilities(forms);
        assert!(pipe.open().await.get("result").is_some());
        for (reply, said) in [
            (json!({ "action": "accept", "content": { "allow": true } }), "home"),
            (
                json!({ "action": "accept", "content": { "allow": false } }),
                "the person did not confirm this call",
            ),
            (json!({ "action": "decline" }), "the person did not confirm this call"),
            (json!({ "action": "cancel" }), "the person did not confirm this call"),
        ] {
            let answer = answered(&mut pipe, era, &home("confirmed"), "\"bucket\": \"home\"", &reply).await;
            assert_eq!(text(&answer), said, "{era:?} {reply}");
        }
    }
}

#[tokio::test]
async fn j43_a_yes_over_stdio_counts_once() {
    let forms = json!({ "elicitation": { "form": {} } });
    let mut pipe = for_the_local_caller().stdio().capabilities(forms);
    let asked = pipe.request("tools/call", home("confirmed")).await["result"].clone();
    let mut yes = home("confirmed");
    yes["requestState"] = asked["requestState"].clone();
    yes["inputResponses"] = json!({ "question": { "action": "accept", "content": { "allow": true } } });
    let mut other = yes.clone();
    other["arguments"]["bucket"] = json!("work");
    assert_eq!(refusal(&pipe.request("tools/call", other).await).0, -32602);
    assert_eq!(text(&pipe.request("tools/call", yes.clone()).await), "home");
    assert_eq!(refusal(&pipe.request("tools/call", yes).await).0, -32602);
}

/// The lines of a log over stdio, of which `filter` is set, that hold a state or a cursor which went out; without what they hold.
async fn lines_that_hold_a_state_or_a_cursor(setting: &str, value: &str) -> Vec<String> {
    let launch = for_the_local_caller().variable(setting, value).variable("MCP_LIMITS__PAGE_SIZE", "1");
    let mut pipe = launch.stdio().capabilities(json!({ "elicitation": { "form": {} } }));
    let asked = pipe.request("tools/call", home("confirmed")).await["result"].clone();
    let mut yes = home("confirmed");
    yes["requestState"] = asked["requestState"].clone();
    yes["inputResponses"] = json!({ "question": { "action": "accept", "content": { "allow": true } } });
    assert_eq!(text(&pipe.request("tools/call", yes).await), "home");
    let listed = pipe.request("tools/list", json!({})).await;
    let cursor = listed["result"]["nextCursor"].as_str().expect("a cursor").to_owned();
    assert!(pipe.request("tools/list", json!({ "cursor": cursor })).await.get("result").is_some());
    pipe.hang_up();
    let ended = pipe.ended(SOON).await;
    ended.well();
    assert!(ended.stderr.contains("decision=\"allow\""), "{}", ended.stderr);
    let state = asked["requestState"].as_str().expect("a state");
    let holds = |line: &&str| line.contains(state) || line.contains(&cursor);
    ended.stderr.lines().filter(holds).map(|line| line.chars().take(160).collect()).collect()
}

#[tokio::test]
async fn c19_the_log_never_shows_a_state_or_a_cursor() {
    for level in ["info", "trace"] {
        assert_eq!(lines_that_hold_a_state_or_a_cursor("MCP_LOG__LEVEL", level).await, [""; 0], "{level}");
    }
}

/// rmcp writes whole messages, so a filter has to name it.
#[tokio::test]
async fn c19_the_log_never_shows_a_state_or_a_cursor_by_a_filter_that_does_not_name_rmcp() {
    assert_eq!(lines_that_hold_a_state_or_a_cursor("MCP_LOG__FILTER", "trace").await, [""; 0]);
}
