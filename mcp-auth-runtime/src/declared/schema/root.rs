//! The top of a schema. Arguments are one object with named members, and model APIs refuse a tool whose schema says so in a
//! roundabout way: every form of an enum becomes members of one object.

use std::collections::BTreeSet;

use rmcp::model::JsonObject;
use serde_json::{Value, json};

use super::inline::referred;
use super::keywords::ANNOTATIONS;
use super::published::Arguments;

/// What the APIs refuse at the top (`clients` has the sources).
pub(super) const REFUSED_AT_TOP: [&str; 7] = ["$ref", "allOf", "anyOf", "const", "enum", "not", "oneOf"];

/// The most forms that one enum, with the enums in it, may have.
const MAX_FORMS: usize = 128;
/// How deep a form may hold forms.
const MAX_DEPTH: usize = 16;

/// Why no client would take the schema of some arguments.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct UnsupportedArguments(String);

impl UnsupportedArguments {
    fn not_an_object() -> Self {
        Self(
            "must be a struct or a map, so that they have names; put the type into a field of a struct"
                .to_owned(),
        )
    }

    fn word(word: &str) -> Self {
        Self(format!(
            "cannot be described as one object: `{word}` stands beside or inside their forms, and the APIs behind Claude and \
             ChatGPT refuse `oneOf`, `anyOf` and `allOf` at the top; put the type into a field of a struct, or write \
             `input_schema = …`"
        ))
    }
}

/// The schema of arguments as one object.
pub(super) fn of_arguments(mut schema: JsonObject) -> Result<Arguments, UnsupportedArguments> {
    if !REFUSED_AT_TOP.iter().any(|word| schema.contains_key(*word)) {
        match schema.get("type") {
            None => {}
            Some(kind) if allows_object(kind) => {}
            Some(_) => return Err(UnsupportedArguments::not_an_object()),
        }
        schema.insert("type".to_owned(), json!("object"));
        schema.entry("properties").or_insert_with(|| json!({}));
        return Ok(Arguments { published: schema, exact: None });
    }
    let exact = schema.clone();
    let defs = schema.remove("$defs");
    let none = JsonObject::new();
    let known = defs.as_ref().and_then(Value::as_object).unwrap_or(&none);
    let forms = forms(&schema, known, 0)?;
    let (mut one, exact) = match &forms[..] {
        [] => return Err(UnsupportedArguments::not_an_object()),
        [form] => (form.schema(), None),
        forms => (united(forms), Some(exact)),
    };
    if let Some(defs) = defs {
        one.insert("$defs".to_owned(), defs);
    }
    Ok(Arguments { published: one, exact })
}

/// An answer may be anything; a reference at its top is followed, so that `type` stands there, and an enum all of whose forms
/// are objects says so: clients before 2026-07-28 take no other.
pub(super) fn of_output(mut schema: JsonObject) -> JsonObject {
    let defs = schema.get("$defs").and_then(Value::as_object).cloned().unwrap_or_default();
    let alone = schema.get("anyOf").and_then(Value::as_array).filter(|forms| forms.len() == 1).cloned();
    let to = match &alone {
        Some(forms) => forms[0].as_object(),
        None => Some(&schema),
    };
    if let Some(body) = to.and_then(|to| referred(to, &defs)).cloned() {
        schema.remove("anyOf");
        schema.remove("$ref");
        for (word, value) in body {
            schema.entry(word).or_insert(value);
        }
    }
    schema
}

fn allows_object(kind: &Value) -> bool {
    match kind {
        Value::Array(kinds) => kinds.iter().any(|kind| kind == "object"),
        kind => kind == "object",
    }
}

/// One way that arguments may look.
#[derive(Debug, Clone, Default)]
struct Form {
    /// Name and schema of each member, in order.
    members: Vec<(String, Value)>,
    required: BTreeSet<String>,
    /// What other members may be, where that is said: `false`, or a schema.
    others: Option<Value>,
    description: Option<String>,
}

impl Form {
    fn member(&self, name: &str) -> Option<&Value> {
        self.members.iter().find(|(known, _)| known == name).map(|(_, schema)| schema)
    }

    fn is_closed(&self) -> bool {
        self.others == Some(Value::Bool(false))
    }

