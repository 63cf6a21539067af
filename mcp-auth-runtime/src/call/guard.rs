//! What a guard may answer.

use rmcp::ErrorData;

use super::answer::Asked;
use super::tool_error::Failure;
use crate::authz::Decision;

/// What a guard may answer: a [`Decision`], or a `Result` of one. An error refuses the call: of a [`ToolError`](super::tool_error::ToolError) the
/// caller reads what a client may read of it.
#[diagnostic::on_unimplemented(
    message = "a guard does not answer `{Self}`",
    label = "not the answer of a guard",
    note = "it answers `Decision`, or `Result<Decision, ToolError>`"
)]
pub trait IntoDecision {
    /// The decision.
    ///
    /// # Errors
    /// What the call is refused with.
    fn into_decision(self, asked: &Asked<'_>) -> Result<Decision, ErrorData>;
}

impl IntoDecision for Decision {
    fn into_decision(self, _: &Asked<'_>) -> Result<Decision, ErrorData> {
        Ok(self)
    }
}

impl<E: Failure> IntoDecision for Result<Decision, E> {
    fn into_decision(self, asked: &Asked<'_>) -> Result<Decision, ErrorData> {
        self.map_err(|error| error.into_error_data(asked))
    }
}
