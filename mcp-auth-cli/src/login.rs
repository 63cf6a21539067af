//! `mcp-auth login`.

use std::process::ExitCode;

use crate::{Failure, terminal::Terminal};

/// Logs in at a server as a client.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {}

pub(crate) fn run(_: Arguments, _: &Terminal) -> Result<ExitCode, Failure> {
    Err("not here yet".into())
}
