//! `mcp.toml.example` holds every key with its real default, and nothing else.

use std::time::Duration;

use serde_json::Value;

use crate::config::load::Config;
use crate::config::section::schema::Node;
use crate::config::value::{parse_duration, parse_size};

const EXAMPLE: &str = include_str!("../../../mcp.toml.example");

/// The example with every key uncommented: a line of `#` and then a key or a table header.
fn uncommented() -> String {
    let lines = EXAMPLE.lines().map(|line| match line.strip_prefix('#') {
        Some(rest) if rest.starts_with(|c: char| c.is_ascii_lowercase() || c == '[') => rest,
        _ => line,
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// The example's values as JSON, read without any of our types.
fn values() -> Value {
    use figment::providers::{Format as _, Toml};
    Toml::from_str(&uncommented()).unwrap()
}

/// Every key of the schema with its place and, if it is there, its value in the example. Several tables of one kind show
/// the keys together: some keys exclude each other.
fn every_key(visit: &mut dyn FnMut(&str, Node, Option<&Value>)) {
    fn walk(node: Node, path: &str, shown: &[&Value], visit: &mut dyn FnMut(&str, Node, Option<&Value>)) {
        if let Some(items) = node.items() {
            let items_shown: Vec<&Value> = shown.iter().filter_map(|v| v.as_array()).flatten().collect();
            // What is one table or a list of them is shown as a list.
            return walk(items, &format!("{path}[]"), &items_shown, visit);
        }
        for key in node.keys() {
            let (below, path) = (node.key(key).unwrap(), format!("{path}.{key}"));
            let shown: Vec<&Value> = shown.iter().filter_map(|value| value.get(key)).collect();
            visit(&path, below, shown.first().copied());
            walk(below, &path, &shown, visit);
        }
        if node.has_free_keys() {
            let tables = shown.iter().filter_map(|value| value.as_object());
            let tables: Vec<&Value> = tables.flat_map(|table| table.values()).collect();
            walk(node.key("any").unwrap(), &format!("{path}.*"), &tables, visit);
        }
    }
    walk(Node::root(), "", &[&values()], visit);
}

/// Whether two values mean the same: `"1d"` and `"24h"` do.
fn same(a: &Value, b: &Value) -> bool {
    let duration = |v: &Value| v.as_str().and_then(|text| parse_duration(text).ok());
    let size = |v: &Value| v.as_str().and_then(|text| parse_size(text).ok());
    a == b
        || matches!((duration(a), duration(b)), (Some(a), Some(b)) if a == b && a >= Duration::ZERO)
        || matches!((size(a), size(b)), (Some(a), Some(b)) if a == b)
}

#[test]
fn example_is_accepted_as_it_is_and_uncommented() {
    Config::from_toml_str(EXAMPLE).unwrap();
    let all = Config::from_toml_str(&uncommented()).unwrap();
    assert_eq!((all.auth.issuers.len(), all.auth.api_keys.len()), (1, 1));
    assert_eq!(all.built_in_issuer().unwrap().clients.len(), 1);
}

#[test]
fn example_holds_every_key() {
    let mut missing = Vec::new();
    every_key(&mut |path, _, value| {
        if value.is_none() {
            missing.push(path.to_owned());
        }
    });
    assert_eq!(missing, Vec::<String>::new());
}

#[test]
fn example_shows_the_real_default_or_says_that_there_is_none() {
    let mut compared = 0;
    every_key(&mut |path, node, value| {
        if node.takes("object") || node.items().is_some_and(|items| items.takes("object")) {
            return;
        }
        let key = path.rsplit('.').next().unwrap();
        let about = comment_above(path, key);
        match node.default() {
            Some(default) => {
                compared += 1;
                assert!(
                    same(default, value.unwrap()),
                    "{path}: {default} is the default, {value:?} is shown"
                );
                assert!(!about.contains("No default"), "{path} has the default {default}");
            }
            None => assert!(about.contains("No default"), "{path} has no default: {about:?}"),
        }
    });
    assert!(compared > 40, "{compared} defaults compared");
}

#[test]
fn example_states_the_range_of_every_duration_size_and_number() {
    let mut stated = 0;
    every_key(&mut |path, node, _| {
        let Some((minimum, maximum)) = node.range() else {
            return;
        };
        let about = comment_above(path, path.rsplit('.').next().unwrap());
        assert!(
            about.contains(&format!("{minimum} to {maximum}")),
            "{path}: {minimum} to {maximum}: {about}"
        );
        stated += 1;
    });
    assert!(stated >= 23, "{stated} ranges");
}

/// The comment right above a key, found under the header of the key's table.
fn comment_above(path: &str, key: &str) -> String {
    let table = path.trim_start_matches('.').rsplit_once('.').map_or("", |(table, _)| table);
    let header = match table {
        "scopes.*" if key == "value_characters" => "[scopes.\"files:{}:read\"]".to_owned(),
        "scopes.*" => "[scopes.\"todos.write\"]".to_owned(),
        "upstreams.*" => "[upstreams.google]".to_owned(),
        "upstreams.*.allow" => "[upstreams.google.allow]".to_owned(),
        "roles.*" => "[roles.manager]".to_owned(),
        "tools.*" => "[tools.add_todo]".to_owned(),
        "prompts.*" => "[prompts.plan_my_day]".to_owned(),
        "resources.*" => "[resources.\"todo://{id}\"]".to_owned(),
        "roles.*.when[]" => "[[roles.manager.when]]".to_owned(),
        table => match table.strip_suffix("[]") {
            Some(list) => format!("[[{}]]", list.replace("[]", "")),
            None => format!("[{}]", table.replace("[]", "")),
        },
    };
    let start = EXAMPLE.lines().position(|line| line.trim_start_matches('#') == header);
    let start = start.unwrap_or_else(|| panic!("no {header} in the example"));
    let lines: Vec<&str> = EXAMPLE.lines().skip(start + 1).collect();
    let at = lines.iter().position(|line| line.starts_with(&format!("#{key} = ")));
    let at = at.unwrap_or_else(|| panic!("no {key} in the example"));
    let comment: Vec<&str> = lines[..at]
        .iter()
        .rev()
        .take_while(|line| line.starts_with("# "))
        .map(|line| line.trim_start_matches("# "))
        .collect();
    comment.into_iter().rev().collect::<Vec<_>>().join(" ")
}
