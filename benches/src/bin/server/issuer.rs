//! mcp-auth with its built-in issuer, as the `mcp.toml` of a run says.

use mcp_auth::prelude::*;
use mcp_auth::{Config, Server};
use mcp_auth_runtime::config::{Arguments, ProcessContext};
use mcp_auth_runtime::facade::{LogFormat, start_log};

use super::{Error, announce};

/// One tool, so that there is a scope to ask for.
struct Protected;

#[server]
impl Protected {
    /// Who calls.
    #[tool(scope = "bench.call")]
    async fn whoami(&self, caller: Caller) -> String {
        caller.subject().to_owned()
    }
}

/// Serves until it is killed, with the log as it is by default.
pub(super) async fn serve(file: &str) -> Result<(), Error> {
    let _log = start_log("info", LogFormat::Text)?;
    let arguments = Arguments::parse(["--config", file]).map_err(|error| error.to_string())?;
    let config =
        Config::load(&arguments, ProcessContext::system(), None).map_err(|error| error.to_string())?;
    let running =
        Server::builder(Protected).config(config).start().await.map_err(|error| format!("{error:?}"))?;
    announce(running.address())?;
    running.ended().await;
    Ok(())
}
