//! What was declared as JSON: what `--scopes json` prints, and what the command reads to check the configuration of a
//! server that is not in its process. Names, rules and descriptions are in it, what clients refuse of the schemas, and hashes
//! of them; the schemas are not.

use rmcp::model::{JsonObject, Prompt, Resource, ResourceTemplate, Tool};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Kind;
use super::hashes::Hashes;
use super::registry::{Declaration, DeclarationError, Item, Registry};
use super::written_rule::WrittenRule;
use mcp_auth_core::ScopeSet;
use mcp_auth_core::uri_template::UriTemplate;

/// Every operation of a server, and every scope that one of them names. `R` is [`Row`], or what may be one.
#[derive(Debug, Serialize, Deserialize)]
struct Table<R> {
    operations: Vec<R>,
    #[serde(default)]
    scopes: ScopeSet,
    /// Whether tools come and go while the server runs.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    tools_change: bool,
}

/// One operation in the output of `--scopes json`.
#[derive(Debug, Serialize, Deserialize)]
struct Row {
    kind: Kind,
    name: String,
    #[serde(flatten)]
    rule: WrittenRule,
    description: Option<String>,
    /// What clients refuse of the schema of a tool's arguments.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    refused_by_clients: Vec<String>,
    /// Hashes of what lists say of it, which `mcp.lock` holds.
    #[serde(default, skip_serializing_if = "is_empty")]
    hashes: Hashes,
}

