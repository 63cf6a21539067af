use serde_json::json;

use super::super::check::Check;
use super::*;

fn said(schema: Value, value: Value) -> String {
    let check = Check::new(schema.as_object().unwrap(), None).unwrap();
    match check.fits(&value) {
        Ok(()) => String::new(),
        Err(misfits) => misfits.text("argument", "arguments"),
    }
}

/// What is said of the member `a`.
fn of(schema: Value, value: Value) -> String {
    let said = said(json!({ "properties": { "a": schema } }), json!({ "a": value }));
    said.strip_prefix("invalid argument `a`: ").map_or(said.clone(), str::to_owned)
}

#[test]
fn each_limit_is_said_with_what_came() {
    for (schema, value, what) in [
        (json!({ "type": "string" }), json!(1), "expected text, got 1"),
        (json!({ "type": "integer" }), json!(1.5), "expected a whole number, got 1.5"),
        (json!({ "type": "boolean" }), json!("true"), "expected true or false, got \"true\""),
        (json!({ "type": "array" }), json!({}), "expected a list, got an empty object"),
        (json!({ "type": "object" }), json!([1, 2]), "expected an object, got a list of 2"),
        (json!({ "type": ["string", "null"] }), json!(true), "expected text or null, got true"),
        (
            json!({ "type": ["string", "null"], "minLength": 2 }),
            json!("a"),
            "expected text of at least 2 characters, or null, got \"a\"",
        ),
        (
            json!({ "type": "integer", "minimum": 1 }),
            json!(0),
            "expected a whole number of at least 1, got 0",
        ),
        (
            json!({ "type": "number", "exclusiveMinimum": 0, "maximum": 9 }),
            json!(10),
            "expected a number of more than 0 and of at most 9, got 10",
        ),
        (json!({ "multipleOf": 3 }), json!(4), "expected a value that is a multiple of 3, got 4"),
        (
            json!({ "type": "string", "maxLength": 1 }),
            json!("äöü"),
            "expected text of at most 1 character, got \"äöü\"",
        ),
        (
            json!({ "type": "string", "format": "uuid" }),
            json!("1"),
            "expected text of the format uuid, got \"1\"",
        ),
        (
            json!({ "type": "string", "format": "email" }),
            json!("1"),
            "expected text of the format email, got \"1\"",
        ),
        (
            json!({ "type": "string", "format": "date" }),
            json!("1"),
            "expected text of the format date, got \"1\"",
        ),
        (json!({ "pattern": "^a" }), json!("b"), "expected a value that matches `^a`, got \"b\""),
        (json!({ "enum": ["a", "b"] }), json!("c"), "expected one of \"a\", \"b\", got \"c\""),
        (json!({ "const": 1 }), json!(2), "expected 1, got 2"),
        (
            json!({ "const": 9_007_199_254_740_993_u64 }),
            json!(9_007_199_254_740_992_u64),
            "expected 9007199254740993, got 9007199254740992",
        ),
        (json!({ "minItems": 1 }), json!([]), "expected a value of at least 1 item, got an empty list"),
        (
            json!({ "type": "array", "uniqueItems": true }),
            json!([1, 1.0]),
            "expected a list without repetition, got a list of 2",
        ),
        (
            json!({ "maxProperties": 0 }),
            json!({ "b": 1 }),
            "expected a value of at most 0 members, got an object",
        ),
        (json!({ "contains": { "type": "string" } }), json!([1]), "expected text in the list"),
        (json!({ "not": { "type": "string" } }), json!("x"), "it may not be what it is, got \"x\""),
        (json!(false), json!(1), "nothing is expected here, got 1"),
        (
            json!({ "anyOf": [{ "type": "string" }, { "type": "null" }] }),
            json!(1),
            "expected text or null, got 1",
        ),
        (
            json!({ "anyOf": [{ "type": "string", "minLength": 1 }, { "type": "null" }] }),
            json!(""),
            "expected text of at least 1 character, got \"\"",
        ),
        (
            json!({ "anyOf": [{ "required": ["b"] }, { "required": ["c", "d"] }] }),
            json!({ "a": 1 }),
            "expected `b` or `c` and `d`, got an object",
        ),
        (
            json!({ "oneOf": [{ "anyOf": [{ "const": "b" }, { "const": "c" }] }, { "allOf": [{ "type": "null" }] }] }),
            json!("a"),
            "expected \"b\" or \"c\", got \"a\"",
        ),
        (
            json!({ "contains": { "anyOf": [{ "const": "b" }, { "type": "integer" }] } }),
            json!(["a"]),
            "expected \"b\" or a whole number in the list",
        ),
        (
            json!({ "oneOf": [{ "type": "integer" }, { "minimum": 0 }] }),
            json!(1),
            "it fits more than one of the forms it may have",
        ),
    ] {
        assert_eq!(of(schema.clone(), value.clone()), what, "{schema} {value}");
    }
}

