//! The JSON Schema of `mcp.toml`: published as `mcp.schema.json`, and what tells known keys from unknown ones.

use std::sync::LazyLock;

use mcp_auth_core::canonical::sorted;
use schemars::generate::SchemaSettings;
use schemars::transform::{RecursiveTransform, Transform as _};
use schemars::{JsonSchema as _, Schema};
use serde_json::{Value, json};

use super::document::Document;

/// The JSON Schema of `mcp.toml` (draft 2020-12), as `mcp.schema.json` holds it.
pub fn json_schema() -> Value {
    let settings = SchemaSettings::draft2020_12();
    tidy(settings.into_generator().into_root_schema_for::<Document>())
}

/// The same with every part written where it is used, for walking.
static INLINE: LazyLock<Value> = LazyLock::new(|| {
    let mut settings = SchemaSettings::draft2020_12();
    settings.inline_subschemas = true;
    let mut generator = settings.into_generator();
    tidy(Document::json_schema(&mut generator))
});

/// TOML has no null, and a range belongs into the description people read.
fn tidy(mut schema: Schema) -> Value {
    RecursiveTransform(|schema: &mut Schema| {
        without_null(schema);
        // The defaults of a table are those of its keys.
        if schema.get("default").is_some_and(Value::is_object) {
            schema.remove("default");
        }
        if let Some(Value::String(text)) = schema.get_mut("description") {
            *text = text.replace("\n\n", "\u{0}").replace('\n', " ").replace('\u{0}', "\n\n");
        }
        if let Some(Value::String(range)) = schema.remove("$comment") {
            let said = schema.get("description").and_then(Value::as_str).unwrap_or_default();
            let joined = format!("{said} {range}").trim().to_owned();
            schema.insert("description".to_owned(), joined.into());
        }
    })
    .transform(&mut schema);
    sorted(schema.into())
}

/// Takes `null` out of a schema: as a type, as an alternative and as a default.
fn without_null(schema: &mut Schema) {
    if schema.get("default") == Some(&Value::Null) {
        schema.remove("default");
    }
    if let Some(Value::Array(types)) = schema.get_mut("type") {
        types.retain(|name| name != "null");
        if let [only] = types.as_slice() {
            let only = only.clone();
            schema.insert("type".to_owned(), only);
        }
    }
    if let Some(Value::Array(words)) = schema.get_mut("enum") {
        words.retain(|word| !word.is_null());
    }
    let Some(Value::Array(choices)) = schema.get_mut("anyOf") else {
        return;
    };
    choices.retain(|choice| choice.get("type").and_then(Value::as_str) != Some("null"));
    if let [Value::Object(only)] = choices.as_slice() {
        let only = only.clone();
        schema.remove("anyOf");
        for (key, value) in only {
            if schema.get(&key).is_none() {
                schema.insert(key, value);
            }
        }
    }
}

/// What stands below a table in which anything may stand.
static ANYTHING: LazyLock<Value> = LazyLock::new(|| {
    let any = json!(["array", "boolean", "number", "object", "string"]);
    json!({ "type": any, "additionalProperties": true, "items": { "type": any, "additionalProperties": true } })
});

