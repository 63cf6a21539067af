//! What the person reads of a call.

use mcp_auth_core::seen::shown_json;
use serde_json::Value;

use crate::call::Call;
use crate::call::tool_error::ToolError;

/// The most characters of arguments that a person is shown. What does not fit is not asked, so that nothing is allowed unseen.
const MOST_SHOWN: usize = 4000;

/// Every argument of `call`, with what cannot be seen made visible.
///
/// # Errors
/// A refusal where they are longer than a person can be shown.
pub(super) fn seen_arguments(call: &Call) -> Result<String, ToolError> {
    let arguments = Value::Object(call.arguments.clone().unwrap_or_default());
    let written = serde_json::to_string_pretty(&arguments)?;
    if written.chars().count() > MOST_SHOWN {
        return Err(ToolError::forbidden(format!(
            "this call needs the person's confirmation, and its arguments are longer than a person can be shown: {MOST_SHOWN} characters"
        )));
    }
    Ok(shown_json(&written).into_owned())
}
