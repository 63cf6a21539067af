//! Values held against a schema: the arguments of a call before it, a structured result after it. Whether a value fits says
//! the `jsonschema` crate, in a time that this file bounds; what does not fit, `explain` says.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt;

use jsonschema::{PatternOptions, ValidationOptions, Validator};
use mcp_auth_core::canonical::sorted;
use rmcp::model::JsonObject;
use serde_json::Value;

use super::explain::{self, Leaves};
use super::keywords::each_inside;
use super::misfit::Misfit;
use super::texts;

/// The most schemas that one schema may hold. A schema by hand beyond it does not start.
const MAX_SCHEMAS: usize = 4_000;
/// The most steps that one check may take: values times schemas that may hold for one of them. Some tens of milliseconds.
const MAX_STEPS: usize = 10_000_000;
/// The most memory of one compiled pattern, in bytes: a pattern of repetitions of repetitions grows beyond any size.
const MAX_PATTERN_BYTES: usize = 256 * 1024;

/// Keywords whose schemas hold for the same value as the schema that they stand in.
const FOR_THE_SAME_VALUE: [&str; 8] =
    ["allOf", "anyOf", "dependentSchemas", "else", "if", "not", "oneOf", "then"];

/// Why values cannot be held against a schema.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct UnusableSchema(String);

/// A schema ready to be held against values.
pub(crate) struct Check {
    /// What is published, then what it leaves open.
    schemas: Vec<(Validator, Value)>,
    leaves: Leaves,
    /// The most values that a checked one may hold, itself included.
    most_values: usize,
}

impl Check {
    /// `published` is what lists show; `exact`, where it is there, says more than one object can.
    ///
    /// # Errors
    /// [`UnusableSchema`] for what is not JSON Schema, refers to what is elsewhere, holds a pattern whose matching cannot be
    /// bounded, or is too large.
    pub(crate) fn new(published: &JsonObject, exact: Option<&JsonObject>) -> Result<Self, UnusableSchema> {
        let mut schemas = Vec::new();
        let mut leaves = Leaves::default();
        let (mut all, mut for_one) = (0, 0);
        for schema in [Some(published), exact].into_iter().flatten() {
            let (inside, for_the_same) = weigh(schema);
            all += inside;
            if all > MAX_SCHEMAS {
                return Err(UnusableSchema(format!("it holds more than {MAX_SCHEMAS} schemas")));
            }
            let referred = References::of(schema).weight(schema);
            for_one = [for_one, 1, for_the_same, referred].into_iter().fold(0, usize::saturating_add);
            if for_one > MAX_STEPS {
                let text =
                    "its references lead to too many schemas for one value; refer to each definition once";
                return Err(UnusableSchema(text.to_owned()));
            }
            let schema = sorted(Value::Object(schema.clone()));
            let validator = options().build(&schema).map_err(|error| UnusableSchema(said(&error)))?;
            leaves.learn(&schema, |leaf| options().build(leaf).ok());
            schemas.push((validator, schema));
        }
        Ok(Self { schemas, leaves, most_values: MAX_STEPS / for_one.max(1) })
    }

    /// Reads from text what is not text: the arguments of prompts are.
    pub(crate) fn read_texts(&self, arguments: &mut JsonObject) {
        if let Some((_, Value::Object(schema))) = self.schemas.first() {
            texts::read(schema, arguments);
        }
    }

    /// Whether `value` fits.
    ///
    /// # Errors
    /// [`Misfits`] names everything that does not, up to a bound.
    pub(crate) fn fits(&self, value: &Value) -> Result<(), Misfits> {
        if !holds_at_most(value, &mut self.most_values.clone()) {
            let text = format!("it holds more than {} values, too many to be checked", self.most_values);
            return Err(Misfits(vec![Misfit::whole(text)]));
        }
        match self.schemas.iter().find(|(validator, _)| !validator.is_valid(value)) {
            None => Ok(()),
            Some((_, schema)) => Err(Misfits(explain::misfits(schema, &self.leaves, value))),
        }
    }
}

impl fmt::Debug for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Check").finish_non_exhaustive()
    }
}

/// What does not fit a schema; never empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Misfits(Vec<Misfit>);

impl Misfits {
    /// In words: `one` is what a single place is called, such as `argument`, `all` is what the value is called.
    pub(crate) fn text(&self, one: &str, all: &str) -> String {
        match &self.0[..] {
            [misfit] => misfit.text(one, all),
            misfits => {
                let lines: Vec<String> = misfits.iter().map(|misfit| format!("\n- {misfit}")).collect();
                format!("invalid {all}:{}", lines.concat())
            }
        }
    }

    /// The places that do not fit, without the values there: for a log.
    pub(crate) fn places(&self) -> String {
        let places: Vec<&str> = self.0.iter().map(Misfit::place).collect();
        places.join(", ")
    }
}

/// Why `value` does not fit `schema`, which a stranger may have written, in words; `None` where it fits, or where that cannot
/// be told in bounded time. `all` is what the value is called.
pub fn complaint_about_value(schema: &JsonObject, value: &Value, all: &str) -> Option<String> {
    let misfits = Check::new(schema, None).ok()?.fits(value).err()?;
    Some(misfits.text(all, all))
}

