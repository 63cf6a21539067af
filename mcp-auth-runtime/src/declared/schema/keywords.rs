//! Which keywords of JSON Schema hold schemas.

use rmcp::model::JsonObject;
use serde_json::Value;

/// Keywords whose value is one schema.
const ONE: [&str; 12] = [
    "additionalItems",
    "additionalProperties",
    "contains",
    "contentSchema",
    "else",
    "if",
    "items",
    "not",
    "propertyNames",
    "then",
    "unevaluatedItems",
    "unevaluatedProperties",
];
/// Keywords whose value is a list of schemas; `items` was one before 2020-12.
const LIST: [&str; 5] = ["allOf", "anyOf", "items", "oneOf", "prefixItems"];
/// Keywords whose value holds a schema under each name.
const NAMED: [&str; 5] = ["$defs", "definitions", "dependentSchemas", "patternProperties", "properties"];

/// Keywords that say something about a value and allow or forbid none. `format` is not one of them: it is held.
pub(super) const ANNOTATIONS: [&str; 8] =
    ["$comment", "default", "deprecated", "description", "examples", "readOnly", "title", "writeOnly"];

/// Calls `with` for every schema directly inside of `schema`, with the keyword that holds it.
pub(super) fn each_inside<'s>(schema: &'s JsonObject, with: &mut impl FnMut(&'static str, &str, &'s Value)) {
    for keyword in ONE {
        if let Some(inside) = schema.get(keyword).filter(|inside| is_schema(inside)) {
            with(keyword, "", inside);
        }
    }
    for keyword in LIST {
        for inside in schema.get(keyword).and_then(Value::as_array).into_iter().flatten() {
            with(keyword, "", inside);
        }
    }
    for keyword in NAMED {
        for (name, inside) in schema.get(keyword).and_then(Value::as_object).into_iter().flatten() {
            with(keyword, name, inside);
        }
    }
}

/// The same, to change them.
pub(super) fn each_inside_mut(schema: &mut JsonObject, with: &mut impl FnMut(&'static str, &mut Value)) {
    for keyword in ONE {
        if let Some(inside) = schema.get_mut(keyword).filter(|inside| is_schema(inside)) {
            with(keyword, inside);
        }
    }
    for keyword in LIST {
        for inside in schema.get_mut(keyword).and_then(Value::as_array_mut).into_iter().flatten() {
            with(keyword, inside);
        }
    }
    for keyword in NAMED {
        for (_, inside) in schema.get_mut(keyword).and_then(Value::as_object_mut).into_iter().flatten() {
            with(keyword, inside);
        }
    }
}

fn is_schema(value: &Value) -> bool {
    value.is_object() || value.is_boolean()
}
