//! One subschema after the other, in words that every client reads. Nothing here changes what is allowed.

use rmcp::model::JsonObject;
use serde_json::{Value, json};

use super::keywords::each_inside_mut;

/// The formats of JSON Schema 2020-12 (Validation §7.3). Clients warn about every other one.
pub(super) const FORMATS: [&str; 19] = [
    "date",
    "date-time",
    "duration",
    "email",
    "hostname",
    "idn-email",
    "idn-hostname",
    "ipv4",
    "ipv6",
    "iri",
    "iri-reference",
    "json-pointer",
    "regex",
    "relative-json-pointer",
    "time",
    "uri",
    "uri-reference",
    "uri-template",
    "uuid",
];

/// Keywords whose `true` and `false` every client reads; `additionalProperties: false` is even asked for as `false`.
const MAY_BE_BOOLEAN: [&str; 3] = ["additionalProperties", "unevaluatedItems", "unevaluatedProperties"];

/// Tidies `schema` and all in it.
pub(super) fn schema(schema: &mut JsonObject) {
    each_inside_mut(schema, &mut |keyword, inside| {
        if let Value::Bool(allows) = inside
            && !MAY_BE_BOOLEAN.contains(&keyword)
        {
            *inside = if *allows { json!({}) } else { json!({ "not": {} }) };
        }
        if let Value::Object(inside) = inside {
            self::schema(inside);
        }
    });
    format(schema);
    constant(schema);
    words(schema);
    list(schema);
    alternatives(schema);
    reference(schema);
}

/// A format that JSON Schema does not know goes; the range that it stood for is said.
fn format(schema: &mut JsonObject) {
    let Some(format) = schema.get("format").and_then(Value::as_str) else { return };
    if FORMATS.contains(&format) {
        return;
    }
    let (minimum, maximum) = match format {
        "int8" => (json!(i8::MIN), json!(i8::MAX)),
        "int16" => (json!(i16::MIN), json!(i16::MAX)),
        "int32" => (json!(i32::MIN), json!(i32::MAX)),
        "int64" | "int" => (json!(i64::MIN), json!(i64::MAX)),
        // What a JSON number holds of it here.
        "int128" => (json!(i64::MIN), json!(u64::MAX)),
        "uint8" => (json!(0), json!(u8::MAX)),
        "uint16" => (json!(0), json!(u16::MAX)),
        "uint32" => (json!(0), json!(u32::MAX)),
        "uint64" | "uint" | "uint128" => (json!(0), json!(u64::MAX)),
        _ => (Value::Null, Value::Null),
    };
    schema.remove("format");
    let says = |word: &str| schema.contains_key(word);
    let below = says("minimum") || says("exclusiveMinimum");
    let above = says("maximum") || says("exclusiveMaximum");
    if !minimum.is_null() && !below {
        schema.insert("minimum".to_owned(), minimum);
    }
    if !maximum.is_null() && !above {
        schema.insert("maximum".to_owned(), maximum);
    }
}

/// `const` as an `enum` of one, which more clients read (Gemini knows no `const`).
fn constant(schema: &mut JsonObject) {
    let plain = schema.get("const").is_some_and(|value| value.is_string() || value.is_number());
    if plain
        && !schema.contains_key("enum")
        && let Some(value) = schema.remove("const")
    {
        if !schema.contains_key("type") && value.is_string() {
            schema.insert("type".to_owned(), json!("string"));
        }
        schema.insert("enum".to_owned(), Value::Array(vec![value]));
    }
}

/// An enum of words, of which some have a description, as one list of words.
fn words(schema: &mut JsonObject) {
    let Some(forms) = schema.get("oneOf").and_then(Value::as_array) else { return };
    let mut all = Vec::new();
    let mut lines = Vec::new();
    for form in forms {
        let Some(form) = form.as_object() else { return };
        let known =
            |word: &String| matches!(word.as_str(), "type" | "enum" | "description" | "deprecated" | "title");
        let words = form.get("enum").and_then(Value::as_array);
        let Some(words) = words.filter(|words| words.iter().all(Value::is_string)) else { return };
        if form.get("type").is_none_or(|kind| kind != "string") || !form.keys().all(known) {
            return;
        }
        if words.iter().any(|word| all.contains(word)) {
            return;
        }
        if let (Some(said), [Value::String(word)]) =
            (form.get("description").and_then(Value::as_str), &words[..])
        {
            lines.push(format!("- `{word}`: {said}"));
        }
        all.extend(words.iter().cloned());
    }
    if all.is_empty() || schema.contains_key("type") || schema.contains_key("enum") {
        return;
    }
    schema.remove("oneOf");
    schema.insert("type".to_owned(), json!("string"));
    schema.insert("enum".to_owned(), Value::Array(all));
    if !lines.is_empty() {
        let before = schema.get("description").and_then(Value::as_str).map(|text| format!("{text}\n\n"));
        let text = format!("{}{}", before.unwrap_or_default(), lines.join("\n"));
        schema.insert("description".to_owned(), Value::from(text));
    }
}

