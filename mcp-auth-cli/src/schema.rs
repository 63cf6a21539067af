//! `mcp-auth schema`: what an editor needs to complete and check `mcp.toml`.

use std::process::ExitCode;

use crate::{Failure, terminal::Terminal};

/// Prints the JSON Schema of mcp.toml.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {}

pub(crate) fn run(_: Arguments, _: &Terminal) -> Result<ExitCode, Failure> {
    Err("not here yet".into())
}
