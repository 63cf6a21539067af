//! A server whose operations take more than one message: they wait, ask back, start tasks and send updates.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use mcp_auth::extract::{InputResponses, RequestState, SubscriptionContext};
use mcp_auth::model::{
    CallToolResponse, CreateTaskResult, DetailedTask, GetPromptResponse, GetTaskResult, ReadResourceResponse,
    Task, TaskPayload, TaskStatus,
};
use mcp_auth::prelude::*;
use mcp_auth::testing::{TestServer, TestServerBuilder};
use mcp_auth::{rmcp, schemars, serde};
use serde_json::{Value, json};
use tokio::sync::{Notify, Semaphore};

/// The server; its clones are one.
#[derive(Debug, Clone, Default)]
pub struct Talks(Arc<State>);

#[derive(Debug)]
struct State {
    ran: AtomicUsize,
    tasks: AtomicUsize,
    started: Notify,
    finish: Semaphore,
    cancelled: Notify,
}

impl Default for State {
    fn default() -> Self {
        let (ran, tasks) = (AtomicUsize::new(0), AtomicUsize::new(0));
        Self { ran, tasks, started: Notify::new(), finish: Semaphore::new(0), cancelled: Notify::new() }
    }
}

#[derive(Debug, serde::Deserialize, schemars::JsonSchema)]
#[serde(crate = "mcp_auth::serde")]
#[schemars(crate = "mcp_auth::schemars")]
pub struct Order {
    /// What is ordered.
    pub item: String,
}

/// What the user is asked for.
#[derive(Debug, serde::Deserialize, schemars::JsonSchema)]
#[serde(crate = "mcp_auth::serde")]
#[schemars(crate = "mcp_auth::schemars")]
pub struct Size {
    /// The size.
    pub size: String,
}
rmcp::elicit_safe!(Size);

impl Talks {
    pub fn builder(&self, toml: &str) -> TestServerBuilder<Self> {
        let builder = TestServer::builder(self.clone());
        if toml.is_empty() { builder } else { builder.toml(toml).expect("a configuration") }
    }

    pub async fn start(&self) -> TestServer {
        self.start_with("").await
    }

    pub async fn start_with(&self, toml: &str) -> TestServer {
        self.builder(toml).start().await.expect("the server starts")
    }

    /// How many methods ran.
    pub fn ran(&self) -> usize {
        self.0.ran.load(Ordering::SeqCst)
    }

    /// Waits until a call of `waits` has started.
    pub async fn started(&self) {
        in_time(self.0.started.notified()).await;
    }

    /// Lets one call of `waits` finish.
    pub fn finish_one(&self) {
        self.0.finish.add_permits(1);
    }

    /// Waits until a call of `waits` was cancelled.
    pub async fn cancelled(&self) {
        in_time(self.0.cancelled.notified()).await;
    }

    fn run(&self) {
        self.0.ran.fetch_add(1, Ordering::SeqCst);
    }
}

/// What should have happened long before.
pub async fn in_time<F: Future>(future: F) -> F::Output {
    tokio::time::timeout(crate::streams::PATIENCE, future).await.expect("in time")
}

/// A question as a round's result, with what the server wants to remember.
fn question(text: &str, state: &str) -> InputRequiredResult {
    let asked = json!({ "size": { "method": "elicitation/create", "params": {
        "mode": "form", "message": text,
        "requestedSchema": { "type": "object", "properties": { "size": { "type": "string" } } },
    } } });
    let requests = serde_json::from_value(asked).expect("input requests");
    InputRequiredResult::new(Some(requests), Some(state.to_owned()))
}

/// The size in a client's answers.
fn answered(answers: &InputResponses) -> Option<&str> {
    answers.0.as_ref()?.get("size")?["content"]["size"].as_str()
}

/// It talks back.
#[server(name = "talks")]
impl Talks {
    /// Waits until it may finish or is cancelled, and says for whom.
    #[tool(authenticated)]
    async fn waits(&self, caller: Caller, cancelled: CancellationToken) -> String {
        self.run();
        self.0.started.notify_one();
        tokio::select! {
            permit = self.0.finish.acquire() => {
                permit.expect("never closed").forget();
                format!("finished for {}", caller.subject())
            }
            () = cancelled.cancelled() => {
                self.0.cancelled.notify_one();
                "cancelled".to_owned()
            }
        }
    }

    /// Asks the user, while the call is open.
    #[tool(authenticated)]
    async fn asks(&self, peer: Peer<RoleServer>) -> Result<String, ToolError> {
        self.run();
        match peer.elicit::<Size>("Which size?").await {
            Ok(Some(answer)) => Ok(answer.size),
            Ok(None) => Ok("nothing".to_owned()),
            Err(error) => Err(ToolError::new(error.to_string())),
        }
    }

