//! The way back from `--scopes json`: the operations of a server that is not in this process, for checks of its
//! configuration. Names, rules and descriptions are those of the server; schemas are not in the table.

use std::fmt::Display;

use rmcp::model::{JsonObject, Prompt, Resource, ResourceTemplate, Tool};
use serde::Deserialize;

use crate::declared::registry::{Declaration, Duplicate, Item, Registry};
use crate::declared::{Kind, Rule};
use mcp_auth_core::Scope;
use mcp_auth_core::uri_template::UriTemplate;

/// What is no output of `--scopes json`.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OperationsError {
    /// Not its JSON at all.
    #[error("this is not what a server prints for `--scopes json`: {0}")]
    Shape(#[from] serde_json::Error),
    /// One operation in it makes no sense.
    #[error("operation {name:?} in the output of `--scopes json`: {fault}")]
    Operation {
        /// Its name.
        name: String,
        /// What is wrong with it.
        fault: String,
    },
    /// Two in it have one name.
    #[error(transparent)]
    Duplicate(#[from] Duplicate),
}

#[derive(Deserialize)]
struct Table {
    operations: Vec<Row>,
}

#[derive(Deserialize)]
struct Row {
    kind: String,
    name: String,
    access: String,
    scopes: Vec<String>,
    description: Option<String>,
}

/// The registry of the server that printed `json` for `--scopes json`.
///
/// # Errors
/// [`OperationsError`].
///
/// # Example
/// ```
/// use mcp_auth_runtime::config::Config;
/// use mcp_auth_runtime::serve::operations_from_json;
/// let printed = r#"{"operations": [{"kind": "tool", "name": "add", "access": "all", "scopes": ["w"], "description": null}]}"#;
/// let registry = operations_from_json(printed).unwrap();
/// let config = Config::from_toml_str("auth.mode = \"embedded\"").unwrap();
/// let refused = config.check(&registry).unwrap_err().to_string();
/// assert!(refused.starts_with("tool `add` needs w, so auth.base_scopes must say"), "{refused}");
/// ```
pub fn operations_from_json(json: &str) -> Result<Registry, OperationsError> {
    let table: Table = serde_json::from_str(json)?;
    let declarations = table.operations.into_iter().map(Row::declaration).collect::<Result<_, _>>()?;
    Ok(Registry::new(declarations)?)
}

impl Row {
    fn declaration(self) -> Result<Declaration, OperationsError> {
        let name = self.name.clone();
        let fault = |fault: &dyn Display| OperationsError::Operation { name, fault: fault.to_string() };
        let rule = match self.rule() {
            Ok(rule) => rule,
            Err(wrong) => return Err(fault(&wrong)),
        };
        let Self { kind, name, description, .. } = self;
        let item = match Kind::of_word(&kind) {
            Some(Kind::Tool) => {
                let mut tool = Tool::new_with_raw(name, None, JsonObject::new());
                tool.description = description.map(Into::into);
                Item::Tool(tool)
            }
            Some(Kind::Prompt) => Item::Prompt(Prompt::new(name, description, None)),
            Some(Kind::Resource) => {
                let mut resource = Resource::new(name.clone(), name);
                resource.description = description;
                Item::Resource(resource)
            }
            Some(Kind::ResourceTemplate) => {
                let parsed = UriTemplate::parse(&name).map_err(|wrong| fault(&wrong))?;
                let mut template = ResourceTemplate::new(name.clone(), name);
                template.description = description;
                Item::ResourceTemplate(template, parsed)
            }
            Some(Kind::Method) => Item::Method(name.into()),
            Some(Kind::Task) | None => {
                return Err(fault(&format_args!("its kind is {kind:?}, which this version does not know")));
            }
        };
        Ok(Declaration::new(rule, item))
    }

    fn rule(&self) -> Result<Rule, String> {
        let scopes: Vec<Scope> = self
            .scopes
            .iter()
            .map(|scope| Scope::new(scope.clone()).map_err(|wrong| wrong.to_string()))
            .collect::<Result<_, _>>()?;
        match (self.access.as_str(), scopes.is_empty()) {
            ("public", true) => Ok(Rule::Public),
            ("authenticated", true) => Ok(Rule::Authenticated),
            ("all", false) => Ok(Rule::All(scopes.into_iter().collect())),
            ("any", false) => Ok(Rule::Any(scopes)),
            ("public" | "authenticated", false) => {
                Err(format!("its access is {:?}, and it names scopes", self.access))
            }
            ("all" | "any", true) => Err(format!("its access is {:?}, and it names no scope", self.access)),
            _ => Err(format!("its access is {:?}, which this version does not know", self.access)),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use serde_json::{Value, json};

    use super::super::table;
    use super::*;
    use crate::config::TableFormat;
    use crate::declared::build;

    fn read(kind: &str, name: &str, access: &str, scopes: Value) -> Result<Registry, String> {
        let row =
            json!({ "kind": kind, "name": name, "access": access, "scopes": scopes, "description": null });
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
            build::resource(Rule::Public, Resource::new("a://x", "x")),
            build::resource_template(Rule::Authenticated, ResourceTemplate::new("a://{x}", "x")),
            build::method(Rule::Authenticated, "acme/report"),
        ]);
        let printed = table::render(&registry.unwrap(), TableFormat::Json);
        let read = operations_from_json(&printed).unwrap();
        assert_eq!(table::render(&read, TableFormat::Json), printed);
        assert!(read.resource("a://1").is_some() && read.method("acme/report").is_some());
    }

    #[test]
    fn what_no_server_prints_is_refused_and_never_read_as_open() {
        for (kind, name, access, scopes, why) in [
            ("tool", "t", "none", json!([]), "access is \"none\", which this version does not know"),
            ("tool", "t", "all", json!([]), "it names no scope"),
            ("tool", "t", "public", json!(["a"]), "it names scopes"),
            ("tool", "t", "all", json!(["a b"]), "operation \"t\""),
            ("gadget", "t", "public", json!([]), "kind is \"gadget\""),
            ("resource template", "a://{x", "public", json!([]), "operation \"a://{x\""),
        ] {
            let error = read(kind, name, access, scopes).unwrap_err();
            assert!(error.contains(why), "{kind} {access}: {error}");
        }
        for text in ["", "[]", "{}", "KIND  OPERATION"] {
            let error = operations_from_json(text).unwrap_err().to_string();
            assert!(error.starts_with("this is not what a server prints for `--scopes json`"), "{error}");
        }
    }

    #[test]
    fn one_name_twice_is_refused() {
        let row =
            json!({ "kind": "tool", "name": "t", "access": "public", "scopes": [], "description": null });
        let twice = json!({ "operations": [row, row] }).to_string();
        assert!(operations_from_json(&twice).unwrap_err().to_string().contains("declared twice"));
    }
}
