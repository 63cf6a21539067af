//! What was loaded: every value, and who gave it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use figment::value::Value;

use super::arguments::Command;
use super::extract;
use super::layers::Layers;
use super::process::ProcessContext;
use super::touched::Touched;
use crate::config::key::Key;
use crate::config::section::document::Document;
use crate::config::warning::Warning;

/// What one server is configured to do: the values of `mcp.toml` ([`Document`], by deref), and who gave them.
///
/// # Example
/// ```
/// use mcp_auth_runtime::config::Config;
/// let config = Config::from_toml_str("[issuer]").unwrap();
/// assert!(config.built_in_issuer().is_some());
/// assert_eq!(config.resource(), "http://127.0.0.1:8080/mcp");
/// ```
#[derive(Debug, Clone)]
pub struct Config {
    pub(in crate::config) document: Document,
    pub(in crate::config) command: Command,
    pub(in crate::config) file: Option<PathBuf>,
    pub(in crate::config) profile: Option<PathBuf>,
    pub(in crate::config) base_dir: PathBuf,
    pub(in crate::config) process: Arc<ProcessContext>,
    pub(in crate::config) layers: Layers,
    /// Whether this process issues tokens.
    pub(in crate::config) issuer_is_on: bool,
    pub(in crate::config) warnings: Vec<Warning>,
    /// What is not as it was meant: nothing, once it is loaded.
    pub(in crate::config) touched: Touched,
}

impl std::ops::Deref for Config {
    type Target = Document;
    fn deref(&self) -> &Document {
        &self.document
    }
}

impl Config {
    /// What the process was asked to do.
    pub fn command(&self) -> Command {
        self.command
    }

    /// The file it came from, if it came from one.
    pub fn file(&self) -> Option<&Path> {
        self.file.as_deref()
    }

    /// The profile's file, if one is laid over that.
    pub fn profile(&self) -> Option<&Path> {
        self.profile.as_deref()
    }

    /// Where relative paths in it start: the directory of the file.
    pub fn base_dir(&self) -> &Path {
        &self.base_dir
    }

    /// What the environment said that is worth saying to the operator; [`Config::check`] adds its own.
    pub fn warnings(&self) -> &[Warning] {
        &self.warnings
    }

    pub(in crate::config) fn process(&self) -> &Arc<ProcessContext> {
        &self.process
    }

    /// Whether a layer says something at exactly this path: what a preset sets does not count.
    pub(in crate::config) fn is_written(&self, path: &[String]) -> bool {
        extract::is_set(path, &self.layers.merged())
    }

    /// A key with who set it: `auth.connect in mcp.toml, line 3`, or `auth.connect (not set)`.
    pub fn place(&self, key: &Key) -> String {
        let path = key.path();
        let all: Value = self.layers.merged();
        let key = extract::written(path, &all);
        match extract::source(path, &all, &self.layers) {
            Some(from) if extract::is_set(path, &all) => format!("{key} in {from}"),
            _ => format!("{key} (not set)"),
        }
    }
}

impl Default for Config {
    /// Every key at its default.
    fn default() -> Self {
        Self {
            document: Document::default(),
            command: Command::Serve,
            file: None,
            profile: None,
            base_dir: PathBuf::from("."),
            process: Arc::new(ProcessContext::empty()),
            layers: Layers::default(),
            issuer_is_on: false,
            warnings: Vec::new(),
            touched: Touched::default(),
        }
    }
}
