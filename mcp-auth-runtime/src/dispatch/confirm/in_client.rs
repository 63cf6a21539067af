//! The person in front of the client is asked there, with a form.
//!
//! What is answered is bound to the call by what `Ask` remembers: sealed to the caller, the operation and its arguments, for ten
//! minutes, and opened once. A client can answer without asking anyone: the docs say so.

use mcp_auth_core::seen::shown;
use schemars::JsonSchema;
use serde::Deserialize;

use super::seen::seen_arguments;
use crate::call::Call;
use crate::call::ask::{Ask, Reply};
use crate::call::from_call::FromCall as _;
use crate::call::tool_error::ToolError;
use crate::declared::registry::Declaration;

/// What the person fills in.
#[derive(Debug, Deserialize, JsonSchema)]
struct Confirmation {
    /// Allow this call
    allow: bool,
}

/// Asks for the confirmation of `call`. What `Ask` remembers of it goes on into the call, whose tool may ask more.
///
/// # Errors
/// What the client is told where the call does not run: the question, or a refusal.
pub(in crate::dispatch) async fn confirmed_in_client(
    declaration: &Declaration,
    call: &mut Call,
) -> Result<(), ToolError> {
    let (name, arguments) = (shown(declaration.name()), seen_arguments(call)?);
    let question = format!("The program asks to call the tool {name} with these arguments:\n\n{arguments}");
    let mut ask = Ask::from_call(call).map_err(ToolError::protocol)?;
    let reply = ask.form::<Confirmation>(question).await?;
    call.rounds = Some(ask.into_rounds());
    match reply {
        Reply::Accepted(Confirmation { allow: true }) => Ok(()),
        _ => Err(ToolError::forbidden("the person did not confirm this call")),
    }
}
