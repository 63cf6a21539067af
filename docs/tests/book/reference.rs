//! `configuration-reference.md` is made from the configuration's types, by way of their JSON Schema.

use std::fmt::Write as _;

use mcp_auth::config::schema::json_schema;
use mcp_auth::serde_json::Value;

use crate::markdown::root;

const HEAD: &str = "\
# Configuration reference

<!-- Made from the configuration's types: MCP_AUTH_BLESS=1 cargo test -p mcp-auth-book reference -->

Every table and key of `mcp.toml`. [Configure](configure.md) says where the file is looked for and what wins over it;
[`mcp.toml.example`](https://github.com/mcp-auth/mcp-auth/blob/main/mcp.toml.example) is the same as a file to copy
from, and [`mcp.schema.json`](https://github.com/mcp-auth/mcp-auth/blob/main/mcp.schema.json) tells your editor.

Durations are strings with a unit: `\"500ms\"`, `\"30s\"`, `\"5m\"`, `\"1h\"`, `\"14d\"`. Sizes are strings with a unit
(`\"64 KiB\"`, `\"4 MiB\"`) or a number of bytes. Secrets are `\"env:NAME\"` or `\"file:/path\"`. Relative paths start at
the directory of the file. A dash means that there is no default.
";

/// To write it anew: `MCP_AUTH_BLESS=1 cargo test -p mcp-auth-book reference`
#[test]
fn reference_is_that_of_the_configurations_types() {
    let path = root().join("docs/src/configuration-reference.md");
    let now = reference();
    if std::env::var_os("MCP_AUTH_BLESS").is_some() {
        std::fs::write(&path, &now).expect("the reference is written");
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == now,
        "docs/src/configuration-reference.md is not that of the types; run: \
         MCP_AUTH_BLESS=1 cargo test -p mcp-auth-book reference"
    );
}

fn reference() -> String {
    let schema = json_schema();
    let mut tables = Vec::new();
    walk(&schema, &schema, "", "", &mut tables);
    let order = order();
    let place = |name: &str| order.iter().position(|known| known == name).unwrap_or(usize::MAX);
    tables.sort_by_key(|table| place(&table.name));
    let mut text = HEAD.to_owned();
    for table in &mut tables {
        table.keys.sort_by_key(|key| place(&format!("{}.{}", table.name, key.name)));
        let _ = write!(
            text,
            "\n## `{}`\n\n{}\n\n| key | type | default | meaning |\n|---|---|---|---|\n",
            table.shown, table.about
        );
        for Key { name, kind, default, about } in &table.keys {
            let _ = writeln!(text, "| `{name}` | {kind} | {default} | {about} |");
        }
    }
    text
}

struct Table {
    /// `auth.issuers`
    name: String,
    /// `[[auth.issuers]]`
    shown: String,
    about: String,
    keys: Vec<Key>,
}

struct Key {
    name: String,
    kind: String,
    default: String,
    about: String,
}

/// The table at `at`, and those below it.
fn walk(schema: &Value, at: &Value, name: &str, about: &str, tables: &mut Vec<Table>) {
    let mut keys = Vec::new();
    for (key, value) in at["properties"].as_object().into_iter().flatten() {
        let target = resolve(schema, value);
        let about = described(value, target);
        let path = if name.is_empty() { key.clone() } else { format!("{name}.{key}") };
        let items = target.get("items").map(|items| resolve(schema, items)).filter(|items| is_table(items));
        let free = target.get("additionalProperties").map(|free| resolve(schema, free));
        // Where a list may stand there too, its description says what the tables hold.
        let free = free.filter(|free| is_table(free) && target.get("items").is_none());
        if is_table(target) {
            walk(schema, target, &path, &about, tables);
        } else if let Some(items) = items {
            walk(schema, items, &path, &about, tables);
            rename(tables, &path, format!("[[{path}]]"));
        } else if let Some(free) = free {
            walk(schema, free, &path, &about, tables);
            // And the tables below it.
            for table in tables.iter_mut() {
                if table.name == path || table.name.starts_with(&format!("{path}.")) {
                    table.shown = table.shown.replacen(&path, &format!("{path}.\"…\""), 1);
                }
            }
        } else {
            let required =
                at["required"].as_array().is_some_and(|all| all.contains(&Value::from(key.as_str())));
            let default = match value.get("default").or_else(|| target.get("default")) {
                Some(default) => format!("`{default}`"),
                None if required => "required".to_owned(),
                None => "—".to_owned(),
            };
            keys.push(Key { name: key.clone(), kind: kind(schema, target), default, about: cell(&about) });
        }
    }
    if !name.is_empty() {
        let (name, shown) = (name.to_owned(), format!("[{name}]"));
        tables.push(Table { name, shown, about: about.to_owned(), keys });
    }
}

fn rename(tables: &mut [Table], path: &str, shown: String) {
    if let Some(table) = tables.iter_mut().find(|table| table.name == path) {
        table.shown = shown;
    }
}

fn is_table(at: &Value) -> bool {
    at.get("properties").is_some()
}

fn described(value: &Value, target: &Value) -> String {
    let said = value["description"].as_str().or_else(|| target["description"].as_str());
    said.unwrap_or_default().to_owned()
}

/// What a value looks like: words, a list of something, text, a number.
fn kind(schema: &Value, at: &Value) -> String {
    if let Some(words) = at["enum"].as_array() {
        return words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(" or ");
    }
    if let Some(choices) = at["anyOf"].as_array().or_else(|| at["oneOf"].as_array()) {
        return choices
            .iter()
            .map(|choice| kind(schema, resolve(schema, choice)))
            .collect::<Vec<_>>()
            .join(" or ");
    }
    let one = |name: &str| match name {
        "array" => format!("list of {}", kind(schema, resolve(schema, &at["items"]))),
        "boolean" => "`true` or `false`".to_owned(),
        "object" => "table".to_owned(),
        other => other.to_owned(),
    };
    match &at["type"] {
        Value::String(name) => one(name),
        Value::Array(names) => {
            names.iter().filter_map(Value::as_str).map(one).collect::<Vec<_>>().join(" or ")
        }
        _ => "value".to_owned(),
    }
}

fn resolve<'a>(schema: &'a Value, at: &'a Value) -> &'a Value {
    match at["$ref"].as_str().and_then(|target| target.strip_prefix('#')) {
        Some(pointer) => schema.pointer(pointer).expect("what a $ref names"),
        None => at,
    }
}

fn cell(text: &str) -> String {
    text.replace('\n', " ").replace('|', "\\|")
}

/// Tables and keys in the order of `mcp.toml.example`, which is the one to read them in.
fn order() -> Vec<String> {
    let example = std::fs::read_to_string(root().join("mcp.toml.example")).expect("mcp.toml.example");
    let (mut order, mut table) = (Vec::new(), String::new());
    for line in example.lines().map(|line| line.trim_start_matches('#')) {
        if line.starts_with('[') {
            let name = line.trim_matches(['[', ']']);
            table = without_chosen_name(name);
            order.push(table.clone());
        } else if let Some((key, _)) = line.split_once(" = ").filter(|(key, _)| !key.contains([' ', '"'])) {
            order.push(format!("{table}.{key}"));
        }
    }
    order
}

/// `roles.manager.when` is `roles.when`, and so with upstreams: the user chooses the name between.
fn without_chosen_name(table: &str) -> String {
    match table.split_once('.') {
        Some((named @ ("scopes" | "tools" | "prompts" | "resources"), _)) => named.to_owned(),
        Some((named @ ("roles" | "upstreams"), name)) => match name.split_once('.') {
            Some((_, below)) => format!("{named}.{below}"),
            None => named.to_owned(),
        },
        _ => table.to_owned(),
    }
}

#[test]
fn every_default_is_written_alike_in_the_reference_and_in_the_example() {
    let schema = json_schema();
    let mut tables = Vec::new();
    walk(&schema, &schema, "", "", &mut tables);
    let example = std::fs::read_to_string(root().join("mcp.toml.example")).expect("mcp.toml.example");
    let mut compared = 0;
    let mut table = "";
    for line in example.lines().map(|line| line.trim_start_matches('#')) {
        if line.starts_with('[') {
            table = line.trim_matches(['[', ']']);
        }
        let keys = tables.iter().filter(|known| known.name == table).flat_map(|known| &known.keys);
        for Key { name, default, .. } in keys {
            let written = line.strip_prefix(name).and_then(|rest| rest.strip_prefix(" = \""));
            if let (Some(written), Some(default)) = (written, default.strip_prefix("`\"")) {
                assert_eq!(written.split('"').next(), default.split('"').next(), "{table}.{name}");
                compared += 1;
            }
        }
    }
    assert!(compared > 15, "{compared} defaults were compared");
}

#[test]
fn every_table_and_key_of_the_schema_is_in_the_example_that_orders_them() {
    let schema = json_schema();
    let mut tables = Vec::new();
    walk(&schema, &schema, "", "", &mut tables);
    let order = order();
    assert!(tables.len() >= 9, "{}", tables.len());
    for table in tables {
        assert!(order.contains(&table.name), "{}", table.name);
        assert!(!table.about.is_empty(), "{}", table.name);
        for key in table.keys {
            let path = format!("{}.{}", table.name, key.name);
            assert!(order.contains(&path), "{path}");
            assert!(!key.about.is_empty(), "{path}");
        }
    }
}
