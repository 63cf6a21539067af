//! From layers to typed values. Every mistake is found in one go, each with its key and its source.

use figment::error::{Actual, Error, Kind};
use figment::value::Value;
use mcp_auth_core::ApiKey;
use serde::Deserialize as _;

use super::layers::Layers;
use super::mistake::Mistake;
use super::table::section_name;
use super::touched::Touched;
use super::{misplaced, unknown};
use crate::config::provider;
use crate::config::section::document::Document;
use crate::config::section::schema::Node;
use crate::config::value::quoted;

/// What could be read, and everything that is wrong with the rest.
#[derive(Debug, Default)]
pub(in crate::config) struct Extracted {
    /// Without what is wrong.
    pub(in crate::config) document: Document,
    pub(in crate::config) mistakes: Vec<Mistake>,
    /// Where the document is not what was meant.
    pub(in crate::config) touched: Touched,
}

/// Reads the document, and says everything that is wrong with it.
pub(in crate::config) fn extract(layers: &Layers) -> Extracted {
    let mut all = layers.merged();
    let mut found = Extracted::default();
    unknown::remove(&mut all, Node::root(), &mut Vec::new(), layers, &mut found);
    provider::fill(&mut all);
    // A bad value is taken out and the rest is read again, until what is left is good.
    loop {
        match Document::deserialize(&all) {
            Ok(document) => return Extracted { document, ..found },
            Err(errors) => {
                for error in errors {
                    let path = error.path.clone();
                    let mistake = mistake(error, &all, layers);
                    // What was bad and taken out is not missing besides.
                    if !found.mistakes.iter().any(|known| known.is_why_missing(&mistake)) {
                        found.mistakes.push(mistake);
                    }
                    let Some(removed) = remove(&mut all, &path) else {
                        return Extracted { touched: Touched::everything(), ..found };
                    };
                    found.touched.add(removed);
                }
            }
        }
    }
}

/// Where the value at `path` came from, with its line: the value's own source, else that of the nearest table around it.
pub(in crate::config) fn source(path: &[String], all: &Value, layers: &Layers) -> Option<String> {
    let mut from = None;
    let mut value = Some(all);
    for key in path {
        value = value.and_then(|value| below(value, key));
        from = value.and_then(|value| layers.source_of(value)).or(from);
    }
    from.map(|from| layers.with_line(from, path))
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
        let bare = bare && ApiKey::found_in(key).is_none();
        // One table that is read as a list of one has no step into it.
        let is_mended =
            matches!(value, Some(Value::Dict(_, table)) if key == "0" && !table.contains_key(key));
        if is_mended || matches!(value, Some(Value::Array(..))) {
            text.push_str(&format!("[{key}]"));
        } else {
            let dot = if text.is_empty() { "" } else { "." };
            text.push_str(dot);
            text.push_str(&if bare { key.clone() } else { quoted(key) });
        }
        value = if is_mended { value } else { value.and_then(|value| below(value, key)) };
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
            let more = meant(&path, all, &actual, &expected, &from);
            format!("is {}, expected {}{more}", given(&actual), in_toml_words(&expected))
        }
        Kind::Message(what) => what,
        other => format!("is not valid: {other}"),
    };
    Mistake::BadValue { name, what, key, from }
}