    /// What both say.
    fn and(&self, other: &Self) -> Result<Self, UnsupportedArguments> {
        let mut both = self.clone();
        for (name, schema) in &other.members {
            match both.members.iter_mut().find(|(known, _)| known == name) {
                None => both.members.push((name.clone(), schema.clone())),
                Some((_, known))
                    if known == schema || schema.as_object().is_some_and(JsonObject::is_empty) => {}
                Some((_, known)) => *known = json!({ "allOf": [known, schema] }),
            }
        }
        for (one, other) in [(self, other), (other, self)] {
            let foreign = other.members.iter().any(|(name, _)| one.member(name).is_none());
            if foreign && one.others.as_ref().is_some_and(|others| *others != Value::Bool(true)) {
                return Err(UnsupportedArguments::word("additionalProperties"));
            }
        }
        both.required.extend(other.required.iter().cloned());
        both.others = self.others.clone().or_else(|| other.others.clone());
        both.description = self.description.clone().or_else(|| other.description.clone());
        Ok(both)
    }

    fn schema(&self) -> JsonObject {
        let mut schema = JsonObject::new();
        schema.insert("type".to_owned(), json!("object"));
        schema.insert("properties".to_owned(), Value::Object(self.members.iter().cloned().collect()));
        if !self.required.is_empty() {
            schema.insert("required".to_owned(), json!(self.required));
        }
        if let Some(others) = &self.others {
            schema.insert("additionalProperties".to_owned(), others.clone());
        }
        if let Some(description) = &self.description {
            schema.insert("description".to_owned(), json!(description));
        }
        schema
    }
}

/// Every form of `schema` that is an object. Others no call could carry.
fn forms(schema: &JsonObject, defs: &JsonObject, depth: usize) -> Result<Vec<Form>, UnsupportedArguments> {
    if depth > MAX_DEPTH {
        return Err(UnsupportedArguments::word("$ref"));
    }
    if schema.get("type").is_some_and(|kind| !allows_object(kind)) {
        return Ok(Vec::new());
    }
    let mut own = Form::default();
    let mut closed_over_all = false;
    let mut parts: Vec<Vec<Form>> = Vec::new();
    for (word, value) in schema {
        match (word.as_str(), value) {
            ("properties", Value::Object(members)) => {
                own.members = members.iter().map(|(name, schema)| (name.clone(), schema.clone())).collect();
            }
            ("required", Value::Array(names)) => {
                own.required = names.iter().filter_map(Value::as_str).map(str::to_owned).collect();
            }
            ("additionalProperties", others) => own.others = Some(others.clone()),
            ("unevaluatedProperties", Value::Bool(false)) => closed_over_all = true,
            ("description", Value::String(text)) => own.description = Some(text.clone()),
            ("enum", Value::Array(values)) if !values.iter().any(Value::is_object) => return Ok(Vec::new()),
            ("const", value) if !value.is_object() => return Ok(Vec::new()),
            ("oneOf" | "anyOf", Value::Array(of)) => {
                let mut any = Vec::new();
                for form in of {
                    any.extend(forms_of(form, defs, depth)?);
                }
                parts.push(any);
            }
            ("allOf", Value::Array(all)) => {
                for part in all {
                    parts.push(forms_of(part, defs, depth)?);
                }
            }
            ("$ref", _) => match referred(schema, defs) {
                Some(body) => parts.push(forms(body, defs, depth + 1)?),
                None => return Err(UnsupportedArguments::word(word)),
            },
            // A format is one of text, which arguments are not.
            ("type" | "$defs" | "format", _) => {}
            (word, _) if ANNOTATIONS.contains(&word) => {}
            (word, _) => return Err(UnsupportedArguments::word(word)),
        }
    }
    let mut all = vec![own];
    for part in parts {
        let mut crossed = Vec::new();
        for one in &all {
            for other in &part {
                crossed.push(one.and(other)?);
            }
        }
        if crossed.len() > MAX_FORMS {
            return Err(UnsupportedArguments(format!(
                "have more than {MAX_FORMS} forms, too many for one object; put the type into a field of a struct, or write \
                 `input_schema = …`"
            )));
        }
        all = crossed;
    }
    if closed_over_all {
        for form in &mut all {
            form.others.get_or_insert(Value::Bool(false));
        }
    }
    Ok(all)
}

fn forms_of(schema: &Value, defs: &JsonObject, depth: usize) -> Result<Vec<Form>, UnsupportedArguments> {
    match schema {
        Value::Object(schema) => forms(schema, defs, depth + 1),
        Value::Bool(true) => Ok(vec![Form::default()]),
        _ => Ok(Vec::new()),
    }
}

