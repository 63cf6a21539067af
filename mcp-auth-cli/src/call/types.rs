//! Which JSON types and values a schema takes: as much of JSON Schema as a command line needs. The schema comes from the
//! server, so reading it is bounded.

use serde_json::Value;

use crate::terminal::shown_line;

/// The most schemas that are read to find the type of one property. The schema comes from the server, and it may
/// refer to itself, and to other schemas many times.
pub(super) const MOST_SCHEMAS: u16 = 200;

/// The type of a property in words: `string`, `integer or null`, `low | high`.
pub(super) fn type_name(root: &Value, schema: &Value) -> String {
    named(root, schema, &mut { MOST_SCHEMAS })
}

fn named(root: &Value, schema: &Value, left: &mut u16) -> String {
    let schema = resolved(root, schema);
    if let Some(listed) = schema.get("enum").and_then(Value::as_array) {
        let listed: Vec<String> = listed.iter().map(plain).collect();
        return shown_line(&listed.join(" | "), 80);
    }
    let kinds = kinds(root, schema, left);
    let item = schema.get("items").filter(|_| kinds == ["array"]).map(|items| named(root, items, left));
    match (kinds.as_slice(), item) {
        ([], _) => "any".to_owned(),
        (_, Some(item)) if item != "any" => format!("array of {item}"),
        (kinds, _) => kinds.join(" or "),
    }
}

pub(super) fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// Follows `$ref`, if it is a pointer into the same document.
pub(super) fn resolved<'a>(root: &'a Value, mut schema: &'a Value) -> &'a Value {
    for _ in 0..8 {
        let pointer = schema.get("$ref").and_then(Value::as_str).and_then(|to| to.strip_prefix('#'));
        match pointer.and_then(|pointer| root.pointer(pointer)) {
            Some(to) => schema = to,
            None => break,
        }
    }
    schema
}

/// The JSON types that a schema accepts; empty if it does not say, or needs more than `left` schemas to find out.
pub(super) fn kinds(root: &Value, schema: &Value, left: &mut u16) -> Vec<String> {
    let schema = resolved(root, schema);
    let Some(fewer) = left.checked_sub(1) else { return Vec::new() };
    *left = fewer;
    match schema.get("type") {
        Some(Value::String(kind)) => return vec![kind.clone()],
        Some(Value::Array(kinds)) => {
            return kinds.iter().filter_map(Value::as_str).map(str::to_owned).collect();
        }
        _ => {}
    }
    let mut all: Vec<String> = Vec::new();
    if let Some(values) = schema.get("enum").and_then(Value::as_array) {
        all.extend(values.iter().map(|value| kind_of(value).to_owned()));
    } else if let Some(value) = schema.get("const") {
        all.push(kind_of(value).to_owned());
    } else if let Some(branches) = ["anyOf", "oneOf"].iter().find_map(|key| schema.get(key)?.as_array()) {
        for branch in branches {
            let branch = kinds(root, branch, left);
            if branch.is_empty() {
                return Vec::new();
            }
            all.extend(branch);
        }
    } else if let Some(parts) = schema.get("allOf").and_then(Value::as_array) {
        all = parts
            .iter()
            .map(|part| kinds(root, part, left))
            .find(|kinds| !kinds.is_empty())
            .unwrap_or_default();
    }
    let mut seen: Vec<String> = Vec::new();
    all.retain(|kind| {
        !seen.contains(kind) && {
            seen.push(kind.clone());
            true
        }
    });
    all
}

fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

/// The value that a text means where a schema lists values, alone or beside types: the text itself if it is listed or a
/// string may stand there anyway, else the JSON that it is.
pub(super) fn one_of_listed(root: &Value, schema: &Value, text: &str) -> Option<Value> {
    let string = Value::String(text.to_owned());
    let json = serde_json::from_str::<Value>(text).ok();
    [Some(string), json]
        .into_iter()
        .flatten()
        .find(|value| accepts(root, schema, value, &mut { MOST_SCHEMAS }) == Some(true))
}

/// Whether a schema that lists values, itself or in its branches, takes this one; `None` if it lists none, or if more
/// than `left` schemas would have to be read to tell.
fn accepts(root: &Value, schema: &Value, value: &Value, left: &mut u16) -> Option<bool> {
    let schema = resolved(root, schema);
    *left = left.checked_sub(1)?;
    if let Some(listed) = schema.get("enum").and_then(Value::as_array) {
        return Some(listed.contains(value));
    }
    if let Some(only) = schema.get("const") {
        return Some(only == value);
    }
    let branches = ["anyOf", "oneOf"].iter().find_map(|key| schema.get(key)?.as_array())?;
    let each: Vec<Option<bool>> = branches.iter().map(|branch| accepts(root, branch, value, left)).collect();
    if each.iter().all(Option::is_none) {
        return None;
    }
    let by_type =
        |branch: &Value, left: &mut u16| kinds(root, branch, left).iter().any(|kind| is_of(kind, value));
    Some(branches.iter().zip(each).any(|(branch, listed)| listed.unwrap_or_else(|| by_type(branch, left))))
}

/// Whether a value is of a JSON type.
pub(super) fn is_of(kind: &str, value: &Value) -> bool {
    match kind {
        "number" => value.is_number(),
        "integer" => value.as_f64().is_some_and(|number| number.fract() == 0.0),
        kind => kind == kind_of(value),
    }
}

#[cfg(test)]
mod tests {
    use rmcp::model::JsonObject;
    use serde_json::json;

    use super::*;

    /// The type name for a schema, which must be found within a few seconds.
    fn name_of(root: Value) -> String {
        let (told, name) = std::sync::mpsc::channel();
        let wait = std::time::Duration::from_secs(10);
        std::thread::spawn(move || told.send(type_name(&root, &root["$defs"]["A"])));
        name.recv_timeout(wait).expect("the schema was never done with")
    }

    #[test]
    fn a_list_of_lists_without_end_has_a_name() {
        let endless = json!({ "type": "array", "items": { "$ref": "#/$defs/A" } });
        assert!(name_of(json!({ "$defs": { "A": endless } })).starts_with("array of array of array"));
    }

    #[test]
    fn a_schema_that_refers_to_others_many_times_over_takes_no_time() {
        let itself = vec![json!({ "$ref": "#/$defs/A" }); 40];
        assert_eq!(name_of(json!({ "$defs": { "A": { "allOf": itself } } })), "any");
        // Each of eight schemas refers to the next one forty times.
        let letters = ["A", "B", "C", "D", "E", "F", "G", "H", "I"];
        let next =
            |of: &[&str]| json!({ "anyOf": vec![json!({ "$ref": format!("#/$defs/{}", of[1]) }); 40] });
        let mut all: JsonObject = letters.windows(2).map(|of| (of[0].to_owned(), next(of))).collect();
        all.insert("I".to_owned(), json!({ "type": "string" }));
        assert_eq!(name_of(json!({ "$defs": all })), "any");
    }
}
