//! Types as people write them, and what is published of them: every client and every model API takes it, and it means what the
//! type means.

use std::collections::{BTreeMap, HashMap};

use rmcp::handler::server::common::schema_for_type;
use rmcp::handler::server::tool::schema_for_output;
use rmcp::model::JsonObject;
use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::*;

#[derive(Debug, Deserialize, JsonSchema)]
#[expect(dead_code, reason = "its schema and its reading are all that is asked for")]
struct Everything {
    name: Option<String>,
    nested: Nested,
    maybe: Option<Nested>,
    color: Color,
    spoken: Spoken,
    shape: Shape,
    choice: Choice,
    pair: (u8, String),
    same: (f64, f64),
    map: HashMap<String, Nested>,
    list: Vec<Value>,
    any: Value,
    /// Anything at all.
    told: Value,
    #[serde(default)]
    count: u32,
    #[serde(default = "seven")]
    seven: u64,
    big: u128,
    signed: i128,
    small: i8,
    ratio: f32,
    letter: char,
    when: Date,
    at: Moment,
    #[serde(flatten)]
    more: Nested2,
    numbers: [u16; 3],
    address: std::net::IpAddr,
    duration: std::time::Duration,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[expect(dead_code, reason = "as above")]
struct Nested {
    /// Which.
    id: u64,
    color: Option<Color>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[expect(dead_code, reason = "as above")]
struct Nested2 {
    label: String,
}

#[derive(Debug, Deserialize, JsonSchema)]
enum Color {
    Red,
    Green,
}

/// How it is said.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Spoken {
    /// So that all hear it.
    Loud,
    Soft,
}

/// What to draw.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "lowercase")]
#[expect(dead_code, reason = "as above")]
enum Shape {
    /// A circle.
    Circle {
        radius: u8,
    },
    Square {
        side: u8,
        #[schemars(length(min = 1))]
        label: Option<String>,
    },
    Nothing,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "as above")]
enum Choice {
    Id { id: u64 },
    Words { text: String, language: Option<String> },
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[expect(dead_code, reason = "as above")]
enum External {
    /// One todo.
    Add(Nested),
    Remove {
        id: u64,
    },
    Clear,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(tag = "t", content = "c")]
#[expect(dead_code, reason = "as above")]
enum Adjacent {
    Number(u32),
    Text(String),
    None,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(tag = "op", rename_all = "lowercase")]
#[expect(dead_code, reason = "as above")]
enum Expression {
    Not { inner: Box<Expression> },
    Negative { inner: Box<Expression> },
    Is { word: String },
}

#[derive(Debug, Deserialize, JsonSchema)]
#[expect(dead_code, reason = "as above")]
struct Tree {
    children: Vec<Tree>,
    parent: Option<Box<Tree>>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[expect(dead_code, reason = "as above")]
struct Flat {
    title: String,
    #[serde(flatten)]
    shape: Shape,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[expect(dead_code, reason = "as above")]
struct Open {
    title: String,
    #[serde(flatten)]
    rest: BTreeMap<String, Value>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "as above")]
struct Closed {
    title: String,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[expect(dead_code, reason = "as above")]
struct Like(Nested);

/// As chrono's `NaiveDate` says it.
#[derive(Debug, Deserialize)]
#[expect(dead_code, reason = "as above")]
struct Date(String);

impl JsonSchema for Date {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Date".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "format": "date" })
    }
}

/// As chrono's `NaiveDateTime` says it.
#[derive(Debug, Deserialize)]
#[expect(dead_code, reason = "as above")]
struct Moment(String);

impl JsonSchema for Moment {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Moment".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "format": "partial-date-time" })
    }
}

fn seven() -> u64 {
    7
}

fn of<T: JsonSchema + 'static>() -> JsonObject {
    arguments(&schema_for_type::<T>()).unwrap().published
}

fn text(schema: &JsonObject) -> String {
    serde_json::to_string_pretty(schema).unwrap()
}

/// Every client and API takes it, and what serde reads is valid. `invalid` is what serde refuses.
fn fits<T: JsonSchema + DeserializeOwned + 'static>(valid: &[Value], invalid: &[Value]) -> JsonObject {
    let schema = of::<T>();
    assert_eq!(complaints(&schema), [], "{}", text(&schema));
    let published = jsonschema::validator_for(&Value::Object(schema.clone())).unwrap();
    for value in valid {
        assert!(published.is_valid(value), "{value}\n{}", text(&schema));
        serde_json::from_value::<T>(value.clone()).unwrap_or_else(|error| panic!("{value}: {error}"));
    }
    for value in invalid {
        assert!(serde_json::from_value::<T>(value.clone()).is_err(), "{value}");
    }
    schema
}

