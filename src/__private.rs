//! What the expansion of the macros names. Not for people; changes without notice.

pub use std::string::String;

pub use mcp_auth_runtime::facade::build::{
    any_input, any_of, any_role, check_arguments, future_is_send, guard_needs_no_client, input_schema, login,
    method, no_input, prompt, prompt_arguments, resource, resource_template, server_name, server_version,
    string, text, tool, with_output_schema,
};
pub use mcp_auth_runtime::facade::{
    About, Asked, FromCall, Handler, IntoDecision, IntoMethodAnswer, IntoPromptAnswer, IntoResourceAnswer,
    IntoToolAnswer, Operations, Part, Route, Rule, not_taken, variable,
};
pub use mcp_auth_runtime::rmcp::handler::server::wrapper::Parameters;
pub use mcp_auth_runtime::rmcp::model;
