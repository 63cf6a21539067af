//! Runs the command as a process.

use std::process::{Command, Output};

/// The command, without the colour settings or configuration of the caller's environment.
pub(crate) fn mcp_auth() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mcp-auth"));
    command.env("NO_COLOR", "1").env_remove("MCP_CONFIG").env_remove("MCP_PROFILE");
    command
}

/// Standard output as text.
pub(crate) fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Standard error as text.
pub(crate) fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn without_a_command_the_help_is_shown_and_the_exit_code_says_so() {
    let output = mcp_auth().output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("Usage: mcp-auth <COMMAND>"));
}

#[test]
fn every_shell_gets_a_completion_script() {
    for shell in ["bash", "zsh", "fish"] {
        let output = mcp_auth().args(["completions", shell]).output().unwrap();
        assert!(output.status.success());
        assert!(stdout(&output).contains("doctor"), "{shell}");
    }
}
