//! The claims set of a credential (RFC 7519 §4): read, or as it came until somebody asks for a claim. Few decisions ask for one,
//! so that most credentials are kept as one piece of text.

use std::sync::OnceLock;

use mcp_auth_core::strict_json;
use serde_json::{Map, Value};

/// Every claim of a credential, by name.
#[derive(Default)]
pub struct ClaimsSet {
    /// As it came; empty where it was never text.
    text: Vec<u8>,
    read: OnceLock<Map<String, Value>>,
}

impl ClaimsSet {
    /// A payload that was read strictly, and may be read again.
    pub(in crate::authn) fn as_it_came(payload: Vec<u8>) -> Self {
        Self { text: payload, read: OnceLock::new() }
    }

    /// The claims.
    pub fn get(&self) -> &Map<String, Value> {
        self.read.get_or_init(|| strict_json::object(&self.text).unwrap_or_default())
    }

    /// About how many bytes they take: those of an opaque token are many times as long as it.
    pub(in crate::authn) fn weight(&self) -> usize {
        match self.read.get() {
            Some(read) if self.text.is_empty() => weight(read),
            _ => self.text.len(),
        }
    }
}

impl From<Map<String, Value>> for ClaimsSet {
    fn from(read: Map<String, Value>) -> Self {
        Self { text: Vec::new(), read: OnceLock::from(read) }
    }
}

fn weight(claims: &Map<String, Value>) -> usize {
    fn of(value: &Value) -> usize {
        match value {
            Value::Null | Value::Bool(_) | Value::Number(_) => 8,
            Value::String(text) => 8 + text.len(),
            Value::Array(items) => 8 + items.iter().map(of).sum::<usize>(),
            Value::Object(members) => weight(members),
        }
    }
    claims.iter().map(|(name, value)| name.len() + of(value)).sum()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn claims_are_the_same_read_at_once_or_when_asked_for() {
        let claims = json!({ "sub": "alice", "roles": ["a"], "n": 5 });
        let later = ClaimsSet::as_it_came(claims.to_string().into_bytes());
        let at_once = ClaimsSet::from(claims.as_object().unwrap().clone());
        assert_eq!(later.get(), at_once.get());
        assert!(later.weight() > 0 && at_once.weight() > 0);
        assert!(ClaimsSet::default().get().is_empty());
    }
}
