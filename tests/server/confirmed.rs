//! `confirm`: the person in front of the client says yes to exactly this call, on every revision.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use mcp_auth::prelude::*;
use mcp_auth::schemars::JsonSchema;
use mcp_auth::serde::Deserialize;
use mcp_auth::serde_json::{Value, json};
use mcp_auth::testing::{Client, Era, TestServer};
use mcp_auth::{Rule, Tools};
use mcp_auth_tests::clock::MovedClock;

use crate::launch;
use crate::talks::Talks;
use crate::wire::{Wire, call_headers, http};

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

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(crate = "mcp_auth::serde")]
#[schemars(crate = "mcp_auth::schemars")]
struct Moved {
    title: String,
    to: Place,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(crate = "mcp_auth::serde")]
#[schemars(crate = "mcp_auth::schemars")]
struct Place {
    list: String,
    at: u32,
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

    /// Moves one to another list.
    #[tool(confirm)]
    async fn put(&self, Parameters(moved): Parameters<Moved>) -> String {
        self.ran.fetch_add(1, Ordering::SeqCst);
        format!("{} is in {} at {}", moved.title, moved.to.list, moved.to.at)
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

/// A till: whether it may be opened changes while a person thinks about it.
#[derive(Clone, Default)]
struct Till {
    is_locked: Arc<AtomicBool>,
    ran: Arc<AtomicUsize>,
}

#[server]
impl Till {
    /// Opens it.
    #[tool(authenticated, confirm, guard = is_unlocked)]
    async fn open(&self) -> &'static str {
        self.ran.fetch_add(1, Ordering::SeqCst);
        "opened"
    }

    async fn is_unlocked(&self) -> Decision {
        if self.is_locked.load(Ordering::SeqCst) { Decision::deny("it is locked") } else { Decision::Allow }
    }
}

#[tokio::test]
async fn j50_a_call_that_waited_for_its_person_is_decided_once_more() {
    let till = Till::default();
    let (ran, tools) = (Arc::clone(&till.ran), Tools::new());
    let added = |tools: &Tools| {
        let tool = mcp_auth::model::Tool::new("added", "Adds.", JsonObject::new());
        let ran = Arc::clone(&ran);
        let run = move |_, _: Caller| {
            let ran = Arc::clone(&ran);
            async move { ran.fetch_add(1, Ordering::SeqCst).to_string() }
        };
        tools.replace(Rule::AUTHENTICATED.with_confirmation(), tool, run).unwrap();
    };
    added(&tools);
    let builder = TestServer::builder(till.clone()).with(|server| server.tools(tools.clone()));
    let server = builder.start().await.expect("a server");
    let yes = || json!({ "action": "accept", "content": { "allow": true } });
    for era in Era::ALL {
        let client = || server.client().era(era).token(server.token("ann"));
        // A guard.
        assert_eq!(client().person(move |_| yes()).call_tool("open", json!({})).await.text(), Some("opened"));
        let is_locked = Arc::clone(&till.is_locked);
        let locking = client().person(move |_| {
            is_locked.store(true, Ordering::SeqCst);
            yes()
        });
        let refused = locking.call_tool("open", json!({})).await;
        assert!(
            !refused.is_success() && refused.body().contains("it is locked"),
            "{era:?}: {}",
            refused.body()
        );
        till.is_locked.store(false, Ordering::SeqCst);
        // A tool that is taken away.
        let gone = tools.clone();
        let removing = client().person(move |_| {
            assert!(gone.remove("added"));
            yes()
        });
        let refused = removing.call_tool("added", json!({})).await;
        assert!(refused.body().contains("unknown tool"), "{era:?}: {}", refused.body());
        // And one whose name another one has by then.
        added(&tools);
        let other = tools.clone();
        let replacing = client().person(move |_| {
            let tool = mcp_auth::model::Tool::new("added", "Does something else.", JsonObject::new());
            other.replace(Rule::AUTHENTICATED, tool, |_, _: Caller| async { "another" }).unwrap();
            yes()
        });
        let refused = replacing.call_tool("added", json!({})).await;
        // On 2026-07-28 the yes comes in a message of its own, and its state is not one of this tool.
        let says = if era == Era::Stateless { "requestState" } else { "another tool has this name now" };
        assert!(refused.body().contains(says), "{era:?}: {}", refused.body());
        added(&tools);
        assert_eq!(till.ran.swap(0, Ordering::SeqCst), 1, "{era:?}");
    }
}

#[tokio::test]
async fn j50_a_login_that_became_too_old_while_the_person_thought_does_not_count() {
    #[derive(Clone)]
    struct Safe;

    #[server]
    impl Safe {
        /// Opens it.
        #[tool(authenticated, confirm, login = "5m")]
        async fn open(&self) -> &'static str {
            "opened"
        }
    }

