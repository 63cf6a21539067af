//! Which messages ask a guard, and which the rule alone; and that a guard, like a person, is asked last.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use mcp_auth::extract::SubscriptionContext;
use mcp_auth::model::{CreateTaskResult, DetailedTask, GetTaskResult, Task, TaskPayload, TaskStatus};
use mcp_auth::prelude::*;
use mcp_auth::schemars::JsonSchema;
use mcp_auth::serde::Deserialize;
use mcp_auth::serde_json::{Value, json};
use mcp_auth::testing::{Client, Era, TestServer, Token};
use tokio::sync::{Notify, Semaphore};

use crate::guards::said;
use crate::streams::Wire;
use crate::talks::in_time;

const CREATED: &str = "2026-07-28T00:00:00Z";

#[derive(Clone)]
struct Notes {
    /// How often a guard was asked.
    asked: Arc<AtomicUsize>,
    /// How often a method ran.
    ran: Arc<AtomicUsize>,
    started: Arc<Notify>,
    finish: Arc<Semaphore>,
}

#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(crate = "mcp_auth::serde")]
#[schemars(crate = "mcp_auth::schemars")]
struct Which {
    owner: String,
}

#[server(scope = "notes")]
impl Notes {
    fn may_use(&self, caller: &Caller, which: &Which) -> Decision {
        self.decides(caller, &which.owner)
    }

    fn may_see(&self, caller: Caller, owner: String) -> Decision {
        self.decides(&caller, &owner)
    }

    /// One's notes.
    #[resource(uri = "note://{owner}", guard = may_see)]
    fn notes(&self, owner: String) -> String {
        self.runs();
        owner
    }

    /// Plans.
    #[prompt(guard = may_use)]
    fn plan(&self, Parameters(which): Parameters<Which>) -> String {
        self.runs();
        which.owner
    }

    /// Starts a task.
    #[tool(guard = may_use)]
    fn starts(&self, Parameters(which): Parameters<Which>) -> CreateTaskResult {
        self.runs();
        CreateTaskResult::new(Task::new(which.owner, TaskStatus::Working, CREATED, CREATED))
    }

    /// Removes one.
    #[tool(guard = may_use)]
    fn remove(&self, Parameters(which): Parameters<Which>) -> String {
        self.runs();
        which.owner
    }

    /// Removes one, once its person said yes.
    #[tool(confirm)]
    fn remove_confirmed(&self, Parameters(which): Parameters<Which>) -> String {
        self.runs();
        which.owner
    }

    /// The same, with a guard too.
    #[tool(guard = may_use, confirm)]
    fn remove_guarded(&self, Parameters(which): Parameters<Which>) -> String {
        self.runs();
        which.owner
    }

    /// Waits until it may finish.
    #[tool]
    async fn waits(&self) -> &'static str {
        self.started.notify_one();
        self.finish.acquire().await.expect("never closed").forget();
        "finished"
    }

    /// Names the scope that the guards may want.
    #[tool(scope = "notes.admin")]
    fn administer(&self) {}

    #[method("completion/complete", authenticated)]
    fn complete(&self) -> Json<Value> {
        self.runs();
        Json(json!({ "completion": { "values": [] } }))
    }

    #[method("tasks/get", authenticated)]
    fn task(&self, params: JsonObject) -> GetTaskResult {
        self.runs();
        let id = params["taskId"].as_str().unwrap_or_default();
        let task = Task::new(id, TaskStatus::Completed, CREATED, CREATED);
        GetTaskResult::new(DetailedTask::new(task, TaskPayload::Completed { result: JsonObject::new() }))
    }

    #[method("tasks/cancel", authenticated)]
    fn cancel(&self) {
        self.runs();
    }

    #[method("subscriptions/listen", authenticated)]
    async fn listen(&self, subscription: SubscriptionContext) {
        self.runs();
        subscription.cancelled().await;
    }
}

