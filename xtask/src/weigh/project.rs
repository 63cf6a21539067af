//! What is weighed: a new project of the template, and the same by rmcp alone.

use std::fs;
use std::path::{Path, PathBuf};

use crate::process::fresh;
use crate::step::{command, root, succeed};

/// A project that is weighed.
pub(super) struct Project {
    /// What it is called in the table.
    pub(super) name: &'static str,
    /// Its `Cargo.toml` stands there.
    pub(super) directory: PathBuf,
    /// What cargo is asked besides `build --release`.
    pub(super) flags: &'static [&'static str],
    /// The name of its program.
    pub(super) program: &'static str,
    /// How it is started.
    pub(super) start: Start,
    /// Whether it is built on what the one before it left, so that its build says nothing.
    pub(super) is_built_on: bool,
}

/// How a program is started, so that it listens on a port.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Start {
    /// The port is its only argument.
    Argument,
    /// As `--listen`.
    Listen,
    /// It is not started.
    Never,
}

const BARE: [(&str, &str); 2] =
    [("Cargo.toml", include_str!("bare/Cargo.toml.txt")), ("src/main.rs", include_str!("bare/main.rs.txt"))];

/// Everything in the table, in its order.
pub(super) fn all() -> Result<Vec<Project>, String> {
    let directory = fresh("weigh")?;
    let bare = directory.join("bare");
    for (name, text) in BARE {
        write(&bare.join(name), text)?;
    }
    // The versions that are tested here.
    let lock =
        fs::read_to_string(root().join("Cargo.lock")).map_err(|error| format!("Cargo.lock: {error}"))?;
    write(&bare.join("Cargo.lock"), &lock)?;
    succeed(command("cargo").args(["build", "--package", "mcp-auth-cli"]))?;
    let path = root().to_str().ok_or("this checkout has a path that is not Unicode")?;
    let new = [
        "run",
        "--quiet",
        "--package",
        "mcp-auth-cli",
        "--",
        "new",
        "notes",
        "--yes",
        "--mcp-auth-path",
        path,
    ];
    succeed(command("cargo").args(new).arg("--into").arg(&directory))?;
    let notes = directory.join("notes");
    write(&notes.join("Cargo.lock"), &lock)?;
    // It stands below this workspace, and is none of its members.
    let manifest =
        fs::read_to_string(notes.join("Cargo.toml")).map_err(|error| format!("Cargo.toml: {error}"))?;
    write(&notes.join("Cargo.toml"), &format!("{manifest}\n[workspace]\n"))?;
    let project = |name, directory: &Path, flags, program, start| Project {
        name,
        directory: directory.to_owned(),
        flags,
        program,
        start,
        is_built_on: false,
    };
    Ok(vec![
        project("bare rmcp", &bare, &[], "bare", Start::Argument),
        project("a new project", &notes, &["--no-default-features"], "notes", Start::Never),
        Project {
            is_built_on: true,
            ..project("the same, with the built-in issuer", &notes, &[], "notes", Start::Listen)
        },
        project("the command `mcp-auth`", root(), &["--package", "mcp-auth-cli"], "mcp-auth", Start::Never),
    ])
}

fn write(path: &Path, text: &str) -> Result<(), String> {
    let failed = |error| format!("{}: {error}", path.display());
    path.parent().map_or(Ok(()), fs::create_dir_all).map_err(failed)?;
    fs::write(path, text).map_err(failed)
}