    let clock = MovedClock::at(1_800_000_000);
    let server = TestServer::builder(Safe).ambient(clock.ambient()).start().await.expect("a server");
    for era in Era::ALL {
        for (thinks, opens) in [(10, true), (301, false)] {
            let moved = clock.clone();
            let token = server.token("ann").claim("auth_time", clock.ambient().clock.unix_now());
            let client = server.client().era(era).token(token).person(move |_| {
                moved.advance(thinks);
                json!({ "action": "accept", "content": { "allow": true } })
            });
            let answer = client.call_tool("open", json!({})).await;
            assert_eq!(answer.text() == Some("opened"), opens, "{era:?} {thinks}: {}", answer.body());
            if !opens {
                assert!(
                    answer.body().contains("not older than 5m") || answer.status() == 401,
                    "{}",
                    answer.body()
                );
            }
        }
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
    let another = server.client().token(server.token("ann").client("another").scope("todos.write"));
    let another = another.person(|_| json!({ "action": "cancel" }));
    let mut of_another_tool = reply("milk");
    of_another_tool["name"] = json!("delete_and_ask");
    for (client, params) in [
        (capable("ann"), reply("eggs")),
        (capable("bob"), reply("milk")),
        (another, reply("milk")),
        (capable("ann"), of_another_tool),
    ] {
        let refused = client.request_without_session("tools/call", params).await;
        assert_eq!((refused.error_code(), todos.ran()), (Some(-32602), 0), "{}", refused.body());
    }
    let done = capable("ann").request_without_session("tools/call", reply("milk")).await;
    assert_eq!((done.text(), todos.ran()), (Some("deleted milk"), 1), "{}", done.body());
    let again = capable("ann").request_without_session("tools/call", reply("milk")).await;
    assert_eq!((again.error_code(), todos.ran()), (Some(-32602), 0), "{}", again.body());
}

#[tokio::test]
async fn j43_a_yes_that_comes_ten_minutes_later_is_asked_for_again() {
    let (todos, clock) = (Todos::default(), MovedClock::at(1_800_000_000));
    let builder = TestServer::builder(todos.clone()).ambient(clock.ambient());
    let server = builder.start().await.expect("a server");
    let client = server.client().token(server.token("ann").scope("todos.write").ttl(7200));
    let client = client.person(|_| json!({ "action": "cancel" }));
    let milk = json!({ "name": "delete", "arguments": { "title": "milk" } });
    for (later, in_time) in [(599, true), (600, false)] {
        let asked = client.request_without_session("tools/call", milk.clone()).await;
        let asked = asked.result().expect("a question").clone();
        clock.advance(later);
        let answer = client.request_without_session("tools/call", replied("milk", &asked)).await;
        if in_time {
            assert_eq!((answer.text(), todos.ran()), (Some("deleted milk"), 1), "{}", answer.body());
            continue;
        }
        let again = answer.result().expect("the question again").clone();
        assert_eq!((&again["resultType"], todos.ran()), (&json!("input_required"), 0), "{again}");
        let done = client.request_without_session("tools/call", replied("milk", &again)).await;
        assert_eq!((done.text(), todos.ran()), (Some("deleted milk"), 1), "{}", done.body());
    }
}

/// What comes of a call of `put` with these arguments as they are written, and with `more` in its params.
async fn put(server: &TestServer, arguments: &str, more: &str) -> Value {
    let meta = json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": { "elicitation": { "form": {}, "url": {} } },
    });
    let params = format!(r#"{{"name":"put","arguments":{arguments},"_meta":{meta}{more}}}"#);
    let body = format!(r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{params}}}"#);
    let token = server.token("ann").scope("todos.write").mint();
    let wire = Wire::of(server);
    let lines = format!("Host: {}\r\n{}Authorization: Bearer {token}\r\n", wire.host(), call_headers("put"));
    wire.post("/mcp", &lines, body).await.json()
}

