//! `mcp-auth check`.

use std::process::ExitCode;

use crate::{Failure, terminal::Terminal};

/// Checks a configuration before anything is deployed.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {}

pub(crate) fn run(_: Arguments, _: &Terminal) -> Result<ExitCode, Failure> {
    Err("not here yet".into())
}
