//! `$ref` put in place: not every client follows one. What refers to itself keeps its place in `$defs`.

use std::collections::{BTreeMap, BTreeSet};

use rmcp::model::JsonObject;
use serde_json::Value;

use super::keywords::{ANNOTATIONS, each_inside, each_inside_mut};

/// The most schemas that one schema may hold with everything put in place. A type that holds another one twice, which holds
/// another one twice, grows beyond any size.
const MAX_SCHEMAS: usize = 4_000;

const PREFIX: &str = "#/$defs/";

/// `schema` with every reference in place that can be; `name` is how its root is called where it refers to itself.
pub(super) fn refs(mut schema: JsonObject, name: &str) -> JsonObject {
    let mut defs = match schema.remove("$defs") {
        Some(Value::Object(defs)) => defs,
        _ => JsonObject::new(),
    };
    name_the_root(&mut schema, &mut defs, name);
    let graph = Graph::of(&defs);
    let in_place: BTreeSet<String> = if graph.expanded(&schema) <= MAX_SCHEMAS {
        defs.keys().filter(|name| !graph.recursive.contains(*name)).cloned().collect()
    } else {
        BTreeSet::new()
    };
    expand(&mut schema, &defs, &in_place);
    let mut kept = JsonObject::new();
    let mut wanted: Vec<String> = references(&schema);
    while let Some(name) = wanted.pop() {
        if kept.contains_key(&name) {
            continue;
        }
        let Some(Value::Object(mut body)) = defs.get(&name).cloned() else { continue };
        expand(&mut body, &defs, &in_place);
        wanted.extend(references(&body));
        kept.insert(name, Value::Object(body));
    }
    if !kept.is_empty() {
        schema.insert("$defs".to_owned(), Value::Object(kept));
    }
    schema
}

/// The definition that `schema` refers to, if it refers to one here.
pub(crate) fn referred<'s>(schema: &JsonObject, defs: &'s JsonObject) -> Option<&'s JsonObject> {
    target(schema).and_then(|name| defs.get(&name)?.as_object())
}

fn target(schema: &JsonObject) -> Option<String> {
    let name = schema.get("$ref")?.as_str()?.strip_prefix(PREFIX)?;
    Some(name.replace("~1", "/").replace("~0", "~"))
}

/// A root that refers to itself gets a definition, because the root may be written anew.
fn name_the_root(schema: &mut JsonObject, defs: &mut JsonObject, name: &str) {
    fn refers_to_root(schema: &JsonObject) -> bool {
        let mut found = schema.get("$ref").is_some_and(|to| to == "#");
        each_inside(schema, &mut |_, _, inside| found |= inside.as_object().is_some_and(refers_to_root));
        found
    }
    fn rename(schema: &mut JsonObject, to: &str) {
        if let Some(reference) = schema.get_mut("$ref").filter(|reference| *reference == "#") {
            *reference = Value::from(to);
        }
        each_inside_mut(schema, &mut |_, inside| {
            if let Value::Object(inside) = inside {
                rename(inside, to);
            }
        });
    }
    let inside_defs = defs.values().filter_map(Value::as_object).any(refers_to_root);
    if !refers_to_root(schema) && !inside_defs {
        return;
    }
    let mut name: String = name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    while defs.contains_key(&name) {
        name.push('_');
    }
    let to = format!("{PREFIX}{name}");
    rename(schema, &to);
    for inside in defs.values_mut().filter_map(Value::as_object_mut) {
        rename(inside, &to);
    }
    defs.insert(name, Value::Object(schema.clone()));
}

/// The names that `schema` refers to, once for each time.
fn references(schema: &JsonObject) -> Vec<String> {
    let mut names: Vec<String> = target(schema).into_iter().collect();
    each_inside(schema, &mut |_, _, inside| {
        if let Value::Object(inside) = inside {
            names.extend(references(inside));
        }
    });
    names
}

/// What the definitions refer to.
struct Graph<'d> {
    defs: &'d JsonObject,
    recursive: BTreeSet<String>,
    sizes: BTreeMap<String, usize>,
}

