//! What a tool may answer.

use std::sync::Arc;

use mcp_auth_core::Era;
use rmcp::handler::server::tool::schema_for_output;
use rmcp::model::{
    CallToolResponse, CallToolResult, ContentBlock, CreateTaskResult, InputRequiredResult, JsonObject,
};
use rmcp::{ErrorData, Json};

use super::Asked;
use super::schema::has_object_root;
use crate::call::derives::{HasJsonSchema, HasSerialize};
use crate::call::tool_error::Failure;

/// An answer of a tool.
#[diagnostic::on_unimplemented(
    message = "a tool cannot answer `{Self}`",
    label = "not an answer of a tool",
    note = "answer `Json<T>` (with `T: Serialize + JsonSchema`), `(Json<T>, Vec<ContentBlock>)`, `String`, `&str`, `()`, `Vec<ContentBlock>`, `CallToolResult`, `InputRequiredResult`, `CreateTaskResult`, or a `Result` of one of them and `ToolError`",
    note = "a method that waits is an `async fn`"
)]
pub trait IntoToolAnswer {
    /// The schema of what is answered, if the type says.
    fn output_schema() -> Option<Arc<JsonObject>> {
        None
    }

    /// The answer to what was asked.
    ///
    /// # Errors
    /// When the answer is a JSON-RPC error, or cannot be written as JSON.
    fn into_tool_answer(self, asked: &Asked<'_>) -> Result<CallToolResponse, ErrorData>;
}

impl<T: IntoToolAnswer, E: Failure> IntoToolAnswer for Result<T, E> {
    fn output_schema() -> Option<Arc<JsonObject>> {
        T::output_schema()
    }

    fn into_tool_answer(self, asked: &Asked<'_>) -> Result<CallToolResponse, ErrorData> {
        match self {
            Ok(answer) => answer.into_tool_answer(asked),
            Err(failure) => failure.into_tool_answer(asked),
        }
    }
}

/// Structured content, and the same as text. A peer before 2026-07-28 gets text only where the schema's root
/// is not an object, since it may not be listed the schema either.
impl<T: HasSerialize + HasJsonSchema> IntoToolAnswer for Json<T> {
    fn output_schema() -> Option<Arc<JsonObject>> {
        Some(schema_for_output::<T>())
    }

    fn into_tool_answer(self, asked: &Asked<'_>) -> Result<CallToolResponse, ErrorData> {
        let value = super::method::to_value(&self.0, asked)?;
        let structured = asked.era == Era::Stateless
            || value.is_object() && (asked.own_schema || has_object_root(&schema_for_output::<T>()));
        Ok(if structured { CallToolResult::structured(value).into() } else { text(value.to_string()) })
    }
}

/// Structured content, and behind its text more content: an image of it, a link to it.
impl<T: HasSerialize + HasJsonSchema> IntoToolAnswer for (Json<T>, Vec<ContentBlock>) {
    fn output_schema() -> Option<Arc<JsonObject>> {
        <Json<T> as IntoToolAnswer>::output_schema()
    }

    fn into_tool_answer(self, asked: &Asked<'_>) -> Result<CallToolResponse, ErrorData> {
        let (structured, more) = self;
        let mut answer = structured.into_tool_answer(asked)?;
        if let CallToolResponse::Complete(result) = &mut answer {
            result.content.extend(more);
        }
        Ok(answer)
    }
}

impl IntoToolAnswer for String {
    fn into_tool_answer(self, _asked: &Asked<'_>) -> Result<CallToolResponse, ErrorData> {
        Ok(text(self))
    }
}

impl IntoToolAnswer for &str {
    fn into_tool_answer(self, _asked: &Asked<'_>) -> Result<CallToolResponse, ErrorData> {
        Ok(text(self))
    }
}

/// An empty result.
impl IntoToolAnswer for () {
    fn into_tool_answer(self, _asked: &Asked<'_>) -> Result<CallToolResponse, ErrorData> {
        Ok(CallToolResult::success(Vec::new()).into())
    }
}

impl IntoToolAnswer for ContentBlock {
    fn into_tool_answer(self, _asked: &Asked<'_>) -> Result<CallToolResponse, ErrorData> {
        Ok(CallToolResult::success(vec![self]).into())
    }
}

impl IntoToolAnswer for Vec<ContentBlock> {
    fn into_tool_answer(self, _asked: &Asked<'_>) -> Result<CallToolResponse, ErrorData> {
        Ok(CallToolResult::success(self).into())
    }
}

impl IntoToolAnswer for CallToolResponse {
    fn into_tool_answer(self, _asked: &Asked<'_>) -> Result<CallToolResponse, ErrorData> {
        Ok(self)
    }
}

macro_rules! as_it_is {
    ($($answer:ty),*) => {$(
        impl IntoToolAnswer for $answer {
            fn into_tool_answer(self, _asked: &Asked<'_>) -> Result<CallToolResponse, ErrorData> {
                Ok(self.into())
            }
        }
    )*};
}
as_it_is!(CallToolResult, InputRequiredResult, CreateTaskResult);

fn text(text: impl Into<String>) -> CallToolResponse {
    CallToolResult::success(vec![ContentBlock::text(text)]).into()
}

#[cfg(test)]
mod tests {
    use rmcp::model::ProtocolVersion;
    use schemars::JsonSchema;
    use serde::Serialize;
    use serde_json::{Value, json};

