//! Who said what: files, environment and arguments as figment layers, later ones winning key by key. Arrays are
//! replaced, never merged. Every value keeps its source.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use figment::providers::{Format as _, Toml};
use figment::value::{Dict, Map, Value};
use figment::{Figment, Metadata, Profile, Provider};
use toml_edit::ImDocument;

use super::position::{Positions, line_of};
use super::syntax;
use crate::config::error::ConfigError;

/// The layers so far.
#[derive(Debug, Clone, Default)]
pub(in crate::config) struct Layers {
    all: Figment,
    /// The sections that a text or the program has, as opposed to a variable or an argument.
    sections: BTreeSet<String>,
    /// In which line of each text each key stands.
    positions: BTreeMap<String, Positions>,
}

/// One source and what it says.
struct Layer {
    from: String,
    says: Dict,
}

impl Provider for Layer {
    fn metadata(&self) -> Metadata {
        Metadata::named(self.from.clone())
    }

    fn data(&self) -> figment::Result<Map<Profile, Dict>> {
        Ok(Map::from([(Profile::Default, self.says.clone())]))
    }
}

impl Layers {
    /// Lays a TOML text on top; `file` is what errors call it.
    ///
    /// # Errors
    /// [`ConfigError::Syntax`]: says where, and shows of the text nothing that may be a secret.
    pub(in crate::config) fn toml(&mut self, file: &str, text: &str) -> Result<(), ConfigError> {
        ImDocument::parse(text).map_err(|error| syntax::error(file, text, &error))?;
        let says: Dict = Toml::from_str(text).map_err(|error| ConfigError::Syntax {
            file: file.to_owned(),
            line: error.span().map(|span| line_of(text, span.start)),
            column: None,
            message: error.message().trim().replace('\n', ", "),
            excerpt: String::new(),
        })?;
        self.positions.insert(file.to_owned(), Positions::of(text));
        self.sections.extend(says.keys().cloned());
        self.lay(file.to_owned(), says);
        Ok(())
    }

    /// Lays one key on top.
    pub(in crate::config) fn key(&mut self, from: String, path: &[impl AsRef<str>], value: Value) {
        let mut says = value;
        for key in path.iter().rev() {
            says = Value::from(Dict::from([(key.as_ref().to_owned(), says)]));
        }
        if let Value::Dict(_, says) = says {
            self.lay(from, says);
        }
    }

    /// Notes that the program itself has this section.
    pub(in crate::config) fn has(&mut self, section: &str) {
        self.sections.insert(section.to_owned());
    }

    /// Whether a text or the program has this section.
    pub(in crate::config) fn is_written(&self, section: &str) -> bool {
        self.sections.contains(section)
    }

    fn lay(&mut self, from: String, says: Dict) {
        self.all = std::mem::take(&mut self.all).merge(Layer { from, says });
    }

    /// Everything that is said, each value with its tag.
    pub(in crate::config) fn merged(&self) -> Value {
        let all = self.all.data().unwrap_or_default().remove(&Profile::Default);
        Value::from(all.unwrap_or_default())
    }

    /// The source of a value of [`Layers::merged`].
    pub(in crate::config) fn source_of(&self, value: &Value) -> Option<String> {
        self.all.get_metadata(value.tag()).map(|metadata| metadata.name.to_string())
    }

    /// A source with the line in it where the key at `path` stands, if it is a text.
    pub(in crate::config) fn with_line(&self, from: String, path: &[String]) -> String {
        match self.positions.get(&from).and_then(|positions| positions.line(path)) {
            Some(line) => format!("{from}, line {line}"),
            None => from,
        }
    }
}

/// What errors call a file: relative to the current directory, if it is below that.
pub(in crate::config) fn shown(path: &Path, current_dir: &Path) -> String {
    path.strip_prefix(current_dir).unwrap_or(path).display().to_string()
}
