//! What the tests of the envelope share.

use bytes::Bytes;
use serde_json::{Value, json};

pub(super) use super::super::*;

pub(super) fn read_text(text: &str) -> Result<Envelope, EnvelopeError> {
    read_bytes(text.as_bytes())
}

pub(super) fn read_bytes(bytes: &[u8]) -> Result<Envelope, EnvelopeError> {
    read(&Bytes::copy_from_slice(bytes), EnvelopeLimits::default())
}

pub(super) fn request(method: &str, params: Value) -> String {
    json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params }).to_string()
}

/// The refusal's code and id, as text: `-32600 1`, or `-32700 -` without an id.
pub(super) fn refusal(text: impl AsRef<[u8]>) -> String {
    let error = read_bytes(text.as_ref()).expect_err("must be refused");
    let id = error.id().map_or("-".to_owned(), ToString::to_string);
    format!("{} {id}", error.code().0)
}

pub(super) fn tool(name: &str) -> Message {
    Message::Tool { name: name.to_owned(), arguments: None }
}
