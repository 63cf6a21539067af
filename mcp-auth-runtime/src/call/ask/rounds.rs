//! What is remembered between the messages of a call that asks (MCP 2026-07-28, multi round-trip requests).
//!
//! Since 2026-07-28 a server cannot ask while a call runs: it answers that it needs input, and the client sends the call again
//! with the input. The operation runs again from its start, and each question it asks again gets the answer it had. The state
//! goes through the client, sealed (`owned/request_state.rs`).

use std::collections::VecDeque;

use aws_lc_rs::digest;
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use rmcp::model::{
    ElicitRequest, ElicitRequestParams, ElicitResult, InputRequest, InputRequiredResult, InputResponses,
};
use serde::{Deserialize, Serialize};

/// The name of the one question of a round.
const QUESTION: &str = "question";

/// What was asked and answered so far, in order.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Remembered {
    answered: VecDeque<(String, ElicitResult)>,
    /// The question that is open.
    asked: Option<String>,
}

/// The answers of earlier rounds, and the one that this round brought.
#[derive(Debug, Default)]
pub(super) struct Rounds {
    /// Not asked again yet in this run.
    before: VecDeque<(String, ElicitResult)>,
    /// Asked again in this run.
    again: VecDeque<(String, ElicitResult)>,
}

impl Rounds {
    /// Of what the client brought back; `state` is the opened one.
    pub(super) fn of(state: Option<&str>, responses: Option<&InputResponses>) -> Self {
        let remembered = state.and_then(|state| serde_json::from_str::<Remembered>(state).ok());
        let Remembered { answered: mut before, asked } = remembered.unwrap_or_default();
        let response = responses.and_then(|responses| responses.get(QUESTION));
        let response = response.and_then(|response| serde_json::from_value(response.clone()).ok());
        before.extend(asked.zip(response));
        Self { before, again: VecDeque::new() }
    }

    /// The answer to this very question; what was asked otherwise in an earlier run counts no more, nor what came after it.
    pub(super) fn answer(&mut self, question: &ElicitRequestParams) -> Option<ElicitResult> {
        let digest = digest_of(question);
        match self.before.pop_front() {
            Some((asked, answer)) if asked == digest => {
                self.again.push_back((asked, answer.clone()));
                Some(answer)
            }
            _ => {
                self.before.clear();
                None
            }
        }
    }

    /// Asks the last question once more: what was answered to it is not enough yet.
    pub(super) fn forget_last(&mut self) {
        self.again.pop_back();
    }

    /// The result that asks `question`.
    pub(super) fn ask(&mut self, question: ElicitRequestParams) -> InputRequiredResult {
        let asked = Some(digest_of(&question));
        let remembered = Remembered { answered: std::mem::take(&mut self.again), asked };
        let state = serde_json::to_string(&remembered).ok();
        let request = InputRequest::Elicitation(ElicitRequest::new(question));
        InputRequiredResult::new(Some([(QUESTION.to_owned(), request)].into()), state)
    }
}

/// Stands for all that a question says: an answer to "delete 3 files?" is none to "delete 5 files?".
fn digest_of(question: &ElicitRequestParams) -> String {
    let text = serde_json::to_vec(question).unwrap_or_default();
    BASE64_URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, &text))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn question(text: &str) -> ElicitRequestParams {
        let schema = json!({ "type": "object", "properties": { "a": { "type": "string" } } });
        serde_json::from_value(json!({ "mode": "form", "message": text, "requestedSchema": schema })).unwrap()
    }

    fn replied(text: &str) -> InputResponses {
        [(QUESTION.to_owned(), json!({ "action": "accept", "content": { "a": text } }))].into()
    }

    fn content(answer: Option<ElicitResult>) -> Value {
        answer.unwrap().content.unwrap()
    }

    #[test]
    fn each_question_gets_its_answer_again_in_the_next_round() {
        let mut first = Rounds::of(None, None);
        assert!(first.answer(&question("one")).is_none());
        let state = first.ask(question("one")).request_state.unwrap();
        let mut second = Rounds::of(Some(&state), Some(&replied("1")));
        assert_eq!(content(second.answer(&question("one"))), json!({ "a": "1" }));
        assert!(second.answer(&question("two")).is_none());
        let state = second.ask(question("two")).request_state.unwrap();
        let mut third = Rounds::of(Some(&state), Some(&replied("2")));
        assert_eq!(content(third.answer(&question("one"))), json!({ "a": "1" }));
        assert_eq!(content(third.answer(&question("two"))), json!({ "a": "2" }));
    }

    #[test]
    fn an_answer_to_another_question_is_none_nor_are_those_after_it() {
        let state = Rounds::default().ask(question("delete 3 files?")).request_state.unwrap();
        let mut round = Rounds::of(Some(&state), Some(&replied("yes")));
        assert!(round.answer(&question("delete 5 files?")).is_none());
        assert!(round.answer(&question("delete 3 files?")).is_none());
    }

    #[test]
    fn what_is_not_a_state_of_ours_or_not_an_answer_counts_for_nothing() {
        let state = Rounds::default().ask(question("one")).request_state.unwrap();
        let named = |name: &str, value: Value| InputResponses::from([(name.to_owned(), value)]);
        for (state, responses) in [
            (Some("the tool's own"), Some(replied("1"))),
            (None, Some(replied("1"))),
            (Some(&*state), None),
            (Some(&*state), Some(named("other", json!({ "action": "accept" })))),
            (Some(&*state), Some(named(QUESTION, json!({ "action": "agree" })))),
            (Some(&*state), Some(named(QUESTION, json!("accept")))),
        ] {
            assert!(Rounds::of(state, responses.as_ref()).answer(&question("one")).is_none(), "{state:?}");
        }
    }
}
