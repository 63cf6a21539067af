//! What a resource may answer. URI and MIME type come from the call and the declaration.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use rmcp::model::{InputRequiredResult, ReadResourceResponse, ReadResourceResult, ResourceContents};
use rmcp::{ErrorData, Json};

use super::Asked;
use crate::call::derives::HasSerialize;
use crate::call::tool_error::{Failure, ToolError};

/// An answer of a resource.
#[diagnostic::on_unimplemented(
    message = "a resource cannot answer `{Self}`",
    label = "not an answer of a resource",
    note = "answer `Json<T>` (with `T: Serialize`), `String`, `&str`, `Vec<u8>`, `ResourceContents`, `ReadResourceResult`, `InputRequiredResult`, an `Option` of one of them (`None` is `resource not found`), or a `Result` with `ToolError`",
    note = "a method that waits is an `async fn`"
)]
pub trait IntoResourceAnswer {
    /// The answer to what was asked.
    ///
    /// # Errors
    /// When the answer is a JSON-RPC error, or cannot be written as JSON.
    fn into_resource_answer(self, asked: &Asked<'_>) -> Result<ReadResourceResponse, ErrorData>;
}

impl<T: IntoResourceAnswer, E: Failure> IntoResourceAnswer for Result<T, E> {
    fn into_resource_answer(self, asked: &Asked<'_>) -> Result<ReadResourceResponse, ErrorData> {
        match self {
            Ok(answer) => answer.into_resource_answer(asked),
            Err(failure) => match failure.into_input_required() {
                Ok(question) => Ok(question.into()),
                Err(failure) => Err(failure.into_error_data(asked)),
            },
        }
    }
}

/// `None` is `resource not found`.
impl<T: IntoResourceAnswer> IntoResourceAnswer for Option<T> {
    fn into_resource_answer(self, asked: &Asked<'_>) -> Result<ReadResourceResponse, ErrorData> {
        match self {
            Some(answer) => answer.into_resource_answer(asked),
            None => Err(ToolError::not_found("resource not found").into_error_data(asked)),
        }
    }
}

/// Text of `mime_type`, else `application/json`.
impl<T: HasSerialize> IntoResourceAnswer for Json<T> {
    fn into_resource_answer(self, asked: &Asked<'_>) -> Result<ReadResourceResponse, ErrorData> {
        let value = super::method::to_value(&self.0, asked)?;
        text(value.to_string(), asked, "application/json")
    }
}

/// Text of `mime_type`, else `text/plain`.
impl IntoResourceAnswer for String {
    fn into_resource_answer(self, asked: &Asked<'_>) -> Result<ReadResourceResponse, ErrorData> {
        text(self, asked, "text/plain")
    }
}

/// Text of `mime_type`, else `text/plain`.
impl IntoResourceAnswer for &str {
    fn into_resource_answer(self, asked: &Asked<'_>) -> Result<ReadResourceResponse, ErrorData> {
        text(self.to_owned(), asked, "text/plain")
    }
}

/// A blob of `mime_type`, else `application/octet-stream`.
impl IntoResourceAnswer for Vec<u8> {
    fn into_resource_answer(self, asked: &Asked<'_>) -> Result<ReadResourceResponse, ErrorData> {
        blob(&self, asked)
    }
}

/// A blob of `mime_type`, else `application/octet-stream`.
impl IntoResourceAnswer for &[u8] {
    fn into_resource_answer(self, asked: &Asked<'_>) -> Result<ReadResourceResponse, ErrorData> {
        blob(self, asked)
    }
}

/// A blob of `mime_type`, else `application/octet-stream`.
impl IntoResourceAnswer for Bytes {
    fn into_resource_answer(self, asked: &Asked<'_>) -> Result<ReadResourceResponse, ErrorData> {
        blob(&self, asked)
    }
}

impl IntoResourceAnswer for ResourceContents {
    fn into_resource_answer(self, _asked: &Asked<'_>) -> Result<ReadResourceResponse, ErrorData> {
        Ok(ReadResourceResult::new(vec![self]).into())
    }
}

impl IntoResourceAnswer for Vec<ResourceContents> {
    fn into_resource_answer(self, _asked: &Asked<'_>) -> Result<ReadResourceResponse, ErrorData> {
        Ok(ReadResourceResult::new(self).into())
    }
}

impl IntoResourceAnswer for ReadResourceResponse {
    fn into_resource_answer(self, _asked: &Asked<'_>) -> Result<ReadResourceResponse, ErrorData> {
        Ok(self)
    }
}

impl IntoResourceAnswer for ReadResourceResult {
    fn into_resource_answer(self, _asked: &Asked<'_>) -> Result<ReadResourceResponse, ErrorData> {
        Ok(self.into())
    }
}

impl IntoResourceAnswer for InputRequiredResult {
    fn into_resource_answer(self, _asked: &Asked<'_>) -> Result<ReadResourceResponse, ErrorData> {
        Ok(self.into())
    }
}

fn text(text: String, asked: &Asked<'_>, default: &'static str) -> Result<ReadResourceResponse, ErrorData> {
    contents(ResourceContents::text(text, asked.uri.unwrap_or_default()), asked, default)
}

fn blob(bytes: &[u8], asked: &Asked<'_>) -> Result<ReadResourceResponse, ErrorData> {
    let blob = ResourceContents::blob(STANDARD.encode(bytes), asked.uri.unwrap_or_default());
    contents(blob, asked, "application/octet-stream")
}

fn contents(
    contents: ResourceContents,
    asked: &Asked<'_>,
    default: &'static str,
) -> Result<ReadResourceResponse, ErrorData> {
    let contents = contents.with_mime_type(asked.mime_type.unwrap_or(default));
    Ok(ReadResourceResult::new(vec![contents]).into())
}

#[cfg(test)]
mod tests {
    use rmcp::model::ErrorCode;
    use serde_json::{Value, json};

