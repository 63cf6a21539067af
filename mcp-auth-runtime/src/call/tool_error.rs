//! How an operation fails: with words for the client, or with words for the log only.

use std::error::Error;
use std::fmt;

use mcp_auth_core::seen::echoed;
use rmcp::ErrorData;
use rmcp::model::{CallToolResponse, CallToolResult, ContentBlock, InputRequiredResult};

use super::answer::Asked;
use crate::answer::Rejection;

/// The error of a tool, prompt, resource or method.
///
/// [`ToolError::new`] is for what the client may read. `?` on any other error is for what it may not: the
/// error goes to the log and the client reads `internal error`. Not an `Error` itself, so that `?` can tell
/// the two apart.
///
/// # Example
/// ```
/// # use mcp_auth_runtime::facade::ToolError;
/// fn half(text: &str) -> Result<u32, ToolError> {
///     let number: u32 = text.parse()?; // logged; the client reads `internal error`
///     if number % 2 == 1 {
///         return Err(ToolError::new("only even numbers have a half"));
///     }
///     Ok(number / 2)
/// }
/// assert_eq!(half("8").expect("even"), 4);
/// assert_eq!(half("7").unwrap_err().to_string(), "only even numbers have a half");
/// assert_eq!(half("x").unwrap_err().to_string(), "internal error");
/// ```
pub struct ToolError(Kind);

enum Kind {
    Told(String),
    NotFound(String),
    Forbidden(String),
    Protocol(ErrorData),
    InputRequired(Box<InputRequiredResult>),
    Unexpected(Box<dyn Error + Send + Sync>),
}

/// What the client reads of an error that was not meant for it.
const INTERNAL: &str = "internal error";

impl ToolError {
    /// A failure the client may read. A tool answers it as text with `isError: true`, so that the model can
    /// do better; a prompt, resource or method as JSON-RPC error -32603.
    pub fn new(text: impl Into<String>) -> Self {
        Self(Kind::Told(text.into()))
    }

    /// Nothing there under this name. A tool answers it as [`ToolError::new`] does, a resource as
    /// `resource not found`, a prompt or method as -32602.
    pub fn not_found(text: impl Into<String>) -> Self {
        Self(Kind::NotFound(text.into()))
    }

    /// This caller may not. The audit says that the call was refused, and why. A tool answers it as [`ToolError::new`]
    /// does, a prompt, resource or method as JSON-RPC error 403.
    ///
    /// An argument of your own ([`FromCall`](crate::call::from_call::FromCall)) that answers an error of code 401 or 403
    /// is audited in the same way.
    pub fn forbidden(text: impl Into<String>) -> Self {
        Self(Kind::Forbidden(text.into()))
    }

    /// A JSON-RPC error of your own code and data, from tools too.
    pub fn protocol(error: ErrorData) -> Self {
        Self(Kind::Protocol(error))
    }

    /// Whether it asks the client for more input.
    pub(crate) fn is_question(&self) -> bool {
        matches!(self.0, Kind::InputRequired(_))
    }

    /// The call cannot go on before the client has more input (MCP 2026-07-28, multi round-trip requests).
    pub(super) fn input_required(result: InputRequiredResult) -> Self {
        Self(Kind::InputRequired(Box::new(result)))
    }
}

impl<E: Into<Box<dyn Error + Send + Sync>>> From<E> for ToolError {
    fn from(error: E) -> Self {
        Self(Kind::Unexpected(error.into()))
    }
}

/// What the client reads.
impl fmt::Display for ToolError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Told(text) | Kind::NotFound(text) | Kind::Forbidden(text) => f.write_str(text),
            Kind::Protocol(error) => f.write_str(&error.message),
            Kind::InputRequired(_) => f.write_str("an answer of the person is needed first"),
            Kind::Unexpected(_) => f.write_str(INTERNAL),
        }
    }
}

/// What the log reads.
impl fmt::Debug for ToolError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Unexpected(error) => write!(f, "ToolError({})", Chain(error.as_ref())),
            _ => write!(f, "ToolError({self})"),
        }
    }
}

