//! Limits of a value that are seen without looking inside: for the words, not for the verdict.

use rmcp::model::JsonObject;
use serde_json::Value;

/// The longest list whose items are compared with each other.
const LONGEST_COMPARED: usize = 64;

/// JSON Schema has one kind of number: `1.0` is `1`.
pub(super) fn same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(a), Value::Number(b)) if a.is_f64() || b.is_f64() => a.as_f64() == b.as_f64(),
        _ => one == other,
    }
}

pub(super) fn within(schema: &JsonObject, least: &str, most: &str, size: u64) -> bool {
    let bound = |word| schema.get(word).and_then(Value::as_f64);
    bound(least).is_none_or(|least| size as f64 >= least)
        && bound(most).is_none_or(|most| size as f64 <= most)
}

pub(super) fn fits_limits(schema: &JsonObject, value: &Value) -> bool {
    let Some(number) = value.as_f64() else { return true };
    let bound = |word: &str| schema.get(word).and_then(Value::as_f64);
    bound("minimum").is_none_or(|least| number >= least)
        && bound("maximum").is_none_or(|most| number <= most)
        && bound("exclusiveMinimum").is_none_or(|least| number > least)
        && bound("exclusiveMaximum").is_none_or(|most| number < most)
        && bound("multipleOf").map(|of| number / of).is_none_or(|times| (times - times.round()).abs() < 1e-9)
}

/// The steps that looking at a value itself takes, beside the one for its schema.
pub(super) fn work(value: &Value) -> usize {
    match value {
        Value::String(text) => text.len() / 64,
        Value::Array(items) => items.len().min(LONGEST_COMPARED).pow(2) / 2,
        _ => 0,
    }
}

/// Whether no two are equal; of a long list it is not looked at.
pub(super) fn all_differ(items: &[Value]) -> bool {
    items.len() > LONGEST_COMPARED
        || items.iter().enumerate().all(|(at, item)| !items[at + 1..].iter().any(|other| same(item, other)))
}