/// One place in the schema: the root, a table, a key.
#[derive(Debug, Clone, Copy)]
pub(in crate::config) struct Node(&'static Value);

impl Node {
    /// The whole document.
    pub(in crate::config) fn root() -> Self {
        Self(&INLINE)
    }

    /// The names of the keys a table has; none for a table whose keys the user chooses.
    pub(in crate::config) fn keys(self) -> impl Iterator<Item = &'static str> {
        self.0.get("properties").and_then(Value::as_object).into_iter().flatten().map(|(key, _)| key.as_str())
    }

    /// What belongs under `key`, if this is a table that may have it.
    pub(in crate::config) fn key(self, key: &str) -> Option<Self> {
        let known = self.0.get("properties").and_then(|properties| properties.get(key));
        let anything = self.0.get("additionalProperties").filter(|more| **more == true).map(|_| &*ANYTHING);
        known.or_else(|| self.free_keys()).or(anything).map(Node)
    }

    /// What belongs under each key of a table whose keys the user chooses.
    fn free_keys(self) -> Option<&'static Value> {
        self.0.get("additionalProperties").filter(|schema| schema.is_object())
    }

    /// Whether the user chooses the keys of this table.
    pub(in crate::config) fn has_free_keys(self) -> bool {
        self.free_keys().is_some()
    }

    /// What belongs into an array.
    pub(in crate::config) fn items(self) -> Option<Self> {
        self.0.get("items").map(Node)
    }

    /// Whether a value of this JSON type may stand here.
    pub(in crate::config) fn takes(self, name: &str) -> bool {
        match self.0.get("type") {
            Some(Value::String(only)) => only == name,
            Some(Value::Array(types)) => types.iter().any(|one| one == name),
            _ => false,
        }
    }

    /// The range the schema states: that of a number, or the one a description ends with.
    #[cfg(test)]
    pub(in crate::config) fn range(self) -> Option<(String, String)> {
        if let (Some(minimum), Some(maximum)) = (self.0.get("minimum"), self.0.get("maximum")) {
            return Some((minimum.to_string(), maximum.to_string()));
        }
        let mut quoted = self.0.get("description")?.as_str()?.rsplit(". \"").next()?.split('"');
        let (minimum, between, maximum) = (quoted.next()?, quoted.next()?, quoted.next()?);
        (between == " to ").then(|| (format!("\"{minimum}\""), format!("\"{maximum}\"")))
    }

    /// The default the schema states.
    #[cfg(test)]
    pub(in crate::config) fn default(self) -> Option<&'static Value> {
        self.0.get("default")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Where the published schema is kept.
    const PUBLISHED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../mcp.schema.json");

    /// To write it anew: `MCP_AUTH_BLESS=1 cargo test -p mcp-auth-runtime published_schema`
    #[test]
    fn published_schema_is_the_schema_of_the_types() {
        let mut now = serde_json::to_string_pretty(&json_schema()).unwrap();
        now.push('\n');
        if std::env::var_os("MCP_AUTH_BLESS").is_some() {
            std::fs::write(PUBLISHED, &now).unwrap();
        }
        let published = std::fs::read_to_string(PUBLISHED).unwrap_or_default();
        assert!(
            published == now,
            "mcp.schema.json is not the schema of the configuration types; run: \
             MCP_AUTH_BLESS=1 cargo test -p mcp-auth-runtime published_schema"
        );
    }

    #[test]
    fn schema_has_no_null_and_every_key_a_description_and_a_type() {
        fn walk(node: Node, path: &str, found: &mut usize) {
            assert!(!node.0.to_string().contains("\"null\""), "{path}");
            for key in node.keys() {
                let (below, path) = (node.key(key).unwrap(), format!("{path}.{key}"));
                assert!(below.0.get("description").is_some(), "{path} has no description");
                assert!(below.0.get("type").is_some(), "{path} has no type: {}", below.0);
                *found += 1;
                walk(below, &path, found);
                if let Some(items) = below.items() {
                    walk(items, &path, found);
                }
            }
            if let Some(free) = node.free_keys() {
                walk(Node(free), path, found);
            }
        }
        let mut found = 0;
        walk(Node::root(), "", &mut found);
        assert!(found > 50, "{found} keys");
    }

    #[test]
    fn range_and_default_are_in_the_schema() {
        let issuer = Node::root().key("auth").unwrap().key("issuers").unwrap().items().unwrap();
        let skew = issuer.key("clock_skew").unwrap();
        assert_eq!(skew.default(), Some(&Value::from("30s")));
        assert!(skew.0["description"].as_str().unwrap().contains("\"0s\" to \"5m\""), "{}", skew.0);
    }
}
