//! The way from what schemars says to what is published.

use rmcp::model::JsonObject;
use serde_json::Value;

use super::root::{self, UnsupportedArguments};
use super::{inline, tidy};

/// What is said of the arguments of a tool.
#[derive(Debug, Clone)]
pub(crate) struct Arguments {
    /// What lists show: one object.
    pub(crate) published: JsonObject,
    /// The same with its forms apart, where they had to become one object, which leaves open what only some of them ask.
    pub(crate) exact: Option<JsonObject>,
}

/// What is said of the arguments that `derived`, by schemars, describes.
///
/// # Errors
/// [`UnsupportedArguments`] where clients would refuse whatever could be said.
pub(crate) fn arguments(derived: &JsonObject) -> Result<Arguments, UnsupportedArguments> {
    root::of_arguments(readable(derived))
}

/// What is published of an answer that `derived`, by schemars, describes.
pub(crate) fn output(derived: &JsonObject) -> JsonObject {
    let schema = readable(derived);
    root::of_output(schema)
}

/// The same meaning in words that every client reads; its root may still be anything.
pub(crate) fn readable(derived: &JsonObject) -> JsonObject {
    let mut schema = derived.clone();
    for word in ["$schema", "description", "title"] {
        schema.remove(word);
    }
    let name = derived.get("title").and_then(Value::as_str).unwrap_or("Root");
    let mut schema = inline::refs(schema, name);
    tidy::schema(&mut schema);
    schema
}
