//! One member of the arguments, found by its way: whether the schema has it, and whether it is text.

use rmcp::model::JsonObject;
use serde_json::Value;

use super::inline::referred;

/// The deepest that references and alternatives lie in each other.
const DEEPEST: usize = 32;

/// Why no text is found at the end of a way.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Misplaced {
    /// There is no such member.
    #[error("is not among them: there are {known}", known = names(.0))]
    Absent(Vec<String>),
    /// Some forms of the arguments do not have it: a method that reads one of these would not get the value.
    #[error("is not in each of their forms; a scope is filled with what every form has")]
    OfSomeForms,
    /// It is a text of a form that a method may read as something else.
    #[error("has a format, so the method may not get it as it was written; take a `String`")]
    Format,
    /// It is there, and never text.
    #[error("is not a text: a scope is filled with strings")]
    NotText,
}

/// Whether a text may be at the end of `way` in a value that fits `schema`, and every form of such a value has that member: what a
/// caller adds to a form without it, the method never reads.
pub(crate) fn text_at(schema: &JsonObject, way: &[String]) -> Result<(), Misplaced> {
    let defs = schema.get("$defs").and_then(Value::as_object).cloned().unwrap_or_default();
    let mut found = vec![schema];
    for name in way {
        let mut inside = Vec::new();
        for schema in found.into_iter().filter(|schema| may_be(schema, "object")) {
            match member(schema, name, &defs, 0) {
                Member::Of(some) => inside.extend(some),
                Member::OfSomeForms => return Err(Misplaced::OfSomeForms),
                Member::Absent => return Err(Misplaced::Absent(members(schema, &defs))),
            }
        }
        found = inside;
    }
    let texts: Vec<&JsonObject> = found
        .iter()
        .flat_map(|schema| alternatives(schema, &defs))
        .filter(|schema| may_be_text(schema))
        .collect();
    match texts.as_slice() {
        [] => Err(Misplaced::NotText),
        texts if texts.iter().any(|text| text.contains_key("format")) => Err(Misplaced::Format),
        _ => Ok(()),
    }
}

/// A member of the objects that fit a schema.
enum Member<'s> {
    /// Every one may have it, with a value that fits these.
    Of(Vec<&'s JsonObject>),
    /// Objects of some forms may.
    OfSomeForms,
    /// No schema says so.
    Absent,
}

/// What `schema` says of the member `name`: by itself, by what it refers to, or by all of the forms that it leaves the choice between.
fn member<'s>(schema: &'s JsonObject, name: &str, defs: &'s JsonObject, depth: usize) -> Member<'s> {
    if depth == DEEPEST {
        return Member::Absent;
    }
    let own = schema.get("properties").and_then(|members| members.get(name)?.as_object());
    let mut found: Vec<&JsonObject> = own.into_iter().collect();
    let (mut of_some_forms, deeper) = (false, depth + 1);
    let each = |word: &str| schema.get(word).and_then(Value::as_array).into_iter().flatten();
    let together = referred(schema, defs).into_iter().chain(each("allOf").filter_map(Value::as_object));
    for schema in together {
        match member(schema, name, defs, deeper) {
            Member::Of(some) => found.extend(some),
            Member::OfSomeForms => of_some_forms = true,
            Member::Absent => {}
        }
    }
    for word in ["anyOf", "oneOf"] {
        let forms = each(word).filter(|form| form.as_object().is_none_or(|form| may_be(form, "object")));
        let said: Vec<Member<'_>> = forms
            .map(|form| form.as_object().map_or(Member::Absent, |form| member(form, name, defs, deeper)))
            .collect();
        let has_all = said.iter().all(|of_one| matches!(of_one, Member::Of(_)));
        of_some_forms |= !has_all && said.iter().any(|of_one| !matches!(of_one, Member::Absent));
        found.extend(said.into_iter().flat_map(|of_one| match of_one {
            Member::Of(some) if has_all => some,
            _ => Vec::new(),
        }));
    }
    match (found.is_empty(), of_some_forms) {
        (false, _) => Member::Of(found),
        (true, true) => Member::OfSomeForms,
        (true, false) => Member::Absent,
    }
}

