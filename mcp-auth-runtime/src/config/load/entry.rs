//! How a configuration is loaded: find the files, lay the layers, read the values.

use std::path::Path;

use super::arguments::{Arguments, Command};
use super::builder::ConfigBuilder;
use super::config::Config;
use super::process::ProcessContext;
use crate::config::check::Checked;
use crate::config::error::ConfigError;
use crate::declared::registry::Registry;

impl Config {
    /// The configuration of this process: its arguments, environment and files.
    ///
    /// # Errors
    /// [`ConfigError`]: everything that is wrong, with key and source.
    pub fn from_args() -> Result<Self, ConfigError> {
        Self::load(&Arguments::system()?, ProcessContext::system(), None)
    }

    /// [`Config::from_args`], checked against the operations of a server, so that everything that would stop its start is told at once.
    ///
    /// # Errors
    /// As [`Config::load_and_check`].
    pub fn from_args_for(registry: &Registry) -> Result<Self, ConfigError> {
        let (arguments, process) = (Arguments::system()?, ProcessContext::system());
        if arguments.command != Command::Serve {
            return Self::load(&arguments, process, None);
        }
        Self::load_and_check(&arguments, process, None, Some(registry)).map(|(config, _)| config)
    }

    /// [`Config::from_args`], with a file to fall back to when none is found: for an example that brings its own along.
    ///
    /// # Errors
    /// As [`Config::from_args`].
    pub fn from_args_or(file: impl AsRef<Path>) -> Result<Self, ConfigError> {
        Self::load(&Arguments::system()?, ProcessContext::system(), Some(file.as_ref()))
    }

    /// The configuration of given arguments in a given process; `bundled` is the file to fall back to. When the
    /// command is not to serve, nothing is read and every value is the default.
    ///
    /// # Errors
    /// As [`Config::from_args`].
    pub fn load(
        arguments: &Arguments,
        process: ProcessContext,
        bundled: Option<&Path>,
    ) -> Result<Self, ConfigError> {
        let builder = Self::builder().process(process);
        if arguments.command != Command::Serve {
            return Ok(Self { command: arguments.command, ..builder.build()? });
        }
        builder.found(arguments, bundled)?.environment().arguments(arguments).build()
    }

    /// [`Config::load`] and [`Config::check`] in one, so that what is wrong is told by both at once. Without the operations
    /// it checks as [`Config::check_alone`].
    ///
    /// # Errors
    /// As both.
    pub fn load_and_check(
        arguments: &Arguments,
        process: ProcessContext,
        bundled: Option<&Path>,
        registry: Option<&Registry>,
    ) -> Result<(Self, Checked), ConfigError> {
        let builder = Self::builder().process(process).found(arguments, bundled)?;
        builder.environment().arguments(arguments).put_together().checked(registry)
    }

    /// A configuration from one TOML text: no files, no environment, no arguments.
    ///
    /// # Errors
    /// As [`Config::from_args`].
    pub fn from_toml_str(text: &str) -> Result<Self, ConfigError> {
        Self::builder().toml(text).build()
    }

