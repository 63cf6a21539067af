//! Every key of `mcp.toml` that prose names exists, and so does every environment variable that sets one.

use mcp_auth::config::schema::json_schema;
use mcp_auth::serde_json::Value;

use crate::markdown::{all, read, root};

/// Whether `path` is a key of the schema.
fn exists(path: &[&str]) -> bool {
    let schema = json_schema();
    let mut at = &schema;
    for key in path {
        let Some(next) = below(&schema, at, key) else { return false };
        at = next;
    }
    true
}

fn below<'a>(schema: &'a Value, at: &'a Value, key: &str) -> Option<&'a Value> {
    let at = resolve(schema, at);
    let at = at.get("items").map_or(at, |items| resolve(schema, items));
    at["properties"].get(key).or_else(|| at.get("additionalProperties").filter(|free| free.is_object()))
}

fn resolve<'a>(schema: &'a Value, at: &'a Value) -> &'a Value {
    match at["$ref"].as_str().and_then(|target| target.strip_prefix('#')) {
        Some(pointer) => schema.pointer(pointer).expect("what a $ref names"),
        None => at,
    }
}

/// `auth.connect`, and `auth.connect = "anonymous"`.
fn key(code: &str) -> Option<Vec<&str>> {
    let name = code.split([' ', '=']).next()?.trim_matches(['[', ']']);
    let path: Vec<&str> = name.split('.').collect();
    // A file of a program is not a key.
    if path.last() == Some(&"rs") {
        return None;
    }
    let is_key = |part: &&str| !part.is_empty() && part.chars().all(|c| c.is_ascii_lowercase() || c == '_');
    let schema = json_schema();
    let section = schema["properties"].get(path.first()?).is_some();
    (section && path.len() > 1 && path.iter().all(is_key)).then_some(path)
}

#[test]
fn every_key_that_is_named_exists() {
    for page in all().into_iter().chain([read("SECURITY.md"), read("ARCHITECTURE.md")]) {
        for (code, line) in &page.code {
            if let Some(path) = key(code) {
                assert!(exists(&path), "{}:{line}: mcp.toml has no key {}", page.name, path.join("."));
            }
        }
    }
}

#[test]
fn every_environment_variable_that_is_named_sets_a_key() {
    for page in all() {
        let text = std::fs::read_to_string(root().join(&page.name)).expect("a page");
        for word in text.split(|c: char| !(c.is_ascii_uppercase() || c == '_')) {
            let Some(keys) = word.strip_prefix("MCP_").filter(|keys| keys.contains("__")) else { continue };
            let path = keys.to_lowercase();
            let path: Vec<&str> = path.split("__").collect();
            assert!(exists(&path), "{}: {word} sets no key of mcp.toml", page.name);
        }
    }
}

#[test]
fn a_key_that_does_not_exist_is_found() {
    assert!(exists(&["auth", "issuers", "clock_skew"]));
    assert!(exists(&["scopes", "todos", "implies"]));
    assert!(!exists(&["auth", "conect"]));
    assert_eq!(key("auth.connect = \"anonymous\""), Some(vec!["auth", "connect"]));
    assert_eq!(key("todos.read"), None);
}
