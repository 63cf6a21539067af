//! `auth.denial = "tool-error"`: refusals of tools as results, with the challenges that the header would have held.

use std::time::Duration;

use mcp_auth::serde_json;
use mcp_auth::testing::{Answer, Era};
use mcp_auth_core::challenge::{Reading, ReceivedChallenge};
use serde_json::{Value, json};

use crate::dpop::bench::Bench;
use crate::everything::{CONFIG, Everything};
use crate::launch::{self, Issuer};

const TOOL_ERROR: &str = "[auth]\ndenial = \"tool-error\"\n";
const ANYONE: &str = "connect = \"anonymous\"\n";

fn write_note() -> Value {
    json!({ "name": "write_note", "arguments": { "text": "x" } })
}

/// The challenges of a result that is as OpenAI documents it: words for the model, `isError`, and an array of texts.
fn challenges(result: &Value) -> Vec<ReceivedChallenge> {
    assert_eq!(result["isError"], true, "{result}");
    assert_eq!(result["content"][0]["type"], "text", "{result}");
    assert!(result["content"][0]["text"].as_str().is_some_and(|text| !text.is_empty()), "{result}");
    let challenges = result["_meta"]["mcp/www_authenticate"].as_array().expect("an array").iter();
    let each = challenges.map(|text| Reading::of_field(text.as_str().expect("text")).strictly());
    let read: Vec<_> = each.flat_map(|one| one.expect("as RFC 9110 writes challenges")).collect();
    for challenge in &read {
        // "make sure the value contains both an error and error_description parameter"
        assert!(challenge.error().is_some() && challenge.get("error_description").is_some(), "{challenge:?}");
        assert!(challenge.resource_metadata().is_some(), "{challenge:?}");
    }
    read
}

fn result(answer: &Answer) -> &Value {
    assert_eq!(answer.status(), 200, "{}", answer.body());
    assert!(
        answer.header("www-authenticate").is_none() && answer.header("cache-control") == Some("no-store")
    );
    answer.result().unwrap_or_else(|| panic!("{}", answer.body()))
}

#[tokio::test]
async fn a_missing_scope_is_told_with_the_very_challenge_of_the_403() {
    let everything = Everything::default();
    let (told, header) = (everything.start_with(TOOL_ERROR).await, everything.start().await);
    for era in Era::ALL {
        let call = async |server: &mcp_auth::testing::TestServer| {
            let token = server.token("alice").scope("read unknown");
            server.client().era(era).token(token).request("tools/call", write_note()).await
        };
        let (answer, denied) = (call(&told).await, call(&header).await);
        let result = result(&answer);
        assert_eq!(answer.text(), Some("this needs the scope write"), "{era:?}");
        let challenge = challenges(result).remove(0);
        assert_eq!(
            (challenge.error(), challenge.scopes()),
            (Some("insufficient_scope"), vec!["read", "write"])
        );
        let expected =
            denied.header("www-authenticate").expect("a header").replace(&header.at(""), &told.at(""));
        assert_eq!(result["_meta"]["mcp/www_authenticate"], json!([expected]), "{era:?}");
        assert_eq!(result.get("structuredContent"), None, "{era:?}: that is what the tool promises");
    }
    assert_eq!(everything.ran(), 0);
}

#[tokio::test]
async fn a_missing_token_is_told_where_clients_connect_without_one_and_an_invalid_one_is_401() {
    let everything = Everything::default();
    let server = everything.start_with(&format!("{TOOL_ERROR}{ANYONE}")).await;
    for era in Era::ALL {
        for (tool, scopes) in
            [("write_note", ["base", "write"].as_slice()), ("whoami", &["base"]), ("absent", &["base"])]
        {
            let call = json!({ "name": tool, "arguments": {} });
            let answer = server.client().era(era).request_without_session("tools/call", call).await;
            let challenge = challenges(result(&answer)).remove(0);
            assert_eq!(challenge.scopes(), scopes, "{era:?} {tool}");
            assert_eq!(answer.text(), Some("authentication required"));
        }
        for (method, params) in [
            ("prompts/get", json!({ "name": "summarize" })),
            ("resources/read", json!({ "uri": "note://7" })),
            ("acme/report", json!({})),
        ] {
            let answer = server.client().era(era).request_without_session(method, params).await;
            assert_eq!(answer.status(), 401, "{era:?} {method}: it has no result that could say so");
            assert_eq!(answer.challenge().expect("a challenge").error(), None);
        }
        for token in [
            server.token("alice").expired(),
            server.token("alice").signed_by_a_stranger(),
            server.token("alice").audience("https://elsewhere.test/"),
        ] {
            let client = server.client().era(era).token(token);
            let answer = client.request_without_session("tools/call", write_note()).await;
            assert_eq!(answer.status(), 401, "{era:?} {}", answer.body());
            assert_eq!(answer.challenge().expect("a challenge").error(), Some("invalid_token"));
        }
    }
    // The twin: a client that has to log in when it connects is told so by the status.
    let server = everything.start_with(TOOL_ERROR).await;
    for era in Era::ALL {
        let answer = server.client().era(era).request_without_session("tools/call", write_note()).await;
        assert_eq!(answer.status(), 401, "{era:?}");
    }
    assert_eq!(everything.ran(), 0);
}