/// An error with its causes: `a: b: c`.
struct Chain<'a>(&'a (dyn Error + 'static));

impl fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)?;
        let mut cause = self.0.source();
        while let Some(error) = cause {
            write!(f, ": {error}")?;
            cause = error.source();
        }
        Ok(())
    }
}

/// What may stand in the error position of an operation's `Result`.
#[diagnostic::on_unimplemented(
    message = "an operation cannot fail with `{Self}`",
    label = "not an error of an operation",
    note = "use `ToolError`: `?` turns any error into one (logged; the client reads `internal error`), and `ToolError::new(text)` is for the client",
    note = "`ErrorData` is answered as a JSON-RPC error, `String` and `&str` as text"
)]
pub trait Failure {
    /// The answer of a tool that failed so.
    ///
    /// # Errors
    /// When the failure is a JSON-RPC error.
    fn into_tool_answer(self, asked: &Asked<'_>) -> Result<CallToolResponse, ErrorData>;

    /// The JSON-RPC error of a prompt, resource or method that failed so.
    fn into_error_data(self, asked: &Asked<'_>) -> ErrorData;

    /// What the client is asked for, where it is not a failure but a question ([`Ask`](super::ask::Ask)); else the failure again.
    /// A prompt or a resource answers it; a tool does in [`into_tool_answer`](Self::into_tool_answer).
    ///
    /// # Errors
    /// The failure.
    fn into_input_required(self) -> Result<InputRequiredResult, Self>
    where
        Self: Sized,
    {
        Err(self)
    }
}

impl Failure for ToolError {
    fn into_tool_answer(self, asked: &Asked<'_>) -> Result<CallToolResponse, ErrorData> {
        match self.0 {
            Kind::Told(text) | Kind::NotFound(text) => Ok(tool_failure(text)),
            Kind::Forbidden(text) => {
                asked.is_refused(&text);
                Ok(tool_failure(text))
            }
            Kind::Protocol(error) => Err(error),
            Kind::InputRequired(result) => Ok((*result).into()),
            Kind::Unexpected(error) => {
                log(asked, error.as_ref());
                Ok(tool_failure(INTERNAL))
            }
        }
    }

    fn into_error_data(self, asked: &Asked<'_>) -> ErrorData {
        match self.0 {
            Kind::Told(text) => ErrorData::internal_error(text, None),
            Kind::NotFound(text) if asked.uri().is_some() => {
                let uri = asked.uri().map(echoed);
                ErrorData::resource_not_found(text, Some(serde_json::json!({ "uri": uri })))
            }
            Kind::NotFound(text) => ErrorData::invalid_params(text, None),
            Kind::Forbidden(text) => Rejection::Forbidden { text }.error_data(),
            Kind::Protocol(error) => error,
            Kind::InputRequired(_) => ErrorData::internal_error(
                "an answer of the person is needed, and nothing but a tool, prompt or resource can ask",
                None,
            ),
            Kind::Unexpected(error) => {
                log(asked, error.as_ref());
                ErrorData::internal_error(INTERNAL, None)
            }
        }
    }

    fn into_input_required(self) -> Result<InputRequiredResult, Self> {
        match self.0 {
            Kind::InputRequired(result) => Ok(*result),
            other => Err(Self(other)),
        }
    }
}

impl Failure for ErrorData {
    fn into_tool_answer(self, _asked: &Asked<'_>) -> Result<CallToolResponse, ErrorData> {
        Err(self)
    }

    fn into_error_data(self, _asked: &Asked<'_>) -> ErrorData {
        self
    }
}

impl Failure for String {
    fn into_tool_answer(self, asked: &Asked<'_>) -> Result<CallToolResponse, ErrorData> {
        ToolError::new(self).into_tool_answer(asked)
    }

    fn into_error_data(self, asked: &Asked<'_>) -> ErrorData {
        ToolError::new(self).into_error_data(asked)
    }
}

impl Failure for &str {
    fn into_tool_answer(self, asked: &Asked<'_>) -> Result<CallToolResponse, ErrorData> {
        ToolError::new(self).into_tool_answer(asked)
    }

    fn into_error_data(self, asked: &Asked<'_>) -> ErrorData {
        ToolError::new(self).into_error_data(asked)
    }
}

/// Text with `isError: true`.
pub(crate) fn tool_failure(text: impl Into<String>) -> CallToolResponse {
    CallToolResult::error(vec![ContentBlock::text(text)]).into()
}

fn log(asked: &Asked<'_>, error: &(dyn Error + Send + Sync + 'static)) {
    tracing::error!(operation = asked.name(), error = %Chain(error), "operation failed");
}

#[cfg(test)]
mod tests {
    use rmcp::model::ErrorCode;

