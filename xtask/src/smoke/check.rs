//! Starts the example over a socket and over pipes.

use super::{http, stdio};
use crate::process::fresh;
use crate::program;
use crate::step::Outcome;

pub(crate) fn check() -> Result<Outcome, String> {
    let executable = program::example("todos")?;
    let directory = fresh("xtask-smoke")?;
    http::check(&executable, &directory)?;
    stdio::check(&executable, &directory)?;
    Ok(Outcome::Passed)
}
