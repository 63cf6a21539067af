//! What does not fit a schema, in words: where, what was expected, what came. Reached only when the validator has refused, so
//! nothing here decides. Its work and its text are bounded, whatever was sent.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt::Write as _;

use jsonschema::Validator;
use mcp_auth_core::canonical::sorted;
use mcp_auth_core::seen;
use rmcp::model::JsonObject;
use serde_json::{Value, json};

use super::expected::{self, came, expected, missing, name_shown};
use super::keywords::each_inside;
use super::limits::{all_differ, fits_limits, same, within, work};
use super::misfit::{Misfit, Place};

/// The most places that are named.
const MAX_MISFITS: usize = 20;
/// The most schemas that are held against a value.
const MAX_STEPS: usize = 20_000;
/// How deep schemas are followed; a message is not that deep, so only a circle of references is.
const MAX_DEPTH: usize = 256;

/// Patterns and formats of a schema, each as a validator of its own.
#[derive(Default)]
pub(super) struct Leaves(HashMap<(&'static str, String), Validator>);

impl Leaves {
    /// Takes in every pattern and format of `schema`; `compile` makes a validator of a schema.
    pub(super) fn learn(&mut self, schema: &Value, compile: impl Fn(&Value) -> Option<Validator> + Copy) {
        let Some(schema) = schema.as_object() else { return };
        for keyword in ["pattern", "format"] {
            let Some(word) = schema.get(keyword).and_then(Value::as_str) else { continue };
            if !self.0.contains_key(&(keyword, word.to_owned()))
                && let Some(validator) = compile(&json!({ (keyword): word }))
            {
                self.0.insert((keyword, word.to_owned()), validator);
            }
        }
        for pattern in
            schema.get("patternProperties").and_then(Value::as_object).into_iter().flat_map(JsonObject::keys)
        {
            if let Some(validator) = compile(&json!({ "pattern": pattern })) {
                self.0.insert(("pattern", pattern.clone()), validator);
            }
        }
        each_inside(schema, &mut |_, _, inside| self.learn(inside, compile));
    }

    /// Whether `value` is as `word` says; what is not known here does.
    fn holds(&self, keyword: &'static str, word: &str, value: &Value) -> bool {
        self.0.get(&(keyword, word.to_owned())).is_none_or(|validator| validator.is_valid(value))
    }
}

/// Every place of `value` that does not fit `schema`, up to a bound; at least one.
pub(super) fn misfits(schema: &Value, leaves: &Leaves, value: &Value) -> Vec<Misfit> {
    // In one order, whichever the program's maps keep.
    let value = &sorted(value.clone());
    let mut search = Search { root: schema, leaves, steps: MAX_STEPS };
    let mut found = Found { misfits: Vec::new(), most: MAX_MISFITS };
    search.hold(schema, value, &Place::Root, 0, &mut found);
    let mut misfits = found.misfits;
    if misfits.is_empty() {
        let rules = rules(schema);
        misfits.push(Misfit::whole(format!("they break a rule of the schema ({rules})")));
    }
    misfits
}

/// The keywords at the top of `schema` that this file has no words for.
fn rules(schema: &Value) -> String {
    let known = |word: &&str| {
        !matches!(*word, "type" | "properties" | "required" | "$defs" | "$schema" | "title" | "description")
    };
    let words: Vec<&str> =
        schema.as_object().into_iter().flat_map(JsonObject::keys).map(String::as_str).filter(known).collect();
    match &words[..] {
        [] => "inside one of its members".to_owned(),
        words => seen::cut(&words.join(", "), 400).into_owned(),
    }
}

/// What was found, up to a bound.
struct Found {
    misfits: Vec<Misfit>,
    most: usize,
}

impl Found {
    fn is_full(&self) -> bool {
        self.misfits.len() >= self.most
    }

    fn add(&mut self, place: &Place<'_>, what: String) {
        let misfit = Misfit::at(place, what);
        if !self.is_full() && !self.misfits.contains(&misfit) {
            self.misfits.push(misfit);
        }
    }
}

struct Search<'s> {
    root: &'s Value,
    leaves: &'s Leaves,
    steps: usize,
}

impl<'s> Search<'s> {
    /// Whether nothing of `value` is found not to fit.
    fn holds(&mut self, schema: &'s Value, value: &Value, depth: usize) -> bool {
        let mut found = Found { misfits: Vec::new(), most: 1 };
        self.hold(schema, value, &Place::Root, depth, &mut found);
        found.misfits.is_empty()
    }

    /// Adds to `found` what of `value` does not fit `schema`.
    fn hold(&mut self, schema: &'s Value, value: &Value, place: &Place<'_>, depth: usize, found: &mut Found) {
        let Some(left) = self.steps.checked_sub(1) else { return };
        self.steps = left;
        if depth > MAX_DEPTH {
            // Nothing more is told apart: what follows would be guessed.
            self.steps = 0;
        }
        if found.is_full() || self.steps == 0 {
            return;
        }
        let schema = match schema {
            Value::Bool(false) => {
                return found.add(place, format!("nothing is expected here, got {}", came(value)));
            }
            Value::Object(schema) => schema,
            _ => return,
        };
        if let Some(to) = schema.get("$ref").and_then(Value::as_str).and_then(|to| self.referred(to)) {
            self.hold(to, value, place, depth + 1, found);
        }
        if !self.fits_itself(schema, value) {
            found.add(place, format!("expected {}, got {}", expected(schema), came(value)));
            return;
        }
        match value {
            Value::Object(members) => self.members(schema, members, place, depth, found),
            Value::Array(items) => self.items(schema, items, place, depth, found),
            _ => {}
        }
        self.combined(schema, value, place, depth, found);
    }

    /// Whether `value` fits what `schema` says of it without looking inside.
    fn fits_itself(&mut self, schema: &JsonObject, value: &Value) -> bool {
        let listed = schema.get("enum").and_then(Value::as_array).map_or(0, Vec::len);
        self.steps = self.steps.saturating_sub(listed + work(value));
        let kind = schema.get("type").is_none_or(|kind| expected::is_of(kind, value));
        let listed = schema
            .get("enum")
            .and_then(Value::as_array)
            .is_none_or(|all| all.iter().any(|one| same(one, value)));
        let constant = schema.get("const").is_none_or(|one| same(one, value));
        let limits = match value {
            Value::Number(_) => fits_limits(schema, value),
            Value::String(text) => {
                let length = text.chars().count() as u64;
                let word = |keyword: &'static str| {
                    schema
                        .get(keyword)
                        .and_then(Value::as_str)
                        .is_none_or(|word| self.leaves.holds(keyword, word, value))
                };
                within(schema, "minLength", "maxLength", length) && word("pattern") && word("format")
            }
            Value::Array(items) => {
                let unique =
                    schema.get("uniqueItems").is_none_or(|unique| *unique != true) || all_differ(items);
                within(schema, "minItems", "maxItems", items.len() as u64) && unique
            }
            Value::Object(members) => within(schema, "minProperties", "maxProperties", members.len() as u64),
            _ => true,
        };
        kind && listed && constant && limits
    }

    fn members(
        &mut self,
        schema: &'s JsonObject,
        members: &JsonObject,
        place: &Place<'_>,
        depth: usize,
        found: &mut Found,
    ) {
        let known = schema.get("properties").and_then(Value::as_object);
        for name in words(schema.get("required")) {
            if !members.contains_key(name) {
                let of = known.and_then(|known| known.get(name));
                found.add(&Place::Member(place, name), missing(of, |to| self.referred(to)));
            }
        }
        for (name, needed) in schema.get("dependentRequired").and_then(Value::as_object).into_iter().flatten()
        {
            for needed in words(Some(needed))
                .filter(|needed| members.contains_key(name) && !members.contains_key(*needed))
            {
                let what = format!("expected beside `{}`, got nothing", name_shown(name));
                found.add(&Place::Member(place, needed), what);
            }
        }
        let patterns = schema.get("patternProperties").and_then(Value::as_object);
        for (name, value) in members {
            if found.is_full() {
                return;
            }
            let here = Place::Member(place, name);
            let as_text = Value::String(name.clone());
            let mut is_known = false;
            if let Some(schema) = known.and_then(|known| known.get(name)) {
                is_known = true;
                self.hold(schema, value, &here, depth + 1, found);
            }
            for (pattern, schema) in patterns.into_iter().flatten() {
                if self.leaves.holds("pattern", pattern, &as_text) {
                    is_known = true;
                    self.hold(schema, value, &here, depth + 1, found);
                }
            }
            match schema.get("additionalProperties") {
                Some(Value::Bool(false)) if !is_known => found.add(&here, unknown(known)),
                Some(others) if !is_known => self.hold(others, value, &here, depth + 1, found),
                _ => {}
            }
            if let Some(names) = schema.get("propertyNames")
                && !self.holds(names, &as_text, depth + 1)
            {
                let names = names
                    .as_object()
                    .map_or(Cow::Borrowed("another name"), |names| Cow::Owned(expected(names)));
                found.add(&here, format!("its name is not allowed: expected {names}"));
            }
        }
    }

    fn items(
        &mut self,
        schema: &'s JsonObject,
        items: &[Value],
        place: &Place<'_>,
        depth: usize,
        found: &mut Found,
    ) {
        let first =
            schema.get("prefixItems").or_else(|| schema.get("items").filter(|items| items.is_array()));
        let first = first.and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        let rest =
            schema.get("items").filter(|items| !items.is_array()).or_else(|| schema.get("additionalItems"));
        for (at, item) in items.iter().enumerate() {
            if found.is_full() || self.steps == 0 {
                return;
            }
            if let Some(schema) = first.get(at).or(rest) {
                self.hold(schema, item, &Place::Item(place, at), depth + 1, found);
            }
        }
        if let Some(wanted) = schema.get("contains")
            && !items.iter().any(|item| self.holds(wanted, item, depth + 1))
        {
            let wanted = wanted.as_object().map_or_else(|| "an item".to_owned(), expected);
            found.add(place, format!("expected {wanted} in the list"));
        }
    }

    /// `allOf`, `anyOf`, `oneOf`, `not`, conditions.
    fn combined(
        &mut self,
        schema: &'s JsonObject,
        value: &Value,
        place: &Place<'_>,
        depth: usize,
        found: &mut Found,
    ) {
        let list = |word: &str| schema.get(word).and_then(Value::as_array);
        for part in list("allOf").into_iter().flatten() {
            self.hold(part, value, place, depth + 1, found);
        }
        for word in ["anyOf", "oneOf"] {
            let Some(forms) = list(word) else { continue };
            let mut fitting = 0;
            for form in forms {
                fitting += usize::from(self.holds(form, value, depth + 1));
            }
            match (word, fitting) {
                (_, 0) => self.nearest(forms, value, place, depth, found),
                ("oneOf", 2..) if self.steps > 0 => {
                    found.add(place, "it fits more than one of the forms it may have".to_owned())
                }
                _ => {}
            }
        }
        if let Some(not) = schema.get("not")
            && self.steps > 0
            && self.holds(not, value, depth + 1)
        {
            found.add(place, format!("it may not be what it is, got {}", came(value)));
        }
        if let Some(condition) = schema.get("if") {
            let then = if self.holds(condition, value, depth + 1) { "then" } else { "else" };
            if let Some(then) = schema.get(then) {
                self.hold(then, value, place, depth + 1, found);
            }
        }
        let depending = schema.get("dependentSchemas").and_then(Value::as_object);
        for (name, then) in depending.into_iter().flatten() {
            if value.get(name).is_some() {
                self.hold(then, value, place, depth + 1, found);
            }
        }
    }

    /// Of forms none of which fits, says what is wrong with the one that was meant, where that can be told: by its kind, by
    /// the words it must have, by the members that it names.
    fn nearest(
        &mut self,
        forms: &'s [Value],
        value: &Value,
        place: &Place<'_>,
        depth: usize,
        found: &mut Found,
    ) {
        let mut likely: Vec<&'s Value> = forms.iter().filter(|form| self.is_likely(form, value, 0)).collect();
        if let (Some(members), true) = (value.as_object(), likely.len() > 1) {
            let most = likely.iter().map(|form| shared(form, members)).max();
            likely.retain(|form| Some(shared(form, members)) == most);
        }
        match likely[..] {
            [form] => self.hold(form, value, place, depth + 1, found),
            _ => {
                let forms = if likely.is_empty() { forms.iter().collect() } else { likely };
                let mut kinds: Vec<String> = Vec::new();
                for form in forms {
                    let form = self.resolved(form);
                    let kind = form.as_object().map_or_else(|| "anything else".to_owned(), expected);
                    if !kinds.contains(&kind) {
                        kinds.push(kind);
                    }
                }
                found.add(place, format!("expected {}, got {}", or(&kinds), came(value)));
            }
        }
    }

    /// Whether `value` has the kind of a form, and the words by which the form is told from others.
    fn is_likely(&self, form: &'s Value, value: &Value, depth: usize) -> bool {
        let Some(form) = self.resolved(form).as_object().filter(|_| depth < 8) else { return true };
        let kind = form.get("type").is_none_or(|kind| expected::is_of(kind, value));
        let listed = |schema: &JsonObject, value: &Value| {
            let values = schema.get("enum").and_then(Value::as_array);
            values.is_none_or(|all| all.iter().any(|one| same(one, value)))
                && schema.get("const").is_none_or(|one| same(one, value))
        };
        let inside = form.get("allOf").and_then(Value::as_array).into_iter().flatten();
        let named =
            form.get("properties").and_then(Value::as_object).into_iter().flatten().all(|(name, schema)| {
                match (self.resolved(schema).as_object(), value.get(name)) {
                    (Some(schema), Some(value)) => listed(schema, value),
                    (Some(schema), None) => schema.get("const").is_none(),
                    _ => true,
                }
            });
        kind && listed(form, value)
            && named
            && inside.into_iter().all(|part| self.is_likely(part, value, depth + 1))
    }

    /// The schema that a reference alone stands for.
    fn resolved(&self, schema: &'s Value) -> &'s Value {
        let mut at = schema;
        for _ in 0..8 {
            match at.get("$ref").and_then(Value::as_str).and_then(|to| self.referred(to)) {
                Some(to) => at = to,
                None => break,
            }
        }
        at
    }

    /// What a reference within the schema refers to: a JSON pointer, or an anchor.
    fn referred(&self, to: &str) -> Option<&'s Value> {
        match to.strip_prefix('#')? {
            "" => Some(self.root),
            pointer if pointer.starts_with('/') => self.root.pointer(pointer),
            anchor => anchored(self.root, anchor, 0),
        }
    }
}

