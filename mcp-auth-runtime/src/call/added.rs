//! How a tool is called that was added at run time: a closure of the program, which takes the arguments and what else a tool may take.

use std::fmt;
use std::sync::Arc;

use rmcp::model::{CallToolResponse, JsonObject};

use super::Call;
use super::answer::{Asked, IntoToolAnswer};
use super::from_call::{FromCall, not_taken};
use super::handler::CallFuture;

/// How a tool is called that was added at run time. A clone shares the closure.
#[derive(Clone)]
pub(crate) struct AddedRoute(Arc<dyn Fn(Call) -> CallFuture<'static, CallToolResponse> + Send + Sync>);

impl AddedRoute {
    /// Calls `run` with the arguments and a `T` of each call; `own_schema` says whether lists promise a schema of the result.
    pub(crate) fn new<T, F, R>(
        run: impl Fn(JsonObject, T) -> F + Send + Sync + 'static,
        own_schema: bool,
    ) -> Self
    where
        T: FromCall + Send + 'static,
        F: Future<Output = R> + Send + 'static,
        R: IntoToolAnswer,
    {
        let run = Arc::new(run);
        Self(Arc::new(move |mut call| {
            let run = Arc::clone(&run);
            Box::pin(async move {
                let arguments = call.arguments.take().unwrap_or_default();
                let taken = match T::from_call(&mut call) {
                    Ok(taken) => taken,
                    Err(error) => return not_taken(T::TAKES, error),
                };
                let answer = run(arguments, taken).await;
                let asked = Asked::by(&call);
                answer.into_tool_answer(&if own_schema { asked.with_own_schema() } else { asked })
            })
        }))
    }

    /// Runs the tool.
    pub(crate) fn call(&self, call: Call) -> CallFuture<'static, CallToolResponse> {
        (self.0)(call)
    }
}

impl fmt::Debug for AddedRoute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AddedRoute")
    }
}
