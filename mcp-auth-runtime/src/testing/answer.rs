//! What came back, in the words a test asserts with.

use http::{HeaderMap, StatusCode};
use mcp_auth_core::challenge::ReceivedChallenge;
use serde_json::Value;

use super::messages::message_in;

/// One answer of the server: status, headers and the JSON-RPC message, from JSON or an event stream alike.
#[derive(Debug, Clone)]
pub struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: String,
    pub(super) message: Value,
}

impl Answer {
    /// The HTTP status code.
    pub fn status(&self) -> u16 {
        self.status.as_u16()
    }

    /// One response header as text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The body as it came.
    pub fn body(&self) -> &str {
        &self.body
    }

    /// The JSON-RPC message; null when the body held none.
    pub fn message(&self) -> &Value {
        &self.message
    }

    /// The notifications that came before the answer: how far the call is (`notifications/progress`), log messages.
    pub fn notifications(&self) -> Vec<Value> {
        let messages = self.body.lines().filter_map(|line| message_in(line.as_bytes()));
        messages.filter(|message| message.get("method").is_some() && message.get("id").is_none()).collect()
    }

    /// The JSON-RPC result, if it is one.
    pub fn result(&self) -> Option<&Value> {
        self.message.get("result")
    }

    /// The JSON-RPC error, if it is one.
    pub fn error(&self) -> Option<&Value> {
        self.message.get("error")
    }

    /// The JSON-RPC error code, if it is an error.
    pub fn error_code(&self) -> Option<i64> {
        self.error()?.get("code")?.as_i64()
    }

    /// The text of a tool's first content block.
    pub fn text(&self) -> Option<&str> {
        self.result()?.get("content")?.get(0)?.get("text")?.as_str()
    }

    /// The structured content of a tool's result.
    pub fn structured(&self) -> Option<&Value> {
        self.result()?.get("structuredContent")
    }

    /// Whether it is the result of a tool that did not fail.
    pub fn is_success(&self) -> bool {
        self.status.is_success()
            && self.result().is_some_and(|result| result.get("isError") != Some(&Value::Bool(true)))
    }

    /// The Bearer challenge, if the answer carries one.
    pub fn challenge(&self) -> Option<ReceivedChallenge> {
        self.header("www-authenticate").and_then(ReceivedChallenge::parse)
    }
}
