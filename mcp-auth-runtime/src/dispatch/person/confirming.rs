//! What a call remembers of its confirmation between the messages of 2026-07-28. It stands around what the tool itself remembers, so
//! that neither takes the other's state, or an answer to the other's question, for its own.

use rmcp::model::InputRequiredResult;
use serde::{Deserialize, Serialize};

use super::unconfirmed::LONGEST_WAIT;
use crate::call::Call;
use crate::declared::Confirm;

/// What is remembered: sealed to the caller, the operation and its arguments (`owned/request_state.rs`).
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::dispatch) struct Confirming {
    /// Until when a yes counts, in Unix seconds: ten minutes from the first message on, however often the tool asks after it.
    until: u64,
    /// Whether the person answers after a login: a yes in the client is not one on the page, also where an operator changed that.
    by_login: bool,
    /// The secret in the URL of the page where the person answers.
    pub(super) page: Option<String>,
    /// Whether the person said yes.
    is_confirmed: bool,
    /// What is remembered of the question; once it is confirmed, what the tool remembers.
    state: Option<String>,
}

impl Confirming {
    /// What `call` brought back, which is confirmed like this, `now` in Unix seconds. In the call stays what belongs to whom it goes to next: to the question, or to
    /// the tool.
    pub(in crate::dispatch) fn of(call: &mut Call, how: Confirm, now: u64) -> Self {
        let by_login = how == Confirm::ByLogin;
        let brought = call.request_state.take();
        let brought = brought.and_then(|state| serde_json::from_str::<Self>(&state).ok());
        let counts = |confirming: &Self| now < confirming.until && confirming.by_login == by_login;
        let Some(mut confirming) = brought.filter(counts) else {
            call.input_responses = None;
            let until = now.saturating_add(LONGEST_WAIT.as_secs());
            return Self { until, by_login, ..Self::default() };
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

#[cfg(test)]
mod tests {
    use rmcp::model::{NumberOrString, RequestMetaObject};
    use serde_json::json;

    use super::*;
    use mcp_auth_core::Era;

    const NOW: u64 = 1_800_000_000;

    fn call(state: Option<String>) -> Call {
        let id = NumberOrString::Number(1);
        let mut call = Call::direct("pay".to_owned(), id, RequestMetaObject::default(), Era::Stateless);
        call.request_state = state;
        call.input_responses = Some([("question".to_owned(), json!({ "action": "accept" }))].into());
        call
    }

    /// A call that was confirmed, and whose tool remembers this.
    fn confirmed(how: Confirm, own: Option<&str>) -> String {
        let mut first = call(None);
        let mut confirming = Confirming::of(&mut first, how, NOW);
        assert!(!confirming.is_confirmed() && first.input_responses.is_none(), "an answer to no question");
        confirming.confirm(&mut first);
        let mut result = InputRequiredResult::new(None, own.map(str::to_owned));
        confirming.go_with(&mut result);
        result.request_state.unwrap()
    }

    #[test]
    fn a_tool_gets_its_own_state_and_the_answers_to_its_own_questions() {
        for own in [Some("mine"), None] {
            let mut next = call(Some(confirmed(Confirm::InClient, own)));
            let confirming = Confirming::of(&mut next, Confirm::InClient, NOW + 599);
            assert!(confirming.is_confirmed());
            assert_eq!((next.request_state.as_deref(), next.input_responses.is_some()), (own, true));
        }
    }

    #[test]
    fn a_yes_counts_for_ten_minutes_and_for_the_way_it_was_asked() {
        for (asked, now, how) in [
            (Confirm::ByLogin, NOW + 600, Confirm::ByLogin),
            (Confirm::InClient, NOW, Confirm::ByLogin),
            (Confirm::ByLogin, NOW, Confirm::InClient),
        ] {
            let mut next = call(Some(confirmed(asked, Some("mine"))));
            let confirming = Confirming::of(&mut next, how, now);
            assert!(!confirming.is_confirmed(), "{asked:?} {how:?}");
            assert!(next.request_state.is_none() && next.input_responses.is_none());
        }
        for forged in ["", "{}", "mine", "{\"until\":9999999999,\"is_confirmed\":true}"] {
            let confirming = Confirming::of(&mut call(Some(forged.to_owned())), Confirm::InClient, NOW);
            assert!(!confirming.is_confirmed(), "{forged}");
        }
    }
}
