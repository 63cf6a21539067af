//! The configuration that a command reads: found and merged exactly as the server does it, by
//! `mcp_auth_runtime::config`.

use std::path::PathBuf;

use mcp_auth_runtime::config::{self, Checked, Config, ConfigError, ProcessContext};
use mcp_auth_runtime::facade::Registry;

/// What the server would be started with.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Configuration {
    /// Configuration file [else MCP_CONFIG, ./mcp.toml].
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Lay mcp.<NAME>.toml over it [else MCP_PROFILE].
    #[arg(long, value_name = "NAME")]
    profile: Option<String>,
    /// As the server's own --transport: http or stdio.
    #[arg(long, value_name = "KIND")]
    transport: Option<String>,
    /// As the server's own --listen, such as 127.0.0.1:8080.
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<String>,
}

impl Configuration {
    /// The configuration that a server would have here. It does not look beside the executable, which is not the
    /// server's.
    ///
    /// # Errors
    /// The same errors as the server's.
    pub(crate) fn load(&self) -> Result<Config, ConfigError> {
        Config::load(&self.arguments(), process(), None)
    }

    /// The same with its checks: everything that is wrong in one go.
    ///
    /// # Errors
    /// The same errors as the server's.
    pub(crate) fn load_and_check(
        &self,
        registry: Option<&Registry>,
    ) -> Result<(Config, Checked), ConfigError> {
        Config::load_and_check(&self.arguments(), process(), None, registry)
    }

    fn arguments(&self) -> config::Arguments {
        let mut arguments = config::Arguments::default();
        arguments.config = self.config.clone();
        arguments.profile = self.profile.clone();
        arguments.transport = self.transport.clone();
        arguments.listen = self.listen.clone();
        arguments
    }
}

fn process() -> ProcessContext {
    ProcessContext { executable: None, ..ProcessContext::system() }
}
