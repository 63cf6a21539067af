//! `cargo xtask`: everything CI runs, in order, each step by itself too.

mod bench;
mod book;
mod browser;
mod cargo;
mod conformance;
mod http;
mod interop;
mod issuer;
mod kills;
mod minimal;
mod msrv;
mod process;
mod program;
mod repository;
mod smoke;
mod stdio;
mod step;
mod stores;
mod template;
mod toolbox;
mod weigh;

use std::process::ExitCode;

use step::Step;

/// What `cargo xtask test` runs, cheapest first.
const STEPS: &[Step] = &[
    Step {
        name: "repository",
        quick: true,
        about: "no machine paths, nothing unfinished, CHANGELOG's form; which folder reads which, which feature compiles what",
        run: repository::check,
    },
    Step { name: "fmt", quick: true, about: "rustfmt finds nothing to change", run: cargo::fmt },
    Step {
        name: "clippy",
        quick: true,
        about: "every target with every feature, no warning",
        run: cargo::clippy,
    },
    Step { name: "features", quick: true, about: "each feature alone, no warning", run: cargo::features },
    Step {
        name: "tests",
        quick: true,
        about: "unit, ui and whole-server tests (nextest where installed)",
        run: cargo::tests,
    },
    Step { name: "doctests", quick: true, about: "the examples in the documentation", run: cargo::doctests },
    Step { name: "docs", quick: false, about: "rustdoc, no warning", run: cargo::docs },
    Step {
        name: "msrv",
        quick: false,
        about: "no dependency of a published crate needs a newer Rust than Cargo.toml says",
        run: msrv::check,
    },
    Step {
        name: "minimal",
        quick: false,
        about: "published crates with the lowest versions their manifests allow",
        run: minimal::check,
    },
    Step {
        name: "deny",
        quick: false,
        about: "licences, bans and advisories (cargo-deny where installed)",
        run: cargo::deny,
    },
    Step {
        name: "stores",
        quick: false,
        about: "the stores in PostgreSQL, Redis and Valkey, against real servers (installs packages)",
        run: stores::check,
    },
    Step {
        name: "smoke",
        quick: false,
        about: "the todos example: 401, metadata, what README shows, stdio",
        run: smoke::check,
    },
    Step {
        name: "template",
        quick: false,
        about: "every variant of the template: made in two ways, built, tested, started",
        run: template::check,
    },
    Step {
        name: "book",
        quick: false,
        about: "every command of README and the book, as it is printed",
        run: book::check,
    },
    Step {
        name: "browser",
        quick: false,
        about: "login and consent in Chromium, by clicks and by keyboard (installs Node.js packages)",
        run: browser::check,
    },
    Step {
        name: "conformance",
        quick: false,
        about: "the official suite against examples/conformance, with and without tokens, and against its issuer",
        run: conformance::check,
    },
    Step {
        name: "interop",
        quick: false,
        about: "foreign clients and foreign issuers with the todos example",
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
        ["test"] => step::whole(STEPS),
        ["test", "--quick"] => step::run(STEPS.iter().filter(|step| step.quick)),
        ["weigh"] => weigh::run(),
        ["bench", ..] => bench::run(&arguments[1..]),
        ["kills", ..] => kills::run(&arguments[1..]),
        [name] => match STEPS.iter().find(|step| step.name == name) {
            Some(step) => step::run([step]),
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
    let line =
        |step: &Step| format!("{} {:<12}{}\n", if step.quick { '*' } else { ' ' }, step.name, step.about);
    let steps: String = STEPS.iter().map(line).collect();
    format!(
        "cargo xtask test      everything CI runs, in this order (test --quick: what is marked *)\n\
         cargo xtask bench     whole servers against bare rmcp; writes docs/src/performance.md (bench --help)\n\
         cargo xtask bench issuer  whole logins, tokens and introspection on each store (bench issuer --help)\n\
         cargo xtask kills     kills a whole issuer under load, and looks for what it had acknowledged (kills --help)\n\
         cargo xtask weigh     what a server costs to build and to start; writes docs/src/size.md\n\
         cargo xtask <step>    one of\n{steps}"
    )
}
