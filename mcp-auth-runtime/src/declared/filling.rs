//! What fills the scopes of a rule: that each place has an argument, at start, and its value in one call.

use std::collections::{BTreeMap, HashMap};

use mcp_auth_core::{Scope, ScopeTemplate};
use rmcp::model::JsonObject;
use serde_json::Value;

use super::Kind;
use super::registry::{Declaration, Item, OperationId, Registry};
use super::schema::{Misfits, text_at};

/// What one call makes of the templates of a rule: the text of each, with the scope.
pub(crate) type FilledScopes = BTreeMap<String, String>;

/// What one call gives to fill scopes with.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Values<'a> {
    /// The arguments of a tool or a prompt; they fit their schema.
    Arguments(&'a JsonObject),
    /// The variables of a URI.
    Variables(&'a HashMap<String, String>),
    /// What an earlier call made of each template, by its text.
    Recorded(&'a FilledScopes),
}

impl Values<'_> {
    /// The text at the end of a way.
    pub(crate) fn text(&self, path: &[String]) -> Option<&str> {
        match self {
            Self::Arguments(arguments) => text_in(arguments, path),
            Self::Variables(variables) => match path {
                [name] => variables.get(name).map(String::as_str),
                _ => None,
            },
            Self::Recorded(_) => None,
        }
    }

    /// Whether something is there at the beginning of a way.
    fn has(&self, path: &[String]) -> bool {
        let Some(first) = path.first() else { return false };
        match self {
            Self::Arguments(arguments) => arguments.contains_key(first),
            Self::Variables(variables) => variables.contains_key(first),
            Self::Recorded(_) => false,
        }
    }

    /// Whether `scope` is one that `template` may make of them once the others are there.
    pub(crate) fn begin(&self, template: &ScopeTemplate, scope: &Scope) -> bool {
        let made_of = template.family().values(scope.as_str());
        // What is there and is not a text fills nothing.
        let is_so = |(path, value): (&[String], &str)| match self.text(path) {
            Some(given) => given == value,
            None => !self.has(path),
        };
        made_of.is_some_and(|values| template.paths().zip(values).all(is_so))
    }

    /// The scope that `template` makes of them.
    ///
    /// # Errors
    /// Names the value that cannot be filled in, and says why.
    pub(crate) fn fill(&self, template: &ScopeTemplate) -> Result<Scope, String> {
        if let Self::Recorded(filled) = self {
            let scope = filled.get(&template.to_string()).and_then(|scope| scope.parse().ok());
            return scope.ok_or_else(|| "it is not known what was called for".to_owned());
        }
        let values = template.paths().map(|path| {
            self.text(path).ok_or_else(|| {
                let path = path.join(".");
                format!("`{path}` is not given, or is not a text; a scope is filled with it")
            })
        });
        let values = values.collect::<Result<Vec<_>, _>>()?;
        template.fill(&values).map_err(|(at, why)| {
            let path = template.paths().nth(at).unwrap_or_default().join(".");
            format!("`{path}` cannot be filled into a scope: {why}")
        })
    }
}

/// The text at the end of a way; only a text, whatever else a method would take for one.
fn text_in<'a>(arguments: &'a JsonObject, path: &[String]) -> Option<&'a str> {
    let (first, others) = path.split_first()?;
    let step = |value: &'a Value, name: &String| value.as_object()?.get(name);
    others.iter().try_fold(arguments.get(first)?, step)?.as_str()
}

impl Registry {
    /// The scope that a call of the operation `id` makes of one of its templates: with these arguments, or of this URI.
    ///
    /// # Errors
    /// Says which value is missing, or cannot be filled in.
    pub fn filled(
        &self,
        id: OperationId,
        template: &ScopeTemplate,
        arguments: Option<&JsonObject>,
        uri: &str,
    ) -> Result<Scope, String> {
        match self.get(id).kind() {
            Kind::Tool | Kind::Prompt => {
                let none = JsonObject::new();
                Values::Arguments(arguments.unwrap_or(&none)).fill(template)
            }
            _ => {
                let variables = self.resource_and_variables(uri).map(|(_, variables)| variables);
                Values::Variables(&variables.unwrap_or_default()).fill(template)
            }
        }
    }
}

impl Declaration {
    /// The arguments of a call as its method gets them, if they fit the schema of the operation.
    ///
    /// # Errors
    /// [`Misfits`] names what does not fit.
    pub(crate) fn fitting(&self, mut arguments: JsonObject) -> Result<JsonObject, Misfits> {
        // Those of a prompt come as text.
        if self.kind() == Kind::Prompt {
            self.read_texts(&mut arguments);
        }
        let arguments = Value::Object(arguments);
        self.takes(&arguments)?;
        match arguments {
            Value::Object(arguments) => Ok(arguments),
            _ => Ok(JsonObject::new()),
        }
    }

    /// Why a scope of its rule could never be filled, if one could not. `prompt_input` is what schemars says of a prompt's
    /// arguments.
    pub(super) fn unfillable(&self, prompt_input: Option<&JsonObject>) -> Option<(String, String)> {
        self.rule.templates().find_map(|template| {
            let why = template.paths().find_map(|path| self.misplaced(path, prompt_input))?;
            Some((template.to_string(), why))
        })
    }

    fn misplaced(&self, path: &[String], prompt_input: Option<&JsonObject>) -> Option<String> {
        let written = path.join(".");
        match &self.item {
            Item::Tool(tool) => {
                let wrong = text_at(&tool.input_schema, path).err()?;
                Some(format!("`{written}` names one of the tool's arguments, and {wrong}"))
            }
            Item::Prompt(_) => {
                let none = JsonObject::new();
                let wrong = text_at(prompt_input.unwrap_or(&none), path).err()?;
                Some(format!("`{written}` names one of the prompt's arguments, and {wrong}"))
            }
            Item::ResourceTemplate(_, uri) => {
                let names: Vec<&str> = uri.variables().collect();
                let is_there = matches!(path, [name] if names.contains(&name.as_str()));
                (!is_there).then(|| {
                    format!("`{written}` names a variable of the URI, and it has {}", names.join(", "))
                })
            }
            Item::Resource(_) => Some("a fixed URI has no variable; write the scope in full".to_owned()),
            Item::Method(_) => {
                Some("the arguments of a protocol method fill no scope; write the scope in full".to_owned())
            }
        }
    }
}
