//! The todos example as a user starts it: the real binary, real sockets, real pipes.

pub(crate) mod http;
mod readme;
mod stdio;

use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus};
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::step::{Outcome, command, root};

pub(crate) fn check() -> Result<Outcome, String> {
    let example = Example::build("xtask-smoke")?;
    http::check(&example)?;
    stdio::check(&example)?;
    Ok(Outcome::Passed)
}

/// The built example, and a directory of its own for its database and its signing key.
pub(crate) struct Example {
    executable: PathBuf,
    directory: PathBuf,
}

impl Example {
    /// Builds it. `directory` is emptied; it lies below `target`.
    pub(crate) fn build(directory: &str) -> Result<Self, String> {
        println!("$ cargo build --example todos");
        let built = command("cargo")
            .args(["build", "--example", "todos", "--message-format=json-render-diagnostics"])
            .stderr(std::process::Stdio::inherit())
            .output()
            .map_err(|error| format!("cargo did not start: {error}"))?;
        if !built.status.success() {
            return Err("the todos example does not build".to_owned());
        }
        let executable = executable(&String::from_utf8_lossy(&built.stdout), "todos")
            .ok_or("cargo names no executable for the todos example")?;
        let directory = root().join("target").join(directory);
        if directory.exists() {
            std::fs::remove_dir_all(&directory).map_err(|e| format!("{}: {e}", directory.display()))?;
        }
        std::fs::create_dir_all(&directory).map_err(|e| format!("{}: {e}", directory.display()))?;
        Ok(Self { executable, directory })
    }

    /// The example with `arguments`, its files apart from those of somebody who tries it by hand.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.executable);
        command
            .current_dir(&self.directory)
            .args(arguments)
            .env("TODOS_DB", self.directory.join("todos.db"))
            .env("MCP_AUTH__EMBEDDED__STATE_DIR", self.directory.join("state"));
        command
    }
}

/// The executable of `target` in what cargo prints with `--message-format=json`.
fn executable(messages: &str, target: &str) -> Option<PathBuf> {
    let messages = messages.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let artifacts = messages.filter(|message| message["reason"] == "compiler-artifact");
    let mut named = artifacts.filter(|artifact| artifact["target"]["name"] == target);
    named.find_map(|artifact| artifact["executable"].as_str().map(PathBuf::from))
}

/// A child that does not outlive the check, however that ends.
pub(crate) struct Running(Child);

impl Running {
    pub(crate) fn start(command: &mut Command) -> Result<Self, String> {
        println!("$ {:?} {:?}", command.get_program(), command.get_args().collect::<Vec<_>>());
        command.spawn().map(Self).map_err(|error| format!("the example did not start: {error}"))
    }

    /// How it ended, if it did so within `limit`.
    fn wait(&mut self, limit: Duration) -> Result<Option<ExitStatus>, String> {
        let begun = Instant::now();
        loop {
            match self.0.try_wait().map_err(|error| format!("the example's exit status: {error}"))? {
                None if begun.elapsed() < limit => sleep(Duration::from_millis(20)),
                ended => return Ok(ended),
            }
        }
    }

    /// Insists that it ends with exit code 0 within `limit` of `event`.
    fn ends_well(&mut self, event: &str, limit: Duration) -> Result<(), String> {
        match self.wait(limit)? {
            Some(status) if status.success() => Ok(()),
            Some(status) => Err(format!("after {event} the example ended with {status}, not exit code 0")),
            None => Err(format!("after {event} the example still ran {} s later", limit.as_secs())),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It has ended already where the check went well; elsewhere there is nobody left to tell.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// An error that says what was expected and what came.
fn expect(holds: bool, what: &str, got: impl std::fmt::Display) -> Result<(), String> {
    if holds { Ok(()) } else { Err(format!("expected {what}; got\n{got}")) }
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

    #[test]
    #[cfg(unix)]
    fn an_exit_code_other_than_0_is_reported() {
        let mut good = Running::start(&mut Command::new("true")).unwrap();
        assert_eq!(good.ends_well("nothing", Duration::from_secs(5)), Ok(()));
        let mut bad = Running::start(&mut Command::new("false")).unwrap();
        assert!(bad.ends_well("nothing", Duration::from_secs(5)).unwrap_err().contains("not exit code 0"));
    }

    #[test]
    #[cfg(unix)]
    fn one_that_does_not_end_is_reported() {
        let mut slow = Running::start(Command::new("sleep").arg("60")).unwrap();
        assert!(slow.ends_well("nothing", Duration::from_millis(50)).unwrap_err().contains("still ran"));
    }
}
