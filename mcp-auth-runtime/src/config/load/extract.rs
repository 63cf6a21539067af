//! From layers to typed values. Every mistake is found in one go, each with its key and its source.

use figment::error::{Actual, Error, Kind};
use figment::value::Value;
use serde::Deserialize as _;

use super::gone::gone;
use super::layers::Layers;
use super::mistake::Mistake;
use crate::config::section::document::Document;
use crate::config::section::schema::Node;
use crate::config::value::{nearest, quoted};

/// Reads the document, or says everything that is wrong with it.
pub(in crate::config) fn extract(layers: &Layers) -> Result<Document, Vec<Mistake>> {
    let mut all = layers.merged();
    let mut mistakes = Vec::new();
    remove_unknown(&mut all, Node::root(), &mut Vec::new(), layers, &mut mistakes);
    // A bad value is taken out and the rest is read again, until what is left is good.
    loop {
        match Document::deserialize(&all) {
            Ok(document) if mistakes.is_empty() => return Ok(document),
            Ok(_) => return Err(mistakes),
            Err(errors) => {
                for error in errors {
                    let path = error.path.clone();
                    let found = mistake(error, &all, layers);
                    // What was bad and taken out is not missing besides.
                    if !mistakes.iter().any(|known| known.is_why_missing(&found)) {
                        mistakes.push(found);
                    }
                    if !remove(&mut all, &path) {
                        return Err(mistakes);
                    }
                }
            }
        }
    }
}

/// Where the value at `path` came from: the value's own source, else that of the nearest table around it.
pub(in crate::config) fn source(path: &[String], all: &Value, layers: &Layers) -> Option<String> {
    let mut from = None;
    let mut value = Some(all);
    for key in path {
        value = value.and_then(|value| below(value, key));
        from = value.and_then(|value| layers.source_of(value)).or(from);
    }
    from
}

/// Whether something is set at exactly this path.
pub(in crate::config) fn is_set(path: &[String], all: &Value) -> bool {
    path.iter().try_fold(all, |value, key| below(value, key)).is_some()
}

fn below<'a>(value: &'a Value, key: &str) -> Option<&'a Value> {
    match value {
        Value::Dict(_, table) => table.get(key),
        Value::Array(_, array) => array.get(key.parse::<usize>().ok()?),
        _ => None,
    }
}

/// A key as the configuration writes it: `auth.issuers[0].clock_skew`, `scopes."todos.read".implies`.
pub(in crate::config) fn written(path: &[String], all: &Value) -> String {
    let mut text = String::new();
    let mut value = Some(all);
    for key in path {
        let bare = !key.is_empty() && key.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b));
        if matches!(value, Some(Value::Array(..))) {
            text.push_str(&format!("[{key}]"));
        } else {
            let dot = if text.is_empty() { "" } else { "." };
            text.push_str(dot);
            text.push_str(&if bare { key.clone() } else { quoted(key) });
        }
        value = value.and_then(|value| below(value, key));
    }
    text
}

/// The last key of a path, with its index if it has one: `clock_skew`, `algorithms[1]`.
fn own_name(key: &str) -> String {
    let mut start = 0;
    let mut in_quotes = false;
    for (index, c) in key.char_indices() {
        match c {
            '"' => in_quotes = !in_quotes,
            '.' if !in_quotes => start = index + 1,
            _ => {}
        }
    }
    key[start..].to_owned()
}

fn mistake(error: Error, all: &Value, layers: &Layers) -> Mistake {
    let mut path = error.path;
    if let Kind::MissingField(field) = &error.kind {
        path.push(field.to_string());
    }
    let from = source(&path, all, layers).unwrap_or_else(|| "the configuration".to_owned());
    let key = written(&path, all);
    let name = own_name(&key);
    let what = match error.kind {
        Kind::MissingField(_) => return Mistake::Missing { name, key, from },
        Kind::InvalidType(actual, expected) | Kind::InvalidValue(actual, expected) => {
            format!("is {}, expected {}", given(&actual), in_toml_words(&expected))
        }
        Kind::Message(what) => what,
        other => format!("is not valid: {other}"),
    };
    Mistake::BadValue { name, what, key, from }
}

