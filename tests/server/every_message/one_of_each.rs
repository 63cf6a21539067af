//! A server that has something behind every message there is.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use mcp_auth::extract::SubscriptionContext;
use mcp_auth::model::{CreateTaskResult, Task, TaskStatus};
use mcp_auth::prelude::*;
use serde_json::{Value, json};

/// A server that has something behind every message there is.
#[derive(Debug, Clone, Default)]
pub struct OneOfEach {
    pub ran: Arc<AtomicUsize>,
}

impl OneOfEach {
    pub fn ran(&self) -> usize {
        self.ran.load(Ordering::SeqCst)
    }

    pub fn run(&self) -> &'static str {
        self.ran.fetch_add(1, Ordering::SeqCst);
        "ran"
    }
}

/// One of each.
#[server(name = "one-of-each")]
impl OneOfEach {
    /// A tool.
    #[tool(scope = "use")]
    fn tool(&self) -> &'static str {
        self.run()
    }

    /// What `auth.base_scopes` is for.
    #[tool(scope = "base")]
    fn based(&self) -> &'static str {
        self.run()
    }

    /// A tool that goes on in the background.
    #[tool(scope = "use")]
    fn start(&self, caller: Caller) -> CreateTaskResult {
        self.run();
        CreateTaskResult::new(Task::new(
            format!("task-of-{}", caller.subject()),
            TaskStatus::Working,
            NOW,
            NOW,
        ))
    }

    /// A prompt.
    #[prompt(scope = "use")]
    fn prompt(&self) -> &'static str {
        self.run()
    }

    /// A resource.
    #[resource(uri = "thing://all", scope = "use")]
    fn things(&self) -> &'static str {
        self.run()
    }

    /// A template.
    #[resource(uri = "thing://{id}", scope = "use")]
    fn thing(&self, id: u32) -> String {
        format!("{} {id}", self.run())
    }

    #[method("completion/complete", authenticated)]
    fn complete(&self) -> Json<Value> {
        self.run();
        Json(json!({ "completion": { "values": [] } }))
    }

    #[method("resources/subscribe", authenticated)]
    fn subscribe(&self) {
        self.run();
    }

    #[method("resources/unsubscribe", authenticated)]
    fn unsubscribe(&self) {
        self.run();
    }

    #[method("subscriptions/listen", authenticated)]
    fn listen(&self, _subscription: SubscriptionContext) {
        self.run();
    }

    #[method("tasks/get", authenticated)]
    fn get_task(&self) -> Json<Value> {
        self.run();
        Json(json!({
            "resultType": "complete", "taskId": "t", "status": "working",
            "createdAt": NOW, "lastUpdatedAt": NOW, "ttlMs": null,
        }))
    }

    #[method("tasks/update", authenticated)]
    fn update_task(&self) {
        self.run();
    }

    #[method("tasks/cancel", authenticated)]
    fn cancel_task(&self) {
        self.run();
    }

    #[method("tasks/result", authenticated)]
    fn task_result(&self) -> Json<Value> {
        self.run();
        Json(json!({ "content": [] }))
    }

    #[method("acme/report", scope = "use")]
    fn report(&self) -> Json<Value> {
        self.run();
        Json(json!({ "report": "fine" }))
    }
}

const NOW: &str = "2026-07-28T00:00:00Z";