/// Why a text is not the output of `--scopes json`.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OperationsError {
    /// Not its JSON at all.
    #[error("this is not what a server prints for `--scopes json`: {0}")]
    Shape(#[from] serde_json::Error),
    /// One operation in it makes no sense.
    #[error("operation {name:?} in the output of `--scopes json`: {fault}")]
    Operation {
        /// The name of the operation.
        name: String,
        /// What is wrong with it.
        fault: String,
    },
    /// They do not make a server: two in it have one name.
    #[error(transparent)]
    Declarations(#[from] DeclarationError),
}

/// The operations in `registry`, and the `scopes` that the policy over them names, as JSON with a line end.
pub(crate) fn operations_to_json(
    registry: &Registry,
    scopes: &ScopeSet,
) -> Result<String, serde_json::Error> {
    let operations = registry.iter().map(|(_, declaration)| Row::of(declaration)).collect();
    let table = Table { operations, scopes: scopes.clone(), tools_change: registry.changes() };
    Ok(format!("{}\n", serde_json::to_string_pretty(&table)?))
}

/// The registry of the server that printed `json` for `--scopes json`.
///
/// # Errors
/// [`OperationsError`].
///
/// # Example
/// ```
/// use mcp_auth_runtime::config::Config;
/// use mcp_auth_runtime::facade::operations_from_json;
/// let printed = r#"{"operations": [{"kind": "tool", "name": "add", "rule": "all", "scopes": ["w"], "description": null}]}"#;
/// let registry = operations_from_json(printed).unwrap();
/// let config = Config::from_toml_str("[issuer]").unwrap();
/// let refused = config.check(&registry).unwrap_err().to_string();
/// assert!(refused.starts_with("tool `add` needs w, so auth.base_scopes must say"), "{refused}");
/// ```
pub fn operations_from_json(json: &str) -> Result<Registry, OperationsError> {
    let Table::<Value> { operations, tools_change, .. } = serde_json::from_str(json)?;
    let declarations = operations.into_iter().map(|operation| {
        let name = operation["name"].as_str().unwrap_or_default().to_owned();
        let row = serde_json::from_value::<Row>(operation).map_err(|wrong| wrong.to_string());
        row.and_then(Row::declaration).map_err(|fault| OperationsError::Operation { name, fault })
    });
    let registry = Registry::new(declarations.collect::<Result<_, _>>()?)?;
    Ok(if tools_change { registry.changing() } else { registry })
}

fn is_empty(hashes: &Hashes) -> bool {
    *hashes == Hashes::default()
}

impl Row {
    fn of(declaration: &Declaration) -> Self {
        Self {
            kind: declaration.kind(),
            name: declaration.name().to_owned(),
            rule: WrittenRule::of(&declaration.rule),
            description: declaration.description().map(str::to_owned),
            refused_by_clients: declaration.refused_by_clients().to_vec(),
            hashes: declaration.hashes(),
        }
    }

    fn declaration(self) -> Result<Declaration, String> {
        let Self { kind, name, rule, description, refused_by_clients, hashes } = self;
        let rule = rule.read()?;
        let item = match kind {
            Kind::Tool => {
                let mut tool = Tool::new_with_raw(name, None, JsonObject::new());
                tool.description = description.map(Into::into);
                Item::Tool(tool)
            }
            Kind::Prompt => Item::Prompt(Prompt::new(name, description, None)),
            Kind::Resource => {
                let mut resource = Resource::new(name.clone(), name);
                resource.description = description;
                Item::Resource(resource)
            }
            Kind::ResourceTemplate => {
                let parsed = UriTemplate::parse(&name).map_err(|wrong| wrong.to_string())?;
                let mut template = ResourceTemplate::new(name.clone(), name);
                template.description = description;
                Item::ResourceTemplate(template, parsed)
            }
            Kind::Method => Item::Method(name.into()),
            Kind::Task => return Err("its kind is \"task\", which is never declared".to_owned()),
        };
        Ok(Declaration::new(rule, item).with_refused_by_clients(refused_by_clients).with_hashes(hashes))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::call::build;
    use crate::declared::Rule;

    fn read(kind: &str, name: &str, rule: &str, scopes: Value) -> Result<Registry, String> {
        let row = json!({ "kind": kind, "name": name, "rule": rule, "scopes": scopes, "description": null });
        operations_from_json(&json!({ "operations": [row], "scopes": [] }).to_string())
            .map_err(|e| e.to_string())
    }

    #[test]
    fn what_was_printed_is_read_back_whole() {
        let mut tool = Tool::new_with_raw("list", None, JsonObject::new());
        tool.description = Some("Lists.\nMore.".into());
        let registry = Registry::new(vec![
            build::tool(build::all(&["b", "a"]), tool),
            build::prompt(build::any(&["b", "a"]), Prompt::new("plan", Some("Plans."), None)),
            build::resource(Rule::PUBLIC, Resource::new("a://x", "x")),
            build::resource_template(Rule::AUTHENTICATED, ResourceTemplate::new("a://{x}", "x")),
            build::method(Rule::AUTHENTICATED.with_guard("may_report"), "acme/report"),
            build::method(
                build::any_of(&[&["a", "b"], &["c"]]).with_any_role(build::any_role(&["x", "y"])),
                "acme/both",
            ),
            build::method(Rule::AUTHENTICATED.with_any_role(build::any_role(&["x"])), "acme/role"),
        ]);
        let registry = registry.unwrap();
        let printed = operations_to_json(&registry, &registry.scopes()).unwrap();
        let read = operations_from_json(&printed).unwrap();
        assert_eq!(operations_to_json(&read, &read.scopes()).unwrap(), printed);
        assert!(read.resource("a://1").is_some() && read.method("acme/report").is_some());
        assert!(!read.changes());
    }

    #[test]
    fn a_server_whose_tools_come_and_go_is_read_back_as_one() {
        let registry =
            Registry::new(vec![build::tool(Rule::PUBLIC, Tool::new_with_raw("t", None, JsonObject::new()))]);
        let printed = operations_to_json(&registry.unwrap().changing(), &ScopeSet::new()).unwrap();
        assert!(operations_from_json(&printed).unwrap().changes());
    }

    #[test]
    fn what_no_server_prints_is_refused_and_never_read_as_open() {
        for (kind, name, rule, scopes, why) in [
            ("tool", "t", "none", json!([]), "rule is \"none\", which this version does not know"),
            ("tool", "t", "all", json!([]), "it names no scope"),
            ("tool", "t", "public", json!(["a"]), "scopes stand beside it"),
            ("task", "t", "public", json!([]), "never declared"),
            ("tool", "t", "all", json!(["a b"]), "operation \"t\""),
            ("gadget", "t", "public", json!([]), "kind is \"gadget\""),
            ("resource template", "a://{x", "public", json!([]), "operation \"a://{x\""),
        ] {
            let error = read(kind, name, rule, scopes).unwrap_err();
            assert!(error.contains(why), "{kind} {rule}: {error}");
        }
        for (more, why) in [
            (json!({ "rule": "any_of", "scopes": ["a"] }), "names no scope"),
            (json!({ "rule": "any_of", "scopes": ["a"], "groups": [["a"], []] }), "names no scope"),
            (json!({ "rule": "all", "scopes": ["a"], "groups": [["a"]] }), "names no scope"),
            (json!({ "rule": "public", "roles": [["x"]] }), "roles stand beside it"),
            (json!({ "rule": "authenticated", "roles": [[]] }), "names no role"),
            (json!({ "rule": "authenticated", "roles": [["x y"]] }), "cannot contain ' '"),
        ] {
            let mut row = json!({ "kind": "tool", "name": "t", "scopes": [], "description": null });
            row.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            let error =
                operations_from_json(&json!({ "operations": [row] }).to_string()).unwrap_err().to_string();
            assert!(error.contains(why), "{more}: {error}");
        }
        for text in ["", "[]", "{}", "KIND  OPERATION"] {
            let error = operations_from_json(text).unwrap_err().to_string();
            assert!(error.starts_with("this is not what a server prints for `--scopes json`"), "{error}");
        }
    }

    #[test]
    fn one_name_twice_is_refused() {
        let row = json!({ "kind": "tool", "name": "t", "rule": "public", "scopes": [], "description": null });
        let twice = json!({ "operations": [row, row] }).to_string();
        assert!(operations_from_json(&twice).unwrap_err().to_string().contains("declared twice"));
    }
}