/// The members of all forms in one object. What every form requires is required; what only some forms take is described.
fn united(forms: &[Form]) -> JsonObject {
    let mut names: Vec<&str> = Vec::new();
    for (name, _) in forms.iter().flat_map(|form| &form.members) {
        if !names.contains(&name.as_str()) {
            names.push(name);
        }
    }
    let tag = names.iter().copied().find(|name| forms.iter().all(|form| words(form, name).is_some()));
    let members = names.iter().map(|name| {
        let schema = match tag == Some(*name) {
            true => tag_of(name, forms),
            false => member_of(name, forms),
        };
        ((*name).to_owned(), schema)
    });
    let mut one = JsonObject::new();
    one.insert("type".to_owned(), json!("object"));
    one.insert("properties".to_owned(), Value::Object(members.collect()));
    let by_all = names.iter().filter(|name| forms.iter().all(|form| form.required.contains(**name)));
    let by_all: Vec<&&str> = by_all.collect();
    if !by_all.is_empty() {
        one.insert("required".to_owned(), json!(by_all));
    }
    if let Some(others) = &forms[0].others
        && forms.iter().all(|form| form.others.as_ref() == Some(others))
    {
        one.insert("additionalProperties".to_owned(), others.clone());
    }
    let one_each = |form: &Form| form.is_closed() && form.members.len() == 1 && form.required.len() == 1;
    if forms.iter().all(one_each) {
        one.insert("minProperties".to_owned(), json!(1));
        one.insert("maxProperties".to_owned(), json!(1));
    } else if tag.is_none() {
        let lines: Vec<String> = forms.iter().map(|form| format!("- {}", described(form, None))).collect();
        one.insert(
            "description".to_owned(),
            json!(format!("Arguments of one of these forms:\n{}", lines.join("\n"))),
        );
    }
    one
}

/// The words that a form's member may be, if it has to be one of some words.
fn words<'f>(form: &'f Form, name: &str) -> Option<&'f Vec<Value>> {
    let words = form.member(name).filter(|_| form.required.contains(name))?.get("enum")?.as_array()?;
    words.iter().all(Value::is_string).then_some(words)
}

/// The member by which forms are told apart, with what each of its words takes.
fn tag_of(tag: &str, forms: &[Form]) -> Value {
    let mut all: Vec<&Value> = Vec::new();
    let mut lines = Vec::new();
    for form in forms {
        let of_form = words(form, tag).into_iter().flatten();
        all.extend(of_form.clone().filter(|word| !all.contains(word)).collect::<Vec<_>>());
        let named: Vec<String> = of_form.filter_map(Value::as_str).map(|word| format!("`{word}`")).collect();
        lines.push(format!("- {}: {}", named.join(", "), described(form, Some(tag))));
    }
    json!({ "type": "string", "enum": all, "description": lines.join("\n") })
}

/// What a form is and takes, in words.
fn described(form: &Form, without: Option<&str>) -> String {
    let list = |required: bool| -> Vec<String> {
        let names = form.members.iter().map(|(name, _)| name.as_str()).filter(|name| Some(*name) != without);
        names
            .filter(|name| form.required.contains(*name) == required)
            .map(|name| format!("`{name}`"))
            .collect()
    };
    let (needs, may) = (list(true), list(false));
    let mut parts = Vec::new();
    if let Some(description) = &form.description {
        parts.push(description.trim_end_matches('.').to_owned());
    }
    match (needs.is_empty(), may.is_empty()) {
        (true, true) => parts.push("nothing else".to_owned()),
        (false, true) => parts.push(format!("needs {}", needs.join(", "))),
        (true, false) => parts.push(format!("may have {}", may.join(", "))),
        (false, false) => parts.push(format!("needs {}, may have {}", needs.join(", "), may.join(", "))),
    }
    parts.join("; ")
}

/// What a member may be in any form that has it.
fn member_of(name: &str, forms: &[Form]) -> Value {
    let mut kinds: Vec<Value> = Vec::new();
    for form in forms {
        let Some(kind) = form.member(name) else { continue };
        let mut kind = kind.clone();
        let alone = form.members.len() == 1;
        if let (Value::Object(kind), Some(description), true) = (&mut kind, &form.description, alone) {
            kind.entry("description").or_insert_with(|| json!(description));
        }
        if !kinds.contains(&kind) {
            kinds.push(kind);
        }
    }
    match kinds.len() {
        1 => kinds.remove(0),
        _ => json!({ "anyOf": kinds }),
    }
}
