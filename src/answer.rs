//! What an operation may answer: the traits, for answers of your own.
//!
//! | kind | trait | answers |
//! |---|---|---|
//! | `#[tool]` | [`IntoToolAnswer`] | `Json<T>`, `(Json<T>, Vec<ContentBlock>)`, `String`, `&str`, `()`, `ContentBlock`, `Vec<ContentBlock>`, `CallToolResult`, `InputRequiredResult`, `CreateTaskResult` |
//! | `#[prompt]` | [`IntoPromptAnswer`] | `Vec<PromptMessage>`, `PromptMessage`, `String`, `&str`, `GetPromptResult`, `InputRequiredResult` |
//! | `#[resource]` | [`IntoResourceAnswer`] | `Json<T>`, `String`, `&str`, `Vec<u8>`, `ResourceContents`, `ReadResourceResult`, `InputRequiredResult`, an `Option` |
//! | `#[method]` | [`IntoMethodAnswer`] | `Json<T>`, `()`, the result types of [`model`](crate::model) |
//!
//! Each also as a `Result`, with a [`Failure`]: [`ToolError`](crate::ToolError),
//! [`ErrorData`](crate::ErrorData), or text. [`image`] and [`audio`] make content of bytes.

pub use mcp_auth_runtime::facade::{
    Asked, Failure, IntoMethodAnswer, IntoPromptAnswer, IntoResourceAnswer, IntoToolAnswer, audio, image,
};