#[test]
fn every_kind_of_member_is_in_words_that_every_client_takes() {
    let schema = of::<Everything>();
    assert_eq!(complaints(&schema), [], "{}", text(&schema));
    let said = text(&schema);
    for word in
        ["$ref", "$defs", "$schema", "uint", "int8", "float", "partial-date-time", "\"ip\"", "oneOf", "const"]
    {
        assert!(!said.contains(word), "{word}\n{said}");
    }
    let members = &schema["properties"];
    assert_eq!(members["any"], json!({}));
    assert_eq!(members["told"], json!({ "description": "Anything at all." }));
    assert_eq!(members["list"]["items"], json!({}));
    assert_eq!(members["color"], json!({ "type": "string", "enum": ["Red", "Green"] }));
    assert_eq!(members["spoken"]["enum"], json!(["soft", "loud"]));
    assert_eq!(members["spoken"]["description"], "How it is said.\n\n- `loud`: So that all hear it.");
    assert_eq!(members["small"], json!({ "type": "integer", "minimum": -128, "maximum": 127 }));
    assert_eq!(members["count"]["maximum"], u32::MAX);
    assert_eq!((&members["seven"]["default"], &members["seven"]["maximum"]), (&json!(7), &json!(u64::MAX)));
    assert_eq!((&members["big"]["minimum"], &members["big"]["maximum"]), (&json!(0), &json!(u64::MAX)));
    assert_eq!(members["ratio"], json!({ "type": "number" }));
    assert_eq!(members["when"]["format"], "date");
    assert_eq!(members["at"], json!({ "type": "string" }));
    assert_eq!(members["nested"]["properties"]["id"]["description"], "Which.");
    assert_eq!(members["map"]["additionalProperties"]["type"], "object");
    assert_eq!(members["pair"]["items"]["anyOf"].as_array().unwrap().len(), 2);
    assert_eq!(members["same"]["items"], json!({ "type": "number" }));
    assert_eq!(members["name"]["type"], json!(["string", "null"]));
    assert_eq!(members["label"], json!({ "type": "string" }));
    assert!(members["shape"]["anyOf"].is_array() && members["maybe"]["anyOf"].is_array());
}

#[test]
fn a_tagged_enum_is_one_object_whose_tag_says_the_rest() {
    let schema = fits::<Shape>(
        &[
            json!({ "kind": "circle", "radius": 3 }),
            json!({ "kind": "square", "side": 1, "label": "x" }),
            json!({ "kind": "nothing" }),
        ],
        &[
            json!({}),
            json!({ "kind": "circle" }),
            json!({ "kind": "circle", "side": 3 }),
            json!({ "kind": "oval", "radius": 3 }),
            json!({ "kind": "circle", "radius": 300 }),
            json!({ "radius": 3 }),
        ],
    );
    assert_eq!(schema["type"], "object");
    assert_eq!(schema["required"], json!(["kind"]));
    assert_eq!(schema["properties"]["kind"]["enum"], json!(["circle", "square", "nothing"]));
    assert_eq!(
        schema["properties"]["kind"]["description"],
        "- `circle`: A circle; needs `radius`\n- `square`: needs `side`, may have `label`\n- `nothing`: nothing else"
    );
    assert_eq!(schema["properties"]["radius"]["maximum"], 255);
}

#[test]
fn other_enums_of_objects_are_one_object_too() {
    let schema = fits::<External>(
        &[json!({ "add": { "id": 1 } }), json!({ "remove": { "id": 1 } })],
        &[json!({}), json!({ "add": { "id": 1 }, "remove": { "id": 1 } }), json!({ "drop": 1 })],
    );
    assert_eq!((&schema["minProperties"], &schema["maxProperties"]), (&json!(1), &json!(1)));
    assert_eq!(schema["additionalProperties"], false);

    let schema =
        fits::<Choice>(&[json!({ "id": 1 }), json!({ "text": "x" })], &[json!({}), json!({ "id": "x" })]);
    assert_eq!(
        schema["description"],
        "Arguments of one of these forms:\n- needs `id`\n- needs `text`, may have `language`"
    );

    let schema = fits::<Adjacent>(
        &[json!({ "t": "Number", "c": 1 }), json!({ "t": "Text", "c": "x" }), json!({ "t": "None" })],
        &[json!({ "t": "Number", "c": "x" }), json!({ "c": 1 })],
    );
    assert_eq!(schema["required"], json!(["t"]));

    let schema = fits::<Flat>(
        &[json!({ "title": "x", "kind": "circle", "radius": 1 })],
        &[json!({ "title": "x", "kind": "circle" }), json!({ "kind": "nothing" })],
    );
    assert_eq!(schema["required"], json!(["title", "kind"]));
}

