//! The environment as a layer: `MCP_<SECTION>__<KEY>` for known sections. Every other variable is ignored.

use std::ffi::OsStr;

use figment::providers::{Format as _, Toml};
use figment::value::{Dict, Value};

use super::mistake::Mistake;
use super::process::ProcessContext;
use crate::config::section::schema::Node;
use crate::config::value::nearest;
use crate::config::warning::Warning;

/// How sources that are variables begin.
pub(in crate::config) const SOURCE: &str = "environment variable ";

/// One variable that sets one key.
#[derive(Debug, Clone)]
pub(in crate::config) struct Variable {
    /// The variable's name.
    pub(in crate::config) name: String,
    /// The key, from the section on.
    pub(in crate::config) path: Vec<String>,
    /// What it is set to.
    pub(in crate::config) value: Value,
}

/// What the environment says, in the order of the variables' names.
#[derive(Debug, Default)]
pub(in crate::config) struct Environment {
    pub(in crate::config) variables: Vec<Variable>,
    pub(in crate::config) mistakes: Vec<Mistake>,
    pub(in crate::config) warnings: Vec<Warning>,
}

/// Reads the variables of known sections.
pub(in crate::config) fn read(process: &ProcessContext) -> Environment {
    let mut environment = Environment::default();
    for (name, value) in &process.variables {
        let Some(name) = name.to_str() else { continue };
        let Some(rest) = name.strip_prefix("MCP_") else { continue };
        let Some((section, keys)) = rest.split_once("__") else {
            let meant = one_underscore(rest);
            let warning = meant.map(|meant| Warning::OneUnderscore { name: name.to_owned(), meant });
            environment.warnings.extend(warning);
            continue;
        };
        if Node::root().keys().any(|known| known.to_uppercase() == section) {
            match variable(name, section, keys, value) {
                Ok(variable) => environment.variables.push(variable),
                Err(what) => environment.mistakes.push(Mistake::Variable { name: name.to_owned(), what }),
            }
        } else if let Some(meant) = nearest(section, Node::root().keys()) {
            let (name, section) = (name.to_owned(), meant.to_owned());
            environment.warnings.push(Warning::NearMissVariable { name, section });
        }
    }
    environment
}

/// The variable that was most likely meant by `MCP_SERVER_LISTEN`: only where section and key are ours.
fn one_underscore(rest: &str) -> Option<String> {
    let (section, key) = rest.split_once('_')?;
    let known = |node: Node, name: &str| node.keys().find(|known| known.to_uppercase() == name);
    let section = known(Node::root(), section)?;
    let key = known(Node::root().key(section)?, key)?;
    Some(format!("MCP_{}__{}", section.to_uppercase(), key.to_uppercase()))
}

fn variable(name: &str, section: &str, keys: &str, value: &OsStr) -> Result<Variable, String> {
    let text = value.to_str().ok_or("is not UTF-8")?;
    let mut path = vec![section.to_lowercase()];
    let mut node = Node::root().key(&path[0]);
    for part in keys.split("__") {
        if let Some(table) = node.filter(|node| !node.takes("object")) {
            let whole = path.iter().map(|key| key.to_uppercase()).collect::<Vec<_>>().join("__");
            return Err(match table.items() {
                Some(_) => format!("reaches into an array; arrays are replaced whole: MCP_{whole}='[…]'"),
                None => format!("reaches into {}, which has no keys", path.join(".")),
            });
        }
        let chosen = node.is_some_and(Node::has_free_keys);
        let key = if chosen { part.to_owned() } else { part.to_lowercase() };
        node = node.and_then(|node| node.key(&key));
        path.push(key);
    }
    Ok(Variable { name: name.to_owned(), path, value: parse(text, node)? })
}

