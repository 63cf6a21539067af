//! The command's output: colour, width, text from outside, completions in real shells.

use std::process::{Command, Output, Stdio};

use crate::process::{mcp_auth, stderr, stdout};
use crate::todos;

/// Runs `mcp-auth check` on a small server, with these environment variables.
fn check(variables: &[(&str, &str)]) -> Output {
    let directory = todos::directory(&todos::configured("127.0.0.1:4711"));
    let operations = todos::file(&directory, "operations.json", todos::OPERATIONS);
    let mut command = mcp_auth();
    command.current_dir(directory.path()).env_remove("NO_COLOR").env_remove("CLICOLOR_FORCE");
    command.envs(variables.iter().copied()).args(["check", "--scopes"]).arg(operations).output().unwrap()
}

#[test]
fn colour_is_for_terminals_or_when_forced_and_no_color_wins() {
    let colours = |variables: &[(&str, &str)]| stdout(&check(variables)).contains('\u{1b}');
    assert!(!colours(&[]), "a pipe is not a terminal");
    assert!(colours(&[("CLICOLOR_FORCE", "1")]));
    assert!(!colours(&[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")]));
}

#[test]
fn errors_have_colour_by_the_same_rule() {
    let fail = |variables: &[(&str, &str)]| {
        let mut command = mcp_auth();
        command.env_remove("NO_COLOR").envs(variables.iter().copied());
        stderr(&command.args(["check", "--config", "/nowhere/mcp.toml"]).output().unwrap())
    };
    assert!(fail(&[]).starts_with("error: "));
    assert!(fail(&[("CLICOLOR_FORCE", "1")]).contains("\u{1b}["));
}

#[test]
fn lines_break_at_the_terminals_width_and_never_in_a_pipe() {
    let widest = |variables: &[(&str, &str)]| {
        stdout(&check(variables)).lines().map(|line| line.chars().count()).max().unwrap()
    };
    assert!(widest(&[]) > 80);
    assert!(widest(&[("COLUMNS", "80")]) <= 80);
}

#[test]
fn text_from_outside_moves_no_cursor_and_starts_no_line() {
    let evil = todos::OPERATIONS.replace("Adds one.", "Adds\\u001b[2J one.\\u202e");
    let evil = evil.replace("list_todos", "list\\nfine\\u0007");
    let directory = todos::directory(&todos::configured("127.0.0.1:4711"));
    let operations = todos::file(&directory, "operations.json", &evil);
    let output = mcp_auth()
        .current_dir(directory.path())
        .args(["check", "--scopes"])
        .arg(operations)
        .output()
        .unwrap();
    let text = stdout(&output);
    assert!(text.contains("list\\nfine\\u{7}") && text.contains("Adds\\u{1b}[2J one.\\u{202e}"), "{text}");
    assert!(!text.contains('\u{1b}') && !text.lines().any(|line| line == "fine"), "{text}");

    let output = mcp_auth().args(["check", "--config", "/no\u{1b}[31m\nwhere"]).output().unwrap();
    assert!(!stderr(&output).contains('\u{1b}'), "{}", stderr(&output));
}

#[test]
fn reader_that_goes_away_ends_nothing_with_a_panic() {
    let mut child = mcp_auth().arg("schema").stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{}", stderr(&output));
}

/// A shell's answer; `None` if the shell is not installed.
fn shell(name: &str, arguments: &[&str], script: &str) -> Option<Output> {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join(format!("_mcp-auth.{name}"));
    std::fs::write(&path, stdout(&mcp_auth().args(["completions", name]).output().unwrap())).unwrap();
    let mut command = Command::new(name);
    command.args(arguments).arg(script).env("SCRIPT", &path).env("HOME", directory.path());
    match command.output() {
        Ok(output) => Some(output),
        Err(error) => {
            assert_eq!(error.kind(), std::io::ErrorKind::NotFound);
            eprintln!("{name} is not installed: its completions are not tried");
            None
        }
    }
}

#[test]
fn bash_completes_commands_and_options() {
    let script = r#"
        bash -n "$SCRIPT" && source "$SCRIPT" || exit 9
        [[ $(complete -p mcp-auth) =~ -F\ ([^ ]+) ]] && completer=${BASH_REMATCH[1]}
        words() { COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); $completer mcp-auth "${@: -1}" "${@: -2:1}"; echo "${COMPREPLY[*]}"; }
        words mcp-auth che
        words mcp-auth token --sc
    "#;
    if let Some(output) = shell("bash", &["--norc", "--noprofile", "-c"], script) {
        assert_eq!((stdout(&output).as_str(), stderr(&output).as_str()), ("check\n--scope\n", ""));
    }
}

#[test]
fn fish_completes_commands_and_options() {
    let script = r#"source $SCRIPT; complete -C "mcp-auth che"; complete -C "mcp-auth token --sc""#;
    if let Some(output) = shell("fish", &["--no-config", "-c"], script) {
        let text = stdout(&output);
        assert!(output.status.success() && text.contains("check\t") && text.contains("--scope\t"), "{text}");
    }
}

#[test]
fn zsh_reads_its_completions() {
    let script = r#"autoload -Uz compinit && compinit -u -d "$HOME/dump"; source "$SCRIPT"; print -r -- $_comps[mcp-auth]"#;
    if let Some(output) = shell("zsh", &["-f", "-c"], script) {
        assert_eq!(stdout(&output), "_mcp-auth\n", "{}", stderr(&output));
    }
}
