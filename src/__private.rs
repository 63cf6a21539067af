//! What the expansion of the macros names. Not for people; changes without notice.

pub use std::string::String;

pub use mcp_auth_runtime::call::answer::{
    Asked, IntoMethodAnswer, IntoPromptAnswer, IntoResourceAnswer, IntoToolAnswer,
};
pub use mcp_auth_runtime::call::build::{
    all, any, any_input, check_arguments, future_is_send, input_schema, method, no_input, prompt,
    prompt_arguments, resource, resource_template, server_name, server_version, string, text, tool,
    with_output_schema,
};
pub use mcp_auth_runtime::call::from_call::{FromCall, variable};
pub use mcp_auth_runtime::call::handler::{About, Handler, Operations, Part, Route};
pub use mcp_auth_runtime::declared::Rule;
pub use mcp_auth_runtime::rmcp::model;