#[tokio::test]
async fn j43_arguments_in_another_order_are_the_same_call_and_other_ones_are_not() {
    const ASKED: &str = r#"{"title":"milk","to":{"list":"shop","at":1}}"#;
    for confirm in ["true", "\"login\""] {
        let (todos, server) = started(&format!("[tools.put]\nconfirm = {confirm}\n")).await;
        for same in [ASKED, r#"{"to":{"at":1,"list":"shop"},"title":"milk"}"#] {
            let asked = put(&server, ASKED, "").await["result"].clone();
            let question = &asked["inputRequests"]["question"]["params"];
            if let Some(url) = question["url"].as_str() {
                let yes = json!({ "login": "ann", "allow": true }).to_string();
                assert_eq!(http().post(url).body(yes).send().await.expect("an answer").status(), 200);
            }
            let brought = format!(
                r#","requestState":{},"inputResponses":{{"question":{}}}"#,
                asked["requestState"],
                json!({ "action": "accept", "content": { "allow": true } }),
            );
            for other in [
                r#"{"title":"milk","to":{"list":"shop","at":2}}"#,
                r#"{"to":{"at":1,"list":"milk"},"title":"shop"}"#,
            ] {
                let refused = put(&server, other, &brought).await;
                assert_eq!((&refused["error"]["code"], todos.ran()), (&json!(-32602), 0), "{refused}");
            }
            let done = put(&server, same, &brought).await;
            let text = &done["result"]["content"][0]["text"];
            assert_eq!((text, todos.ran()), (&json!("milk is in shop at 1"), 1), "{confirm} {same}: {done}");
            let again = put(&server, same, &brought).await;
            assert_eq!(todos.ran(), 0, "{confirm} {same}: {again}");
        }
    }
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

#[tokio::test]
async fn a_call_is_audited_as_allowed_once_it_is_confirmed_and_not_before() {
    let issuer = launch::Issuer::start().await;
    let roles = "auth.base_scopes = []\n[roles.r]\nwhen = { claim = \"groups\", contains = \"r\" }\n\
                 [roles.s]\nwhen = { claim = \"groups\", contains = \"s\" }\n";
    let token = issuer.token("ann").scope("c").claim("groups", json!(["s"])).mint();
    let launch = || {
        let launch = launch::toml(roles).variable("TEST_SERVER", "ruled").audited();
        let launch = launch.variable("MCP_SERVER__PUBLIC_URL", launch::RESOURCE);
        let launch = launch.variable("MCP_AUTH__ISSUERS", &issuer.configured());
        launch.variable("MCP_STDIO__CREDENTIAL", "env:TOKEN").variable("TOKEN", &token).stdio()
    };
    let params = json!({ "name": "confirmed", "arguments": { "bucket": "home", "word": "ok" } });
    let forms = json!({ "elicitation": { "form": {} } });

    let mut pipe = launch().capabilities(forms);
    let asked = pipe.request("tools/call", params.clone()).await["result"].clone();
    let mut reply = params.clone();
    reply["requestState"] = asked["requestState"].clone();
    let key = asked["inputRequests"].as_object().expect("a question").keys().next().expect("one").clone();
    reply["inputResponses"][key] = json!({ "action": "accept", "content": { "allow": true } });
    let done = pipe.request("tools/call", reply).await;
    assert_eq!(done["result"]["content"][0]["text"], "home", "{done}");
    let page = json!({ "name": "confirmed_by_login", "arguments": { "bucket": "home", "word": "ok" } });
    let refused = pipe.request("tools/call", page).await;
    assert!(refused.to_string().contains("a server over stdio has no such page"), "{refused}");

    // What is not this call's own is said to be that.
    let mut other = params.clone();
    other["arguments"]["bucket"] = json!("work");
    other["requestState"] = asked["requestState"].clone();
    assert_eq!(pipe.request("tools/call", other).await["error"]["code"], -32602);

    // Before 2026-07-28 the question waits in the call, whose client then goes away.
    let mut leaves = launch().era(Era::Legacy("2025-11-25")).capabilities(json!({ "elicitation": {} }));
    leaves.open().await;
    leaves.post("tools/call", params).await;
    while leaves.receive().await["method"] != "elicitation/create" {}

    let mut said = Vec::new();
    for mut pipe in [pipe, leaves] {
        pipe.hang_up();
        let log = pipe.ended(std::time::Duration::from_secs(60)).await.stderr;
        let events = log.lines().filter_map(|line| mcp_auth::serde_json::from_str::<Value>(line).ok());
        let fields = events.map(|mut event| event["fields"].take());
        let is_call = |fields: &Value| fields["name"].as_str().is_some_and(|name| name.contains("confirmed"));
        said.extend(fields.filter(is_call).map(|fields| {
            let said = |name: &str| fields[name].as_str().unwrap_or_default().to_owned();
            (said("decision"), said("refused_by"), said("reason"))
        }));
    }
    for (found, (decision, by, reason)) in said.iter().zip([
        ("deny", "person", "an answer of the person is needed first"),
        ("allow", "", ""),
        ("deny", "person", "a server over stdio has no such page"),
        ("deny", "message", "requestState is not one this server gave"),
        ("deny", "person", ""),
    ]) {
        assert_eq!((&*found.0, &*found.1), (decision, by), "{said:?}");
        assert!(found.2.contains(reason), "{said:?}");
    }
    assert_eq!(said.len(), 5, "{said:?}");
}

#[tokio::test]
async fn what_a_tool_remembers_itself_and_what_its_confirmation_does_are_kept_apart() {
    for confirm in ["true", "\"login\""] {
        let talks = Talks::default();
        let toml = format!("auth.base_scopes = []\n[tools.order]\nconfirm = {confirm}\n");
        let server = TestServer::builder(talks).toml(&toml).expect("toml").start().await.expect("starts");
        let asked = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&asked);
        let client = server.client().token(server.token("ann").scope("order")).person(move |question| {
            let message = question["message"].as_str().unwrap_or_default().to_owned();
            let content = match &*message {
                "Which size?" => json!({ "size": "large" }),
                "Sure?" => json!({ "size": "yes" }),
                _ => json!({ "allow": true, "login": "ann" }),
            };
            seen.lock().unwrap().push(message);
            json!({ "action": "accept", "content": content })
        });
        let answer = client.call_tool("order", json!({ "item": "tea" })).await;
        let asked = asked.lock().unwrap();
        assert_eq!(answer.text(), Some("tea remembered: large, then yes"), "{asked:?} {}", answer.body());
        assert_eq!((&*asked[1], &*asked[2], asked.len()), ("Which size?", "Sure?", 3), "{asked:?}");
    }
}

#[tokio::test]
async fn what_cannot_be_seen_in_arguments_is_made_visible_to_the_person() {
    let (todos, server) = started("").await;
    for (title, seen) in [
        ("a\u{202e}b", "a\\u202eb"),
        ("bo\u{200d}b", "bo\\u200db"),
        ("a\u{a0}\u{3000}b", "a\\u00a0\\u3000b"),
        ("e\u{301}\u{301}", "e\u{301}\\u0301"),
        ("\u{e000}", "\\ue000"),
        ("gr\u{fc}n", "gr\u{fc}n"),
    ] {
        let client = writer(&server, Era::Stateless).person(move |question| {
            let message = question["message"].as_str().unwrap_or_default();
            assert!(message.contains(&format!("\"title\": \"{seen}\"")), "{message}");
            json!({ "action": "decline" })
        });
        let answer = client.call_tool("delete", json!({ "title": title })).await;
        assert_eq!(answer.text(), Some("the person did not confirm this call"), "{}", answer.body());
    }
    assert_eq!(todos.ran(), 0);
}