impl<'d> Graph<'d> {
    fn of(defs: &'d JsonObject) -> Self {
        let edges: BTreeMap<&String, Vec<String>> = defs
            .iter()
            .map(|(name, body)| (name, body.as_object().map(references).unwrap_or_default()))
            .collect();
        let recursive =
            edges.keys().filter(|name| reaches(&edges, name)).map(|name| (*name).clone()).collect();
        let mut graph = Self { defs, recursive, sizes: BTreeMap::new() };
        for name in defs.keys() {
            graph.measure(name);
        }
        graph
    }

    fn measure(&mut self, name: &str) -> usize {
        if let Some(size) = self.sizes.get(name) {
            return *size;
        }
        if self.recursive.contains(name) {
            return 1;
        }
        let Some(body) = self.defs.get(name).and_then(Value::as_object) else { return 1 };
        let size =
            references(body).iter().fold(count(body), |sum, name| sum.saturating_add(self.measure(name)));
        self.sizes.insert(name.to_owned(), size);
        size
    }

    /// How many schemas `schema` would hold with everything put in place.
    fn expanded(&self, schema: &JsonObject) -> usize {
        references(schema)
            .iter()
            .fold(count(schema), |sum, name| sum.saturating_add(self.sizes.get(name).copied().unwrap_or(1)))
    }
}

/// Whether the way from `name` leads back to it.
fn reaches(edges: &BTreeMap<&String, Vec<String>>, name: &String) -> bool {
    let mut seen = BTreeSet::new();
    let mut next = edges[name].clone();
    while let Some(at) = next.pop() {
        if at == *name {
            return true;
        }
        if seen.insert(at.clone()) {
            next.extend(edges.get(&at).into_iter().flatten().cloned());
        }
    }
    false
}

fn count(schema: &JsonObject) -> usize {
    let mut sum = 1;
    each_inside(schema, &mut |_, _, inside| sum += inside.as_object().map_or(1, count));
    sum
}

fn expand(schema: &mut JsonObject, defs: &JsonObject, in_place: &BTreeSet<String>) {
    while let Some(name) = target(schema).filter(|name| in_place.contains(name)) {
        let Some(Value::Object(body)) = defs.get(&name) else { break };
        schema.remove("$ref");
        put(schema, body.clone());
    }
    each_inside_mut(schema, &mut |_, inside| {
        if let Value::Object(inside) = inside {
            expand(inside, defs, in_place);
        }
    });
}

/// Puts `body` where a reference to it stood, beside what else stood there.
fn put(beside: &mut JsonObject, mut body: JsonObject) {
    // A format is held, so one may join the body but not take the place of another one there.
    let joins = |keyword: &str, value: &Value| {
        keyword == "format" && body.get(keyword).is_none_or(|own| own == value)
    };
    if beside.iter().all(|(keyword, value)| ANNOTATIONS.contains(&keyword.as_str()) || joins(keyword, value))
    {
        // What is said of the use counts before what is said of the type.
        body.append(beside);
        *beside = body;
    } else if let Some(both) = both(beside, &body) {
        *beside = both;
    } else if let Some(Value::Array(all)) = beside.get_mut("allOf") {
        all.push(Value::Object(body));
    } else {
        beside.insert("allOf".to_owned(), Value::Array(vec![Value::Object(body)]));
    }
}

/// Two objects as one, where they say nothing about the same thing: a variant's tag, and the struct in the variant.
fn both(one: &JsonObject, other: &JsonObject) -> Option<JsonObject> {
    let plain = |schema: &JsonObject| {
        schema.get("type").is_some_and(|kind| kind == "object")
            && schema.keys().all(|keyword| {
                ANNOTATIONS.contains(&keyword.as_str())
                    || matches!(keyword.as_str(), "type" | "properties" | "required")
            })
    };
    if !plain(one) || !plain(other) {
        return None;
    }
    let properties = |schema: &JsonObject| schema.get("properties").and_then(Value::as_object).cloned();
    let (mut mine, theirs) = (properties(one).unwrap_or_default(), properties(other).unwrap_or_default());
    if mine.keys().any(|name| theirs.contains_key(name)) {
        return None;
    }
    mine.extend(theirs);
    let required = |schema: &JsonObject| schema.get("required").and_then(Value::as_array).cloned();
    let required: Vec<Value> = [required(one), required(other)].into_iter().flatten().flatten().collect();
    let mut both = other.clone();
    both.extend(one.clone());
    both.insert("properties".to_owned(), Value::Object(mine));
    if !required.is_empty() {
        both.insert("required".to_owned(), Value::Array(required));
    }
    Some(both)
}
