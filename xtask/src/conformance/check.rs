//! Runs the suite: each revision, without tokens, with them, and the scenarios for authorization servers.

use std::fs;
use std::path::Path;
use std::thread;
use std::time::Duration;

use super::results::{Expected, Measured};
use super::{authorization, results};
use crate::interop::table::markdown;
use crate::interop::{REVISIONS, record, version};
use crate::process::{Process, Server, fresh};
use crate::program;
use crate::step::{Outcome, root};
use crate::toolbox::{self, Node};

/// What the built-in issuer knows the suite's token getter by. It protects a server that lives for seconds.
pub(super) const SECRET: &str = "a secret of thirty-two characters, or more";

/// How long one run of the suite may take. It needs two seconds, and ten where it starts cold.
pub(super) const LIMIT: Duration = Duration::from_secs(120);

pub(super) const SUITE: &str = "node_modules/@modelcontextprotocol/conformance/dist/index.js";

pub(crate) fn check() -> Result<Outcome, String> {
    let folder = root().join("interop");
    let (built, node) = thread::scope(|scope| {
        let built = scope.spawn(|| program::example("conformance"));
        let node = toolbox::npm_ci(&folder).and_then(|()| toolbox::node());
        (built.join().unwrap_or_else(|_| Err("the building thread panicked".to_owned())), node)
    });
    let (executable, node) = (built?, node?);
    let directory = fresh("conformance")?;
    let expected = Expected::read(&root().join("interop/conformance.json"))?;

    let runs = REVISIONS.map(|revision| Subject::ALL.map(|subject| (revision, subject)));
    let measured = thread::scope(|scope| {
        let one = |&(revision, subject)| {
            let (node, executable, directory) = (&node, &executable, &directory);
            scope.spawn(move || match subject {
                Subject::Open => run(node, executable, directory, revision, false),
                Subject::Protected => run(node, executable, directory, revision, true),
                Subject::Issuer => authorization::run(node, executable, directory, revision),
            })
        };
        let threads: Vec<_> = runs.as_flattened().iter().map(one).collect();
        let join = |thread: thread::ScopedJoinHandle<'_, _>| {
            thread.join().unwrap_or_else(|_| Err("panicked".into()))
        };
        threads.into_iter().map(join).collect::<Result<Vec<Run>, String>>()
    })?;

    let text = table(&measured, &expected)?;
    println!("\n{text}");
    let measurements: Vec<_> = measured.iter().map(|run| &run.measured).collect();
    if record::recording() {
        expected.record(&measurements)?;
    }
    let mut wrong = expected.unexcused(&measurements);
    if !record::recording() {
        wrong.extend(measurements.iter().flat_map(|measured| expected.differences(measured)));
    }
    if wrong.is_empty() {
        record::confirm("conformance", &text)?;
        return Ok(Outcome::Passed);
    }
    for run in measured
        .iter()
        .filter(|run| wrong.iter().any(|line| line.starts_with(&format!("{}:", run.measured.name))))
    {
        println!("{}", run.logs());
    }
    Err(wrong.join("\n"))
}

/// What a run looks at.
#[derive(Clone, Copy)]
enum Subject {
    /// The server without tokens.
    Open,
    /// The server with tokens.
    Protected,
    /// Its built-in issuer.
    Issuer,
}

impl Subject {
    const ALL: [Self; 3] = [Self::Open, Self::Protected, Self::Issuer];
}

/// One run of the suite.
pub(super) struct Run {
    pub(super) measured: Measured,
    /// The checks that failed.
    pub(super) failed: String,
    /// The end of the suite's log, and of the server's.
    pub(super) suite: String,
    pub(super) server: String,
}

impl Run {
    /// What helps to find out why it is red.
    fn logs(&self) -> String {
        let Self { measured, failed, suite, server } = self;
        format!("--- checks that failed, {}\n{failed}\n{suite}\n{server}", measured.name)
    }
}

/// Starts a new server, runs the suite against it, and reads what the suite wrote.
fn run(node: &Node, executable: &Path, directory: &Path, revision: &str, auth: bool) -> Result<Run, String> {
    let name = format!("{revision}{}", if auth { ", with tokens" } else { "" });
    let file = name.replace(", ", "-").replace(' ', "-");
    let server = format!("{file}-server");
    let mut command = program::started_in(&directory.join(&server), executable)?;
    if auth {
        command.args(["--profile", "auth"]).env("CONFORMANCE_SECRET", SECRET);
    }
    let server = Server::start(&server, directory, &mut command)?;
    let results = directory.join(&file);
    fs::create_dir_all(&results).map_err(|error| format!("{}: {error}", results.display()))?;
    let mut command = node.command(&root().join("interop"));
    if auth {
        command.args(["--import", "./bearer.mjs"]).env("RESOURCE", server.url()).env("CLIENT_SECRET", SECRET);
    }
    command
        .args([SUITE, "server", "--url", &server.url(), "--requirements", revision, "--output-dir"])
        .arg(&results);
    let mut suite = Process::start(&format!("{file}-suite"), directory, &mut command)?;
    let Some(status) = suite.wait(LIMIT)? else {
        let seconds = LIMIT.as_secs();
        return Err(format!(
            "{name}: the suite still ran after {seconds} s\n{}\n{}",
            suite.end(),
            server.end()
        ));
    };
    let measured = Measured::read(name, &results);
    let measured = measured
        .map_err(|e| format!("{e}; the suite ended with {status}\n{}\n{}", suite.end(), server.end()))?;
    Ok(Run { measured, failed: results::failed(&results), suite: suite.end(), server: server.end() })
}

/// A line for each run, and one for each exception.
fn table(runs: &[Run], expected: &Expected) -> Result<String, String> {
    let head = ["requirements", "scenarios", "checks passed", "checks failed"].map(str::to_owned).to_vec();
    let row = |run: &Run| {
        let (passed, failed) = run.measured.total();
        vec![
            run.measured.name.clone(),
            run.measured.scenarios.len().to_string(),
            passed.to_string(),
            failed.to_string(),
        ]
    };
    let table = markdown(head, runs.iter().map(row).collect());
    let suite = version("@modelcontextprotocol/conformance")?;
    let exceptions: String =
        expected.exceptions().map(|(scenario, reason)| format!("- `{scenario}`: {reason}\n")).collect();
    Ok(format!("**`@modelcontextprotocol/conformance` {suite}**\n\n{table}\n{exceptions}")
        .trim_end()
        .to_owned()
        + "\n")
}
