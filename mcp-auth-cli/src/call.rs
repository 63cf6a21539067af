//! `mcp-auth call`.

use std::process::ExitCode;

use crate::{Failure, terminal::Terminal};

/// Lists a server's tools, or calls one.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {}

pub(crate) fn run(_: Arguments, _: &Terminal) -> Result<ExitCode, Failure> {
    Err("not here yet".into())
}
