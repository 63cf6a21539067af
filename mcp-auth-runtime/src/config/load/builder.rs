//! Putting a configuration together, layer by layer.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use figment::value::Value;

use super::arguments::{Arguments, Command};
use super::config::Config;
use super::layers::{Layers, shown};
use super::mistake::Mistake;
use super::process::ProcessContext;
use super::touched::Touched;
use super::{environment, extract, locate};
use crate::config::check::Checked;
use crate::config::error::ConfigError;
use crate::config::warning::Warning;
use crate::declared::registry::Registry;

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
    profile: Option<PathBuf>,
    base_dir: Option<PathBuf>,
    process: ProcessContext,
    environment: environment::Environment,
    errors: Vec<ConfigError>,
}

impl ConfigBuilder {
    /// The defaults alone.
    pub(in crate::config) fn new() -> Self {
        Self {
            layers: Layers::default(),
            file: None,
            profile: None,
            base_dir: None,
            process: ProcessContext::empty(),
            environment: environment::Environment::default(),
            errors: Vec::new(),
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
            self.errors.push(error);
        }
        self
    }

    /// Lays the text of a file on top, which errors call so.
    #[must_use]
    pub(in crate::config) fn file(mut self, shown: &str, text: &str) -> Self {
        self.errors.extend(self.layers.toml(shown, text).err());
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
                self.errors.push(ConfigError::Mistakes(vec![mistake]));
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
            let shown = shown(&found.path, &self.process.current_dir);
            self.errors.extend(self.layers.toml(&shown, &found.text).err());
            match self.file {
                None => self.file = Some(found.path),
                Some(_) => self.profile = Some(found.path),
            }
        }
        Ok(self)
    }

    /// Reads every value.
    ///
    /// # Errors
    /// Everything that is wrong: [`ConfigError::Syntax`] of each text that is not TOML, [`ConfigError::Mistakes`], and
    /// beside them what can be told of the rest, [`ConfigError::Refused`]; several as [`ConfigError::Several`].
    pub fn build(self) -> Result<Config, ConfigError> {
        self.put_together().accepted()
    }

    /// Reads every value that can be read.
    pub(in crate::config) fn put_together(self) -> Loaded {
        let extract::Extracted { document, mistakes: more, mut touched } = extract::extract(&self.layers);
        let mut errors = self.errors;
        if !errors.is_empty() {
            // What a text says that could not be read is not known.
            touched = Touched::everything();
        }
        let mut mistakes = self.environment.mistakes;
        if !mistakes.is_empty() {
            touched = Touched::everything();
        }
        mistakes.extend(more);
        if !mistakes.is_empty() {
            errors.push(ConfigError::Mistakes(mistakes));
        }
        let issuer_is_on = document
            .issuer
            .as_ref()
            .is_some_and(|issuer| issuer.enabled.unwrap_or_else(|| self.layers.is_written("issuer")));
        let mut warnings = self.environment.warnings;
        if !issuer_is_on && document.issuer.as_ref().is_some_and(|issuer| issuer.enabled.is_none()) {
            warnings.push(Warning::IssuerNotOn);
        }
        let beside_file = self.file.as_deref().and_then(Path::parent).map(Path::to_path_buf);
        let config = Config {
            document,
            command: Command::Serve,
            base_dir: self.base_dir.or(beside_file).unwrap_or_else(|| self.process.current_dir.clone()),
            file: self.file,
            profile: self.profile,
            process: Arc::new(self.process),
            layers: self.layers,
            issuer_is_on,
            warnings,
            touched,
        };
        Loaded { config, errors }
    }
}

/// A configuration as far as it could be read, with what is wrong with the rest.
#[derive(Debug)]
pub(in crate::config) struct Loaded {
    pub(in crate::config) config: Config,
    pub(in crate::config) errors: Vec<ConfigError>,
}

impl Loaded {
    /// The configuration, if nothing is wrong.
    pub(in crate::config) fn accepted(self) -> Result<Config, ConfigError> {
        if self.errors.is_empty() {
            return Ok(self.config);
        }
        match self.checked(None) {
            Ok((config, _)) => Ok(config), // not reached: there are errors
            Err(error) => Err(error),
        }
    }

    /// The configuration with what its checks found out, if nothing is wrong.
    pub(in crate::config) fn checked(
        self,
        registry: Option<&Registry>,
    ) -> Result<(Config, Checked), ConfigError> {
        let Self { config, mut errors } = self;
        let checked = match registry {
            Some(registry) => config.check(registry),
            None => config.check_alone(),
        };
        match checked {
            Ok(checked) if errors.is_empty() => return Ok((config, checked)),
            Ok(_) => {}
            Err(refused) => errors.push(refused),
        }
        Err(ConfigError::Several(errors).flat())
    }
}
