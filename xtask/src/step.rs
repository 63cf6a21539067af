//! Running steps one after another: a heading each, a stop at the first failure, a summary.

use std::path::Path;
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

/// One step of CI.
pub(crate) struct Step {
    /// What it is called on the command line.
    pub(crate) name: &'static str,
    /// Whether it is for one's own rounds too: it installs nothing and starts no foreign program.
    pub(crate) quick: bool,
    /// What it makes sure of.
    pub(crate) about: &'static str,
    /// Runs the step; the error says what failed.
    pub(crate) run: fn() -> Result<Outcome, String>,
}

/// How a step that did not fail ended.
pub(crate) enum Outcome {
    /// Everything it makes sure of is so.
    Passed,
    /// It could not look, and why.
    Skipped(String),
}

/// Runs `steps` in a process of their own, in which cargo keeps nothing for a next build: a run of everything compiles
/// each crate once, and would only write that much more.
pub(crate) fn whole<'a>(steps: impl IntoIterator<Item = &'a Step>) -> ExitCode {
    const KEEPS: &str = "CARGO_INCREMENTAL";
    if std::env::var_os(KEEPS).is_some() {
        return run(steps);
    }
    let again = std::env::current_exe().map_err(|error| format!("the path of xtask: {error}"));
    match again.and_then(|xtask| succeed(Command::new(xtask).arg("test").env(KEEPS, "0"))) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("{failure}");
            ExitCode::FAILURE
        }
    }
}

/// Runs `steps` in order and says what came of them.
pub(crate) fn run<'a>(steps: impl IntoIterator<Item = &'a Step>) -> ExitCode {
    let mut summary = Vec::new();
    for step in steps {
        println!("\n=== {}: {}", step.name, step.about);
        let begun = Instant::now();
        match (step.run)() {
            Ok(Outcome::Passed) => summary.push(line("passed", step, begun.elapsed(), "")),
            Ok(Outcome::Skipped(reason)) => {
                println!("skipped: {reason}");
                summary.push(line("SKIPPED", step, begun.elapsed(), &reason));
            }
            Err(failure) => {
                eprintln!("\n=== FAILED: {}\n{failure}", step.name);
                eprintln!("this step alone: cargo xtask {}", step.name);
                return ExitCode::FAILURE;
            }
        }
    }
    println!("\n=== summary\n{}", summary.join("\n"));
    ExitCode::SUCCESS
}

fn line(result: &str, step: &Step, took: Duration, note: &str) -> String {
    format!("{result:<8} {:<12} {:>5.1}s  {note}", step.name, took.as_secs_f64()).trim_end().to_owned()
}

/// The root of the workspace.
pub(crate) fn root() -> &'static Path {
    let xtask = Path::new(env!("CARGO_MANIFEST_DIR"));
    xtask.parent().unwrap_or(xtask)
}

/// A command that runs at the root of the workspace.
pub(crate) fn command(program: &str) -> Command {
    let mut command = Command::new(program);
    command.current_dir(root());
    command
}

/// Runs `command`, its output on ours.
///
/// # Errors
/// What was run and how it ended, when it did not end with success.
pub(crate) fn succeed(command: &mut Command) -> Result<(), String> {
    let shown = shown(command);
    println!("$ {shown}");
    let status = command.status().map_err(|error| format!("`{shown}` did not start: {error}"))?;
    if status.success() { Ok(()) } else { Err(format!("`{shown}` ended with {status}")) }
}

/// Whether `program arguments…` can be run here at all.
pub(crate) fn available(program: &str, arguments: &[&str]) -> bool {
    command(program).args(arguments).output().is_ok_and(|output| output.status.success())
}

/// An error that says what was expected and what came.
pub(crate) fn expect(holds: bool, what: &str, got: impl std::fmt::Display) -> Result<(), String> {
    if holds { Ok(()) } else { Err(format!("expected {what}; got\n{got}")) }
}

fn shown(command: &Command) -> String {
    let environment = command.get_envs().filter_map(|(name, value)| {
        Some(format!("{}={:?}", name.to_string_lossy(), value?.to_string_lossy()))
    });
    let program = std::iter::once(command.get_program()).chain(command.get_args());
    environment.chain(program.map(|word| word.to_string_lossy().into_owned())).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failing_command_is_named_with_its_environment() {
        let error = succeed(command("cargo").arg("no-such-command").env("KEY", "a b")).unwrap_err();
        assert!(error.starts_with("`KEY=\"a b\" cargo no-such-command` ended with"), "{error}");
    }

    #[test]
    fn a_command_that_succeeds_is_not_an_error() {
        assert_eq!(succeed(command("cargo").arg("--version")), Ok(()));
    }

    #[test]
    fn what_is_not_installed_is_not_available() {
        assert!(available("cargo", &["--version"]));
        assert!(!available("cargo", &["no-such-command", "--version"]));
        assert!(!available("no-such-program-anywhere", &[]));
    }

    #[test]
    fn the_first_failure_stops_the_run() {
        const LATER: Step =
            Step { name: "later", quick: true, about: "never reached", run: || unreachable!() };
        const FIRST: Step =
            Step { name: "first", quick: true, about: "fails", run: || Err("it is broken".to_owned()) };
        assert_eq!(run([&FIRST, &LATER]), ExitCode::FAILURE);
    }

    #[test]
    fn a_skipped_step_does_not_stop_the_run() {
        const SKIPPED: Step =
            Step { name: "a", quick: true, about: "", run: || Ok(Outcome::Skipped("no tool".to_owned())) };
        const PASSED: Step = Step { name: "b", quick: true, about: "", run: || Ok(Outcome::Passed) };
        assert_eq!(run([&SKIPPED, &PASSED]), ExitCode::SUCCESS);
    }
}
