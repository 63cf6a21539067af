//! One member of the arguments, found by its way: whether the schema has it, and whether it is text.

use rmcp::model::JsonObject;
use serde_json::Value;

use super::inline::referred;

/// The most steps of one way: references, alternatives and members.
const MOST_STEPS: usize = 64;

/// Why no text is found at the end of a way.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Misplaced {
    /// There is no such member.
    #[error("is not among them: there are {known}", known = names(.0))]
    Absent(Vec<String>),
    /// It is a text of a form that a method may read as something else.
    #[error("has a format, so the method may not get it as it was written; take a `String`")]
    Format,
    /// It is there, and never text.
    #[error("is not a text: a scope is filled with strings")]
    NotText,
}

/// Whether a text may be at the end of `way` in a value that fits `schema`.
pub(crate) fn text_at(schema: &JsonObject, way: &[String]) -> Result<(), Misplaced> {
    let defs = schema.get("$defs").and_then(Value::as_object).cloned().unwrap_or_default();
    let mut found = vec![schema];
    for name in way {
        let inside: Vec<&JsonObject> = found.iter().flat_map(|schema| alternatives(schema, &defs)).collect();
        let members = || inside.iter().filter_map(|schema| schema.get("properties")?.as_object());
        found = members().filter_map(|members| members.get(name)?.as_object()).collect();
        if found.is_empty() {
            let mut known: Vec<String> = members().flat_map(|members| members.keys().cloned()).collect();
            known.sort();
            known.dedup();
            return Err(Misplaced::Absent(known));
        }
    }
    let may_be_text = |schema: &&JsonObject| match schema.get("type") {
        None => !["properties", "items", "allOf", "anyOf", "oneOf", "$ref"]
            .iter()
            .any(|word| schema.contains_key(*word)),
        Some(Value::Array(types)) => types.iter().any(|one| one == "string"),
        Some(one) => one == "string",
    };
    let texts: Vec<&JsonObject> =
        found.iter().flat_map(|schema| alternatives(schema, &defs)).filter(may_be_text).collect();
    match texts.as_slice() {
        [] => Err(Misplaced::NotText),
        texts if texts.iter().any(|text| text.contains_key("format")) => Err(Misplaced::Format),
        _ => Ok(()),
    }
}

/// A schema with those that it refers to, or leaves the choice between.
fn alternatives<'s>(schema: &'s JsonObject, defs: &'s JsonObject) -> Vec<&'s JsonObject> {
    let mut all = Vec::new();
    let mut open = vec![schema];
    while let Some(schema) = open.pop() {
        if all.len() == MOST_STEPS {
            break;
        }
        open.extend(referred(schema, defs));
        for word in ["allOf", "anyOf", "oneOf"] {
            let inside = schema.get(word).and_then(Value::as_array).into_iter().flatten();
            open.extend(inside.filter_map(Value::as_object));
        }
        all.push(schema);
    }
    all
}

fn names(known: &[String]) -> String {
    if known.is_empty() { "none".to_owned() } else { known.join(", ") }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn found(schema: Value, way: &str) -> Result<(), Misplaced> {
        let Value::Object(schema) = schema else { panic!("an object") };
        text_at(&schema, &way.split('.').map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn a_text_is_found_where_a_value_has_one() {
        let schema = json!({
            "type": "object",
            "properties": {
                "bucket": { "type": "string" },
                "maybe": { "type": ["string", "null"] },
                "kind": { "enum": ["a", "b"] },
                "path": { "$ref": "#/$defs/Path" },
                "either": { "anyOf": [{ "type": "null" }, { "$ref": "#/$defs/Path" }] },
            },
            "$defs": { "Path": { "type": "object", "properties": { "bucket": { "$ref": "#/$defs/Name" } } },
                       "Name": { "type": "string" } },
        });
        for way in ["bucket", "maybe", "kind", "path.bucket", "either.bucket"] {
            assert_eq!(found(schema.clone(), way), Ok(()), "{way}");
        }
    }

    #[test]
    fn what_is_not_there_or_is_never_text_is_said() {
        let schema = json!({
            "properties": {
                "number": { "type": "integer" },
                "inside": { "type": "object", "properties": { "name": { "type": "string" } } },
                "list": { "items": { "type": "string" } },
                "loop": { "$ref": "#/$defs/Loop" },
            },
            "$defs": { "Loop": { "$ref": "#/$defs/Loop" } },
        });
        for way in ["number", "inside", "list", "loop"] {
            assert_eq!(found(schema.clone(), way), Err(Misplaced::NotText), "{way}");
        }
        for way in ["bucket", "inside.bucket", "number.x", "inside.name.x"] {
            assert!(matches!(found(schema.clone(), way), Err(Misplaced::Absent(_))), "{way}");
        }
        let id = json!({ "properties": { "id": { "type": "string", "format": "uuid" } } });
        assert_eq!(found(id, "id"), Err(Misplaced::Format));
        let said = found(schema, "inside.nam").unwrap_err().to_string();
        assert_eq!(said, "is not among them: there are name");
    }
}