#[test]
fn every_place_that_does_not_fit_is_named_at_once() {
    let schema = json!({
        "type": "object",
        "properties": {
            "title": { "type": "string", "minLength": 1 },
            "cents": { "type": "integer", "minimum": 1 },
            "items": { "type": "array", "items": { "type": "object", "properties": { "count": { "type": "integer" } }, "required": ["count"] } },
            "due": { "type": "string", "format": "date" },
        },
        "required": ["title", "due"],
        "additionalProperties": false,
    });
    assert_eq!(
        said(
            schema,
            json!({ "title": "", "cents": 0, "items": [{ "count": 1 }, { "count": "2" }, {}], "tile": "x" })
        ),
        "invalid arguments:\n\
         - `due`: expected text of the format date, got nothing\n\
         - `cents`: expected a whole number of at least 1, got 0\n\
         - `items[1].count`: expected a whole number, got \"2\"\n\
         - `items[2].count`: expected a whole number, got nothing\n\
         - `tile`: it is not known; known are `cents`, `due`, `items`, `title`\n\
         - `title`: expected text of at least 1 character, got \"\""
    );
}

#[test]
fn of_several_forms_the_one_that_was_meant_is_explained() {
    let schema = json!({ "anyOf": [
        { "type": "object", "properties": { "kind": { "enum": ["circle"] }, "radius": { "type": "number" } }, "required": ["kind", "radius"] },
        { "type": "object", "properties": { "kind": { "enum": ["square"] }, "side": { "type": "number" } }, "required": ["kind", "side"] },
    ] });
    assert_eq!(
        said(json!({ "properties": { "a": schema } }), json!({ "a": { "kind": "square" } })),
        "invalid argument `a.side`: expected a number, got nothing"
    );
    assert_eq!(of(schema.clone(), json!({ "kind": "line" })), "expected an object, got an object");
    assert_eq!(of(schema, json!(5)), "expected an object, got 5");
}

#[test]
fn names_keywords_and_rules_of_objects_are_said() {
    let schema = json!({
        "patternProperties": { "^x-": { "type": "string" } },
        "propertyNames": { "maxLength": 5 },
        "dependentRequired": { "card": ["address"] },
        "dependentSchemas": { "gift": { "required": ["to"] } },
        "additionalProperties": { "type": "integer" },
    });
    assert_eq!(said(schema.clone(), json!({ "x-a": "1", "b": 1 })), "");
    assert_eq!(said(schema.clone(), json!({ "x-a": 1 })), "invalid argument `x-a`: expected text, got 1");
    assert_eq!(
        said(schema.clone(), json!({ "b": "1" })),
        "invalid argument `b`: expected a whole number, got \"1\""
    );
    assert_eq!(
        said(schema.clone(), json!({ "abcdef": 1 })),
        "invalid argument `abcdef`: its name is not allowed: expected a value of at most 5 characters"
    );
    assert_eq!(
        said(schema.clone(), json!({ "card": 1 })),
        "invalid argument `address`: expected beside `card`, got nothing"
    );
    assert_eq!(said(schema, json!({ "gift": 1 })), "invalid argument `to`: it is missing");
}

#[test]
fn a_rule_without_words_here_is_still_refused() {
    let schema = json!({ "properties": { "a": {} }, "unevaluatedProperties": false });
    assert_eq!(
        said(schema, json!({ "b": 1 })),
        "invalid arguments: they break a rule of the schema (unevaluatedProperties)"
    );
}

#[test]
fn what_came_is_shown_short_and_escaped() {
    let text = of(json!({ "type": "integer" }), json!(format!("a\n\u{202e}{}", "x".repeat(10_000))));
    assert!(
        text.starts_with(r#"expected a whole number, got "a\n\u{202e}xxx"#) && text.len() < 200,
        "{text}"
    );
    let schema = json!({ "additionalProperties": false });
    let text = said(schema, json!({ ("n\u{200b}".to_owned() + &"x".repeat(10_000)): 1 }));
    assert!(text.len() < 200 && text.contains(r"n\u{200b}x"), "{text}");
}

#[test]
fn references_and_circles_of_them_end() {
    let schema = json!({
        "properties": { "a": { "$ref": "#/$defs/tree" } },
        "$defs": { "tree": { "type": "object", "properties": { "left": { "$ref": "#/$defs/tree" }, "size": { "type": "integer" } } } },
    });
    assert_eq!(
        said(schema, json!({ "a": { "left": { "left": { "size": "x" } } } })),
        "invalid argument `a.left.left.size`: expected a whole number, got \"x\""
    );
    let circle = json!({ "properties": { "a": { "$ref": "#/$defs/b" } }, "$defs": { "b": { "$ref": "#/$defs/b" } }, "required": ["c"] });
    assert_eq!(said(circle, json!({ "a": 1 })), "invalid argument `c`: it is missing");
}

#[test]
fn what_fits_is_never_named_and_the_whole_needs_no_place() {
    let schema = json!({ "properties": { "a": { "multipleOf": 0.1 }, "b": { "type": "string" } } });
    assert_eq!(said(schema, json!({ "a": 0.3, "b": 1 })), "invalid argument `b`: expected text, got 1");
    let schema = json!({ "required": ["a"], "anyOf": [{ "required": ["b"] }, { "required": ["c"] }] });
    assert_eq!(
        said(schema, json!({})),
        "invalid arguments:\n- `a`: it is missing\n- expected `b` or `c`, got an empty object"
    );
}

#[test]
fn words_that_ran_out_of_steps_are_not_guessed() {
    let schema = json!({ "properties": { "a": { "items": { "oneOf": [{ "type": "string" }, { "type": "integer" }] } } } });
    let mut items = vec![json!(1); 30_000];
    items.push(json!(null));
    let text = said(schema, json!({ "a": items }));
    assert!(!text.contains("more than one"), "{text}");
}
