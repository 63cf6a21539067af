//! `cargo xtask`: everything CI runs, in order, each step by itself too.

mod bench;
mod book;
mod browser;
mod cargo;
mod conformance;
mod example;
mod http;
mod interop;
mod process;
mod repository;
mod smoke;
mod stdio;
mod step;
mod template;
mod toolbox;

use std::process::ExitCode;

use step::Step;

/// What `cargo xtask test` runs, cheapest first.
const STEPS: &[Step] = &[
    Step {
        name: "repository",
        about: "no machine paths, nothing unfinished, CHANGELOG's form; which folder reads which",
        run: repository::check,
    },
    Step { name: "fmt", about: "rustfmt finds nothing to change", run: cargo::fmt },
    Step { name: "clippy", about: "every target with every feature, no warning", run: cargo::clippy },
    Step { name: "features", about: "each feature alone, no warning", run: cargo::features },
    Step {
        name: "tests",
        about: "unit, ui and whole-server tests (nextest where installed)",
        run: cargo::tests,
    },
    Step { name: "doctests", about: "the examples in the documentation", run: cargo::doctests },
    Step { name: "docs", about: "rustdoc, no warning", run: cargo::docs },
    Step { name: "msrv", about: "published crates on their rust-version, where installed", run: cargo::msrv },
    Step {
        name: "deny",
        about: "licences, bans and advisories (cargo-deny where installed)",
        run: cargo::deny,
    },
    Step {
        name: "smoke",
        about: "the todos example: 401, metadata, what README shows, stdio",
        run: smoke::check,
    },
    Step {
        name: "template",
        about: "every variant of the template: made in two ways, built, tested, started",
        run: template::check,
    },
    Step { name: "book", about: "every command of README and the book, as it is printed", run: book::check },
    Step {
        name: "browser",
        about: "login and consent in Chromium, by clicks and by keyboard (installs Node.js packages)",
        run: browser::check,
    },
    Step {
        name: "conformance",
        about: "the official suite against examples/conformance, with and without tokens",
        run: conformance::check,
    },
    Step {
        name: "interop",
        about: "foreign clients and a foreign issuer with the todos example",
        run: interop::check,
    },
];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] | ["help" | "-h" | "--help"] => {
            print!("{}", help());
            ExitCode::SUCCESS
        }
        ["test"] => step::run(STEPS),
        ["bench", ..] => bench::run(&arguments[1..]),
        [name] => match STEPS.iter().find(|step| step.name == name) {
            Some(step) => step::run(std::slice::from_ref(step)),
            None => {
                eprint!("no step `{name}`\n\n{}", help());
                ExitCode::from(2)
            }
        },
        _ => {
            eprint!("one step at a time\n\n{}", help());
            ExitCode::from(2)
        }
    }
}

fn help() -> String {
    let steps: String = STEPS.iter().map(|step| format!("  {:<12}{}\n", step.name, step.about)).collect();
    format!(
        "cargo xtask test      everything CI runs, in this order\n\
         cargo xtask bench     whole servers against bare rmcp; writes docs/performance.md (bench --help)\n\
         cargo xtask <step>    one of\n{steps}"
    )
}