    /// Asks twice, each time with its own result.
    #[tool(scope = "order")]
    async fn order(
        &self,
        Parameters(order): Parameters<Order>,
        state: RequestState,
        answers: InputResponses,
    ) -> Result<CallToolResponse, ToolError> {
        self.run();
        let size = answered(&answers).unwrap_or_default();
        Ok(match state.0.as_deref() {
            None => question("Which size?", "remembered: nothing yet").into(),
            Some("remembered: nothing yet") => question("Sure?", &format!("remembered: {size}")).into(),
            Some(remembered) => {
                let text = format!("{} {remembered}, then {size}", order.item);
                CallToolResult::success(vec![ContentBlock::text(text)]).into()
            }
        })
    }

    /// Another tool with the same arguments.
    #[tool(scope = "order")]
    async fn reorder(&self, _order: Parameters<Order>, state: RequestState) -> String {
        self.run();
        format!("{:?}", state.0)
    }

    /// Asks before it prompts.
    #[prompt(scope = "order")]
    async fn advise(
        &self,
        state: RequestState,
        answers: InputResponses,
    ) -> Result<GetPromptResponse, ToolError> {
        self.run();
        Ok(match state.0 {
            None => question("Which size?", "prompting").into(),
            Some(state) => {
                let text = format!("{state} {}", answered(&answers).unwrap_or_default());
                let message = mcp_auth::model::PromptMessage::new_text(Role::User, text);
                GetPromptResult::new(vec![message]).into()
            }
        })
    }

    /// Asks before it is read.
    #[resource(uri = "order://{id}", scope = "order")]
    async fn receipt(
        &self,
        id: u32,
        state: RequestState,
        answers: InputResponses,
    ) -> Result<ReadResourceResponse, ToolError> {
        self.run();
        Ok(match state.0 {
            None => question("Which size?", "reading").into(),
            Some(state) => {
                let text = format!("{id} {state} {}", answered(&answers).unwrap_or_default());
                ReadResourceResult::new(vec![ResourceContents::text(text, format!("order://{id}"))]).into()
            }
        })
    }

    /// Starts a task.
    #[tool(scope = "tasks")]
    async fn starts(&self) -> CreateTaskResult {
        self.run();
        let id = format!("task-{}", self.0.tasks.fetch_add(1, Ordering::SeqCst));
        CreateTaskResult::new(Task::new(
            id,
            TaskStatus::Working,
            "2026-07-28T00:00:00Z",
            "2026-07-28T00:00:00Z",
        ))
    }

    #[method("tasks/get", authenticated)]
    async fn task(&self, params: JsonObject) -> GetTaskResult {
        self.run();
        let id = params["taskId"].as_str().unwrap_or_default();
        let task = Task::new(id, TaskStatus::Completed, "2026-07-28T00:00:00Z", "2026-07-28T00:00:00Z");
        let result = json!({ "content": [{ "type": "text", "text": "done" }] });
        let result = result.as_object().cloned().unwrap_or_default();
        GetTaskResult::new(DetailedTask::new(task, TaskPayload::Completed { result }))
    }

    #[method("tasks/cancel", authenticated)]
    async fn cancel_task(&self) {
        self.run();
    }

    /// Numbers: a result whose schema is not an object.
    #[tool(public)]
    fn numbers(&self) -> Json<Vec<u32>> {
        self.run();
        Json(vec![1, 2, 3])
    }

    #[resource(uri = "note://public", public)]
    fn public_note(&self) -> &'static str {
        self.run();
        "a note"
    }

    #[resource(uri = "note://{id}", scope = "notes")]
    fn note(&self, id: String) -> String {
        self.run();
        id
    }

    #[prompt(scope = "notes")]
    fn summarize(&self, _style: Parameters<Size>) -> &'static str {
        self.run();
        "Summarize."
    }

    #[method("completion/complete", scope = "complete")]
    async fn complete(&self, params: JsonObject) -> Json<Value> {
        self.run();
        let value = params["argument"]["value"].as_str().unwrap_or_default();
        Json(json!({ "completion": { "values": [format!("{value}1"), format!("{value}2")] } }))
    }

    /// Says that every note that is listened to has changed, and then nothing.
    #[method("subscriptions/listen", authenticated)]
    async fn listen(&self, subscription: SubscriptionContext) {
        self.run();
        for uri in subscription.accepted().resource_subscriptions.clone().unwrap_or_default() {
            let _ = subscription.sink().notify_resource_updated(uri).await;
        }
        subscription.cancelled().await;
    }

    #[method("acme/echo", scope = "echo")]
    async fn echo(&self, caller: Caller, params: JsonObject) -> Json<Value> {
        self.run();
        Json(json!({ "params": params, "for": caller.subject() }))
    }

    #[method("acme/nothing", public)]
    fn nothing(&self) {
        self.run();
    }
}
