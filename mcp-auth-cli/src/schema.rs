//! `mcp-auth schema`: the JSON Schema that an editor needs to complete and check `mcp.toml`.

use std::process::ExitCode;

use mcp_auth_runtime::config::schema::json_schema;

use crate::{Failure, terminal::Terminal};

/// Prints the JSON Schema of mcp.toml, for editors and CI.
///
/// VS Code (Even Better TOML), Zed, Helix and every other editor with Taplo read a schema that the file's first
/// line names: `#:schema ./mcp.schema.json`.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {}

pub(crate) fn run(_: Arguments, terminal: &Terminal) -> Result<ExitCode, Failure> {
    terminal.line(format_args!("{:#}", json_schema()));
    Ok(ExitCode::SUCCESS)
}