/// Every array says what is in it, a tuple too: VS Code and OpenAI refuse one that does not.
fn list(schema: &mut JsonObject) {
    let is_array = schema.get("type").is_some_and(|kind| match kind {
        Value::Array(kinds) => kinds.iter().any(|kind| kind == "array"),
        kind => kind == "array",
    });
    let first: Vec<Value> = schema.get("prefixItems").and_then(Value::as_array).cloned().unwrap_or_default();
    let nothing_more = schema.get("items").is_some_and(|items| *items == json!({ "not": {} }));
    if nothing_more && !first.is_empty() {
        schema.remove("items");
        let at_most = schema.get("maxItems").and_then(Value::as_u64).unwrap_or(u64::MAX);
        schema.insert("maxItems".to_owned(), json!(at_most.min(first.len() as u64)));
    }
    if !is_array || schema.contains_key("items") {
        return;
    }
    // Of a tuple `items` speaks of what stands behind it, and there is nothing: it is there for those who know no tuples.
    let closed =
        schema.get("maxItems").and_then(Value::as_u64).is_some_and(|most| most <= first.len() as u64);
    let mut kinds: Vec<Value> = Vec::new();
    for kind in first.into_iter().filter(|_| closed) {
        if !kinds.contains(&kind) {
            kinds.push(kind);
        }
    }
    let items = match kinds.len() {
        0 => json!({}),
        1 => kinds.remove(0),
        _ => json!({ "anyOf": kinds }),
    };
    schema.insert("items".to_owned(), items);
}

/// `oneOf` of forms that exclude each other is `anyOf`, which more clients read.
fn alternatives(schema: &mut JsonObject) {
    let Some(forms) = schema.get("oneOf").and_then(Value::as_array) else { return };
    if schema.contains_key("anyOf") || !exclude_each_other(forms) {
        return;
    }
    if let Some(forms) = schema.remove("oneOf") {
        schema.insert("anyOf".to_owned(), forms);
    }
}

fn exclude_each_other(forms: &[Value]) -> bool {
    let pairs =
        forms.iter().enumerate().flat_map(|(at, one)| forms[at + 1..].iter().map(move |other| (one, other)));
    for (one, other) in pairs {
        let (Some(one), Some(other)) = (one.as_object(), other.as_object()) else { return false };
        if !(differ_in_kind(one, other)
            || differ_in_tag(one, other)
            || lacks(one, other)
            || lacks(other, one))
        {
            return false;
        }
    }
    true
}

fn differ_in_kind(one: &JsonObject, other: &JsonObject) -> bool {
    let kind = |schema: &JsonObject| schema.get("type").and_then(Value::as_str).map(str::to_owned);
    let number = |kind: &str| matches!(kind, "integer" | "number");
    match (kind(one), kind(other)) {
        (Some(one), Some(other)) => one != other && !(number(&one) && number(&other)),
        _ => false,
    }
}

/// Whether a member that both require has other words in the one than in the other.
fn differ_in_tag(one: &JsonObject, other: &JsonObject) -> bool {
    required(one).filter(|name| required(other).any(|theirs| theirs == *name)).any(|name| {
        let words = |schema| property(schema, name)?.get("enum")?.as_array();
        match (words(one), words(other)) {
            (Some(one), Some(other)) => !one.iter().any(|word| other.contains(word)),
            _ => false,
        }
    })
}

/// Whether `one` requires a member that `other` forbids.
fn lacks(one: &JsonObject, other: &JsonObject) -> bool {
    other.get("additionalProperties").is_some_and(|more| *more == false)
        && !other.contains_key("patternProperties")
        && required(one).any(|name| property(other, name).is_none())
        && other.get("type").is_some_and(|kind| kind == "object")
}

fn required(schema: &JsonObject) -> impl Iterator<Item = &str> {
    schema.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
}

fn property<'s>(schema: &'s JsonObject, name: &str) -> Option<&'s Value> {
    schema.get("properties")?.get(name)
}

/// A reference stands alone (Gemini: "If `$ref` is set on a sub-schema, no other properties … may be set"); what is said
/// beside it stands around it.
fn reference(schema: &mut JsonObject) {
    let alone = schema.keys().all(|keyword| keyword.starts_with('$'));
    if alone || schema.contains_key("anyOf") {
        return;
    }
    if let Some(to) = schema.remove("$ref") {
        schema.insert("anyOf".to_owned(), json!([{ "$ref": to }]));
    }
}
