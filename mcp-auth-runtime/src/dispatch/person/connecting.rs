//! What a call remembers of the account that its person connects first, between the messages of 2026-07-28. It stands around what comes after:
//! the confirmation, and what the tool itself remembers.

use rmcp::model::InputRequiredResult;
use serde::{Deserialize, Serialize};

use crate::call::Call;

/// What is remembered: sealed to the caller, the operation and its arguments (`owned/request_state.rs`).
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::dispatch) struct Connecting {
    /// The secret in the URL of the page where the person connects it, while they have not.
    pub(super) page: Option<String>,
    /// What is remembered of that question; once it is connected, what comes after it remembers.
    state: Option<String>,
}

impl Connecting {
    /// What `call` brought back. In the call stays what belongs to whom it goes to next.
    pub(in crate::dispatch) fn of(call: &mut Call) -> Self {
        let brought = call.request_state.take();
        match brought.and_then(|state| serde_json::from_str::<Self>(&state).ok()) {
            Some(mut connecting) => {
                call.request_state = connecting.state.take();
                connecting
            }
            // It is of no question that was asked here.
            None => {
                call.input_responses = None;
                Self::default()
            }
        }
    }

    /// The account is connected. An answer to that question is none to another one. Returns the secret of the page where it was asked, if it was.
    pub(in crate::dispatch) fn finish(&mut self, call: &mut Call) -> Option<String> {
        let page = self.page.take();
        if page.is_some() {
            call.request_state = None;
            call.input_responses = None;
        }
        page
    }

    /// What goes out with `result`, which asks: by the question, or by what comes after it.
    pub(in crate::dispatch) fn go_with(mut self, result: &mut InputRequiredResult) {
        self.state = result.request_state.take();
        result.request_state = serde_json::to_string(&self).ok();
    }
}

#[cfg(test)]
mod tests {
    use mcp_auth_core::Era;
    use rmcp::model::{NumberOrString, RequestMetaObject};
    use serde_json::json;

    use super::*;

    fn call(state: Option<&str>) -> Call {
        let id = NumberOrString::Number(1);
        let mut call = Call::direct("events".to_owned(), id, RequestMetaObject::default(), Era::Stateless);
        call.request_state = state.map(str::to_owned);
        call.input_responses = Some([("question".to_owned(), json!({ "action": "accept" }))].into());
        call
    }

    fn sent(connecting: Connecting, own: Option<&str>) -> String {
        let mut result = InputRequiredResult::new(None, own.map(str::to_owned));
        connecting.go_with(&mut result);
        result.request_state.unwrap()
    }

    #[test]
    fn an_answer_is_one_to_the_question_that_was_open() {
        let mut first = call(None);
        let mut asking = Connecting::of(&mut first);
        assert!(first.input_responses.is_none(), "an answer to no question");
        asking.page = Some("secret".to_owned());
        let state = sent(asking, Some("the question"));

        let mut second = call(Some(&state));
        let mut connecting = Connecting::of(&mut second);
        assert_eq!(
            (connecting.page.as_deref(), second.request_state.as_deref()),
            (Some("secret"), Some("the question"))
        );
        assert!(second.input_responses.is_some());
        assert_eq!(connecting.finish(&mut second).as_deref(), Some("secret"));
        assert!(second.request_state.is_none() && second.input_responses.is_none());

        let mut third = call(Some(&sent(connecting, Some("the tool's"))));
        let mut connecting = Connecting::of(&mut third);
        assert_eq!(connecting.finish(&mut third), None);
        assert_eq!(
            (third.request_state.as_deref(), third.input_responses.is_some()),
            (Some("the tool's"), true)
        );
    }

    #[test]
    fn what_is_not_of_here_counts_for_nothing() {
        for forged in ["", "mine", "{\"page\":1}", "{\"other\":true}"] {
            let mut call = call(Some(forged));
            let connecting = Connecting::of(&mut call);
            assert!(
                connecting.page.is_none() && call.request_state.is_none() && call.input_responses.is_none(),
                "{forged}"
            );
        }
    }
}
