//! Tasks: reached by their creator only.

use mcp_auth::model::{CreateTaskResult, DetailedTask, GetTaskResult, Task, TaskPayload, TaskStatus};
use mcp_auth::prelude::*;
use mcp_auth::testing::{Era, TestServer};
use serde_json::json;

use crate::streams::Wire;
use crate::talks::Talks;

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
        let anonymous = server.client().era(era);
        let answer = anonymous.request_without_session("tasks/get", json!({ "taskId": id })).await;
        assert_eq!(answer.status(), 401, "{era:?}");
        assert_eq!(talks.ran(), ran);
    }
}

/// A server whose tasks anyone may start, and whose identifiers can be guessed.
#[derive(Debug, Clone)]
struct Open;

fn working(id: &str) -> Task {
    Task::new(id, TaskStatus::Working, "2026-07-28T00:00:00Z", "2026-07-28T00:00:00Z")
}

/// Open.
#[server(name = "open", public)]
impl Open {
    /// Starts a task.
    #[tool]
    async fn starts(&self) -> CreateTaskResult {
        CreateTaskResult::new(working("task-1"))
    }

    #[method("tasks/get")]
    async fn task(&self, params: JsonObject) -> Result<GetTaskResult, ToolError> {
        match params["taskId"].as_str() {
            Some("task-1") => {
                Ok(GetTaskResult::new(DetailedTask::new(working("task-1"), TaskPayload::Working)))
            }
            other => Err(ToolError::not_found(format!("the tool knows no {other:?}"))),
        }
    }

    #[method("tasks/cancel")]
    async fn cancel(&self, params: JsonObject) -> Result<(), ToolError> {
        match params["taskId"].as_str() {
            Some("task-1") => Ok(()),
            other => Err(ToolError::not_found(format!("the tool knows no {other:?}"))),
        }
    }
}

#[tokio::test]
async fn a_task_of_an_anonymous_caller_is_reached_by_no_other_although_its_identifier_can_be_guessed() {
    let builder = TestServer::builder(Open).toml("[auth]\nverify = \"none\"\n").expect("a configuration");
    let server = builder.start().await.expect("it starts");
    // Without a session, before 2026-07-28, a client cannot say that it follows tasks.
    let era = Era::Stateless;
    let able = json!({ "extensions": { TASKS: {} } });
    let wire = || Wire::new(server.url(), era).capabilities(able.clone());
    let created = wire().call_tool(1, "starts", json!({})).await.response().await;
    let id = created["result"]["taskId"].as_str().unwrap_or_else(|| panic!("{era:?} {created}"));
    let task = wire().request(2, "tasks/get", json!({ "taskId": id })).await.response().await;
    assert_eq!(task["result"]["status"], "working", "{era:?} {task}");
    assert_eq!(task["result"]["taskId"], id, "the same name in every message");
    let done = wire().request(3, "tasks/cancel", json!({ "taskId": id })).await.response().await;
    assert!(done.get("result").is_some(), "{era:?} {done}");
    let again = wire().call_tool(4, "starts", json!({})).await.response().await;
    assert_ne!(again["result"]["taskId"], id, "{era:?}");
    for guess in ["task-1", "task-1.AAAAAAAAAAAAAAAAAAAAAA", "task-1."] {
        for method in ["tasks/get", "tasks/cancel"] {
            let answer = wire().request(5, method, json!({ "taskId": guess })).await.response().await;
            assert_eq!(answer["error"]["code"], -32602, "{era:?} {method} {guess} {answer}");
            assert_eq!(answer["error"]["message"], format!("unknown task: {guess}"));
        }
    }
}
