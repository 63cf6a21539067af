//! The arguments of a prompt arrive as text (MCP 2026-07-28, `GetPromptRequestParams.arguments`): what is not text by its type
//! is read from it.

use mcp_auth_core::strict_json;
use rmcp::model::{JsonObject, PromptArgument};
use serde_json::Value;

use super::expected::expected;
use super::inline::referred;

/// How deep forms of one value are looked through.
const MAX_DEPTH: usize = 8;
/// The most values that one text may hold.
const MAX_VALUES: usize = 10_000;

/// The arguments of a prompt, as lists show them. A list of prompts has no schemas, so what is not text is described.
pub(crate) fn prompt_arguments(schema: &JsonObject) -> Vec<PromptArgument> {
    let required: Vec<&str> = list(schema, "required").filter_map(Value::as_str).collect();
    let described = |name: &String, member: &Value| {
        let text = member.get("description").and_then(Value::as_str);
        let kind = kind(member, schema);
        let description = match (text, kind) {
            (text, None) => text.map(str::to_owned),
            (None, Some(kind)) => Some(kind),
            (Some(text), Some(kind)) => Some(format!("{text} ({kind})")),
        };
        let mut argument = PromptArgument::new(name.clone()).with_required(required.contains(&name.as_str()));
        argument.description = description;
        argument
    };
    let mut arguments: Vec<_> =
        members(schema).into_iter().map(|(name, member)| described(name, member)).collect();
    arguments.sort_by(|one, other| one.name.cmp(&other.name));
    arguments
}

/// Reads what is not text by `schema`, as strictly as messages are read. What cannot be read, or not in one way only, stays
/// text, and does not fit.
pub(crate) fn read(schema: &JsonObject, arguments: &mut JsonObject) {
    let required: Vec<&str> = list(schema, "required").filter_map(Value::as_str).collect();
    for (name, member) in members(schema) {
        let Some(Value::String(text)) = arguments.get(name) else { continue };
        if may_be_text(member, schema, 0) {
            continue;
        }
        // A form that a person left empty says nothing.
        if text.trim().is_empty() && !required.contains(&name.as_str()) {
            arguments.remove(name);
        } else if let Some(value) = strict_json::value(text.as_bytes(), MAX_VALUES) {
            arguments.insert(name.clone(), value);
        }
    }
}

/// The members of an object, or of the forms of one.
fn members(schema: &JsonObject) -> Vec<(&String, &Value)> {
    let mut all: Vec<(&String, &Value)> = Vec::new();
    let forms = ["anyOf", "oneOf", "allOf"].into_iter().flat_map(|word| list(schema, word));
    for schema in forms.filter_map(Value::as_object).chain([schema]) {
        for (name, member) in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
            if !all.iter().any(|(known, _)| *known == name) {
                all.push((name, member));
            }
        }
    }
    all
}

/// What is expected of a member that is not text.
fn kind(member: &Value, root: &JsonObject) -> Option<String> {
    if may_be_text(member, root, 0) {
        return None;
    }
    let schema = member.as_object()?;
    let form = list(schema, "anyOf")
        .filter_map(Value::as_object)
        .find(|form| form.get("type").is_none_or(|kind| kind != "null"));
    let schema = form.unwrap_or(schema);
    let as_json = schema.get("type").is_some_and(|kind| kind == "array" || kind == "object");
    Some(if as_json { format!("{}, as JSON", expected(schema)) } else { expected(schema) })
}

/// Whether `schema` allows text, or does not say.
fn may_be_text(schema: &Value, root: &JsonObject, depth: usize) -> bool {
    schema.as_object().is_none_or(|schema| may_be_text_of(schema, root, depth))
}

fn may_be_text_of(schema: &JsonObject, root: &JsonObject, depth: usize) -> bool {
    if depth > MAX_DEPTH {
        return true;
    }
    let defs = root.get("$defs").and_then(Value::as_object);
    if let Some(to) = defs.and_then(|defs| referred(schema, defs)) {
        return may_be_text_of(to, root, depth + 1);
    }
    if let Some(values) = schema.get("enum").and_then(Value::as_array) {
        return values.iter().any(Value::is_string);
    }
    let own = match schema.get("type") {
        Some(Value::String(kind)) => kind == "string",
        Some(Value::Array(kinds)) => kinds.iter().any(|kind| kind == "string"),
        _ => true,
    };
    let inside = |form: &Value| may_be_text(form, root, depth + 1);
    let one_of = ["anyOf", "oneOf"].into_iter().filter(|word| schema.contains_key(*word));
    own && one_of.into_iter().all(|word| list(schema, word).any(inside)) && list(schema, "allOf").all(inside)
}

