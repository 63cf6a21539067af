//! Turns the arguments of the command line into JSON, by the types in the tool's schema.

use std::str::FromStr;

use mcp_auth_core::canonical::sorted;
use rmcp::model::{JsonObject, Tool};
use serde_json::Value;

use super::types::{MOST_SCHEMAS, is_of, kinds, one_of_listed, plain, resolved, type_name};
use crate::terminal::shown_line;

/// One argument as written on the command line.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Written {
    key: String,
    value: WrittenValue,
}

#[derive(Debug, Clone, PartialEq)]
enum WrittenValue {
    /// `key=text`: the schema decides the type.
    Text(String),
    /// `key:=JSON`, and members of `--json-arguments`: sent unchanged.
    Json(Value),
}

/// A mistake in the arguments. Names the key, its value, and what was expected.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum ArgumentError {
    #[error("{0:?} is not an argument; write key=value")]
    NoKey(String),
    #[error("{key}:={text} is not JSON: {why}")]
    NotJson { key: String, text: String, why: String },
    #[error("--json-arguments is not a JSON object: {0}")]
    NotAnObject(String),
    #[error("{0} is given twice")]
    Twice(String),
    #[error("{key} is {given:?}, expected {expected}{example}")]
    Type { key: String, given: String, expected: String, example: &'static str },
    #[error("{key} is {given}, expected one of {allowed}{hint}")]
    NotListed { key: String, given: String, allowed: String, hint: String },
    #[error("{tool} has no argument {key}{hint}")]
    Unknown { tool: String, key: String, hint: String },
    #[error("{tool} also needs {missing}")]
    Missing { tool: String, missing: String },
    #[error("the server has no tool {name}{hint}")]
    NoTool { name: String, hint: String },
}

impl FromStr for Written {
    type Err = ArgumentError;

    fn from_str(text: &str) -> Result<Self, ArgumentError> {
        let (key, value) = text.split_once('=').ok_or_else(|| ArgumentError::NoKey(text.to_owned()))?;
        let (key, value) = match key.strip_suffix(':') {
            None => (key, WrittenValue::Text(value.to_owned())),
            Some(key) => {
                let not_json = |error: serde_json::Error| ArgumentError::NotJson {
                    key: key.to_owned(),
                    text: value.to_owned(),
                    why: error.to_string(),
                };
                (key, WrittenValue::Json(serde_json::from_str(value).map_err(not_json)?))
            }
        };
        if key.is_empty() {
            return Err(ArgumentError::NoKey(text.to_owned()));
        }
        Ok(Self { key: key.to_owned(), value })
    }
}

/// The arguments of both spellings; using a key twice is an error.
pub(super) fn joined(written: &[Written], object: Option<&str>) -> Result<Vec<Written>, ArgumentError> {
    let mut all = Vec::new();
    if let Some(text) = object {
        let object: JsonObject =
            serde_json::from_str(text).map_err(|error| ArgumentError::NotAnObject(error.to_string()))?;
        all.extend(object.into_iter().map(|(key, value)| Written { key, value: WrittenValue::Json(value) }));
    }
    all.extend_from_slice(written);
    for (at, one) in all.iter().enumerate() {
        if all[..at].iter().any(|before| before.key == one.key) {
            return Err(ArgumentError::Twice(one.key.clone()));
        }
    }
    Ok(all)
}

/// Finds the tool with this name.
pub(super) fn tool<'a>(tools: &'a [Tool], name: &str, logged_in: bool) -> Result<&'a Tool, ArgumentError> {
    tools.iter().find(|tool| tool.name == name).ok_or_else(|| {
        let mut hint = did_you_mean(name, tools.iter().map(|tool| tool.name.as_ref()));
        if !logged_in {
            hint.push_str("; it may show others after `mcp-auth login`");
        }
        ArgumentError::NoTool { name: name.to_owned(), hint }
    })
}

