//! The messages of one answer, as they come.

use std::time::Duration;

use serde_json::Value;

/// How long a test waits for one more message.
const PATIENCE: Duration = Duration::from_secs(10);

/// What a server sends for one request: notifications while it works, then the answer. Dropping it closes the connection,
/// as a client does that no longer wants the answer.
#[derive(Debug)]
pub struct Messages {
    response: reqwest::Response,
    unread: Vec<u8>,
}

impl Messages {
    pub(super) fn of(response: reqwest::Response) -> Self {
        Self { response, unread: Vec::new() }
    }

    /// The next message; `None` after the last one, and where the connection was cut.
    ///
    /// # Panics
    /// When none comes for ten seconds.
    #[expect(clippy::expect_used, reason = "a test that waits in vain should say so")]
    pub async fn next(&mut self) -> Option<Value> {
        loop {
            while let Some(end) = self.unread.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.unread.drain(..=end).collect();
                if let Some(message) = message_in(&line) {
                    return Some(message);
                }
            }
            let part = tokio::time::timeout(PATIENCE, self.response.chunk()).await;
            match part.expect("one more message within ten seconds") {
                Ok(Some(part)) => self.unread.extend_from_slice(&part),
                // An answer that is JSON has no line.
                Ok(None) | Err(_) => return message_in(&std::mem::take(&mut self.unread)),
            }
        }
    }
}

/// The message in a line of an event stream, or in a whole body.
pub(super) fn message_in(line: &[u8]) -> Option<Value> {
    let line = std::str::from_utf8(line).ok()?.trim();
    serde_json::from_str(line.strip_prefix("data:").unwrap_or(line)).ok().filter(Value::is_object)
}
