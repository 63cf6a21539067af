//! A schema and a value, each in a few words.

use mcp_auth_core::seen;
use rmcp::model::JsonObject;
use serde_json::Value;

/// The most characters of a value, a name or a pattern that are shown.
const SHOWN: usize = 60;
/// Bounds of numbers are told below this.
const TOLD: f64 = 9e15;
/// The most words of an `enum` that are shown.
const LISTED: usize = 20;

/// How deep forms are followed for words.
const DEEP: usize = 3;
/// The most characters of what is said of forms.
const SAID: usize = 400;

/// What `schema` asks of a value itself; where it says that by forms only, what they ask.
pub(super) fn expected(schema: &JsonObject) -> String {
    expected_within(schema, 0)
}

fn expected_within(schema: &JsonObject, depth: usize) -> String {
    if let Some(value) = schema.get("const") {
        return json(value);
    }
    if let Some(values) = schema.get("enum").and_then(Value::as_array) {
        let shown: Vec<String> = values.iter().take(LISTED).map(json).collect();
        let more = if values.len() > LISTED { ", …" } else { "" };
        return match &shown[..] {
            [one] => one.clone(),
            all => format!("one of {}{more}", all.join(", ")),
        };
    }
    let kinds: Vec<&str> = match schema.get("type") {
        Some(Value::String(kind)) => vec![kind],
        Some(Value::Array(kinds)) => kinds.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    let limits = limits(schema);
    let of = |kind: &&str| match *kind {
        "string" => "text",
        "integer" => "a whole number",
        "number" => "a number",
        "boolean" => "true or false",
        "array" => "a list",
        "object" => "an object",
        "null" => "null",
        _ => "something else",
    };
    match (&kinds[..], limits.is_empty()) {
        ([], true) => by_forms(schema, depth).unwrap_or_else(|| "something else".to_owned()),
        ([], false) => format!("a value {limits}"),
        (kinds, true) => kinds.iter().map(of).collect::<Vec<_>>().join(" or "),
        ([kind], false) => format!("{} {limits}", of(kind)),
        // `null` has no limits.
        (kinds, false) => {
            let others: Vec<&str> = kinds.iter().filter(|kind| **kind != "null").map(of).collect();
            let null = if kinds.contains(&"null") { ", or null" } else { "" };
            format!("{} {limits}{null}", others.join(" or "))
        }
    }
}

/// What a schema without a kind of its own asks: members that must be there, or one of its forms.
fn by_forms(schema: &JsonObject, depth: usize) -> Option<String> {
    let list = |word: &str| schema.get(word).and_then(Value::as_array).filter(|list| !list.is_empty());
    if let Some(names) = list("required") {
        let names: Vec<String> = names
            .iter()
            .filter_map(Value::as_str)
            .take(LISTED)
            .map(|name| format!("`{}`", name_shown(name)))
            .collect();
        return Some(seen::cut(&names.join(" and "), SAID).into_owned());
    }
    if depth >= DEEP {
        return None;
    }
    let (forms, between) = [("anyOf", " or "), ("oneOf", " or "), ("allOf", " and ")]
        .into_iter()
        .find_map(|(word, between)| Some((list(word)?, between)))?;
    let mut all: Vec<String> = Vec::new();
    for form in forms.iter().take(LISTED).filter_map(Value::as_object) {
        let one = expected_within(form, depth + 1);
        if !all.contains(&one) {
            all.push(one);
        }
    }
    (!all.is_empty()).then(|| seen::cut(&all.join(between), SAID).into_owned())
}

fn limits(schema: &JsonObject) -> String {
    let mut parts = Vec::new();
    let number = |word: &str| schema.get(word).filter(|bound| bound.is_number());
    for (word, text) in [
        ("minimum", "of at least"),
        ("exclusiveMinimum", "of more than"),
        ("maximum", "of at most"),
        ("exclusiveMaximum", "of less than"),
        ("multipleOf", "that is a multiple of"),
    ] {
        // The ends of 64 bits are limits of the machine, not of the tool.
        if let Some(bound) =
            number(word).filter(|bound| bound.as_f64().is_some_and(|bound| bound.abs() < TOLD))
        {
            parts.push(format!("{text} {bound}"));
        }
    }
    for (word, text, one, many) in [
        ("minLength", "of at least", "character", "characters"),
        ("maxLength", "of at most", "character", "characters"),
        ("minItems", "of at least", "item", "items"),
        ("maxItems", "of at most", "item", "items"),
        ("minProperties", "of at least", "member", "members"),
        ("maxProperties", "of at most", "member", "members"),
    ] {
        if let Some(bound) = number(word) {
            parts.push(format!("{text} {bound} {}", if *bound == 1 { one } else { many }));
        }
    }
    if let Some(format) = schema.get("format").and_then(Value::as_str) {
        parts.push(format!("of the format {format}"));
    }
    if let Some(pattern) = schema.get("pattern").and_then(Value::as_str) {
        parts.push(format!("that matches `{}`", seen::cut(pattern, SHOWN)));
    }
    if schema.get("uniqueItems").is_some_and(|unique| *unique == true) {
        parts.push("without repetition".to_owned());
    }
    parts.join(" and ")
}

/// What a member is expected to be that did not come; `referred` follows a reference.
pub(super) fn missing<'s>(schema: Option<&'s Value>, referred: impl Fn(&str) -> Option<&'s Value>) -> String {
    let mut schema = schema;
    if let Some(to) = schema.and_then(|schema| schema.get("$ref")).and_then(Value::as_str) {
        schema = referred(to);
    }
    let says = |schema: &&JsonObject| ["type", "enum", "const"].iter().any(|word| schema.contains_key(*word));
    match schema.and_then(Value::as_object).filter(says) {
        Some(schema) => format!("expected {}, got nothing", expected(schema)),
        None => "it is missing".to_owned(),
    }
}

/// What came, short.
pub(super) fn came(value: &Value) -> String {
    match value {
        Value::Object(members) if members.is_empty() => "an empty object".to_owned(),
        Value::Object(_) => "an object".to_owned(),
        Value::Array(items) if items.is_empty() => "an empty list".to_owned(),
        Value::Array(items) => format!("a list of {}", items.len()),
        value => json(value),
    }
}

/// A value as JSON, short, with nothing in it that does something to the text around it.
fn json(value: &Value) -> String {
    match value {
        Value::String(text) => seen::shown(&Value::from(seen::cut(text, SHOWN)).to_string()).into_owned(),
        Value::Array(_) | Value::Object(_) => seen::shown(&seen::excerpt(value, SHOWN)).into_owned(),
        value => value.to_string(),
    }
}

/// The name of a member, short.
pub(super) fn name_shown(name: &str) -> String {
    seen::shown(&seen::cut(name, SHOWN)).into_owned()
}

/// Whether `value` is of a kind that `type` names.
pub(super) fn is_of(kind: &Value, value: &Value) -> bool {
    match kind {
        Value::Array(kinds) => kinds.iter().any(|kind| is_of(kind, value)),
        Value::String(kind) => match kind.as_str() {
            "string" => value.is_string(),
            "integer" => {
                value.is_i64() || value.is_u64() || value.as_f64().is_some_and(|number| number.fract() == 0.0)
            }
            "number" => value.is_number(),
            "boolean" => value.is_boolean(),
            "array" => value.is_array(),
            "object" => value.is_object(),
            "null" => value.is_null(),
            _ => true,
        },
        _ => true,
    }
}