fn anchored<'s>(schema: &'s Value, anchor: &str, depth: usize) -> Option<&'s Value> {
    let members = schema.as_object().filter(|_| depth < MAX_DEPTH)?;
    if members.get("$anchor").is_some_and(|here| here == anchor) {
        return Some(schema);
    }
    let mut found = None;
    each_inside(members, &mut |_, _, inside| {
        if found.is_none() {
            found = anchored(inside, anchor, depth + 1);
        }
    });
    found
}

/// The members that `members` has and a form names.
fn shared(form: &Value, members: &JsonObject) -> usize {
    let known = form.get("properties").and_then(Value::as_object);
    known.map_or(0, |known| known.keys().filter(|name| members.contains_key(*name)).count())
}

fn unknown(known: Option<&JsonObject>) -> String {
    let mut what = "it is not known".to_owned();
    let names: Vec<String> = known
        .into_iter()
        .flat_map(JsonObject::keys)
        .take(MAX_MISFITS)
        .map(|name| format!("`{}`", name_shown(name)))
        .collect();
    if !names.is_empty() {
        let _ = write!(what, "; known are {}", names.join(", "));
    }
    what
}

fn or(kinds: &[String]) -> String {
    match kinds {
        [] => "something else".to_owned(),
        [one] => one.clone(),
        [all @ .., last] => {
            let all = all.iter().take(MAX_MISFITS).map(String::as_str).collect::<Vec<_>>().join(", ");
            seen::cut(&format!("{all} or {last}"), 400).into_owned()
        }
    }
}

fn words(list: Option<&Value>) -> impl Iterator<Item = &str> {
    list.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
}

#[cfg(test)]
mod tests;
