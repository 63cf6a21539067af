//! Request, notification or response: told by which keys a message has.

use serde_json::{Map, Value};

/// What kind of JSON-RPC message it is (JSON-RPC 2.0 §4, §5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MessageKind {
    /// It has a method and an id, and expects an answer.
    Request,
    /// It has a method and no id: nothing is ever answered.
    Notification,
    /// It has a result or an error: the client's answer to a request of the server.
    Response,
}

/// Which of the four telling keys are present, with any value.
pub(super) struct Shape {
    pub(super) method: bool,
    pub(super) id: bool,
    pub(super) result: bool,
    pub(super) error: bool,
}

impl Shape {
    pub(super) fn of(message: &Map<String, Value>) -> Self {
        let has = |key| message.contains_key(key);
        Self { method: has("method"), id: has("id"), result: has("result"), error: has("error") }
    }

    pub(super) fn kind(&self) -> Option<MessageKind> {
        match (self.method, self.id, self.result, self.error) {
            (true, true, false, false) => Some(MessageKind::Request),
            (true, false, false, false) => Some(MessageKind::Notification),
            (false, _, true, false) | (false, _, false, true) => Some(MessageKind::Response),
            _ => None,
        }
    }
}
