//! The person in front of the client is asked there, with a form. A client can answer without asking anyone: the docs say so.

use mcp_auth_core::seen::shown;
use schemars::JsonSchema;
use serde::Deserialize;
use tokio::time::timeout;

use super::seen::seen_arguments;
use super::unconfirmed::{LONGEST_WAIT, Unconfirmed};
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

/// Asks the person in front of the client whether `call` runs.
///
/// # Errors
/// The question, or why it does not.
pub(in crate::dispatch) async fn confirmed_in_client(
    declaration: &Declaration,
    call: &mut Call,
) -> Result<(), Unconfirmed> {
    let (name, arguments) = (shown(declaration.name()), seen_arguments(call)?);
    let question = format!("The program asks to call the tool {name} with these arguments:\n\n{arguments}");
    let mut ask = Ask::from_call(call).map_err(ToolError::protocol)?;
    match timeout(LONGEST_WAIT, ask.form::<Confirmation>(question)).await {
        Ok(reply) => match reply? {
            Reply::Accepted(Confirmation { allow: true }) => Ok(()),
            _ => Err(Unconfirmed::denied()),
        },
        Err(_) => Err(Unconfirmed::late()),
    }
}