    use super::*;
    use crate::call::support::call_with;

    fn answered(
        answer: impl IntoResourceAnswer,
        mime_type: Option<&'static str>,
    ) -> Result<Value, ErrorData> {
        let mut call = call_with("x", json!({}));
        call.uri = Some("todo://1".to_owned());
        let asked = Asked::by(&call);
        let asked = mime_type.map_or(asked, |mime_type| asked.with_mime_type(mime_type));
        match answer.into_resource_answer(&asked)? {
            ReadResourceResponse::Complete(result) => Ok(serde_json::to_value(&result.contents[0]).unwrap()),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn contents_have_the_uri_of_the_call_and_a_mime_type() {
        let content =
            |mime: &str, key: &str, value: &str| json!({"uri": "todo://1", "mimeType": mime, key: value});
        assert_eq!(answered("hi", None).unwrap(), content("text/plain", "text", "hi"));
        assert_eq!(
            answered("# hi".to_owned(), Some("text/markdown")).unwrap(),
            content("text/markdown", "text", "# hi")
        );
        assert_eq!(answered(Json(json!([1])), None).unwrap(), content("application/json", "text", "[1]"));
        assert_eq!(
            answered(vec![0_u8, 255], None).unwrap(),
            content("application/octet-stream", "blob", "AP8=")
        );
        assert_eq!(
            answered(Bytes::from_static(&[0, 255]), Some("image/png")).unwrap(),
            content("image/png", "blob", "AP8=")
        );
        let own = ResourceContents::text("hi", "other://2");
        assert_eq!(answered(own, Some("image/png")).unwrap()["uri"], "other://2");
    }

    #[test]
    fn none_is_resource_not_found() {
        assert!(answered(Some("hi"), None).is_ok());
        let error = answered(None::<String>, None).unwrap_err();
        assert_eq!(error.code, ErrorCode::RESOURCE_NOT_FOUND);
        assert_eq!(error.data.unwrap()["uri"], "todo://1");
    }
}