    use super::*;
    use crate::call::support::call_with;

    fn io_error() -> ToolError {
        std::io::Error::other("disk 7 of db-3 is on fire").into()
    }

    fn tool_text(error: impl Failure) -> (bool, String) {
        let call = call_with("x", serde_json::json!({}));
        let CallToolResponse::Complete(result) = error.into_tool_answer(&Asked::by(&call)).unwrap() else {
            panic!("not complete");
        };
        (result.is_error.unwrap(), result.content[0].as_text().unwrap().text.clone())
    }

    fn error_data(error: impl Failure, uri: Option<&str>) -> ErrorData {
        let mut call = call_with("x", serde_json::json!({}));
        call.uri = uri.map(str::to_owned);
        error.into_error_data(&Asked::by(&call))
    }

    #[test]
    fn told_errors_reach_the_client() {
        assert_eq!(tool_text(ToolError::new("no such list")), (true, "no such list".to_owned()));
        assert_eq!(tool_text("no such list"), (true, "no such list".to_owned()));
        assert_eq!(tool_text("no such list".to_owned()), (true, "no such list".to_owned()));
        let error = error_data(ToolError::new("no such list"), None);
        assert_eq!((error.code, error.message.as_ref()), (ErrorCode::INTERNAL_ERROR, "no such list"));
    }

    #[test]
    fn other_errors_do_not_reach_the_client() {
        assert_eq!(tool_text(io_error()), (true, "internal error".to_owned()));
        let error = error_data(io_error(), None);
        assert_eq!((error.code, error.message.as_ref()), (ErrorCode::INTERNAL_ERROR, "internal error"));
        assert_eq!(error.data, None);
        assert_eq!(io_error().to_string(), "internal error");
        assert!(format!("{:?}", io_error()).contains("on fire"));
    }

    #[test]
    fn error_data_is_a_protocol_error() {
        let call = call_with("x", serde_json::json!({}));
        let error = ErrorData::invalid_params("no", None);
        assert_eq!(error.clone().into_tool_answer(&Asked::by(&call)).unwrap_err(), error);
        assert_eq!(
            ToolError::protocol(error.clone()).into_tool_answer(&Asked::by(&call)).unwrap_err(),
            error
        );
        assert_eq!(error_data(error.clone(), None), error);
    }

    #[test]
    fn forbidden_is_text_of_a_tool_and_403_of_the_others() {
        assert_eq!(tool_text(ToolError::forbidden("not yours")), (true, "not yours".to_owned()));
        for uri in [None, Some("todo://5")] {
            let error = error_data(ToolError::forbidden("not yours"), uri);
            assert_eq!((error.code, error.message.as_ref()), (ErrorCode(403), "not yours"));
        }
    }

    #[test]
    fn not_found_is_said_in_the_words_of_its_kind() {
        assert_eq!(tool_text(ToolError::not_found("no todo 5")), (true, "no todo 5".to_owned()));
        assert_eq!(
            error_data(ToolError::not_found("no todo 5"), Some("todo://5")).code,
            ErrorCode::RESOURCE_NOT_FOUND
        );
        assert_eq!(error_data(ToolError::not_found("no todo 5"), None).code, ErrorCode::INVALID_PARAMS);
    }
}
