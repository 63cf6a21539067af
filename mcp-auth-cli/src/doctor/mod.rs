//! `mcp-auth doctor`.

use std::process::ExitCode;

use crate::{Failure, terminal::Terminal};

/// Walks what a client would do at a running server, and says what is wrong.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {}

pub(crate) fn run(_: Arguments, _: &Terminal) -> Result<ExitCode, Failure> {
    Err("not here yet".into())
}
