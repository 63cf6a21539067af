//! What one call may cost: how long it takes, and how much it answers.

use std::io;
use std::time::Duration;

use rmcp::ErrorData;
use rmcp::model::{CallToolResponse, GetPromptResponse, ReadResourceResponse};
use serde::Serialize;
use serde_json::Value;

use crate::declared::registry::Declaration;

/// What one call may cost.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CallLimits {
    /// How long it may take, where its operation does not say.
    pub(crate) timeout: Duration,
    /// How long a guard may take.
    pub(crate) guard: Duration,
    /// How many bytes of JSON it may answer.
    pub(crate) answer: usize,
}

/// How long a call may take, and who says so.
#[derive(Debug, Clone, Copy)]
pub(super) struct Patience {
    pub(super) time: Duration,
    set_by: &'static str,
    /// How many bytes of JSON an error may be.
    answer: usize,
}

impl CallLimits {
    /// The time of an operation: its own, or what is configured.
    pub(super) fn patience(&self, declaration: &Declaration) -> Patience {
        match declaration.timeout() {
            Some(time) => Patience { time, set_by: "the tool's own timeout", answer: self.answer },
            None => Patience { time: self.timeout, set_by: "limits.call_timeout", answer: self.answer },
        }
    }

    /// What is said instead of an answer that is too large.
    pub(super) fn refused(&self, name: &str, answer: &impl Answer) -> Option<String> {
        if answer.fits(self.answer) {
            return None;
        }
        let most = self.answer;
        tracing::error!(
            operation = name,
            "an answer is larger than {most} bytes (limits.answer); it was not sent"
        );
        Some(too_large(most))
    }
}

fn too_large(most: usize) -> String {
    format!("the answer is larger than this server sends: {most} bytes (limits.answer)")
}

/// Why a method gave no answer.
pub(super) enum Failed {
    /// It answered an error.
    Answered(ErrorData),
    /// It was stopped, in these words.
    Stopped(String),
}

impl Failed {
    /// A method's own error, unless it is larger than this server sends.
    pub(super) fn answered(error: ErrorData, patience: Option<Patience>) -> Self {
        match patience {
            Some(Patience { answer: most, .. }) if !is_within(&error, most) => {
                tracing::error!("an error is larger than {most} bytes (limits.answer); it was not sent");
                Self::Answered(ErrorData::internal_error(too_large(most), None))
            }
            _ => Self::Answered(error),
        }
    }

    pub(super) fn late(patience: Patience) -> Self {
        let (time, set_by) = (patience.time, patience.set_by);
        Self::Stopped(format!("the call took longer than {} and was stopped ({set_by})", in_words(time)))
    }
}

impl From<Failed> for ErrorData {
    fn from(failed: Failed) -> Self {
        match failed {
            Failed::Answered(error) => error,
            Failed::Stopped(text) => ErrorData::internal_error(text, None),
        }
    }
}

/// Seconds or, where they are whole, minutes or hours.
fn in_words(time: Duration) -> String {
    let seconds = time.as_secs();
    for (unit, name) in [(3600, "h"), (60, "m")] {
        if seconds >= unit && seconds.is_multiple_of(unit) {
            return format!("{} {name}", seconds / unit);
        }
    }
    format!("{seconds} s")
}

/// What a method answers.
pub(super) trait Answer {
    /// Whether it has at most `most` bytes as JSON.
    fn fits(&self, most: usize) -> bool;
}

impl Answer for CallToolResponse {
    fn fits(&self, most: usize) -> bool {
        match self {
            Self::Complete(result) => is_within(result, most),
            Self::InputRequired(result) => is_within(result, most),
            Self::Task(result) => is_within(result, most),
            _ => false, // not known, and so not measured
        }
    }
}

impl Answer for GetPromptResponse {
    fn fits(&self, most: usize) -> bool {
        match self {
            Self::Complete(result) => is_within(result, most),
            Self::InputRequired(result) => is_within(result, most),
            _ => false,
        }
    }
}

impl Answer for ReadResourceResponse {
    fn fits(&self, most: usize) -> bool {
        match self {
            Self::Complete(result) => is_within(result, most),
            Self::InputRequired(result) => is_within(result, most),
            _ => false,
        }
    }
}

impl Answer for Value {
    fn fits(&self, most: usize) -> bool {
        is_within(self, most)
    }
}

/// Nothing is kept of the JSON, and no more of it is made than `most` bytes. What cannot be written is not too large.
fn is_within(answer: &impl Serialize, most: usize) -> bool {
    struct Room(usize);
    impl io::Write for Room {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0 = self.0.checked_sub(bytes.len()).ok_or(io::ErrorKind::FileTooLarge)?;
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    !serde_json::to_writer(Room(most), answer).is_err_and(|error| error.is_io())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_of_exactly_the_limit_fits_and_one_byte_more_does_not() {
        let answer = Value::from("12345678"); // ten bytes, with its quotation marks
        assert!(answer.fits(10) && !answer.fits(9));
    }

    #[test]
    fn a_time_is_said_in_its_largest_whole_unit() {
        for (seconds, words) in [(3600, "1 h"), (90, "90 s"), (120, "2 m"), (1, "1 s")] {
            assert_eq!(in_words(Duration::from_secs(seconds)), words);
        }
    }
}
