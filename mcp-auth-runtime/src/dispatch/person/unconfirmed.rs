//! Why a call does not run that waits for its person.

use std::time::Duration;

use mcp_auth_store::StoreError;

use crate::answer::refused_by::{OUTAGE, PERSON, RULE};
use crate::call::tool_error::ToolError;
use crate::owned::unavailable;

/// How long a call waits for its person.
pub(super) const LONGEST_WAIT: Duration = Duration::from_secs(600);

pub(super) const DENIED: &str = "the person did not confirm this call";
pub(super) const LATE: &str = "the person did not confirm this call in time";

/// Why a call does not run: its person has not said yes, or could not be asked.
pub(in crate::dispatch) struct Unconfirmed {
    /// What the client is told: the question, or a refusal.
    pub(in crate::dispatch) told: ToolError,
    /// What refuses it, in a word of the audit.
    pub(in crate::dispatch) by: &'static str,
}

impl Unconfirmed {
    /// A refusal by the person, or for want of one.
    pub(in crate::dispatch) fn refused(text: impl Into<String>) -> Self {
        ToolError::forbidden(text).into()
    }

    pub(super) fn denied() -> Self {
        Self::refused(DENIED)
    }

    /// Another tool has the name by now.
    pub(in crate::dispatch) fn replaced() -> Self {
        Self { by: RULE, ..Self::refused("another tool has this name now; call it anew") }
    }

    pub(super) fn late() -> Self {
        Self::refused(LATE)
    }
}

impl From<ToolError> for Unconfirmed {
    fn from(told: ToolError) -> Self {
        Self { told, by: PERSON }
    }
}

/// The store cannot say what the person answered.
impl From<StoreError> for Unconfirmed {
    fn from(error: StoreError) -> Self {
        Self { told: ToolError::protocol(unavailable(error)), by: OUTAGE }
    }
}