/// Nothing is fetched, patterns are matched in linear time, and formats count.
fn options<'o>() -> ValidationOptions<'o> {
    let patterns = PatternOptions::regex().size_limit(MAX_PATTERN_BYTES).dfa_size_limit(MAX_PATTERN_BYTES);
    jsonschema::options().offline().with_pattern_options(patterns).should_validate_formats(true)
}

fn said(error: &jsonschema::ValidationError<'_>) -> String {
    let at = error.instance_path().to_string();
    let at = if at.is_empty() { String::new() } else { format!(" at {at}") };
    let text = error.to_string();
    match error.kind().keyword() {
        "pattern" | "format" => format!(
            "{text}{at}; patterns have no look-around and no back-references, and at most {} KiB: their time is bounded",
            MAX_PATTERN_BYTES / 1024
        ),
        _ => format!("{text}{at}"),
    }
}

/// How many schemas `schema` holds, itself included, and how many of them may hold for a value beside another one.
fn weigh(schema: &JsonObject) -> (usize, usize) {
    let (mut all, mut for_the_same) = (1, 0);
    // Words and whole numbers are looked up, other values are compared one by one.
    let values = schema.get("enum").and_then(Value::as_array);
    if let Some(values) = values.filter(|values| !values.iter().all(|v| v.is_string() || v.is_i64())) {
        for_the_same += values.len();
    }
    each_inside(schema, &mut |keyword, _, inside| {
        let (inside, beside) = inside.as_object().map_or((1, 0), weigh);
        all += inside;
        for_the_same += beside + usize::from(FOR_THE_SAME_VALUE.contains(&keyword));
    });
    for_the_same += schema.get("patternProperties").and_then(Value::as_object).map_or(0, JsonObject::len);
    (all, for_the_same)
}

/// How many schemas references within one schema may add for one value: a definition that refers to another one twice, which
/// does so again, grows beyond any size.
struct References<'s> {
    defs: Option<&'s JsonObject>,
    known: RefCell<HashMap<&'s str, usize>>,
}

impl<'s> References<'s> {
    fn of(schema: &'s JsonObject) -> Self {
        let defs = ["$defs", "definitions"].into_iter().find_map(|word| schema.get(word)?.as_object());
        Self { defs, known: RefCell::default() }
    }

    /// What the references in `schema`, outside of its definitions, add.
    fn weight(&self, schema: &'s JsonObject) -> usize {
        let target = schema.get("$ref").and_then(Value::as_str).and_then(|to| to.rsplit_once('/'));
        let mut sum = target.map_or(0, |(_, name)| self.weight_of(name));
        each_inside(schema, &mut |keyword, _, inside| {
            if let (Value::Object(inside), false) = (inside, matches!(keyword, "$defs" | "definitions")) {
                sum = sum.saturating_add(self.weight(inside));
            }
        });
        sum
    }

    fn weight_of(&self, name: &'s str) -> usize {
        if let Some(known) = self.known.borrow().get(name) {
            return *known;
        }
        let Some(Value::Object(body)) = self.defs.and_then(|defs| defs.get(name)) else { return 0 };
        // On the way back to itself it stands for itself: the validator remembers what it has found there.
        self.known.borrow_mut().insert(name, 1);
        let weight = weigh(body).0.saturating_add(self.weight(body));
        self.known.borrow_mut().insert(name, weight);
        weight
    }
}

