//! What a call remembers of its confirmation between the messages of 2026-07-28. It stands around what the tool itself remembers, so
//! that neither takes the other's state, or an answer to the other's question, for its own.

use rmcp::model::InputRequiredResult;
use serde::{Deserialize, Serialize};

use super::unconfirmed::LONGEST_WAIT;
use crate::call::Call;

/// What is remembered: sealed to the caller, the operation and its arguments (`owned/request_state.rs`).
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::dispatch) struct Confirming {
    /// Until when a yes counts, in Unix seconds: ten minutes from the first message on, however often the tool asks after it.
    until: u64,
    /// The secret in the URL of the page where the person answers.
    pub(super) page: Option<String>,
    /// Whether the person said yes.
    is_confirmed: bool,
    /// What is remembered of the question; once it is confirmed, what the tool remembers.
    state: Option<String>,
}

impl Confirming {
    /// What `call` brought back, `now` in Unix seconds. In the call stays what belongs to whom it goes to next: to the question, or to
    /// the tool.
    pub(in crate::dispatch) fn of(call: &mut Call, now: u64) -> Self {
        let brought = call.request_state.take();
        let brought = brought.and_then(|state| serde_json::from_str::<Self>(&state).ok());
        let Some(mut confirming) = brought.filter(|confirming| now < confirming.until) else {
            call.input_responses = None;
            return Self { until: now.saturating_add(LONGEST_WAIT.as_secs()), ..Self::default() };
        };
        call.request_state = confirming.state.take();
        confirming
    }

    /// Whether the person said yes, in this message or an earlier one.
    pub(in crate::dispatch) fn is_confirmed(&self) -> bool {
        self.is_confirmed
    }

    /// The person said yes. The answer was to that question, and is none to a question of the tool.
    pub(in crate::dispatch) fn confirm(&mut self, call: &mut Call) {
        self.is_confirmed = true;
        call.request_state = None;
        call.input_responses = None;
    }

    /// What goes out with `result`, which asks: by the question, or by the tool.
    pub(in crate::dispatch) fn go_with(mut self, result: &mut InputRequiredResult) {
        self.state = result.request_state.take();
        result.request_state = serde_json::to_string(&self).ok();
    }
}
