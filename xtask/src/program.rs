//! The examples of this workspace, built and ready to be started.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::step::command;

/// Builds the example `name`: its executable.
pub(crate) fn build(name: &str) -> Result<PathBuf, String> {
    println!("$ cargo build --example {name}");
    let built = command("cargo")
        .args(["build", "--quiet", "--example", name, "--message-format=json-render-diagnostics"])
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| format!("cargo did not start: {error}"))?;
    if !built.status.success() {
        return Err(format!("the example {name} does not build"));
    }
    let found = executable(&String::from_utf8_lossy(&built.stdout), name);
    found.ok_or_else(|| format!("cargo names no executable for the example {name}"))
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