/// What was given, in words of TOML.
fn given(actual: &Actual) -> String {
    match actual {
        Actual::Bool(b) => format!("the boolean {b}"),
        Actual::Unsigned(n) => format!("the number {n}"),
        Actual::Signed(n) => format!("the number {n}"),
        Actual::Float(n) => format!("the number {n}"),
        Actual::Str(text) => quoted(text),
        Actual::Seq => "an array".to_owned(),
        Actual::Map => "a table".to_owned(),
        other => other.to_string(),
    }
}

/// What serde expects, in words of TOML.
fn in_toml_words(expected: &str) -> &str {
    match expected {
        "a sequence" => "an array, such as [\"a\", \"b\"]",
        "a map" => "a table",
        "a boolean" => "true or false",
        _ if expected.starts_with("struct ") => "a table",
        _ => expected,
    }
}

/// Reports and takes out every key the schema does not know.
fn remove_unknown(
    value: &mut Value,
    node: Node,
    path: &mut Vec<String>,
    layers: &Layers,
    mistakes: &mut Vec<Mistake>,
) {
    match value {
        Value::Dict(_, table) if node.takes("object") => {
            let keys: Vec<String> = table.keys().cloned().collect();
            for key in keys {
                path.push(key.clone());
                if let (Some(node), Some(value)) = (node.key(&key), table.get_mut(&key)) {
                    remove_unknown(value, node, path, layers, mistakes);
                } else if let Some(value) = table.remove(&key) {
                    let from =
                        |value: &_| layers.source_of(value).unwrap_or_else(|| "the configuration".to_owned());
                    if let Some(gone) = gone(path, &value, from) {
                        mistakes.extend(gone);
                        path.pop();
                        continue;
                    }
                    mistakes.push(Mistake::UnknownKey {
                        key: unknown_key(path, layers),
                        from: from(&value),
                        nearest: nearest(&key, node.keys()).map(str::to_owned),
                        known: node.keys().collect(),
                    });
                }
                path.pop();
            }
        }
        Value::Array(_, items) => {
            let Some(node) = node.items() else { return };
            for (index, item) in items.iter_mut().enumerate() {
                path.push(index.to_string());
                remove_unknown(item, node, path, layers, mistakes);
                path.pop();
            }
        }
        _ => {}
    }
}

fn unknown_key(path: &[String], layers: &Layers) -> String {
    written(path, &layers.merged())
}