/// What was most likely meant by a value of another type, if that can be told.
fn meant(path: &[String], all: &Value, actual: &Actual, expected: &str, from: &str) -> String {
    let value = path.iter().try_fold(all, |value, key| below(value, key));
    let at = path.iter().try_fold(Node::root(), |node, key| node.items().or_else(|| node.key(key)));
    let (Some(value), Some(node)) = (value, at) else { return String::new() };
    let tables = expected.starts_with("struct ") || expected == "a map";
    let name = section_name(path);
    match actual {
        // `auth.issuers = ["https://…"]`, or the text alone.
        Actual::Str(_) if tables && path.last().is_some_and(|step| step.parse::<usize>().is_ok()) => {
            format!(": write [[{name}]], and the text as a key in it")
        }
        Actual::Str(text)
            if node.items().is_some_and(|items| items.takes("string")) && !text.contains(['[', '"']) =>
        {
            let each: Vec<String> =
                text.split([' ', ',']).filter(|part| !part.is_empty()).map(quoted).collect();
            if each.is_empty() { String::new() } else { format!("; did you mean [{}]?", each.join(", ")) }
        }
        _ if tables && path.len() == 1 => match misplaced::belongs(path, value, from).words {
            places if places.is_empty() => String::new(),
            places => format!("; an {} of that kind belongs in {}", path[0], places.join(" or ")),
        },
        _ => String::new(),
    }
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

/// Takes the value at `path` out, and says what went: of an array the whole array, so that the others keep their places.
fn remove(all: &mut Value, path: &[String]) -> Option<Vec<String>> {
    let (last, front) = path.split_last()?;
    let mut parent = Some(&mut *all);
    for key in front {
        parent = match parent {
            Some(Value::Dict(_, table)) => table.get_mut(key),
            Some(Value::Array(_, array)) => key.parse::<usize>().ok().and_then(|index| array.get_mut(index)),
            _ => None,
        };
    }
    match parent {
        Some(Value::Dict(_, table)) => table.remove(last).map(|_| path.to_vec()),
        Some(Value::Array(..)) => remove(all, front),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use crate::config::load::arguments::Arguments;
    use crate::config::load::config::Config;
    use crate::config::load::process::MemoryFiles;

    /// The lines of the error that `mcp.toml` with this text gives.
    fn mistakes(text: &str) -> Vec<String> {
        let process = MemoryFiles::default().with("/home/ann/mcp.toml", text).process();
        match Config::load(&Arguments::default(), process, None) {
            Ok(_) => panic!("accepted: {text}"),
            Err(refused) => refused.mistakes(),
        }
    }

    #[test]
    fn c01_unknown_key_names_file_path_and_nearest_key() {
        let one = |text| mistakes(text).remove(0);
        assert_eq!(
            one("[[auth.issuers]]\nissuer = \"https://a.example\"\nclock_skw = \"30s\""),
            "unknown key auth.issuers[0].clock_skw in mcp.toml, line 3: did you mean clock_skew?"
        );
        assert_eq!(one("[servr]\nlisten = 1"), "unknown key servr in mcp.toml, line 1: did you mean server?");
        assert_eq!(
            one("[scopes.\"todos.read\"]\nimplis = []"),
            "unknown key scopes.\"todos.read\".implis in mcp.toml, line 2: did you mean implies?"
        );
        assert_eq!(
            one("[stdio]\nsomething_else = 1"),
            "unknown key stdio.something_else in mcp.toml, line 2: known there are audience, credential, credential_command, credential_timeout, local_claims, local_roles, local_scopes"
        );
        for misspelt in ["requird_scopes = 1", "auth.requird_scopes = []", "issuer.clients = [{ nam = 1 }]"] {
            assert!(one(misspelt).starts_with("unknown key "), "{misspelt}");
        }
    }

    #[test]
    fn bad_value_names_what_it_is_what_was_expected_key_and_file() {
        for (text, expected) in [
            (
                "[[auth.issuers]]\nissuer = \"https://a.example\"\nclock_skew = \"900s\"",
                "clock_skew is \"900s\", at most \"5m\": auth.issuers[0].clock_skew in mcp.toml, line 3",
            ),
            (
                "[server]\ntransport = \"htp\"",
                "transport is \"htp\", expected \"http\" or \"stdio\"; did you mean \"http\"?: server.transport in mcp.toml, line 2",
            ),
            (
                "[server]\ntransport = 0",
                "transport is the number 0, expected a string: \"http\" or \"stdio\": server.transport in mcp.toml, line 2",
            ),
            ("[limits]\nheaders = 0", "headers is 0, at least 16: limits.headers in mcp.toml, line 2"),
            (
                "[auth]\nbase_scopes = \"todos.read\"",
                "base_scopes is \"todos.read\", expected an array, such as [\"a\", \"b\"]; did you mean [\"todos.read\"]?: auth.base_scopes in mcp.toml, line 2",
            ),
            (
                "[auth]\nbase_scopes = [\"a\", \"b c\"]",
                "base_scopes[1] is \"b c\": a scope cannot contain a space (RFC 6749 section 3.3); write one string per \
                 scope: \"b\", \"c\": auth.base_scopes[1] in mcp.toml, line 2",
            ),
            (
                "[[auth.issuers]]\nissuer = \"https://a.example\"\nsingle_audience = \"yes\"",
                "single_audience is \"yes\", expected true or false: auth.issuers[0].single_audience in mcp.toml, line 3",
            ),
            ("server = 5", "server is the number 5, expected a table: server in mcp.toml, line 1"),
            (
                "[[auth.issuers]]\naudience = \"a\"",
                "issuer is missing: auth.issuers[0].issuer in mcp.toml, line 1",
            ),
            (
                "[auth]\nverify = \"nothing\"",
                "verify is \"nothing\", expected \"tokens\" or \"none\": auth.verify in mcp.toml, line 2",
            ),
            (
                "[scopes.\"a b\"]\ndescription = \"x\"",
                "\"a b\" is \"a b\": a scope cannot contain a space (RFC 6749 section 3.3); write one string per scope: \
                 \"a\", \"b\": scopes.\"a b\" in mcp.toml, line 1",
            ),
        ] {
            assert_eq!(mistakes(text), [expected], "{text}");
        }
    }

    #[test]
    fn bare_host_as_an_issuer_is_one_mistake_with_the_url_that_was_meant() {
        assert_eq!(
            mistakes("[[auth.issuers]]\nissuer = \"login.example.com\""),
            [
                "issuer is \"login.example.com\", expected an absolute URL such as \"https://example.com/path\"; did you mean \
              \"https://login.example.com\"?: auth.issuers[0].issuer in mcp.toml, line 2"
            ]
        );
        assert!(mistakes("[[auth.issuers]]\nissuer = \"/realms/a\"")[0].contains("/path\": auth"));
        assert_eq!(
            mistakes("[auth]\nissuers = [\"https://a.example\"]"),
            [
                "issuers[0] is \"https://a.example\", expected a table: write [[auth.issuers]], and the text as a key in it: \
              auth.issuers[0] in mcp.toml, line 2"
            ]
        );
    }

    #[test]
    fn scopes_in_one_string_suggest_a_string_for_each() {
        for (written, suggested) in
            [("\"x y\"", "[\"x\", \"y\"]?"), ("[\"x y\"]", "per scope: \"x\", \"y\":")]
        {
            let said = mistakes(&format!("[auth]\nbase_scopes = {written}"));
            assert!(said.len() == 1 && said[0].contains(suggested), "{said:?}");
        }
    }

    #[test]
    fn mistakes_and_what_is_not_safe_are_told_in_one_run() {
        let process = MemoryFiles::default()
            .with(
                "/home/ann/mcp.toml",
                "[server]\npublic_url = \"http://a.example/mcp\"\n[auth]\nverify = \"some\"",
            )
            .with("/home/ann/mcp.dev.toml", "[log")
            .process()
            .variable("MCP_LIMITS__HEADERS", "many");
        let told = |profile: &[&str]| {
            let arguments = Arguments::parse(profile.iter().copied()).unwrap();
            Config::load(&arguments, process.clone(), None).unwrap_err()
        };
        let (alone, with_profile) = (told(&[]), told(&["--profile", "dev"]));
        let reasons = alone.reasons();
        assert_eq!(reasons.len(), 3, "{reasons:#?}");
        for expected in ["MCP_LIMITS__HEADERS", "verify is \"some\"", "must start with https://"] {
            assert!(reasons.iter().any(|reason| reason.contains(expected)), "{expected}: {reasons:#?}");
        }
        assert!(alone.to_string().starts_with("3 reasons not to start:\n  - "), "{alone}");
        // Of a file that is not TOML nothing is known, and nothing is concluded; the others' mistakes are told.
        let reasons = with_profile.reasons();
        assert!(reasons[0].starts_with("mcp.dev.toml is not valid TOML, line 1"), "{reasons:#?}");
        assert_eq!(reasons.len(), 3, "{reasons:#?}");
    }

    #[test]
    fn nothing_is_concluded_from_a_value_that_is_not_what_was_meant() {
        for (text, only) in [
            (
                "[server]\nlisten = \"0.0.0.0:1\"\npublic_url = \"a.example\"\n[issuer]\nenabled = false\n[auth]\nverify = \"none\"",
                "public_url is",
            ),
            (
                "[server]\nlisten = \"0.0.0.0:1\"\npublic_ulr = \"https://a.example/mcp\"\n[auth]\nverify = \"none\"",
                "public_ulr",
            ),
            ("[auth]\nisuers = [{ issuer = \"https://a.example\" }]", "isuers"),
            ("[auth.issuers]\nissuer = \"https://a.example\"", "[[auth.issuers]]"),
            ("issuers = [{ issuer = \"https://a.example\" }]", "belongs in [auth]"),
            ("[[auth.issuers]]\naudience = \"a\"", "issuer is missing"),
        ] {
            let reasons = Config::from_toml_str(text).unwrap_err().reasons();
            assert!(reasons.len() == 1 && reasons[0].contains(only), "{text}: {reasons:#?}");
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
    fn an_api_key_is_never_shown_wherever_it_stands_by_mistake() {
        for text in [
            "auth.api_keys = \"mcpk_hunter2\"",
            "auth.api_keys = [\"mcpk_hunter2\"]",
            "auth.x_api_key = \"mcpk_hunter2\"",
            "[[auth.api_keys]]\nname = \"mcpk_hunter2\"",
            "[[auth.api_keys]]\nname = \"ci\"\ndigest = \"mcpk_hunter2\"",
            "[[auth.api_keys]]\nname = \"ci\"\nkey = \"mcpk_hunter2\"",
            "[[auth.api_keys]]\nname = \"ci\"\nscopes = [\"mcpk_hunter2 \"]",
            "[[auth.api_keys]]\nname = \"ci\"\nexpires = \"mcpk_hunter2\"",
            "[auth]\nmcpk_hunter2 = true",
            "server.path = \"MCPK_hunter2\"",
            "server.path = \"mcpk_hunter2",
        ] {
            let shown = mistakes(text).join("\n");
            assert!(!shown.is_empty() && !shown.contains("hunter2"), "{text}: {shown}");
        }
    }

    #[test]
    fn hostile_text_in_an_error_is_escaped_and_cut() {
        let found = mistakes(&format!("server.path = \"\\u001b[31m{}\"", "x".repeat(5000)));
        assert!(found[0].len() < 300 && !found[0].contains('\u{1b}'), "{found:?}");
    }
}
