//! What clients and model APIs refuse of a tool: each rule with its source. A tool that one of them refuses is often refused
//! with every other tool that is sent beside it.

use std::fmt;

use rmcp::model::JsonObject;
use serde_json::Value;

use super::keywords::each_inside;
use super::root::REFUSED_AT_TOP;
use super::tidy::FORMATS;

/// One thing that a client or an API refuses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Complaint {
    /// Who refuses it.
    who: &'static str,
    /// Where in the schema, as a JSON pointer; empty for its top.
    at: String,
    what: String,
}

impl fmt::Display for Complaint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { who, at, what } = self;
        let at = if at.is_empty() { "at its top" } else { at };
        write!(f, "{at}: {what} ({who})")
    }
}

/// More of one schema are not said: the first ones are mended first.
const MAX_COMPLAINTS: usize = 8;

const OPENAI_AND_ANTHROPIC: &str = "the APIs behind ChatGPT and Claude refuse it, with all other tools";
const ANTHROPIC: &str = "the API behind Claude refuses it, with all other tools";
const OPENAI: &str = "the API behind ChatGPT refuses it";
const ARRAYS: &str = "VS Code and the API behind ChatGPT refuse it";
const GEMINI: &str = "the API behind Gemini refuses it";
const TYPESCRIPT: &str = "the TypeScript client refuses the whole list";
const ALL_CLIENTS: &str = "clients warn about it and check nothing";

/// What is wrong with the name of a tool, for whom.
///
/// - OpenAI: `^[a-zA-Z0-9_-]{1,64}$` (API reference, `tools[].function.name`: "a-z, A-Z, 0-9, or contain underscores and dashes,
///   with a maximum length of 64").
/// - Anthropic: `^[a-zA-Z0-9_-]{1,64}$`, later 128 (API reference, `tools[].name`).
/// - Gemini: "Must start with a letter or an underscore", at most 64 (Vertex AI REST reference, `FunctionDeclaration.name`).
/// - Clients put the server's name in front, so a name that is nearly too long is too long.
pub(crate) fn complaint_about_name(name: &str) -> Option<String> {
    let usual = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    if !(1..=64).contains(&name.len()) || !name.chars().all(usual) {
        return Some(format!(
            "tool {name:?}: model APIs take names of 1 to 64 letters, digits, `_` and `-` only, and refuse every request that \
             lists this one; name it anew with `name = \"…\"`"
        ));
    }
    (!name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')).then(|| {
        format!("tool {name:?}: the API behind Gemini takes only names that start with a letter or `_`; name it anew with `name = \"…\"`")
    })
}

/// What clients and APIs refuse of the schema of arguments.
pub(crate) fn complaints(schema: &JsonObject) -> Vec<Complaint> {
    let mut found = Found(Vec::new());
    top(schema, &mut found);
    found.below(schema, "");
    found.0.truncate(MAX_COMPLAINTS);
    found.0
}

/// The rules for the top of a schema of arguments.
fn top(schema: &JsonObject, found: &mut Found) {
    // MCP TypeScript SDK, `ToolSchema`: `inputSchema: z.object({ type: z.literal("object"), … })`.
    if schema.get("type").is_none_or(|kind| kind != "object") {
        found.add(TYPESCRIPT, "", "`type` must be \"object\"");
    }
    for word in REFUSED_AT_TOP {
        if schema.contains_key(word) {
            // OpenAI: "schema must have type 'object' and not have 'oneOf'/'anyOf'/'allOf'/'enum'/'not' at the top level"
            // (langchain-ai/langchainjs#9804). Anthropic: "input_schema does not support oneOf, allOf, or anyOf at the top level"
            // (anthropics/claude-code#5319).
            found.add(OPENAI_AND_ANTHROPIC, "", format!("`{word}` may not stand there"));
        }
    }
    // OpenAI: "object schema missing properties".
    if !schema.get("properties").is_some_and(Value::is_object) {
        found.add(OPENAI, "", "`properties` is missing; `{}` says that there are none");
    }
    for name in schema.get("properties").and_then(Value::as_object).into_iter().flat_map(JsonObject::keys) {
        // Anthropic: "Property keys should match pattern '^[a-zA-Z0-9_.-]{1,64}$'", at the top only (decocms/studio#6874).
        let usual = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
        if !(1..=64).contains(&name.len()) || !name.chars().all(usual) {
            found.add(
                ANTHROPIC,
                &format!("/properties/{name}"),
                "a name has 1 to 64 letters, digits, `_`, `.` and `-`",
            );
        }
    }
}

struct Found(Vec<Complaint>);

impl Found {
    fn add(&mut self, who: &'static str, at: &str, what: impl Into<String>) {
        self.0.push(Complaint { who, at: at.to_owned(), what: what.into() });
    }

    /// The rules for every schema.
    fn below(&mut self, schema: &JsonObject, at: &str) {
        let kinds = schema.get("type");
        let is_array = kinds.is_some_and(|kind| match kind {
            Value::Array(kinds) => kinds.iter().any(|kind| kind == "array"),
            kind => kind == "array",
        });
        if is_array && !schema.contains_key("items") {
            // VS Code: "tool parameters array type must have items" (microsoft/vscode#248810); OpenAI: "array schema missing items".
            self.add(ARRAYS, at, "an array must say its `items`");
        }
        if schema.get("items").is_some_and(Value::is_array)
            || schema.get("exclusiveMinimum").is_some_and(Value::is_boolean)
        {
            // Anthropic: "JSON schema is invalid. It must match JSON Schema draft 2020-12" (anomalyco/opencode#2082).
            self.add(ANTHROPIC, at, "this is an older JSON Schema than 2020-12");
        }
        if schema.contains_key("$ref") && schema.keys().any(|word| !word.starts_with('$')) {
            // Google Cloud, `GenerationConfig.responseJsonSchema`, which `parametersJsonSchema` follows: "If $ref is set on a
            // sub-schema, no other properties, except for than those starting as a $, may be set."
            self.add(GEMINI, at, "nothing may stand beside `$ref`");
        }
        if schema.get("$ref").and_then(Value::as_str).is_some_and(|to| !to.starts_with('#')) {
            // The same: `$ref` is local; and a client should not fetch what a server names.
            self.add(GEMINI, at, "`$ref` must stay within the schema");
        }
        if schema
            .get("enum")
            .and_then(Value::as_array)
            .is_some_and(|all| !all.iter().all(|v| v.is_string() || v.is_number()))
        {
            // The same: "enum (for strings and numbers)".
            self.add(GEMINI, at, "an `enum` has strings and numbers only");
        }
        if let Some(format) =
            schema.get("format").and_then(Value::as_str).filter(|format| !FORMATS.contains(format))
        {
            // Ajv, in the TypeScript client: `unknown format "uint64" ignored in schema`.
            self.add(ALL_CLIENTS, at, format!("format {format:?} is not one of JSON Schema 2020-12"));
        }
        each_inside(schema, &mut |keyword, name, inside| {
            let at = match name {
                "" => format!("{at}/{keyword}"),
                name => format!("{at}/{keyword}/{name}"),
            };
            match inside {
                Value::Object(inside) => self.below(inside, &at),
                // MCP TypeScript SDK, `ToolSchema`: `properties: z.record(z.string(), AssertObjectSchema)`, so `true` is refused there.
                Value::Bool(_) if keyword == "properties" => {
                    self.add(TYPESCRIPT, &at, "`true` is written `{}`, and `false` `{\"not\": {}}`")
                }
                _ => {}
            }
        });
    }
}