/// Whether `value` holds no more values than `left`; it stops there.
fn holds_at_most(value: &Value, left: &mut usize) -> bool {
    match left.checked_sub(1) {
        None => return false,
        Some(less) => *left = less,
    }
    match value {
        Value::Array(values) => values.iter().all(|value| holds_at_most(value, left)),
        Value::Object(members) => members.values().all(|value| holds_at_most(value, left)),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(schema: Value) -> Result<Check, UnusableSchema> {
        Check::new(schema.as_object().unwrap(), None)
    }

    fn text(schema: Value, value: &Value) -> String {
        match check(schema).unwrap().fits(value) {
            Ok(()) => String::new(),
            Err(misfits) => misfits.text("argument", "arguments"),
        }
    }

    #[test]
    fn a_schema_that_cannot_be_used_says_why() {
        for (schema, why) in [
            (json!({ "type": "objet" }), "objet"),
            (json!({ "properties": { "a": { "minLength": -1 } } }), "-1"),
            (json!({ "$ref": "https://example.com/schema.json" }), "example.com"),
            (json!({ "$ref": "file:///etc/passwd" }), "passwd"),
            (json!({ "$ref": "#/$defs/Gone" }), "Gone"),
            (json!({ "properties": { "a": { "pattern": "^(?!a)" } } }), "look-around"),
            (json!({ "properties": { "a": { "pattern": "(a)\\1" } } }), "back-references"),
            (json!({ "properties": { "a": { "pattern": "((a{1000}){1000}){1000}" } } }), "256 KiB"),
            (json!({ "anyOf": vec![json!({ "const": 1 }); 10_000] }), "more than 4000 schemas"),
        ] {
            let error = check(schema.clone()).map(drop).unwrap_err().to_string();
            assert!(error.contains(why), "{schema}: {error}");
        }
    }

    #[test]
    fn schemas_by_hand_may_hold_anchors_conditions_and_older_drafts() {
        let schema = json!({
            "type": "object",
            "properties": { "kind": { "type": "string" }, "name": { "$ref": "#name" } },
            "$defs": { "name": { "$anchor": "name", "type": "string", "pattern": "^[a-z]+$" } },
            "if": { "properties": { "kind": { "const": "named" } }, "required": ["kind"] },
            "then": { "required": ["name"] },
        });
        assert_eq!(text(schema.clone(), &json!({ "kind": "named", "name": "ann" })), "");
        assert_eq!(text(schema.clone(), &json!({ "kind": "other" })), "");
        assert_eq!(
            text(schema.clone(), &json!({ "kind": "named" })),
            "invalid argument `name`: it is missing"
        );
        assert_eq!(
            text(schema, &json!({ "name": "A" })),
            "invalid argument `name`: expected text that matches `^[a-z]+$`, got \"A\""
        );
        let draft_07 = json!({
            "$schema": "http://json-schema.org/draft-07/schema#",
            "properties": { "a": { "items": [{ "type": "string" }] } },
        });
        assert_eq!(text(draft_07.clone(), &json!({ "a": ["x", 1] })), "");
        assert_ne!(text(draft_07, &json!({ "a": [1] })), "");
    }

    #[test]
    fn what_the_exact_schema_adds_counts_too() {
        let published = json!({ "type": "object", "properties": { "op": {}, "text": { "type": "string" } } });
        let exact = json!({ "anyOf": [
            { "properties": { "op": { "enum": ["add"] }, "text": { "type": "string", "minLength": 1 } },
              "required": ["op", "text"] },
            { "properties": { "op": { "enum": ["drop"] } }, "required": ["op"] },
        ] });
        let check = Check::new(published.as_object().unwrap(), exact.as_object()).unwrap();
        assert_eq!(check.fits(&json!({ "op": "add", "text": "x" })), Ok(()));
        assert_eq!(check.fits(&json!({ "op": "drop" })), Ok(()));
        let said = |value| check.fits(&value).unwrap_err().text("argument", "arguments");
        assert_eq!(
            said(json!({ "op": "add", "text": "" })),
            "invalid argument `text`: expected text of at least 1 character, got \"\""
        );
        assert_eq!(said(json!({ "op": "drop", "text": 1 })), "invalid argument `text`: expected text, got 1");
    }

    #[test]
    fn j24_the_time_of_a_check_is_bounded_by_schema_and_value() {
        let forms: Vec<Value> = (0..2_000).map(|n| json!({ "type": "string", "maxLength": n })).collect();
        let schema = json!({ "properties": { "a": { "items": { "anyOf": forms } } } });
        let many = json!({ "a": vec![json!(0); 100_000] });
        let said = text(schema.clone(), &many);
        assert!(said.contains("more than 4997 values"), "{said}");
        assert!(said.len() < 200);
        assert_ne!(text(schema, &json!({ "a": vec![json!(0); 1_000] })), "");
        // Every value is wrong, and the text of it stays short.
        let schema = json!({ "properties": { "a": { "items": { "type": "string" } } } });
        let said = text(schema, &many);
        assert!(said.lines().count() < 30 && said.len() < 2_000, "{said}");
    }

    #[test]
    fn j24_references_that_multiply_do_not_start() {
        let twice = |to: String| json!({ "anyOf": [{ "$ref": &to }, { "$ref": &to }] });
        let mut defs: JsonObject =
            (0..30).map(|at| (format!("d{at}"), twice(format!("#/$defs/d{}", at + 1)))).collect();
        defs.insert("d30".to_owned(), json!({ "type": "string" }));
        let error =
            check(json!({ "properties": { "a": { "$ref": "#/$defs/d0" } }, "$defs": defs })).map(drop);
        assert!(error.unwrap_err().to_string().contains("too many schemas for one value"));
    }

    #[test]
    fn j24_a_type_that_holds_itself_twice_costs_no_more_than_its_values() {
        let schema = json!({
            "$ref": "#/$defs/expression",
            "$defs": { "expression": { "anyOf": [
                { "properties": { "inner": { "$ref": "#/$defs/expression" } }, "required": ["inner", "not"] },
                { "properties": { "inner": { "$ref": "#/$defs/expression" } }, "required": ["inner", "negative"] },
                { "properties": { "word": { "type": "string" } }, "required": ["word"] },
            ] } },
        });
        let mut deep = json!({ "word": 1 });
        for _ in 0..60 {
            deep = json!({ "inner": deep, "not": true, "negative": true });
        }
        let said = text(schema, &deep);
        assert!(said.starts_with("invalid argument") && said.len() < 1_000, "{said}");
    }
}