#[test]
fn what_refers_to_itself_keeps_its_definition_and_its_meaning() {
    let schema = fits::<Tree>(
        &[json!({ "children": [{ "children": [] }], "parent": null })],
        &[json!({}), json!({ "children": [{}] })],
    );
    assert!(schema["$defs"]["Tree"].is_object(), "{}", text(&schema));
    let schema = fits::<Expression>(
        &[json!({ "op": "not", "inner": { "op": "is", "word": "x" } })],
        &[json!({ "op": "not", "inner": { "op": "is" } }), json!({ "op": "not", "inner": {} })],
    );
    assert_eq!(schema["properties"]["op"]["enum"], json!(["not", "negative", "is"]));
}

#[test]
fn structs_of_every_manner_stay_what_they_are() {
    let schema = fits::<Closed>(&[json!({ "title": "x" })], &[json!({ "title": "x", "b": 1 }), json!({})]);
    assert_eq!(schema["additionalProperties"], false);
    fits::<Open>(&[json!({ "title": "x", "b": [1] })], &[json!({ "b": 1 })]);
    fits::<Like>(&[json!({ "id": 1, "color": "Red" })], &[json!({ "id": 1, "color": "Blue" })]);
    fits::<Option<Nested>>(&[json!({ "id": 1 })], &[json!({ "id": -1 })]);
    let map = fits::<HashMap<String, u8>>(&[json!({ "a": 1 })], &[json!({ "a": 256 })]);
    assert_eq!(map["properties"], json!({}));
    assert_eq!(Value::Object(of::<Value>()), json!({ "type": "object", "properties": {} }));
}

#[test]
fn arguments_that_are_never_an_object_are_refused_with_the_way_out() {
    for refused in [
        arguments(&schema_for_type::<Vec<u8>>()).unwrap_err(),
        arguments(&schema_for_type::<Color>()).unwrap_err(),
        arguments(&schema_for_type::<Option<u8>>()).unwrap_err(),
        arguments(&schema_for_type::<(u8, u8)>()).unwrap_err(),
    ] {
        let said = refused.to_string();
        assert!(said.contains("must be a struct or a map") && said.contains("field of a struct"), "{said}");
    }
}

#[test]
fn arguments_that_one_object_cannot_say_are_refused_with_the_way_out() {
    for schema in [
        json!({ "type": "object", "not": { "required": ["a"] } }),
        json!({ "anyOf": [{ "type": "object", "if": {}, "then": {} }, { "type": "object" }] }),
        json!({ "oneOf": [{ "$ref": "https://example.com/a" }] }),
        json!({ "type": "object", "additionalProperties": false, "properties": { "a": {} },
                "anyOf": [{ "type": "object", "properties": { "b": {} } }] }),
    ] {
        let said = arguments(schema.as_object().unwrap()).unwrap_err().to_string();
        assert!(
            said.contains("cannot be described as one object") && said.contains("input_schema = …"),
            "{said}"
        );
    }
    let many: Vec<Value> =
        (0..200).map(|at| json!({ "type": "object", "required": [format!("a{at}")] })).collect();
    assert!(
        arguments(json!({ "anyOf": many }).as_object().unwrap())
            .unwrap_err()
            .to_string()
            .contains("more than 128")
    );
}

#[test]
fn types_that_would_grow_beyond_any_size_keep_their_definitions() {
    let mut defs = serde_json::Map::new();
    for at in 0..64 {
        let next = json!({ "$ref": format!("#/$defs/T{}", at + 1) });
        let body = json!({ "type": "object", "properties": { "a": next, "b": next } });
        defs.insert(format!("T{at}"), body);
    }
    defs.insert("T64".to_owned(), json!({ "type": "string" }));
    let root = json!({ "type": "object", "properties": { "t": { "$ref": "#/$defs/T0" } }, "$defs": defs });
    let schema = arguments(root.as_object().unwrap()).unwrap().published;
    assert_eq!(schema["$defs"].as_object().unwrap().len(), 65);
    assert!(text(&schema).len() < 100_000);
}

