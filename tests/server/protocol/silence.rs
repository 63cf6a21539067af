//! A call that says nothing for a while: its answer becomes an event stream with comment lines, so that no proxy takes the
//! connection for dead.

use std::sync::Arc;

use mcp_auth::prelude::*;
use mcp_auth::testing::{Era, TestServer};
use serde_json::{Value, json};
use tokio::sync::{Notify, Semaphore};

use crate::streams::{Reading, Wire};
use crate::talks::in_time;

/// A server whose operations answer when they are let.
#[derive(Debug, Clone)]
struct Slow {
    let_go: Arc<Semaphore>,
    dropped: Arc<Notify>,
}

struct OnDrop(Arc<Notify>);

impl Drop for OnDrop {
    fn drop(&mut self) {
        self.0.notify_one();
    }
}

impl Slow {
    async fn start() -> (Self, TestServer) {
        let slow = Self { let_go: Arc::new(Semaphore::new(0)), dropped: Arc::default() };
        let builder = TestServer::builder(slow.clone());
        let builder = builder.toml("[limits]\nheartbeat = \"1s\"\n").expect("a configuration");
        (slow, builder.start().await.expect("it starts"))
    }

    async fn wait(&self) {
        let _told = OnDrop(Arc::clone(&self.dropped));
        self.let_go.acquire().await.expect("never closed").forget();
    }
}

/// Slow.
#[server(name = "slow")]
impl Slow {
    /// Answers late.
    #[tool(authenticated)]
    async fn late(&self) -> &'static str {
        self.wait().await;
        "late"
    }

    /// Answers late, and could talk to its client meanwhile.
    #[tool(authenticated)]
    async fn talkative(&self, _peer: Peer<RoleServer>) -> &'static str {
        self.wait().await;
        "late"
    }

    /// Refuses late.
    #[tool(authenticated)]
    async fn refuses(&self) -> Result<String, ToolError> {
        self.wait().await;
        Err(ToolError::forbidden("too late"))
    }

    /// A slow note.
    #[resource(uri = "slow://note", authenticated)]
    async fn note(&self) -> &'static str {
        self.wait().await;
        "late"
    }

    /// A slow prompt.
    #[prompt(authenticated)]
    async fn plan(&self) -> &'static str {
        self.wait().await;
        "late"
    }
}

const LATE: [(&str, &str); 5] = [
    ("tools/call", "late"),
    ("tools/call", "talkative"),
    ("tools/call", "refuses"),
    ("resources/read", "slow://note"),
    ("prompts/get", "plan"),
];

fn params(method: &str, name: &str) -> Value {
    match method {
        "resources/read" => json!({ "uri": name }),
        _ => json!({ "name": name, "arguments": {} }),
    }
}

/// What the answer says, wherever it stands in it.
fn says(answer: &Value, text: &str) -> bool {
    answer["id"] == 7 && answer.to_string().contains(text)
}

/// Calls that are silent for two seconds each, in one revision.
async fn silent_in(era: Era) {
    let (slow, server) = Slow::start().await;
    let wire = Wire::new(server.url(), era).token(server.token("alice")).connected().await;
    for (method, name) in LATE {
        let mut reading: Reading = wire.request(7, method, params(method, name)).await;
        assert_eq!((reading.status, reading.is_stream), (200, true), "{era:?} {name}");
        reading.comment().await;
        reading.comment().await;
        slow.let_go.add_permits(1);
        let answer = reading.response().await;
        let expected = if name == "refuses" { "too late" } else { "late" };
        assert!(says(&answer, expected), "{era:?} {name} {answer}");
        assert_eq!(reading.next().await, None, "{era:?} {name}");
    }
}

#[tokio::test]
async fn a_call_that_is_silent_for_long_is_answered_by_an_event_stream_with_comments() {
    for era in Era::ALL.map(|era| tokio::spawn(silent_in(era))) {
        era.await.expect("as it should be");
    }
}

#[tokio::test]
async fn a_call_in_time_is_json_and_so_is_a_late_one_whose_client_names_no_event_stream() {
    let (slow, server) = Slow::start().await;
    for (accept, wait_millis) in
        [("application/json, text/event-stream", 0), ("*/*", 1500), ("application/*, text/*", 1500)]
    {
        let let_go = Arc::clone(&slow.let_go);
        tokio::spawn(async move {
            tokio::time::sleep(std::time::Duration::from_millis(wait_millis)).await;
            let_go.add_permits(1);
        });
        let client = server.client().token(server.token("alice")).header("accept", accept);
        let answer = client.call_tool("late", json!({})).await;
        assert_eq!(answer.header("content-type"), Some("application/json"), "{accept}");
        assert_eq!(answer.text(), Some("late"), "{accept}");
    }
}

#[tokio::test]
async fn j38_a_client_that_goes_away_while_it_reads_comments_cancels_its_call() {
    let (slow, server) = Slow::start().await;
    let wire = Wire::new(server.url(), Era::Stateless).token(server.token("alice"));
    for name in ["late", "talkative"] {
        let mut reading = wire.call_tool(7, name, json!({})).await;
        reading.comment().await;
        drop(reading);
        in_time(slow.dropped.notified()).await;
    }
}

#[tokio::test]
async fn j37_the_comments_of_a_call_end_with_its_token() {
    let (slow, server) = Slow::start().await;
    let brief = server.token("alice").ttl(2);
    let wire = Wire::new(server.url(), Era::Stateless).token(brief);
    let mut reading = wire.call_tool(7, "late", json!({})).await;
    reading.comment().await;
    assert_eq!(reading.next().await, None, "it breaks off without an answer");
    in_time(slow.dropped.notified()).await;
}
