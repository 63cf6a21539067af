//! JSON in one order of its members, so that equal values have equal text.

use serde_json::{Map, Value};

/// The same value, its members sorted at every depth. Numbers stay as they are held.
///
/// # Example
/// ```
/// use mcp_auth_core::canonical::sorted;
/// let written = |text: &str| sorted(serde_json::from_str(text).expect("JSON")).to_string();
/// assert_eq!(written(r#"{"b":[{"d":1,"c":2}],"a":null}"#), r#"{"a":null,"b":[{"c":2,"d":1}]}"#);
/// ```
pub fn sorted(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            // A map keeps the order of its members where some crate of the program asks serde_json for that.
            let mut members: Vec<(String, Value)> = members.into_iter().collect();
            members.sort_by(|one, other| one.0.cmp(&other.0));
            Value::Object(members.into_iter().map(|(key, value)| (key, sorted(value))).collect::<Map<_, _>>())
        }
        Value::Array(values) => values.into_iter().map(sorted).collect(),
        plain => plain,
    }
}