#[test]
fn a_format_is_held_so_two_of_them_hold_both() {
    let published = |beside: &Value| {
        let mut when = json!({ "$ref": "#/$defs/When", "description": "since then" });
        when.as_object_mut().unwrap().extend(beside.as_object().unwrap().clone());
        let derived = json!({
            "type": "object", "properties": { "when": when },
            "$defs": { "When": { "type": "string", "format": "date" } },
        });
        arguments(derived.as_object().unwrap()).unwrap().published
    };
    for (beside, fits) in [
        (json!({}), true),
        (json!({ "format": "date" }), true),
        (json!({ "format": "email" }), false),
        (json!({ "minLength": 3, "format": "email" }), false),
    ] {
        let schema = published(&beside);
        let check = Check::new(&schema, None).unwrap();
        assert_eq!(check.fits(&json!({ "when": "2026-07-28" })).is_ok(), fits, "{schema:?}");
        assert!(check.fits(&json!({ "when": "a@b.example" })).is_err(), "{schema:?}");
    }
    let one = published(&json!({ "format": "date" }));
    assert_eq!(
        one["properties"]["when"],
        json!({ "type": "string", "format": "date", "description": "since then" }),
        "in one place"
    );
}

#[test]
fn answers_are_in_the_same_words_and_may_be_anything() {
    let of = |schema: &JsonObject| Value::Object(output(schema));
    assert_eq!(of(&schema_for_output::<Value>()), json!({}));
    assert_eq!(of(&schema_for_output::<Vec<Value>>()), json!({ "type": "array", "items": {} }));
    assert_eq!(of(&schema_for_output::<Like>())["type"], "object");
    assert_eq!(of(&schema_for_output::<Shape>())["anyOf"].as_array().unwrap().len(), 3);
    let everything = of(&schema_for_output::<Everything>());
    assert!(!everything.to_string().contains("$ref") && everything["properties"]["any"] == json!({}));
}

/// The checker is not blind: each rule refuses its own example.
#[test]
fn each_rule_of_a_client_refuses_what_that_client_refuses() {
    for (schema, who, what) in [
        (json!({}), "TypeScript client", "`type`"),
        (json!({ "type": "array", "items": {}, "properties": {} }), "TypeScript client", "`type`"),
        (json!({ "type": "object" }), "ChatGPT", "`properties` is missing"),
        (json!({ "type": "object", "properties": {}, "oneOf": [] }), "Claude", "`oneOf`"),
        (json!({ "type": "object", "properties": {}, "anyOf": [] }), "ChatGPT", "`anyOf`"),
        (json!({ "type": "object", "properties": {}, "not": {} }), "ChatGPT", "`not`"),
        (json!({ "type": "object", "properties": { "@id": {} } }), "Claude", "/properties/@id"),
        (json!({ "type": "object", "properties": { "a": true } }), "TypeScript client", "/properties/a"),
        (
            json!({ "type": "object", "properties": { "a": { "type": "array" } } }),
            "VS Code",
            "/properties/a: an array",
        ),
        (
            json!({ "type": "object", "properties": { "a": { "format": "uint64" } } }),
            "clients warn",
            "uint64",
        ),
        (json!({ "type": "object", "properties": { "a": { "enum": [null] } } }), "Gemini", "`enum`"),
        (
            json!({ "type": "object", "properties": { "a": { "$ref": "#/x", "title": "" } } }),
            "Gemini",
            "beside `$ref`",
        ),
        (
            json!({ "type": "object", "properties": { "a": { "$ref": "https://x/" } } }),
            "Gemini",
            "within the schema",
        ),
        (json!({ "type": "object", "properties": { "a": { "items": [] } } }), "Claude", "older JSON Schema"),
    ] {
        let said: Vec<String> =
            complaints(schema.as_object().unwrap()).iter().map(ToString::to_string).collect();
        assert!(said.iter().any(|line| line.contains(who) && line.contains(what)), "{schema}: {said:?}");
    }
    let fine = json!({ "type": "object", "properties": { "a": { "type": "array", "items": {} } }, "additionalProperties": false });
    assert_eq!(complaints(fine.as_object().unwrap()), []);
}

#[test]
fn a_name_that_model_apis_refuse_is_named_with_the_way_out() {
    for name in ["", "a b", "a.b", "a/b", "ä", &"x".repeat(65), "1st", "-a"] {
        assert!(complaint_about_name(name).unwrap().contains("name = "), "{name:?}");
    }
    for name in ["a", "_a", "add_todo", "add-todo", "A9", &"x".repeat(64)] {
        assert_eq!(complaint_about_name(name), None);
    }
}
