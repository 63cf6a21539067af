//! `mcp-auth token`.

use std::process::ExitCode;

use crate::{Failure, terminal::Terminal};

/// Mints a development token from the embedded issuer's key.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {}

pub(crate) fn run(_: Arguments, _: &Terminal) -> Result<ExitCode, Failure> {
    Err("not here yet".into())
}