impl Notes {
    fn new() -> Self {
        let finish = Arc::new(Semaphore::new(0));
        Self { asked: Arc::default(), ran: Arc::default(), started: Arc::default(), finish }
    }

    async fn start(&self, toml: &str) -> TestServer {
        let builder = TestServer::builder(self.clone()).toml("auth.base_scopes = []\n");
        let builder = builder.and_then(|builder| builder.toml(toml)).expect("a configuration");
        builder.start().await.expect("a server")
    }

    fn decides(&self, caller: &Caller, owner: &str) -> Decision {
        self.asked.fetch_add(1, Ordering::SeqCst);
        match owner {
            "all" => Decision::Allow,
            "admin" => Decision::need("notes.admin"),
            owner if owner == caller.subject() => Decision::Allow,
            _ => Decision::deny("another's"),
        }
    }

    fn runs(&self) {
        self.ran.fetch_add(1, Ordering::SeqCst);
    }

    /// How often a guard was asked, and a method ran, since this was said last.
    fn counts(&self) -> (usize, usize) {
        (self.asked.swap(0, Ordering::SeqCst), self.ran.swap(0, Ordering::SeqCst))
    }
}

fn ann(server: &TestServer) -> Token {
    server.token("ann").scope("notes")
}

fn listening(owners: &[&str]) -> Value {
    let uris: Vec<String> = owners.iter().map(|owner| format!("note://{owner}")).collect();
    json!({ "notifications": { "resourceSubscriptions": uris } })
}

#[tokio::test]
async fn a_guard_that_refuses_one_of_the_resources_refuses_to_listen_to_any() {
    let notes = Notes::new();
    let server = notes.start("").await;
    for (owners, asked, text, scope) in [
        (["ann", "bob"].as_slice(), 2, "another's", None),
        (&["bob", "ann"], 1, "another's", None),
        (&["ann", "all", "bob"], 3, "another's", None),
        (&["ann", "admin"], 2, "this needs the scope notes.admin", Some("notes notes.admin")),
        // The first one that does not allow it is the one that is told.
        (&["bob", "admin"], 1, "another's", None),
    ] {
        let client = server.client().token(ann(&server));
        let refused = in_time(client.request("subscriptions/listen", listening(owners))).await;
        let expected = (403, text.to_owned(), scope.map(str::to_owned));
        assert_eq!((said(&refused), notes.counts()), (expected, (asked, 0)), "{owners:?}");
    }
    let wire = Wire::new(server.url(), Era::Stateless).token(ann(&server));
    let mut stream = wire.request(1, "subscriptions/listen", listening(&["ann", "all"])).await;
    let first = stream.next().await.expect("an acknowledgement");
    assert_eq!(first["method"], "notifications/subscriptions/acknowledged");
    let subscribed = &first["params"]["notifications"]["resourceSubscriptions"];
    assert_eq!((subscribed, notes.asked.load(Ordering::SeqCst)), (&json!(["note://ann", "note://all"]), 2));
}

#[tokio::test]
async fn completion_asks_the_rule_of_what_is_completed_and_not_its_guard() {
    let notes = Notes::new();
    let server = notes.start("").await;
    let prompt = json!({ "type": "ref/prompt", "name": "plan" });
    let resource = json!({ "type": "ref/resource", "uri": "note://{owner}" });
    for era in Era::ALL {
        for reference in [&prompt, &resource] {
            for (scopes, status, ran) in [("notes", 200, 1), ("", 403, 0)] {
                let client = server.client().era(era).token(server.token("ann").scope(scopes));
                // The guard would refuse what is being written.
                let params = json!({ "ref": reference, "argument": { "name": "owner", "value": "bob" } });
                let answer = client.request("completion/complete", params).await;
                assert_eq!((answer.status(), notes.counts()), (status, (0, ran)), "{}", answer.body());
            }
        }
    }
}