/// Whether a value of this type may fit a schema, as far as that says by itself.
fn may_be(schema: &JsonObject, kind: &str) -> bool {
    match schema.get("type") {
        None => {
            let is_of = |value: &Value| if kind == "object" { value.is_object() } else { value.is_string() };
            let listed = schema.get("enum").and_then(Value::as_array);
            schema.get("const").is_none_or(is_of) && listed.is_none_or(|all| all.iter().any(is_of))
        }
        Some(Value::Array(types)) => types.iter().any(|one| one == kind),
        Some(one) => one == kind,
    }
}

fn may_be_text(schema: &JsonObject) -> bool {
    let says_otherwise = || {
        let words = ["properties", "items", "allOf", "anyOf", "oneOf", "$ref"];
        words.iter().any(|word| schema.contains_key(*word))
    };
    may_be(schema, "string") && (schema.contains_key("type") || !says_otherwise())
}

/// The names of all members that a schema knows.
fn members(schema: &JsonObject, defs: &JsonObject) -> Vec<String> {
    let known = alternatives(schema, defs).into_iter().filter_map(|one| one.get("properties")?.as_object());
    let mut known: Vec<String> = known.flat_map(|members| members.keys().cloned()).collect();
    known.sort();
    known.dedup();
    known
}

/// A schema with those that it refers to, or leaves the choice between.
fn alternatives<'s>(schema: &'s JsonObject, defs: &'s JsonObject) -> Vec<&'s JsonObject> {
    let mut all: Vec<&JsonObject> = Vec::new();
    let mut open = vec![schema];
    while let Some(schema) = open.pop() {
        // A schema that refers to itself comes by again.
        if all.iter().any(|seen| std::ptr::eq(*seen, schema)) {
            continue;
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
        for way in ["number.x", "inside.name.x"] {
            assert_eq!(found(schema.clone(), way), Err(Misplaced::NotText), "{way}");
        }
        for way in ["bucket", "inside.bucket"] {
            assert!(matches!(found(schema.clone(), way), Err(Misplaced::Absent(_))), "{way}");
        }
        let id = json!({ "properties": { "id": { "type": "string", "format": "uuid" } } });
        assert_eq!(found(id, "id"), Err(Misplaced::Format));
        let said = found(schema, "inside.nam").unwrap_err().to_string();
        assert_eq!(said, "is not among them: there are name");
    }

    #[test]
    fn what_only_some_forms_have_fills_no_scope() {
        let form = |names: &[&str]| {
            let members: JsonObject =
                names.iter().map(|name| ((*name).to_owned(), json!({ "type": "string" }))).collect();
            json!({ "type": "object", "properties": members })
        };
        let (read, copy) = (form(&["op", "bucket"]), form(&["op", "source"]));
        let only_some = Err(Misplaced::OfSomeForms);
        for word in ["oneOf", "anyOf"] {
            let some = json!({ "type": "object", word: [read, copy] });
            assert_eq!(found(some.clone(), "bucket"), only_some, "{word}");
            assert_eq!(found(some.clone(), "op"), Ok(()));
            assert_eq!(found(json!({ "properties": { "path": some } }), "path.bucket"), only_some);
            // What stands beside the forms is in all of them.
            let beside = json!({ "properties": { "bucket": { "type": "string" } }, word: [read, copy] });
            assert_eq!(found(beside, "bucket"), Ok(()));
            let forms = json!({ word: [{ "$ref": "#/$defs/Read" }, { "type": "null" }],
                                "$defs": { "Read": read } });
            assert_eq!(found(forms, "bucket"), Ok(()), "null has no members");
            let anything = json!({ word: [read, true] });
            assert_eq!(found(anything, "bucket"), only_some);
            let deep = json!({ word: [{ word: [read, copy] }, read] });
            assert_eq!(found(deep, "bucket"), only_some);
        }
        // One form after the other: what the first of them names differently is not what the second one has.
        let path = json!({ "anyOf": [form(&["url"]), form(&["bucket"])] });
        assert_eq!(found(json!({ "properties": { "path": path } }), "path.bucket"), only_some);
        let all = json!({ "allOf": [read, copy] });
        assert_eq!(found(all, "bucket"), Ok(()));
    }
}
