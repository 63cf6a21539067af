//! Weighs one project after the other, and writes the page.

use std::process::ExitCode;

use super::{measure, page, project};
use crate::step;

const PAGE: &str = "docs/src/size.md";

/// Builds everything anew, measures it, writes the page. It takes as long as the builds take.
pub(crate) fn run() -> ExitCode {
    match weigh() {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("{failure}");
            ExitCode::FAILURE
        }
    }
}

fn weigh() -> Result<(), String> {
    let projects = project::all()?;
    let weights = projects.iter().map(measure::weigh).collect::<Result<Vec<_>, _>>()?;
    let place = step::root().join(PAGE);
    std::fs::write(&place, page::render(&weights))
        .map_err(|error| format!("{}: {error}", place.display()))?;
    println!("written: {PAGE}");
    Ok(())
}
