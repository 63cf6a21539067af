//! `mcp-auth new`.

use std::process::ExitCode;

use crate::{Failure, terminal::Terminal};

/// Starts a project from the template.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {}

pub(crate) fn run(_: Arguments, _: &Terminal) -> Result<ExitCode, Failure> {
    Err("not here yet".into())
}