/// Text as the key takes it: a TOML or JSON array or table where one belongs, a number or a boolean where only
/// that belongs, else the text itself.
fn parse(text: &str, node: Option<Node>) -> Result<Value, String> {
    let Some(node) = node else { return Ok(text.into()) };
    let start = text.trim_start();
    let tables = node.items().is_some_and(|items| items.takes("object"));
    let is_table = node.takes("object") || tables;
    if (start.starts_with('[') && node.takes("array")) || (start.starts_with('{') && is_table) {
        let toml = Toml::from_str::<Dict>(&format!("value = {text}"));
        let toml = toml.ok().filter(|dict| dict.len() == 1).and_then(|mut dict| dict.remove("value"));
        return toml
            .or_else(|| serde_json::from_str(text).ok())
            .ok_or_else(|| "is neither a TOML nor a JSON value, such as '[\"a\", \"b\"]'".to_owned());
    }
    if node.takes("string") {
        return Ok(text.into());
    }
    let trimmed = text.trim();
    let number = node.takes("integer").then(|| trimmed.parse::<i64>().ok()).flatten().map(Value::from);
    let boolean = node.takes("boolean").then(|| trimmed.parse::<bool>().ok()).flatten().map(Value::from);
    Ok(number.or(boolean).unwrap_or_else(|| text.into()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::load::arguments::Arguments;
    use crate::config::load::config::Config;
    use crate::config::load::process::MemoryFiles;

    fn load(variables: &[(&str, &str)]) -> Result<Config, String> {
        let mut process = MemoryFiles::default().with("/home/ann/mcp.toml", "").process();
        for (name, value) in variables {
            process = process.variable(name, value);
        }
        Config::load(&Arguments::default(), process, None).map_err(|e| e.to_string())
    }

    #[test]
    fn variable_of_a_known_section_sets_its_key() {
        let config = load(&[
            ("MCP_SERVER__LISTEN", "[::1]:9000"),
            ("MCP_SERVER__NAME", "1234"),
            ("MCP_LIMITS__HEADERS", "50"),
            ("MCP_LIMITS__BODY", "1 MiB"),
            ("MCP_ISSUER__STATE_DIR", "/home/ann"),
            ("MCP_SCOPES__todos.Read__DESCRIPTION", "Read"),
            ("MCP_STDIO__AUDIENCE", "just-one"),
        ]);
        let config = config.unwrap();
        assert_eq!(config.server.listen.to_string(), "[::1]:9000");
        assert_eq!(config.server.name.as_ref().unwrap().as_str(), "1234");
        assert_eq!(config.limits.headers.get(), 50);
        assert_eq!(config.limits.body.get(), 1 << 20);
        assert_eq!(config.issuer.as_ref().unwrap().state_dir, std::path::Path::new("/home/ann"));
        assert!(config.scopes.keys().any(|scope| scope.as_str() == "todos.Read"));
        assert_eq!(config.stdio.audience.as_ref().unwrap().iter().collect::<Vec<_>>(), ["just-one"]);
    }

    #[test]
    fn array_is_written_as_toml_or_json() {
        for text in [
            "[{ issuer = \"https://a.example\", single_audience = true }]",
            "[{\"issuer\": \"https://a.example\", \"single_audience\": true}]",
        ] {
            let config = load(&[("MCP_AUTH__ISSUERS", text)]).unwrap();
            assert_eq!(config.auth.issuers.len(), 1);
            assert!(config.auth.issuers[0].single_audience);
        }
        let error = load(&[("MCP_AUTH__BASE_SCOPES", "[a, b")]).unwrap_err();
        assert!(error.contains("MCP_AUTH__BASE_SCOPES is neither a TOML nor a JSON value"), "{error}");
        let smuggled = load(&[("MCP_AUTH__BASE_SCOPES", "[]\n[server]\nlisten=\"0.0.0.0:1\"")]).unwrap_err();
        assert!(smuggled.contains("neither a TOML nor a JSON"), "{smuggled}");
    }

    #[test]
    fn other_variables_are_ignored_and_a_near_miss_warns() {
        let config = load(&[
            ("MCP_TOKEN", "x"),
            ("MCP_SERVER", "x"),
            ("MCP_SERVER_PORT", "x"),
            ("MCP_GATEWAY_LISTEN", "x"),
            ("MCP_GATEWAY__URL", "x"),
            ("SERVER__LISTEN", "x"),
        ]);
        assert_eq!(config.unwrap().warnings(), []);
        let config = load(&[("MCP_SERVR__LISTEN", "x"), ("MCP_server__LISTEN", "x")]).unwrap();
        let warnings: Vec<String> = config.warnings().iter().map(ToString::to_string).collect();
        assert_eq!(warnings.len(), 2, "{warnings:?}");
        assert!(
            warnings[0].contains("MCP_SERVR__LISTEN is ignored") && warnings[0].contains("MCP_SERVER__…")
        );
        assert_eq!(config.server.listen.to_string(), "127.0.0.1:8080");
    }

    #[test]
    fn variable_with_one_underscore_warns_where_section_and_key_are_ours() {
        for (name, meant) in [
            ("MCP_SERVER_LISTEN", "MCP_SERVER__LISTEN"),
            ("MCP_AUTH_BASE_SCOPES", "MCP_AUTH__BASE_SCOPES"),
            ("MCP_ISSUER_STATE_DIR", "MCP_ISSUER__STATE_DIR"),
        ] {
            let config = load(&[(name, "[::1]:1")]).unwrap();
            let warnings: Vec<String> = config.warnings().iter().map(ToString::to_string).collect();
            assert_eq!(warnings.len(), 1, "{warnings:?}");
            assert!(warnings[0].contains(&format!("{name} is ignored")), "{warnings:?}");
            assert!(warnings[0].ends_with(&format!("did you mean {meant}?")), "{warnings:?}");
            assert!(
                load(&[(meant, if name.ends_with("SCOPES") { "[]" } else { "[::1]:1" })])
                    .unwrap()
                    .warnings()
                    .iter()
                    .all(|warning| !warning.to_string().contains("underscores"))
            );
        }
    }

    #[test]
    fn misplaced_variable_is_told_which_one_to_set() {
        let error = load(&[("MCP_AUTH__USERS", "[\"ann\"]")]).unwrap_err();
        assert!(
            error.contains(
                "unknown key auth.users in environment variable MCP_AUTH__USERS: set MCP_ISSUER__USERS"
            ),
            "{error}"
        );
        let error = load(&[("MCP_AUTH__ISSUERS", "{ issuer = \"https://a.example\" }")]).unwrap_err();
        assert!(error.contains("write '[{ … }]'"), "{error}");
    }

    #[test]
    fn mistakes_name_the_variable() {
        for (name, value, why) in [
            ("MCP_SERVER__LISTEN", "here", "server.listen in environment variable MCP_SERVER__LISTEN"),
            ("MCP_LIMITS__HEADERS", "many", "headers is \"many\", expected a whole number"),
            (
                "MCP_SERVER__LISTN",
                "x",
                "server.listn in environment variable MCP_SERVER__LISTN: did you mean listen?",
            ),
            ("MCP_SERVER__", "x", "unknown key server.\"\" in environment variable MCP_SERVER__"),
            ("MCP_AUTH__ISSUERS__0__ISSUER", "x", "arrays are replaced whole: MCP_AUTH__ISSUERS='[…]'"),
            ("MCP_SERVER__NAME__X", "x", "reaches into server.name, which has no keys"),
            ("MCP_AUTH__BASE_SCOPES", "a", "expected an array"),
            (
                "MCP_STDIO__CREDENTIAL",
                "s3cr3t",
                "stdio.credential in environment variable MCP_STDIO__CREDENTIAL",
            ),
        ] {
            let error = load(&[(name, value)]).unwrap_err();
            assert!(error.contains(why), "{name}: {error}");
            assert!(!error.contains("s3cr3t"), "{error}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn variable_that_is_not_utf8_is_refused_only_when_it_is_ours() {
        use std::os::unix::ffi::OsStrExt as _;
        let bad = OsStr::from_bytes(b"\xff");
        let process = MemoryFiles::default().with("/home/ann/mcp.toml", "").process();
        assert!(read(&process.clone().variable("MCP_OTHER", bad)).mistakes.is_empty());
        let ours = read(&process.variable("MCP_SERVER__NAME", bad)).mistakes;
        assert_eq!(ours[0].to_string(), "environment variable MCP_SERVER__NAME is not UTF-8");
    }
}
