//! `confirm`: the person in front of the client says yes to exactly this call before it runs.
//!
//! What is answered is bound to the call by what `Ask` remembers: sealed to the caller, the operation and its arguments, for ten
//! minutes, and opened once. A client can answer without asking anyone: the docs say so.

use mcp_auth_core::seen::{shown, shown_json};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use crate::call::Call;
use crate::call::ask::{Ask, Reply};
use crate::call::from_call::FromCall as _;
use crate::call::tool_error::ToolError;
use crate::declared::registry::Declaration;

/// The most characters of arguments that a person is shown. What does not fit is not asked, so that nothing is allowed unseen.
const MOST_SHOWN: usize = 4000;

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
pub(super) async fn confirmed(declaration: &Declaration, call: &mut Call) -> Result<(), ToolError> {
    let arguments = Value::Object(call.arguments.clone().unwrap_or_default());
    let question = question(declaration, &arguments)?;
    let mut ask = Ask::from_call(call).map_err(ToolError::protocol)?;
    let reply = ask.form::<Confirmation>(question).await?;
    call.rounds = Some(ask.into_rounds());
    match reply {
        Reply::Accepted(Confirmation { allow: true }) => Ok(()),
        _ => Err(ToolError::forbidden("the person did not confirm this call")),
    }
}

/// What the person reads: the tool, and every argument of the call.
fn question(declaration: &Declaration, arguments: &Value) -> Result<String, ToolError> {
    let written = serde_json::to_string_pretty(arguments)?;
    if written.chars().count() > MOST_SHOWN {
        return Err(ToolError::forbidden(format!(
            "this call needs the person's confirmation, and its arguments are longer than a person can be shown: {MOST_SHOWN} characters"
        )));
    }
    let (name, arguments) = (shown(declaration.name()), shown_json(&written));
    Ok(format!("The program asks to call the tool {name} with these arguments:\n\n{arguments}"))
}