#[tokio::test]
async fn nothing_but_a_request_is_answered_by_a_result() {
    let server = Everything::default().start_with(&format!("{TOOL_ERROR}{ANYONE}")).await;
    let notification = json!({ "jsonrpc": "2.0", "method": "tools/call", "params": write_note() });
    let mut headers = mcp_auth::http::HeaderMap::new();
    for (name, value) in [
        ("content-type", "application/json"),
        ("accept", "application/json, text/event-stream"),
        ("mcp-protocol-version", "2025-11-25"),
    ] {
        headers.insert(name, value.parse().expect("a value"));
    }
    let answer = server.client().post(notification.to_string(), headers).await;
    assert!(answer.result().is_none(), "{} {}", answer.status(), answer.body());
}

#[tokio::test]
async fn with_visibility_granted_what_is_hidden_is_unknown_and_no_challenge_speaks_of_it() {
    let server =
        Everything::default().start_with(&format!("{TOOL_ERROR}{ANYONE}visibility = \"granted\"")).await;
    for era in Era::ALL {
        let alice = server.client().era(era).token(server.token("alice").scope("read"));
        let hidden = alice.request("tools/call", write_note()).await;
        assert_eq!(hidden.error_code(), Some(-32602), "{era:?} {}", hidden.body());
        let anonymous = |name: &str| {
            let call = json!({ "name": name, "arguments": {} });
            let client = server.client().era(era);
            async move { client.request_without_session("tools/call", call).await }
        };
        let (hidden, absent) = (anonymous("write_note").await, anonymous("absent").await);
        assert_eq!(challenges(result(&hidden))[0].scopes(), ["base"], "{era:?}");
        assert_eq!(hidden.body(), absent.body(), "{era:?}");
    }
}

#[tokio::test]
async fn a_server_that_reads_proofs_challenges_in_each_scheme_and_gives_a_nonce() {
    let toml = format!("{TOOL_ERROR}{ANYONE}");
    let bench = Bench::changed("allowed", |builder| builder.toml(&toml).expect("a configuration")).await;
    let got = bench.call("read_note", "", &[]).await;
    assert_eq!((got.status, got.challenges.len()), (200, 0), "{got:?}");
    let result = serde_json::from_str::<Value>(&got.body).expect("JSON")["result"].clone();
    let said = challenges(&result);
    assert_eq!(said.iter().map(ReceivedChallenge::scheme).collect::<Vec<_>>(), ["Bearer", "DPoP"]);
    assert!(said[1].get("algs").is_some_and(|algs| algs.contains("ES256")), "{said:?}");
    assert!(got.nonce.is_some(), "a client that is told to send something gets one");
}

#[tokio::test]
async fn it_is_audited_as_the_403_and_the_401_are() {
    let issuer = Issuer::start().await;
    let mut audited = Vec::new();
    for denial in ["http-403", "tool-error"] {
        let launch = launch::trusting(&issuer).variable("MCP_AUTH__CONNECT", "anonymous");
        let server = launch.variable("MCP_AUTH__DENIAL", denial).audited().http().await;
        let reader = server.client().token(issuer.token("alice").scope("read"));
        for client in [reader, server.client()] {
            let answer = client.request_without_session("tools/call", write_note()).await;
            assert_eq!(answer.status() == 200, denial == "tool-error", "{}", answer.body());
        }
        let mut events = Vec::new();
        for _ in 0..1000 {
            events.extend(server.audit_events());
            if events.len() >= 2 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        for event in &mut events {
            assert_eq!(event["decision"], "deny", "{event}");
            let event = event.as_object_mut().expect("an object");
            event.retain(|name, _| !["timestamp", "request_id"].contains(&name.as_str()));
        }
        audited.push(events);
    }
    assert_eq!(audited[0].len(), 2);
    assert_eq!(audited[0], audited[1]);
}

#[tokio::test]
async fn over_stdio_the_model_reads_the_refusal_and_no_login_is_spoken_of() {
    for era in [Era::Stateless, Era::Legacy("2025-11-25")] {
        let launch = launch::toml(CONFIG).variable("MCP_STDIO__LOCAL_SCOPES", "[\"read\"]");
        let mut pipe = launch.variable("MCP_AUTH__DENIAL", "tool-error").stdio().era(era);
        pipe.open().await;
        let refused = pipe.call_tool("write_note", json!({ "text": "x" })).await;
        let result = &refused["result"];
        assert_eq!(
            (&result["isError"], &result["content"][0]["text"]),
            (&json!(true), &json!("this needs the scope write"))
        );
        assert_eq!(result["_meta"].get("mcp/www_authenticate"), None, "{refused}");
        assert_eq!(result["_meta"]["mcp-auth/refusal"]["required"], json!(["write"]));
        let result_type = (era == Era::Stateless).then(|| json!("complete"));
        assert_eq!(result.get("resultType"), result_type.as_ref(), "{era:?}");
        let prompt = pipe.request("acme/report", json!({})).await;
        assert_eq!(prompt["error"]["code"], 403, "{prompt}");
    }
}