/// The arguments as JSON, each of the type that the tool's `inputSchema` gives it.
///
/// # Errors
/// [`ArgumentError`]: a value of another type, an unknown key, a missing one. The server checks the rest.
pub(super) fn typed(tool: &Tool, written: &[Written]) -> Result<JsonObject, ArgumentError> {
    let root = sorted(Value::Object((*tool.input_schema).clone()));
    let none = JsonObject::new();
    let properties = root.get("properties").and_then(Value::as_object).unwrap_or(&none);
    let open = match root.get("additionalProperties") {
        Some(Value::Bool(open)) => *open,
        Some(_) => true,
        // JSON Schema would allow an unknown key; on a command line it is probably a typing mistake.
        None => {
            root.get("patternProperties").is_some() || !root.get("properties").is_some_and(Value::is_object)
        }
    };
    // The values of a map have a schema too.
    let others = root.get("additionalProperties").filter(|schema| schema.is_object());
    let mut object = JsonObject::new();
    for Written { key, value } in written {
        let property = properties.get(key);
        if property.is_none() && !open {
            let hint = match did_you_mean(key, properties.keys().map(String::as_str)) {
                none if none.is_empty() && properties.is_empty() => "; it takes none".to_owned(),
                none if none.is_empty() => {
                    format!(
                        "; it takes {}",
                        properties.keys().map(|key| shown_line(key, 60)).collect::<Vec<_>>().join(", ")
                    )
                }
                hint => hint,
            };
            return Err(ArgumentError::Unknown { tool: tool.name.to_string(), key: key.clone(), hint });
        }
        let value = match value {
            WrittenValue::Json(value) => value.clone(),
            WrittenValue::Text(text) => {
                let schema = property.or(others).map(|schema| resolved(&root, schema));
                let kinds =
                    schema.map_or_else(Vec::new, |schema| kinds(&root, schema, &mut { MOST_SCHEMAS }));
                match schema.and_then(|schema| one_of_listed(&root, schema, text)) {
                    Some(value) => value,
                    None => {
                        let value = read(key, text, &kinds)?;
                        check_listed(key, &value, schema)?;
                        value
                    }
                }
            }
        };
        object.insert(key.clone(), value);
    }
    let required = root.get("required").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let missing: Vec<String> = required
        .iter()
        .filter_map(Value::as_str)
        .filter(|&key| !object.contains_key(key))
        .map(|key| match properties.get(key) {
            Some(schema) => format!("{}=… ({})", shown_line(key, 60), type_name(&root, schema)),
            None => format!("{}=…", shown_line(key, 60)),
        })
        .collect();
    if missing.is_empty() {
        Ok(object)
    } else {
        Err(ArgumentError::Missing { tool: tool.name.to_string(), missing: missing.join(" and ") })
    }
}

/// If the schema accepts a string, the text is used as it is; otherwise it must be JSON of one of the accepted types.
fn read(key: &str, text: &str, kinds: &[String]) -> Result<Value, ArgumentError> {
    let json = serde_json::from_str::<Value>(text);
    if kinds.is_empty() {
        return Ok(json.unwrap_or_else(|_| Value::String(text.to_owned())));
    }
    if kinds.iter().any(|kind| kind == "string") {
        return Ok(Value::String(text.to_owned()));
    }
    let fits = |value: &Value| kinds.iter().any(|kind| is_of(kind, value));
    match json {
        Ok(value) if fits(&value) => Ok(value),
        _ => {
            let expected: Vec<String> = kinds.iter().map(|kind| with_article(kind)).collect();
            let example = match kinds.first().map(String::as_str) {
                Some("array") => r#", as JSON: '["a","b"]'"#,
                Some("object") => r#", as JSON: '{"key":"value"}'"#,
                Some("boolean") => ": true or false",
                _ => "",
            };
            Err(ArgumentError::Type {
                key: key.to_owned(),
                given: shown_line(text, 80),
                expected: expected.join(" or "),
                example,
            })
        }
    }
}

fn with_article(kind: &str) -> String {
    match kind {
        "null" => "null".to_owned(),
        kind if kind.starts_with(['a', 'e', 'i', 'o', 'u']) => format!("an {kind}"),
        kind => format!("a {kind}"),
    }
}

fn check_listed(key: &str, value: &Value, schema: Option<&Value>) -> Result<(), ArgumentError> {
    let Some(listed) = schema.and_then(|schema| schema.get("enum")).and_then(Value::as_array) else {
        return Ok(());
    };
    if listed.contains(value) {
        return Ok(());
    }
    let words: Vec<String> = listed.iter().map(plain).collect();
    Err(ArgumentError::NotListed {
        key: key.to_owned(),
        given: shown_line(&value.to_string(), 80),
        allowed: shown_line(&words.join(", "), 300),
        hint: did_you_mean(&plain(value), words.iter().map(String::as_str)),
    })
}

