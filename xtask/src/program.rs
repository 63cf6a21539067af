//! The programs of this workspace that steps start, built as the tests of the workspace are.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::step::command;

/// Builds the example `name`: its executable.
pub(crate) fn example(name: &str) -> Result<PathBuf, String> {
    build(name, &["--example", name])
}

/// Builds the binary `name`: its executable.
pub(crate) fn binary(name: &str) -> Result<PathBuf, String> {
    // An example is built with the features that the tests need, and what is built in the same command too.
    build(name, &["--bin", name, "--example", "todos"])
}

/// Chosen of the whole workspace: chosen of one package, dependencies would have other features than in the tests, and all be compiled again.
fn build(name: &str, chosen: &[&str]) -> Result<PathBuf, String> {
    println!("$ cargo build --workspace {}", chosen.join(" "));
    let built = command("cargo")
        .args(["build", "--quiet", "--workspace", "--message-format=json-render-diagnostics"])
        .args(chosen)
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| format!("cargo did not start: {error}"))?;
    if !built.status.success() {
        return Err(format!("{name} does not build"));
    }
    let found = executable(&String::from_utf8_lossy(&built.stdout), name);
    found.ok_or_else(|| format!("cargo names no executable for {name}"))
}

/// The executable of `target` in what cargo prints with `--message-format=json`.
fn executable(messages: &str, target: &str) -> Option<PathBuf> {
    let messages = messages.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let artifacts = messages.filter(|message| message["reason"] == "compiler-artifact");
    let mut named = artifacts.filter(|artifact| artifact["target"]["name"] == target);
    named.find_map(|artifact| artifact["executable"].as_str().map(PathBuf::from))
}

/// The example at `executable`, its database and its signing key in `directory`, apart from those of a person who
/// tries it by hand.
pub(crate) fn started_in(directory: &Path, executable: &Path) -> Result<Command, String> {
    fs::create_dir_all(directory).map_err(|error| format!("{}: {error}", directory.display()))?;
    let mut command = Command::new(executable);
    command
        .current_dir(directory)
        .env("TODOS_DB", directory.join("todos.db"))
        .env("MCP_ISSUER__STATE_DIR", directory.join("state"));
    Ok(command)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_executable_of_the_right_target_is_found() {
        let messages = concat!(
            "not json\n",
            r#"{"reason":"compiler-artifact","target":{"name":"todos"},"executable":null}"#,
            "\n",
            r#"{"reason":"compiler-artifact","target":{"name":"other"},"executable":"target/other"}"#,
            "\n",
            r#"{"reason":"compiler-artifact","target":{"name":"todos"},"executable":"target/todos"}"#,
            "\n",
        );
        assert_eq!(executable(messages, "todos"), Some(PathBuf::from("target/todos")));
        assert_eq!(executable(messages, "none"), None);
    }
}
