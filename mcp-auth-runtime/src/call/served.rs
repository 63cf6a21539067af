//! A handler behind a trait, without its type, so that everything behind it is compiled once.

use rmcp::ErrorData;
use rmcp::model::{CallToolResponse, GetPromptResponse, ReadResourceResponse};
use serde_json::Value;

use super::Call;
use super::handler::{CallFuture, Handler, Route, Routes};
use crate::authz::Decision;
use crate::declared::registry::OperationId;

/// What an operation answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answers {
    Tool,
    Prompt,
    Resource,
    Method,
}

/// A handler and how its operations are called. An operation that is called as another kind than it is does not run: the answer is an
/// internal error.
pub(crate) trait Served: Send + Sync + 'static {
    /// What the operation answers; `None` for what the server does itself, and for a tool that was added at run time.
    fn answers(&self, id: OperationId) -> Option<Answers>;

    /// Calls a tool.
    fn tool(&self, id: OperationId, call: Call) -> CallFuture<'_, CallToolResponse>;

    /// Calls a prompt.
    fn prompt(&self, id: OperationId, call: Call) -> CallFuture<'_, GetPromptResponse>;

    /// Calls a resource.
    fn resource(&self, id: OperationId, call: Call) -> CallFuture<'_, ReadResourceResponse>;

    /// Calls a protocol method.
    fn method(&self, id: OperationId, call: Call) -> CallFuture<'_, Value>;

    /// Asks what stands before the operation, if something does.
    fn guard(&self, id: OperationId, call: Call) -> Option<CallFuture<'_, Decision>>;
}

/// A handler of a type that is known.
pub(crate) struct Serving<H> {
    handler: H,
    routes: Routes<H>,
}

impl<H: Handler> Serving<H> {
    /// `handler`, called by `routes`.
    pub(crate) fn new(handler: H, routes: Routes<H>) -> Self {
        Self { handler, routes }
    }
}

impl<H: Handler> Served for Serving<H> {
    fn answers(&self, id: OperationId) -> Option<Answers> {
        Some(match self.routes.find(id)? {
            Route::Tool(_) => Answers::Tool,
            Route::Prompt(_) => Answers::Prompt,
            Route::Resource(_) => Answers::Resource,
            Route::Method(_) => Answers::Method,
        })
    }

    fn tool(&self, id: OperationId, call: Call) -> CallFuture<'_, CallToolResponse> {
        match self.routes.find(id) {
            Some(Route::Tool(run)) => run(&self.handler, call),
            _ => of_another_kind(call),
        }
    }

    fn prompt(&self, id: OperationId, call: Call) -> CallFuture<'_, GetPromptResponse> {
        match self.routes.find(id) {
            Some(Route::Prompt(run)) => run(&self.handler, call),
            _ => of_another_kind(call),
        }
    }

    fn resource(&self, id: OperationId, call: Call) -> CallFuture<'_, ReadResourceResponse> {
        match self.routes.find(id) {
            Some(Route::Resource(run)) => run(&self.handler, call),
            _ => of_another_kind(call),
        }
    }

    fn method(&self, id: OperationId, call: Call) -> CallFuture<'_, Value> {
        match self.routes.find(id) {
            Some(Route::Method(run)) => run(&self.handler, call),
            _ => of_another_kind(call),
        }
    }

    fn guard(&self, id: OperationId, call: Call) -> Option<CallFuture<'_, Decision>> {
        Some(self.routes.guard(id)?(&self.handler, call))
    }
}

fn of_another_kind<R: Send>(call: Call) -> CallFuture<'static, R> {
    Box::pin(async move {
        tracing::error!(operation = %call.name, "an operation was called as what it is not");
        Err(ErrorData::internal_error("internal error", None))
    })
}