/// The known word that a mistyped one most likely means: at most a third of its letters differ.
fn did_you_mean<'a>(given: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    let given = given.to_lowercase();
    let near = known
        .into_iter()
        .map(|word| (strsim::damerau_levenshtein(&given, &word.to_lowercase()), word))
        .filter(|(distance, word)| *distance <= (word.chars().count() / 3).max(1))
        .min_by_key(|(distance, _)| *distance);
    near.map(|(_, word)| format!("; did you mean {}?", shown_line(word, 80))).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::json;

    use super::*;

    fn todo() -> Tool {
        let schema = json!({
            "type": "object",
            "properties": {
                "title": { "type": "string" },
                "note": { "type": ["string", "null"] },
                "count": { "type": "integer" },
                "weight": { "type": "number" },
                "done": { "type": "boolean" },
                "tags": { "type": "array", "items": { "type": "string" } },
                "place": { "$ref": "#/$defs/Place" },
                "due": { "anyOf": [{ "type": "integer" }, { "type": "null" }] },
                "priority": { "enum": ["low", "high"] },
                "anything": {},
            },
            "required": ["title"],
            "$defs": { "Place": { "type": "object" } },
        });
        Tool::new("add_todo", "Add a todo.", Arc::new(schema.as_object().unwrap().clone()))
    }

    fn arguments(written: &[&str]) -> Result<Value, String> {
        let all: Result<Vec<Written>, _> = written.iter().map(|text| text.parse()).collect();
        let all = all.and_then(|all| joined(&all, None));
        all.and_then(|all| typed(&todo(), &all)).map(Value::Object).map_err(|error| error.to_string())
    }

    #[test]
    fn each_value_gets_the_type_of_its_schema() {
        for (written, value) in [
            ("note=5", json!("5")),
            ("note=null", json!("null")),
            ("note=a=b", json!("a=b")),
            ("count=5", json!(5)),
            ("count=-3", json!(-3)),
            ("weight=0.5", json!(0.5)),
            ("weight=2", json!(2)),
            ("done=true", json!(true)),
            (r#"tags=["a","b"]"#, json!(["a", "b"])),
            (r#"place={"x":1}"#, json!({ "x": 1 })),
            ("due=null", json!(null)),
            ("due=7", json!(7)),
            ("priority=high", json!("high")),
            ("anything=5", json!(5)),
            ("anything=five", json!("five")),
            ("note:=null", json!(null)),
        ] {
            let (key, _) = written.split_once([':', '=']).unwrap();
            assert_eq!(arguments(&["title=x", written]).unwrap()[key], value, "{written}");
        }
        assert_eq!(arguments(&["title=5"]).unwrap(), json!({ "title": "5" }), "a string stays a string");
    }

    /// The argument `x` of a tool with this schema.
    fn of_schema(schema: Value, written: &str) -> Result<Value, String> {
        let tool = Tool::new("t", "", Arc::new(schema.as_object().unwrap().clone()));
        let written: Written = written.parse().unwrap();
        typed(&tool, &[written]).map(|object| object["x"].clone()).map_err(|error| error.to_string())
    }

    #[test]
    fn each_value_of_a_map_gets_the_type_of_additional_properties() {
        let map = |of: Value| json!({ "type": "object", "additionalProperties": of, "$defs": { "N": { "type": "integer" } } });
        assert_eq!(of_schema(map(json!({ "type": "string" })), "x=5"), Ok(json!("5")));
        assert_eq!(of_schema(map(json!({ "type": "integer" })), "x=5"), Ok(json!(5)));
        assert_eq!(of_schema(map(json!({ "$ref": "#/$defs/N" })), "x=5"), Ok(json!(5)));
        assert_eq!(of_schema(map(json!({ "enum": ["a", 1] })), "x=1"), Ok(json!(1)));
        assert_eq!(of_schema(map(json!(true)), "x=5"), Ok(json!(5)));
        assert!(
            of_schema(map(json!({ "type": "integer" })), "x=many")
                .unwrap_err()
                .contains("expected an integer")
        );
        assert!(of_schema(map(json!(false)), "x=5").unwrap_err().contains("has no argument x"));
    }

    #[test]
    fn each_value_of_a_mixed_enum_gets_the_type_that_is_listed() {
        let one = |of: Value| json!({ "type": "object", "properties": { "x": of } });
        let mixed = one(json!({ "enum": ["low", 1, "2", true, null] }));
        for (written, value) in [
            ("x=low", json!("low")),
            ("x=1", json!(1)),
            ("x=2", json!("2")),
            ("x=true", json!(true)),
            ("x=null", json!(null)),
        ] {
            assert_eq!(of_schema(mixed.clone(), written), Ok(value), "{written}");
        }
        assert!(of_schema(mixed, "x=3").unwrap_err().contains("expected one of low, 1, 2, true, null"));
        let beside =
            one(json!({ "anyOf": [{ "const": "auto" }, { "type": "integer" }, { "enum": [true] }] }));
        for (written, value) in [("x=auto", json!("auto")), ("x=5", json!(5)), ("x=true", json!(true))] {
            assert_eq!(of_schema(beside.clone(), written), Ok(value), "{written}");
        }
        let text = one(json!({ "anyOf": [{ "type": "string" }, { "const": 5 }] }));
        assert_eq!(of_schema(text, "x=5"), Ok(json!("5")), "a text where a text may stand");
    }

    #[test]
    fn a_value_of_another_type_is_refused_by_its_key_and_what_was_expected() {
        for (written, error) in [
            ("count=many", r#"count is "many", expected an integer"#),
            ("count=1.5", r#"count is "1.5", expected an integer"#),
            ("count=", r#"count is "", expected an integer"#),
            (r#"count="5""#, r#"count is "\"5\"", expected an integer"#),
            ("weight=heavy", r#"weight is "heavy", expected a number"#),
            ("done=yes", r#"done is "yes", expected a boolean: true or false"#),
            ("tags=a,b", r#"tags is "a,b", expected an array, as JSON: '["a","b"]'"#),
            ("place=[]", r#"place is "[]", expected an object, as JSON: '{"key":"value"}'"#),
            ("due=soon", r#"due is "soon", expected an integer or null"#),
            ("priority=hihg", r#"priority is "hihg", expected one of low, high; did you mean high?"#),
        ] {
            assert_eq!(arguments(&["title=x", written]).unwrap_err(), error, "{written}");
        }
    }

    #[test]
    fn an_unknown_key_suggests_the_nearest_and_a_missing_one_is_named() {
        assert_eq!(
            arguments(&["titel=x"]).unwrap_err(),
            "add_todo has no argument titel; did you mean title?"
        );
        assert!(arguments(&["title=x", "zzzzzz=1"]).unwrap_err().contains("it takes anything, count, done"));
        assert_eq!(arguments(&[]).unwrap_err(), "add_todo also needs title=… (string)");
        assert_eq!(arguments(&["title=x", "title=y"]).unwrap_err(), "title is given twice");
        assert!(arguments(&["title"]).unwrap_err().contains("write key=value"));
        assert!(arguments(&["title=x", "note:=nul"]).unwrap_err().starts_with("note:=nul is not JSON"));
    }

    #[test]
    fn json_arguments_are_joined_and_never_override() {
        let written: Vec<Written> = vec!["count=2".parse().unwrap()];
        let all = joined(&written, Some(r#"{"title":"x","note":null}"#)).unwrap();
        assert_eq!(
            Value::Object(typed(&todo(), &all).unwrap()),
            json!({ "title": "x", "note": null, "count": 2 })
        );
        assert_eq!(joined(&written, Some(r#"{"count":1}"#)), Err(ArgumentError::Twice("count".to_owned())));
        assert!(matches!(joined(&[], Some("[1]")), Err(ArgumentError::NotAnObject(_))));
    }

    #[test]
    fn a_tool_that_is_not_there_suggests_the_nearest() {
        let error = tool(&[todo()], "add_tood", true).unwrap_err().to_string();
        assert_eq!(error, "the server has no tool add_tood; did you mean add_todo?");
        assert!(tool(&[todo()], "other", false).unwrap_err().to_string().contains("mcp-auth login"));
    }
}
