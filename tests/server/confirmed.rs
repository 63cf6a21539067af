//! `confirm`: the person in front of the client says yes to exactly this call, on every revision.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use mcp_auth::prelude::*;
use mcp_auth::schemars::JsonSchema;
use mcp_auth::serde::Deserialize;
use mcp_auth::serde_json::{Value, json};
use mcp_auth::testing::{Client, Era, TestServer};

#[derive(Clone, Default)]
struct Todos {
    ran: Arc<AtomicUsize>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(crate = "mcp_auth::serde")]
#[schemars(crate = "mcp_auth::schemars")]
struct Which {
    title: String,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(crate = "mcp_auth::serde")]
#[schemars(crate = "mcp_auth::schemars")]
struct Why {
    /// Why?
    why: String,
}

#[server(scope = "todos.write")]
impl Todos {
    /// Deletes one.
    #[tool(confirm)]
    async fn delete(&self, Parameters(which): Parameters<Which>) -> String {
        self.ran.fetch_add(1, Ordering::SeqCst);
        format!("deleted {}", which.title)
    }

    /// Deletes one, and asks by itself too.
    #[tool(confirm)]
    async fn delete_and_ask(
        &self,
        mut ask: Ask,
        Parameters(which): Parameters<Which>,
    ) -> Result<String, ToolError> {
        let Reply::Accepted(Why { why }) = ask.form::<Why>("Why?").await? else {
            return Err(ToolError::new("no reason"));
        };
        self.ran.fetch_add(1, Ordering::SeqCst);
        Ok(format!("deleted {}: {why}", which.title))
    }

    /// Adds one.
    #[tool]
    async fn add(&self) -> &'static str {
        "added"
    }
}

impl Todos {
    fn ran(&self) -> usize {
        self.ran.swap(0, Ordering::SeqCst)
    }
}

async fn started(toml: &str) -> (Todos, TestServer) {
    let todos = Todos::default();
    let builder = TestServer::builder(todos.clone()).toml("auth.base_scopes = []").expect("a configuration");
    let server = builder.toml(toml).expect("a configuration").start().await.expect("a server");
    (todos, server)
}

fn writer(server: &TestServer, era: Era) -> Client {
    server.client().era(era).token(server.token("ann").scope("todos.write"))
}

#[tokio::test]
async fn a_call_runs_once_the_person_confirmed_it_and_not_without() {
    let (todos, server) = started("").await;
    for era in Era::ALL {
        for (reply, ran, says) in [
            (json!({ "action": "accept", "content": { "allow": true } }), 1, "deleted milk"),
            (
                json!({ "action": "accept", "content": { "allow": false } }),
                0,
                "the person did not confirm this call",
            ),
            (json!({ "action": "decline" }), 0, "the person did not confirm this call"),
            (json!({ "action": "cancel" }), 0, "the person did not confirm this call"),
        ] {
            let asked = Arc::new(Mutex::new(Vec::new()));
            let (seen, answer) = (Arc::clone(&asked), reply.clone());
            let client = writer(&server, era).person(move |question| {
                seen.lock().expect("no panic").push(question.clone());
                answer.clone()
            });
            let answer = client.call_tool("delete", json!({ "title": "milk" })).await;
            assert_eq!(answer.text(), Some(says), "{era:?} {reply}: {}", answer.body());
            assert_eq!(todos.ran(), ran, "{era:?} {reply}");
            let asked = asked.lock().expect("no panic");
            let message = asked[0]["message"].as_str().expect("a message");
            assert!(
                asked.len() == 1 && message.contains("delete") && message.contains("\"title\": \"milk\""),
                "{message}"
            );
        }
        // What needs no confirmation asks nobody.
        let client = writer(&server, era).person(|_| panic!("nobody is asked"));
        assert_eq!(client.call_tool("add", json!({})).await.text(), Some("added"));
    }
}

#[tokio::test]
async fn the_tool_may_ask_more_after_it_is_confirmed() {
    let (todos, server) = started("").await;
    for era in Era::ALL {
        let client = writer(&server, era).person(|question| {
            let content = match question["message"].as_str() {
                Some("Why?") => json!({ "why": "sour" }),
                _ => json!({ "allow": true }),
            };
            json!({ "action": "accept", "content": content })
        });
        let answer = client.call_tool("delete_and_ask", json!({ "title": "milk" })).await;
        assert_eq!(answer.text(), Some("deleted milk: sour"), "{era:?}: {}", answer.body());
        assert_eq!(todos.ran(), 1);
    }
}

#[tokio::test]
async fn a_client_that_cannot_ask_and_arguments_that_cannot_be_shown_are_refused() {
    let (todos, server) = started("").await;
    for era in Era::ALL {
        let client = writer(&server, era);
        let answer = client.call_tool("delete", json!({ "title": "milk" })).await;
        let said = answer.body().to_owned();
        assert!(said.contains("elicitation") && todos.ran() == 0, "{era:?}: {said}");
        let client =
            writer(&server, era).person(|_| json!({ "action": "accept", "content": { "allow": true } }));
        let answer = client.call_tool("delete", json!({ "title": "x".repeat(5000) })).await;
        assert!(
            answer.text().is_some_and(|text| text.contains("longer than a person can be shown")),
            "{}",
            answer.body()
        );
        assert_eq!(todos.ran(), 0);
    }
}

/// The call that brings back the state of `question`, with a yes.
fn replied(title: &str, question: &Value) -> Value {
    let key = question["inputRequests"].as_object().expect("a question").keys().next().expect("one").clone();
    json!({
        "name": "delete", "arguments": { "title": title }, "requestState": question["requestState"],
        "inputResponses": { key: { "action": "accept", "content": { "allow": true } } },
    })
}

#[tokio::test]
async fn j43_a_confirmation_is_for_this_call_of_this_caller_and_counts_once() {
    let (todos, server) = started("").await;
    let capable = |who: &str| {
        let client = server.client().token(server.token(who).scope("todos.write"));
        client.person(|_| json!({ "action": "cancel" }))
    };
    // Sent as it is, so that the test replies and not the client.
    let ann = capable("ann");
    let first = ann
        .request_without_session("tools/call", json!({ "name": "delete", "arguments": { "title": "milk" } }))
        .await;
    let asked = first.result().expect("a question").clone();
    let reply = |title: &str| replied(title, &asked);
    for (client, params) in [(capable("ann"), reply("eggs")), (capable("bob"), reply("milk"))] {
        let refused = client.request_without_session("tools/call", params).await;
        assert_eq!((refused.error_code(), todos.ran()), (Some(-32602), 0), "{}", refused.body());
    }
    let done = capable("ann").request_without_session("tools/call", reply("milk")).await;
    assert_eq!((done.text(), todos.ran()), (Some("deleted milk"), 1), "{}", done.body());
    let again = capable("ann").request_without_session("tools/call", reply("milk")).await;
    assert_eq!((again.error_code(), todos.ran()), (Some(-32602), 0), "{}", again.body());
}

#[tokio::test]
async fn an_operator_demands_a_confirmation_of_a_tool_and_of_nothing_else() {
    let (todos, server) = started("[tools.add]\nconfirm = true\n").await;
    for era in Era::ALL {
        let client = writer(&server, era).person(|_| json!({ "action": "decline" }));
        let answer = client.call_tool("add", json!({})).await;
        assert_eq!(answer.text(), Some("the person did not confirm this call"), "{}", answer.body());
    }
    assert_eq!(todos.ran(), 0);
}