#[tokio::test]
async fn a_task_of_a_guarded_tool_asks_the_rule_and_not_the_guard() {
    let notes = Notes::new();
    let server = notes.start("").await;
    for era in [Era::Stateless, Era::Legacy("2025-11-25")] {
        let follows = async |token: Token| {
            let able = json!({ "extensions": { "io.modelcontextprotocol/tasks": {} } });
            Wire::new(server.url(), era).token(token).capabilities(able).connected().await
        };
        let wire = follows(ann(&server)).await;
        let refused = wire.call_tool(1, "starts", json!({ "owner": "bob" })).await;
        assert_eq!((refused.status, notes.counts()), (403, (1, 0)), "{era:?}");
        let created = wire.call_tool(2, "starts", json!({ "owner": "ann" })).await.response().await;
        assert_eq!(notes.counts(), (1, 1), "{era:?}");
        let id = json!({ "taskId": created["result"]["taskId"] });
        let poor = follows(server.token("ann")).await;
        for (number, method) in [(3, "tasks/get"), (4, "tasks/cancel")] {
            let mut reached = wire.request(number, method, id.clone()).await;
            let answer = reached.response().await;
            assert!(answer.get("result").is_some(), "{era:?} {method} {answer}");
            assert_eq!(notes.counts(), (0, 1), "{era:?} {method}");
            let refused = poor.request(number, method, id.clone()).await;
            assert_eq!((refused.status, notes.counts()), (403, (0, 0)), "{era:?} {method}");
        }
    }
}

#[tokio::test]
async fn a_caller_with_as_many_calls_as_it_may_have_asks_neither_a_guard_nor_a_person_by_another() {
    let notes = Notes::new();
    let server = notes.start("[limits]\ncaller_calls = 1\n").await;
    for era in Era::ALL {
        let persons = Arc::new(AtomicUsize::new(0));
        let client = || {
            let persons = Arc::clone(&persons);
            server.client().era(era).token(ann(&server)).person(move |_| {
                persons.fetch_add(1, Ordering::SeqCst);
                json!({ "action": "accept", "content": { "allow": true } })
            })
        };
        let (first, second): (Client, Client) = (client(), client());
        for opened in [&first, &second] {
            assert!(opened.list_tools().await.is_success(), "{era:?}");
        }
        let counted = || (notes.counts(), persons.swap(0, Ordering::SeqCst));
        let calls = ["remove", "remove_confirmed", "remove_guarded"];
        let waiting = first.call_tool("waits", json!({}));
        let meanwhile = async {
            in_time(notes.started.notified()).await;
            for tool in calls {
                for owner in ["ann", "bob"] {
                    let crowded = second.call_tool(tool, json!({ "owner": owner })).await;
                    assert_eq!(crowded.status(), 429, "{era:?} {tool}: {}", crowded.body());
                    assert_eq!(counted(), ((0, 0), 0), "{era:?} {tool}");
                }
            }
            notes.finish.add_permits(1);
        };
        let (finished, ()) = tokio::join!(waiting, meanwhile);
        assert_eq!(finished.text(), Some("finished"), "{era:?}: {}", finished.body());
        // Once there is a place again, each of them is asked: the guard before the person, and after.
        for (tool, guards, people) in [("remove", 1, 0), ("remove_confirmed", 0, 1), ("remove_guarded", 2, 1)]
        {
            let answer = second.call_tool(tool, json!({ "owner": "ann" })).await;
            assert_eq!(answer.text(), Some("ann"), "{era:?} {tool}: {}", answer.body());
            assert_eq!(counted(), ((guards, 1), people), "{era:?} {tool}");
        }
        // Whom the guard refuses, no person is asked for.
        let refused = second.call_tool("remove_guarded", json!({ "owner": "bob" })).await;
        assert_eq!((refused.status(), counted()), (403, ((1, 0), 0)), "{era:?}: {}", refused.body());
    }
}