/// Takes the value at `path` out; of an array the whole array goes, so that the others keep their places.
fn remove(all: &mut Value, path: &[String]) -> bool {
    let Some((last, front)) = path.split_last() else {
        return false;
    };
    let mut parent = Some(&mut *all);
    for key in front {
        parent = match parent {
            Some(Value::Dict(_, table)) => table.get_mut(key),
            Some(Value::Array(_, array)) => key.parse::<usize>().ok().and_then(|index| array.get_mut(index)),
            _ => None,
        };
    }
    match parent {
        Some(Value::Dict(_, table)) => table.remove(last).is_some(),
        Some(Value::Array(..)) => remove(all, front),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use crate::config::error::ConfigError;
    use crate::config::load::arguments::Arguments;
    use crate::config::load::config::Config;
    use crate::config::load::process::MemoryFiles;

    /// The lines of the error that `mcp.toml` with this text gives.
    fn mistakes(text: &str) -> Vec<String> {
        let process = MemoryFiles::default().with("/home/ann/mcp.toml", text).process();
        match Config::load(&Arguments::default(), process, None) {
            Ok(_) => panic!("accepted: {text}"),
            Err(ConfigError::Mistakes(mistakes)) => mistakes.iter().map(ToString::to_string).collect(),
            Err(other) => vec![other.to_string()],
        }
    }

    #[test]
    fn c01_unknown_key_names_file_path_and_nearest_key() {
        let one = |text| mistakes(text).remove(0);
        assert_eq!(
            one("[[auth.issuers]]\nissuer = \"https://a.example\"\nclock_skw = \"30s\""),
            "unknown key auth.issuers[0].clock_skw in mcp.toml: did you mean clock_skew?"
        );
        assert_eq!(one("[servr]\nlisten = 1"), "unknown key servr in mcp.toml: did you mean server?");
        assert_eq!(
            one("[scopes.\"todos.read\"]\nimplis = []"),
            "unknown key scopes.\"todos.read\".implis in mcp.toml: did you mean implies?"
        );
        assert_eq!(
            one("[stdio]\nsomething_else = 1"),
            "unknown key stdio.something_else in mcp.toml: known there are audience, credential, local_scopes"
        );
        for misspelt in ["requird_scopes = 1", "auth.requird_scopes = []", "issuer.clients = [{ name = 1 }]"]
        {
            assert!(one(misspelt).starts_with("unknown key "), "{misspelt}");
        }
    }

    #[test]
    fn bad_value_names_what_it_is_what_was_expected_key_and_file() {
        for (text, expected) in [
            (
                "[[auth.issuers]]\nissuer = \"https://a.example\"\nclock_skew = \"900s\"",
                "clock_skew is \"900s\", at most \"5m\": auth.issuers[0].clock_skew in mcp.toml",
            ),
            (
                "[server]\ntransport = \"htp\"",
                "transport is \"htp\", expected \"http\" or \"stdio\"; did you mean \"http\"?: server.transport in mcp.toml",
            ),
            (
                "[server]\ntransport = 0",
                "transport is the number 0, expected a string: \"http\" or \"stdio\": server.transport in mcp.toml",
            ),
            ("[limits]\nheaders = 0", "headers is 0, at least 16: limits.headers in mcp.toml"),
            (
                "[auth]\nbase_scopes = \"todos.read\"",
                "base_scopes is \"todos.read\", expected an array, such as [\"a\", \"b\"]: auth.base_scopes in mcp.toml",
            ),
            (
                "[auth]\nbase_scopes = [\"a\", \"b c\"]",
                "base_scopes[1] is \"b c\": a scope cannot contain a space (RFC 6749 section 3.3); write one string per \
                 scope: auth.base_scopes[1] in mcp.toml",
            ),
            (
                "[[auth.issuers]]\nissuer = \"https://a.example\"\nsingle_audience = \"yes\"",
                "single_audience is \"yes\", expected true or false: auth.issuers[0].single_audience in mcp.toml",
            ),
            ("server = 5", "server is the number 5, expected a table: server in mcp.toml"),
            ("[[auth.issuers]]\naudience = \"a\"", "issuer is missing: auth.issuers[0].issuer in mcp.toml"),
            (
                "[auth]\nverify = \"nothing\"",
                "verify is \"nothing\", expected \"tokens\" or \"none\": auth.verify in mcp.toml",
            ),
            (
                "[scopes.\"a b\"]\ndescription = \"x\"",
                "\"a b\" is \"a b\": a scope cannot contain a space (RFC 6749 section 3.3); write one string per scope: \
                 scopes.\"a b\" in mcp.toml",
            ),
        ] {
            assert_eq!(mistakes(text), [expected], "{text}");
        }
    }

    #[test]
    fn all_mistakes_are_told_at_once() {
        let found = mistakes(
            "[server]\nlistne = 1\npath = \"mcp\"\npublic_url = \"x\"\n[limits]\nbody = -1\n[auth]\nverify = \"x\"\n\
             [[auth.issuers]]\nclock_skew = \"1\"\nalgorithms = [\"none\"]\n[[auth.issuers]]\nissuer = 5\n",
        );
        let keys = ["listne", "server.path", "public_url", "limits.body", "auth.verify"];
        for key in keys.into_iter().chain(["issuers[0].clock_skew", "issuers[0].algorithms"]) {
            assert!(found.iter().any(|mistake| mistake.contains(key)), "{key}: {found:#?}");
        }
    }

    #[test]
    fn secret_in_the_wrong_place_is_never_shown() {
        for text in [
            "stdio.credential = \"hunter2\"",
            "stdio.credential = 42424242",
            "stdio.credential = [\"hunter2\"]",
        ] {
            let shown = mistakes(text).join("\n");
            assert!(!shown.contains("hunter2") && !shown.contains("42424242"), "{shown}");
            assert!(shown.contains("stdio.credential in mcp.toml"), "{shown}");
        }
        let syntax = mistakes("[stdio]\ncredential = \"hunter2").remove(0);
        assert!(
            syntax.starts_with("mcp.toml is not valid TOML, line 2") && !syntax.contains("hunter2"),
            "{syntax}"
        );
    }

    #[test]
    fn hostile_text_in_an_error_is_escaped_and_cut() {
        let found = mistakes(&format!("server.path = \"\\u001b[31m{}\"", "x".repeat(5000)));
        assert!(found[0].len() < 300 && !found[0].contains('\u{1b}'), "{found:?}");
    }
}
