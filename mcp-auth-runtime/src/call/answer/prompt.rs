//! What a prompt may answer.

use rmcp::ErrorData;
use rmcp::model::{GetPromptResponse, GetPromptResult, InputRequiredResult, PromptMessage, Role};

use super::Asked;
use crate::call::tool_error::Failure;

/// An answer of a prompt.
#[diagnostic::on_unimplemented(
    message = "a prompt cannot answer `{Self}`",
    label = "not an answer of a prompt",
    note = "answer `Vec<PromptMessage>`, `PromptMessage`, `String` or `&str` (one message of the user), `GetPromptResult`, `InputRequiredResult`, or a `Result` of one of them and `ToolError`",
    note = "a method that waits is an `async fn`"
)]
pub trait IntoPromptAnswer {
    /// The answer to what was asked.
    ///
    /// # Errors
    /// When the answer is a JSON-RPC error.
    fn into_prompt_answer(self, asked: &Asked<'_>) -> Result<GetPromptResponse, ErrorData>;
}

impl<T: IntoPromptAnswer, E: Failure> IntoPromptAnswer for Result<T, E> {
    fn into_prompt_answer(self, asked: &Asked<'_>) -> Result<GetPromptResponse, ErrorData> {
        match self {
            Ok(answer) => answer.into_prompt_answer(asked),
            Err(failure) => match failure.into_input_required() {
                Ok(question) => Ok(question.into()),
                Err(failure) => Err(failure.into_error_data(asked)),
            },
        }
    }
}

impl IntoPromptAnswer for Vec<PromptMessage> {
    fn into_prompt_answer(self, _asked: &Asked<'_>) -> Result<GetPromptResponse, ErrorData> {
        Ok(GetPromptResult::new(self).into())
    }
}

impl IntoPromptAnswer for PromptMessage {
    fn into_prompt_answer(self, asked: &Asked<'_>) -> Result<GetPromptResponse, ErrorData> {
        vec![self].into_prompt_answer(asked)
    }
}

impl IntoPromptAnswer for String {
    fn into_prompt_answer(self, asked: &Asked<'_>) -> Result<GetPromptResponse, ErrorData> {
        PromptMessage::new_text(Role::User, self).into_prompt_answer(asked)
    }
}

impl IntoPromptAnswer for &str {
    fn into_prompt_answer(self, asked: &Asked<'_>) -> Result<GetPromptResponse, ErrorData> {
        PromptMessage::new_text(Role::User, self).into_prompt_answer(asked)
    }
}

impl IntoPromptAnswer for GetPromptResponse {
    fn into_prompt_answer(self, _asked: &Asked<'_>) -> Result<GetPromptResponse, ErrorData> {
        Ok(self)
    }
}

impl IntoPromptAnswer for GetPromptResult {
    fn into_prompt_answer(self, _asked: &Asked<'_>) -> Result<GetPromptResponse, ErrorData> {
        Ok(self.into())
    }
}

impl IntoPromptAnswer for InputRequiredResult {
    fn into_prompt_answer(self, _asked: &Asked<'_>) -> Result<GetPromptResponse, ErrorData> {
        Ok(self.into())
    }
}

#[cfg(test)]
mod tests {
    use rmcp::model::ErrorCode;

    use super::*;
    use crate::call::support::call_with;
    use crate::call::tool_error::ToolError;

    fn answered(answer: impl IntoPromptAnswer) -> Result<Vec<PromptMessage>, ErrorData> {
        let call = call_with("x", serde_json::json!({}));
        match answer.into_prompt_answer(&Asked::by(&call))? {
            GetPromptResponse::Complete(result) => Ok(result.messages),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn text_is_one_message_of_the_user() {
        let message = PromptMessage::new_text(Role::User, "plan my day");
        assert_eq!(answered("plan my day").unwrap(), vec![message.clone()]);
        assert_eq!(answered("plan my day".to_owned()).unwrap(), vec![message.clone()]);
        assert_eq!(answered(Ok::<_, ToolError>(vec![message.clone()])).unwrap(), vec![message]);
    }

    #[test]
    fn failure_is_a_protocol_error() {
        let error = answered(Err::<String, _>(ToolError::new("not today"))).unwrap_err();
        assert_eq!((error.code, error.message.as_ref()), (ErrorCode::INTERNAL_ERROR, "not today"));
    }
}