fn list<'s>(schema: &'s JsonObject, word: &str) -> impl Iterator<Item = &'s Value> {
    schema.get(word).and_then(Value::as_array).into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use rmcp::handler::server::common::schema_for_type;
    use schemars::JsonSchema;
    use serde::Deserialize;
    use serde_json::json;

    use super::super::readable;
    use super::*;

    #[derive(Debug, Deserialize, JsonSchema, PartialEq)]
    #[serde(rename_all = "lowercase")]
    enum Tone {
        Formal,
        Plain,
    }

    #[derive(Debug, Deserialize, JsonSchema, PartialEq)]
    struct Nested {
        size: u8,
    }

    #[derive(Debug, Deserialize, JsonSchema, PartialEq)]
    struct Letter {
        /// To whom.
        name: String,
        /// How many.
        copies: u32,
        ratio: Option<f64>,
        urgent: bool,
        tone: Tone,
        maybe: Option<Tone>,
        tags: Vec<String>,
        any: Option<Value>,
        #[serde(flatten)]
        nested: Nested,
    }

    fn read_as_letter(arguments: Value) -> Result<Letter, serde_json::Error> {
        let schema = readable(&schema_for_type::<Letter>());
        let mut arguments = arguments.as_object().unwrap().clone();
        read(&schema, &mut arguments);
        serde_json::from_value(Value::Object(arguments))
    }

    #[test]
    fn text_with_more_than_one_reading_is_not_read() {
        let schema = json!({ "properties": { "o": { "type": "object" }, "l": { "type": "array" } } });
        let schema = schema.as_object().unwrap();
        let read_one = |name: &str, text: &str| {
            let mut arguments = JsonObject::from_iter([(name.to_owned(), json!(text))]);
            read(schema, &mut arguments);
            arguments.remove(name).unwrap()
        };
        assert_eq!(read_one("o", r#"{"a":1,"b":{"a":1}}"#), json!({ "a": 1, "b": { "a": 1 } }));
        let deep = format!("{}{}", "[".repeat(100), "]".repeat(100));
        let long = format!("[{}0]", "0,".repeat(MAX_VALUES));
        for (name, text) in
            [("o", r#"{"a":1,"a":2}"#), ("l", r#"[{"a":{"b":1,"\u0062":2}}]"#), ("l", &deep), ("l", &long)]
        {
            assert_eq!(read_one(name, text), json!(text), "stays text");
        }
    }

    #[test]
    fn numbers_booleans_and_lists_are_read_from_text_and_text_stays() {
        let letter = read_as_letter(json!({
            "name": "5", "copies": "3", "ratio": "0.5", "urgent": "true", "tone": "formal", "maybe": "plain",
            "tags": "[\"a\"]", "any": "7", "size": " 9 ",
        }));
        let expected = Letter {
            name: "5".to_owned(),
            copies: 3,
            ratio: Some(0.5),
            urgent: true,
            tone: Tone::Formal,
            maybe: Some(Tone::Plain),
            tags: vec!["a".to_owned()],
            any: Some(json!("7")),
            nested: Nested { size: 9 },
        };
        assert_eq!(letter.unwrap(), expected);
    }

    #[test]
    fn forms_and_references_say_what_is_text() {
        let schema = json!({
            "properties": { "number": { "$ref": "#/$defs/number" }, "all": { "allOf": [{ "type": "integer" }, { "minimum": 1 }] },
                            "either": { "anyOf": [{ "type": "integer" }, { "type": "string" }] } },
            "$defs": { "number": { "anyOf": [{ "type": "integer" }, { "type": "number" }] } },
        });
        let mut arguments = json!({ "number": "5", "all": "6", "either": "7" }).as_object().unwrap().clone();
        read(schema.as_object().unwrap(), &mut arguments);
        assert_eq!(Value::Object(arguments), json!({ "number": 5, "all": 6, "either": "7" }));
    }

    #[test]
    fn an_empty_text_says_nothing_where_nothing_is_needed() {
        let with = |ratio: &str, copies: &str| {
            read_as_letter(
                json!({ "name": "", "copies": copies, "ratio": ratio, "urgent": "false", "tone": "formal", "tags": "[]", "size": "1" }),
            )
        };
        assert_eq!(with("", "1").unwrap().ratio, None);
        assert!(with("", "").is_err() && with("half", "1").is_err() && with("", "-1").is_err());
    }

    #[test]
    fn lists_say_what_is_expected_of_what_is_not_text() {
        let arguments = prompt_arguments(&readable(&schema_for_type::<Letter>()));
        let of = |name: &str| arguments.iter().find(|argument| argument.name == name).unwrap();
        assert_eq!(of("name").description.as_deref(), Some("To whom."));
        assert_eq!(of("tone").description, None);
        assert_eq!(
            of("copies").description.as_deref(),
            Some("How many. (a whole number of at least 0 and of at most 4294967295)")
        );
        assert_eq!(of("urgent").description.as_deref(), Some("true or false"));
        assert_eq!(of("tags").description.as_deref(), Some("a list, as JSON"));
        assert_eq!((of("copies").required, of("ratio").required), (Some(true), Some(false)));
    }
}
