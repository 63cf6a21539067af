//! Putting a configuration together, layer by layer.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use figment::value::Value;

use super::arguments::{Arguments, Command};
use super::config::Config;
use super::layers::{Layers, shown};
use super::mistake::Mistake;
use super::process::ProcessContext;
use super::{environment, extract, locate};
use crate::config::error::ConfigError;
use crate::config::warning::Warning;

/// Builds a [`Config`]. Each call adds a layer on top of those before. [`ConfigBuilder::build`] reports mistakes.
///
/// # Example
/// ```
/// use mcp_auth_runtime::config::Config;
/// let config = Config::builder().toml("server.listen = \"127.0.0.1:9\"").set("server.listen", "127.0.0.1:0");
/// assert_eq!(config.build().unwrap().server.listen.get().port(), 0);
/// ```
#[derive(Debug)]
pub struct ConfigBuilder {
    layers: Layers,
    file: Option<PathBuf>,
    base_dir: Option<PathBuf>,
    process: ProcessContext,
    environment: environment::Environment,
    error: Option<ConfigError>,
}

impl ConfigBuilder {
    /// The defaults alone.
    pub(in crate::config) fn new() -> Self {
        Self {
            layers: Layers::default(),
            file: None,
            base_dir: None,
            process: ProcessContext::empty(),
            environment: environment::Environment::default(),
            error: None,
        }
    }

    /// The process' environment and files: where secrets are read and relative paths start. The default has no variables.
    #[must_use]
    pub fn process(mut self, process: ProcessContext) -> Self {
        self.process = process;
        self
    }

    /// Lays a TOML text on top.
    #[must_use]
    pub fn toml(mut self, text: &str) -> Self {
        if let Err(error) = self.layers.toml("the configuration text", text) {
            self.error.get_or_insert(error);
        }
        self
    }

    /// Lays one key on top: `set("server.listen", "127.0.0.1:0")`. Keys are separated by dots.
    #[must_use]
    pub fn set(mut self, key: &str, value: impl serde::Serialize) -> Self {
        let path: Vec<&str> = key.split('.').collect();
        match Value::serialize(value) {
            Ok(value) => {
                self.layers.has(path[0]);
                self.layers.key("the program".to_owned(), &path, value);
            }
            Err(error) => {
                let mistake = Mistake::BadValue {
                    name: key.to_owned(),
                    what: format!("cannot be written as a value: {}", error.kind),
                    key: key.to_owned(),
                    from: "the program".to_owned(),
                };
                self.error.get_or_insert(ConfigError::Mistakes(vec![mistake]));
            }
        }
        self
    }

    /// Where relative paths start, instead of the file's directory.
    #[must_use]
    pub fn base_dir(mut self, dir: impl Into<PathBuf>) -> Self {
        self.base_dir = Some(dir.into());
        self
    }

    /// Lays the environment of the process on top.
    #[must_use]
    pub fn environment(mut self) -> Self {
        self.environment = environment::read(&self.process);
        for variable in std::mem::take(&mut self.environment.variables) {
            let from = format!("{}{}", environment::SOURCE, variable.name);
            self.layers.key(from, &variable.path, variable.value);
        }
        self
    }

    /// Lays `--transport` and `--listen` on top.
    #[must_use]
    pub fn arguments(mut self, arguments: &Arguments) -> Self {
        for (name, value) in [("transport", &arguments.transport), ("listen", &arguments.listen)] {
            if let Some(value) = value {
                self.layers.key(format!("argument --{name}"), &["server", name], value.as_str().into());
            }
        }
        self
    }

    /// Lays the configuration file and its profile on top.
    pub(in crate::config) fn found(
        mut self,
        arguments: &Arguments,
        bundled: Option<&Path>,
    ) -> Result<Self, ConfigError> {
        for found in locate::locate(arguments, &self.process, bundled)? {
            self.layers.toml(&shown(&found.path, &self.process.current_dir), &found.text)?;
            self.file.get_or_insert(found.path);
        }
        Ok(self)
    }

    /// Reads every value.
    ///
    /// # Errors
    /// [`ConfigError::Syntax`] of the first text that is not TOML; else [`ConfigError::Mistakes`], all of them.
    pub fn build(self) -> Result<Config, ConfigError> {
        if let Some(error) = self.error {
            return Err(error);
        }
        let mut mistakes = self.environment.mistakes;
        let document = match extract::extract(&self.layers) {
            Ok(document) if mistakes.is_empty() => document,
            Ok(_) => return Err(ConfigError::Mistakes(mistakes)),
            Err(more) => {
                mistakes.extend(more);
                return Err(ConfigError::Mistakes(mistakes));
            }
        };
        let issuer_is_on = document
            .issuer
            .as_ref()
            .is_some_and(|issuer| issuer.enabled.unwrap_or_else(|| self.layers.is_written("issuer")));
        let mut warnings = self.environment.warnings;
        if !issuer_is_on && document.issuer.as_ref().is_some_and(|issuer| issuer.enabled.is_none()) {
            warnings.push(Warning::IssuerNotOn);
        }
        let beside_file = self.file.as_deref().and_then(Path::parent).map(Path::to_path_buf);
        Ok(Config {
            document,
            command: Command::Serve,
            base_dir: self.base_dir.or(beside_file).unwrap_or_else(|| self.process.current_dir.clone()),
            file: self.file,
            process: Arc::new(self.process),
            layers: self.layers,
            issuer_is_on,
            warnings,
        })
    }
}
