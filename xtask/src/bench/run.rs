//! Asks each server in turn, and writes the page.

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

use super::options::Options;
use super::{options, page, rounds, servers};
use crate::step;

/// Where the tables go.
const PAGE: &str = "docs/src/performance.md";

/// Runs it, or says how.
pub(crate) fn run(arguments: &[String]) -> ExitCode {
    if arguments.first().is_some_and(|first| first == "issuer") {
        return super::issuer::run(&arguments[1..]);
    }
    if arguments.iter().any(|argument| matches!(argument.as_str(), "--help" | "-h" | "help")) {
        print!("{}", options::HELP);
        return ExitCode::SUCCESS;
    }
    match Options::parse(arguments).and_then(|options| measure(&options)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("{failure}");
            ExitCode::FAILURE
        }
    }
}

fn measure(options: &Options) -> Result<(), String> {
    let build = ["build", "--release", "--package", "mcp-auth-bench", "--bins"];
    step::succeed(step::command(env!("CARGO")).args(build))?;
    let binaries = binaries()?;
    let keys = binaries.join("bench-keys");
    println!("minting {} tokens per algorithm", options.tokens);
    servers::mint(&binaries, &keys, options.tokens)?;
    let servers = servers::start_all(&binaries, &keys, options.pin)?;
    let results = rounds::run(options, &binaries, &keys, &servers)?;
    drop(servers);
    let page = page::render(options, &results);
    let place = step::root().join(options.output.as_deref().unwrap_or(PAGE));
    fs::write(&place, &page).map_err(|error| format!("cannot write {}: {error}", place.display()))?;
    println!("\n{}", page::summary(&results));
    println!("written: {}", options.output.as_deref().unwrap_or(PAGE));
    Ok(())
}

/// Where cargo puts release binaries.
fn binaries() -> Result<PathBuf, String> {
    let metadata = step::command(env!("CARGO"))
        .args(["metadata", "--no-deps", "--format-version", "1"])
        .output()
        .map_err(|error| format!("`cargo metadata` did not start: {error}"))?;
    let metadata: serde_json::Value =
        serde_json::from_slice(&metadata.stdout).map_err(|error| format!("`cargo metadata`: {error}"))?;
    let target = metadata["target_directory"].as_str().ok_or("`cargo metadata` names no target directory")?;
    Ok(PathBuf::from(target).join("release"))
}