    use super::*;
    use crate::call::support::call;
    use crate::call::tool_error::ToolError;

    #[derive(Serialize, JsonSchema)]
    struct Todo {
        id: u8,
    }

    fn at(version: ProtocolVersion, answer: impl IntoToolAnswer) -> Value {
        let call = call("x", version);
        match answer.into_tool_answer(&Asked::by(&call)).unwrap() {
            CallToolResponse::Complete(result) => serde_json::to_value(result).unwrap(),
            other => panic!("{other:?}"),
        }
    }

    fn now(answer: impl IntoToolAnswer) -> Value {
        at(ProtocolVersion::V_2026_07_28, answer)
    }

    fn before(answer: impl IntoToolAnswer) -> Value {
        at(ProtocolVersion::V_2025_11_25, answer)
    }

    #[test]
    fn text_is_text_and_nothing_is_nothing() {
        assert_eq!(now("hi")["content"], json!([{"type": "text", "text": "hi"}]));
        assert_eq!(now("hi".to_owned()), now(ContentBlock::text("hi")));
        assert_eq!(now("hi"), now(vec![ContentBlock::text("hi")]));
        assert_eq!(now("hi"), now(Ok::<_, ToolError>("hi")));
        assert_eq!(now(())["content"], json!([]));
        assert_eq!(now("hi")["isError"], false);
    }

    #[test]
    fn json_is_structured_and_text() {
        for answer in [now(Json(Todo { id: 1 })), before(Json(Todo { id: 1 }))] {
            assert_eq!(answer["structuredContent"], json!({"id": 1}));
            assert_eq!(answer["content"][0]["text"], r#"{"id":1}"#);
        }
    }

    #[test]
    fn content_beside_a_structured_answer_stands_behind_its_text() {
        let both = || (Json(Todo { id: 1 }), vec![super::super::image([1, 2], "image/png")]);
        for answer in [now(both()), before(both())] {
            assert_eq!(answer["structuredContent"], json!({"id": 1}));
            assert_eq!(answer["content"][0]["text"], r#"{"id":1}"#);
            assert_eq!(
                answer["content"][1],
                json!({"type": "image", "data": "AQI=", "mimeType": "image/png"})
            );
        }
        let list = before((Json(vec![Todo { id: 1 }]), vec![ContentBlock::text("more")]));
        assert_eq!((list.get("structuredContent"), &list["content"][1]["text"]), (None, &json!("more")));
        let schema = <(Json<Todo>, Vec<ContentBlock>) as IntoToolAnswer>::output_schema();
        assert_eq!(schema, <Json<Todo> as IntoToolAnswer>::output_schema());
    }

    #[test]
    fn json_whose_root_is_not_an_object_is_text_only_before_2026_07_28() {
        let list = || Json(vec![Todo { id: 1 }]);
        assert_eq!(now(list())["structuredContent"], json!([{"id": 1}]));
        assert_eq!(before(list()).get("structuredContent"), None);
        assert_eq!(before(list())["content"][0]["text"], r#"[{"id":1}]"#);
        // An object that the schema does not promise.
        let maybe = || Json(Some(Todo { id: 1 }));
        assert_eq!(now(maybe())["structuredContent"], json!({"id": 1}));
        assert_eq!(before(maybe()).get("structuredContent"), None);
    }

    #[test]
    fn own_output_schema_decides_for_objects() {
        let call = call("x", ProtocolVersion::V_2025_06_18);
        let asked = Asked::by(&call).with_own_schema();
        let answer = Json(Some(Todo { id: 1 })).into_tool_answer(&asked).unwrap();
        let CallToolResponse::Complete(result) = answer else { panic!("not complete") };
        assert_eq!(result.structured_content, Some(json!({"id": 1})));
    }

    #[test]
    fn output_schema_is_that_of_json_through_results() {
        assert!(<Result<Json<Todo>, ToolError>>::output_schema().is_some());
        assert!(<Result<String, ToolError>>::output_schema().is_none());
    }

    #[test]
    fn value_that_is_not_json_is_an_internal_error() {
        let call = call("x", ProtocolVersion::V_2026_07_28);
        let odd = std::collections::BTreeMap::from([(vec![1_u8], 1_u8)]);
        let error = Json(odd).into_tool_answer(&Asked::by(&call)).unwrap_err();
        assert_eq!(error.message, "internal error");
    }

    #[test]
    fn rounds_and_tasks_pass_through() {
        let call = call("x", ProtocolVersion::V_2026_07_28);
        let answer =
            InputRequiredResult::from_request_state("s").into_tool_answer(&Asked::by(&call)).unwrap();
        assert!(matches!(answer, CallToolResponse::InputRequired(_)));
    }
}
