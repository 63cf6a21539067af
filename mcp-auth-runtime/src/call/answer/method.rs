//! What a protocol method of `#[method]` may answer.

use rmcp::model::{
    CompleteResult, CreateTaskResult, CustomResult, GetSkillResult, GetTaskResult, JsonObject,
    ListResourcesResult, ListSkillsResult, TaskAckResult,
};
use rmcp::{ErrorData, Json};
use serde::Serialize;
use serde_json::Value;

use super::Asked;
use crate::call::derives::HasSerialize;
use crate::call::tool_error::Failure;

/// An answer of a protocol method: its result, as JSON.
#[diagnostic::on_unimplemented(
    message = "a method cannot answer `{Self}`",
    label = "not an answer of a method",
    note = "answer `Json<T>` (with `T: Serialize`), `()` for an empty result, a result type of `mcp_auth::model`, or a `Result` of one of them and `ToolError`",
    note = "a method that waits is an `async fn`"
)]
pub trait IntoMethodAnswer {
    /// The answer to what was asked.
    ///
    /// # Errors
    /// When the answer is a JSON-RPC error, or cannot be written as JSON.
    fn into_method_answer(self, asked: &Asked<'_>) -> Result<Value, ErrorData>;
}

impl<T: IntoMethodAnswer, E: Failure> IntoMethodAnswer for Result<T, E> {
    fn into_method_answer(self, asked: &Asked<'_>) -> Result<Value, ErrorData> {
        match self {
            Ok(answer) => answer.into_method_answer(asked),
            Err(failure) => Err(failure.into_error_data(asked)),
        }
    }
}

/// `{}`: an empty result is an object too.
impl IntoMethodAnswer for () {
    fn into_method_answer(self, _asked: &Asked<'_>) -> Result<Value, ErrorData> {
        Ok(Value::Object(JsonObject::new()))
    }
}

impl<T: HasSerialize> IntoMethodAnswer for Json<T> {
    fn into_method_answer(self, asked: &Asked<'_>) -> Result<Value, ErrorData> {
        to_value(&self.0, asked)
    }
}

macro_rules! as_json {
    ($($answer:ty),*) => {$(
        impl IntoMethodAnswer for $answer {
            fn into_method_answer(self, asked: &Asked<'_>) -> Result<Value, ErrorData> {
                to_value(&self, asked)
            }
        }
    )*};
}
as_json!(
    Value,
    JsonObject,
    CompleteResult,
    CreateTaskResult,
    CustomResult,
    GetSkillResult,
    GetTaskResult,
    ListResourcesResult,
    ListSkillsResult,
    TaskAckResult
);

/// `answer` as JSON. What cannot be written is the server's mistake: the client reads `internal error`.
pub(super) fn to_value(answer: &impl Serialize, asked: &Asked<'_>) -> Result<Value, ErrorData> {
    serde_json::to_value(answer).map_err(|error| {
        tracing::error!(operation = asked.name(), %error, "the answer cannot be written as JSON");
        ErrorData::internal_error("internal error", None)
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::call::support::call_with;
    use crate::call::tool_error::ToolError;

    fn answered(answer: impl IntoMethodAnswer) -> Result<Value, ErrorData> {
        let call = call_with("x", json!({}));
        answer.into_method_answer(&Asked::by(&call))
    }

    #[test]
    fn result_is_the_json_of_the_answer() {
        assert_eq!(answered(()).unwrap(), json!({}));
        assert_eq!(answered(Json(vec![1])).unwrap(), json!([1]));
        assert_eq!(
            answered(Ok::<_, ToolError>(CustomResult::new(json!({"a": 1})))).unwrap(),
            json!({"a": 1})
        );
    }

    #[test]
    fn failure_is_a_protocol_error() {
        assert_eq!(answered(Err::<(), _>("no")).unwrap_err().message, "no");
    }
}
