//! Google's tokeninfo: what it says, in the words of RFC 7662.

use serde_json::{Map, Value};

use super::answer::Said;

pub(super) const EXPECTED: &str = "an error of Google's tokeninfo, whose `error` is a string";

/// A bad token is status 400 with an error; `None` if this is not one.
pub(super) fn refusal(answer: &Map<String, Value>) -> Option<Said> {
    answer.get("error")?.as_str().map(|_| Said::Inactive)
}

/// The claims of a good one. Dates are strings of digits there; what is not stays as it is, and is refused as a date.
pub(super) fn claims(mut answer: Map<String, Value>) -> Map<String, Value> {
    for date in ["exp", "iat"] {
        let Some(Value::String(text)) = answer.get(date) else { continue };
        let is_digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        if let Some(seconds) = text.parse::<u64>().ok().filter(|_| is_digits) {
            answer.insert(date.to_owned(), seconds.into());
        }
    }
    answer
}
