//! What the person reads of a call.

use mcp_auth_core::canonical::sorted;
use mcp_auth_core::seen::exact_json;
use serde_json::Value;

use super::unconfirmed::Unconfirmed;
use crate::call::Call;
use crate::call::tool_error::ToolError;

/// The most characters of arguments that a person is shown. What does not fit is not asked, so that nothing is allowed unseen.
const MOST_SHOWN: usize = 4000;

/// Every argument of `call`, with what cannot be seen made visible.
///
/// # Errors
/// A refusal where they are longer than a person can be shown.
pub(super) fn seen_arguments(call: &Call) -> Result<String, Unconfirmed> {
    let arguments = sorted(Value::Object(call.arguments.clone().unwrap_or_default()));
    let written = serde_json::to_string_pretty(&arguments).map_err(ToolError::from)?;
    let seen = exact_json(&written);
    if seen.chars().count() > MOST_SHOWN {
        return Err(Unconfirmed::refused(format!(
            "this call needs the person's confirmation, and its arguments are longer than a person can be shown: {MOST_SHOWN} characters"
        )));
    }
    Ok(seen.into_owned())
}