    /// A configuration put together by hand, for tests and examples. Starts with the defaults only.
    pub fn builder() -> ConfigBuilder {
        ConfigBuilder::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::key;
    use crate::config::load::process::MemoryFiles;
    use crate::config::section::server::Transport;

    fn load(arguments: &[&str], process: ProcessContext) -> Result<Config, String> {
        Config::load(&Arguments::parse(arguments).unwrap(), process, None).map_err(|e| e.to_string())
    }

    #[test]
    fn later_layer_wins_key_by_key() {
        let files = MemoryFiles::default()
            .with(
                "/home/ann/mcp.toml",
                "[server]\nlisten = \"127.0.0.1:1\"\nname = \"file\"\n[log]\nlevel = \"warn\"",
            )
            .with(
                "/home/ann/mcp.dev.toml",
                "[server]\nlisten = \"127.0.0.1:2\"\n[cors]\nallowed_origins = [\"https://app.example\"]",
            );
        let process = files.process();
        let port = |config: &Config| config.server.listen.get().port();

        assert_eq!(port(&load(&[], process.clone()).unwrap()), 1);
        let profile = load(&["--profile", "dev"], process.clone()).unwrap();
        assert_eq!((port(&profile), profile.server.name.as_ref().unwrap().as_str()), (2, "file"));
        assert_eq!(profile.log.directives(Transport::Http), "warn");
        assert_eq!(profile.cors.allowed_origins[0].to_string(), "https://app.example");

        let process = process.variable("MCP_SERVER__LISTEN", "127.0.0.1:3").variable("MCP_PROFILE", "dev");
        assert_eq!(port(&load(&[], process.clone()).unwrap()), 3);
        let last = load(&["--listen", "127.0.0.1:4", "--transport", "stdio"], process).unwrap();
        assert_eq!((port(&last), last.server.transport), (4, Transport::Stdio));
    }

    #[test]
    fn arrays_are_replaced_and_never_merged() {
        let process = MemoryFiles::default()
            .with(
                "/home/ann/mcp.toml",
                "[[auth.issuers]]\nissuer = \"https://a.example\"\nsingle_audience = true",
            )
            .process()
            .variable("MCP_AUTH__ISSUERS", "[{ issuer = \"https://b.example\" }]");
        let config = load(&[], process).unwrap();
        assert_eq!(config.auth.issuers.len(), 1);
        assert_eq!(config.auth.issuers[0].issuer[0].as_str(), "https://b.example");
        assert!(!config.auth.issuers[0].single_audience);
    }

    #[test]
    fn mistake_names_the_layer_it_is_in() {
        let files = MemoryFiles::default()
            .with("/home/ann/mcp.toml", "")
            .with("/home/ann/mcp.dev.toml", "log.level = \"no\"");
        let process = files.with("/etc/mcp.toml", "log.level = 1").process();
        for (arguments, from) in [
            (&["--profile", "dev"][..], "log.level in mcp.dev.toml, line 1"),
            (&["--config", "/etc/mcp.toml"], "log.level in /etc/mcp.toml, line 1"),
            (&["--listen", "nowhere"], "server.listen in argument --listen"),
            (&["--transport", "unix"], "server.transport in argument --transport"),
        ] {
            let error = load(arguments, process.clone()).unwrap_err();
            assert!(error.contains(from), "{arguments:?}: {error}");
        }
    }

    #[test]
    fn place_names_key_and_source_or_says_that_it_is_not_set() {
        let process =
            MemoryFiles::default().with("/home/ann/mcp.toml", "[auth]\nverify = \"none\"").process();
        let config = load(&["--listen", "127.0.0.1:4"], process).unwrap();
        assert_eq!(config.place(&key!(auth.verify)), "auth.verify in mcp.toml, line 2");
        assert_eq!(config.place(&key!(server.listen)), "server.listen in argument --listen");
        assert_eq!(config.place(&key!(server.path)), "server.path (not set)");
        assert_eq!(config.place(&key!(auth.base_scopes)), "auth.base_scopes (not set)");
    }

    #[test]
    fn commands_need_no_file() {
        let process = MemoryFiles::default().process();
        for argument in ["--help", "--version", "--scopes"] {
            assert_ne!(load(&[argument], process.clone()).unwrap().command(), Command::Serve, "{argument}");
        }
        assert!(load(&[], process).unwrap_err().contains("no configuration file found"));
    }

    #[test]
    fn relative_paths_start_at_the_file() {
        let files = MemoryFiles::default().with("/etc/app/mcp.toml", "issuer.state_dir = \"state\"");
        let process = files.with("/etc/app/token", "t0ken").process();
        let config = load(&["--config", "/etc/app/mcp.toml"], process).unwrap();
        let issuer = config.built_in_issuer().unwrap();
        assert_eq!(config.state_dir(issuer), Path::new("/etc/app/state"));
        assert_eq!(config.secret(&"file:token".parse().unwrap()).read().unwrap().expose(), "t0ken");
        assert_eq!(config.file(), Some(Path::new("/etc/app/mcp.toml")));
    }

    #[test]
    fn debug_shows_no_value_of_the_environment() {
        let process =
            MemoryFiles::default().with("/home/ann/mcp.toml", "stdio.credential = \"env:TOKEN\"").process();
        let config = load(&[], process.variable("TOKEN", "hunter2")).unwrap();
        assert!(!format!("{config:?}").contains("hunter2"));
    }

    #[test]
    fn built_in_issuer_is_turned_on_and_off_by_a_file_and_by_one_variable() {
        let real = "[[auth.issuers]]\nissuer = \"https://i.example\"\n";
        let files = |main: &str, dev: &str| {
            MemoryFiles::default().with("/home/ann/mcp.toml", main).with("/home/ann/mcp.dev.toml", dev)
        };
        let is_on = |process: ProcessContext| {
            load(&["--profile", "dev"], process).unwrap().built_in_issuer().is_some()
        };
        // A table in any file turns it on, an empty one too; a later layer turns it off, and on again.
        assert!(!is_on(files(real, "").process()));
        assert!(is_on(files(real, "[issuer]").process()));
        assert!(is_on(files("[issuer]\nusers = [\"ann\"]", "").process()));
        let off = files("[issuer]", &format!("[issuer]\nenabled = false\n{real}")).process();
        assert!(!is_on(off.clone()));
        assert!(is_on(off.variable("MCP_ISSUER__ENABLED", "true")));
        assert!(!is_on(files("[issuer]", "").process().variable("MCP_ISSUER__ENABLED", "false")));
        assert!(is_on(files(real, "").process().variable("MCP_ISSUER__ENABLED", "true")));
    }

    #[test]
    fn variable_that_sets_up_the_built_in_issuer_does_not_turn_it_on_and_says_so() {
        let process = MemoryFiles::default().with("/home/ann/mcp.toml", "").process();
        let config = load(&[], process.variable("MCP_ISSUER__STATE_DIR", "/s")).unwrap();
        assert!(config.built_in_issuer().is_none());
        let warning = config.warnings()[0].to_string();
        assert!(warning.contains("MCP_ISSUER__ENABLED=true"), "{warning}");
        let by_hand = Config::builder().set("issuer.users", ["ann"]).build().unwrap();
        assert!(by_hand.built_in_issuer().is_some() && by_hand.warnings().is_empty());
    }
}
