//! The tasks extension (SEP-2663): tools whose work goes on after their answer. Whose a task is, the runtime
//! knows: another caller can neither read, answer nor cancel it.

use std::time::Duration;

use mcp_auth::ErrorData;
use mcp_auth::extract::{InputResponses, RequestContext, RoleServer};
use mcp_auth::model::{
    CallToolResponse, CallToolResult, ClientCapabilities, ContentBlock, CreateTaskResult, InputRequest,
};
use mcp_auth::rmcp::task_manager::{TaskContext, TaskExit, TaskManager, TaskOptions};
use serde_json::Value;

use crate::rounds;

/// Whether the client can follow a task.
fn follows(context: &RequestContext<RoleServer>) -> bool {
    context.client_capabilities().is_some_and(|client| client.supports_tasks())
}

/// -32021 for a client that cannot follow a task, where there is no other way to answer.
fn must_follow(context: &RequestContext<RoleServer>) -> Result<(), ErrorData> {
    if follows(context) {
        return Ok(());
    }
    let needed = ClientCapabilities::builder().enable_tasks().build();
    Err(ErrorData::missing_required_client_capability(needed))
}

/// Starts `work` as a task.
fn start<F>(tasks: &TaskManager, work: impl FnOnce(TaskContext) -> F) -> CallToolResponse
where
    F: Future<Output = Result<CallToolResult, TaskExit>> + Send + 'static,
{
    CreateTaskResult::new(tasks.spawn(TaskOptions::default(), |context| Box::pin(work(context)))).into()
}

/// A task where the client can follow it, else the same work while it waits.
pub(crate) async fn slow_compute(
    tasks: &TaskManager,
    context: &RequestContext<RoleServer>,
    seconds: f64,
) -> Result<CallToolResponse, ErrorData> {
    let time = Duration::try_from_secs_f64(seconds.min(60.0))
        .map_err(|error| ErrorData::invalid_params(format!("seconds: {error}"), None))?;
    let done = CallToolResult::success(vec![ContentBlock::text(format!("done after {seconds} s"))]);
    if !follows(context) {
        tokio::time::sleep(time).await;
        return Ok(done.into());
    }
    Ok(start(tasks, |task| async move {
        tokio::select! {
            () = task.cancelled() => Err(TaskExit::Cancelled),
            () = tokio::time::sleep(time) => Ok(done),
        }
    }))
}

pub(crate) fn failing_job(
    tasks: &TaskManager,
    context: &RequestContext<RoleServer>,
) -> Result<CallToolResponse, ErrorData> {
    must_follow(context)?;
    Ok(start(tasks, |_| async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        Ok(CallToolResult::error(vec![ContentBlock::text("the job failed, as it should")]))
    }))
}

pub(crate) fn protocol_error_job(
    tasks: &TaskManager,
    context: &RequestContext<RoleServer>,
) -> Result<CallToolResponse, ErrorData> {
    let error = ErrorData::internal_error("the job broke, as it should", None);
    if !follows(context) {
        return Err(error);
    }
    Ok(start(tasks, |_| async {
        tokio::time::sleep(Duration::from_millis(200)).await;
        Err(TaskExit::Error(error))
    }))
}

pub(crate) fn confirm_delete(
    tasks: &TaskManager,
    context: &RequestContext<RoleServer>,
) -> Result<CallToolResponse, ErrorData> {
    must_follow(context)?;
    let question = rounds::form("Delete the file?", "confirm", "boolean")?;
    Ok(start(tasks, |task| async move {
        let answer = task.request_input("confirm", question).await?;
        Ok(said(&format!("confirmed: {}", answer["content"]["confirm"])))
    }))
}

pub(crate) fn multi_input(
    tasks: &TaskManager,
    context: &RequestContext<RoleServer>,
) -> Result<CallToolResponse, ErrorData> {
    must_follow(context)?;
    let ask = || rounds::form("Provide a value", "value", "string");
    let (first, second): (InputRequest, InputRequest) = (ask()?, ask()?);
    Ok(start(tasks, |task| async move {
        let both = tokio::join!(task.request_input("first", first), task.request_input("second", second));
        let value = |answer: Value| answer["content"]["value"].to_string();
        Ok(said(&format!("first: {}, second: {}", value(both.0?), value(both.1?))))
    }))
}

/// One round for the name, then a task.
pub(crate) fn after_a_round(
    tasks: &TaskManager,
    context: &RequestContext<RoleServer>,
    responses: &InputResponses,
) -> Result<CallToolResponse, ErrorData> {
    must_follow(context)?;
    let Some(answer) = rounds::answered(responses, "user_name") else {
        return Ok(rounds::ask([("user_name", rounds::name()?)], None).into());
    };
    let greeting = format!("Hello, {}!", rounds::field(answer, "name"));
    Ok(start(tasks, |_| async move {
        tokio::time::sleep(Duration::from_millis(200)).await;
        Ok(said(&greeting))
    }))
}

fn said(text: &str) -> CallToolResult {
    CallToolResult::success(vec![ContentBlock::text(text)])
}
