//! Makes each variant in two ways, compares, builds, tests and starts it.

use std::path::PathBuf;
use std::process::Command;

use super::generator::Generator;
use super::variant::Variant;
use super::{for_others, serve, tree, workspace};

use crate::process::fresh;
use crate::program;
use crate::step::{Outcome, root};

pub(crate) fn check() -> Result<Outcome, String> {
    let variants = Variant::all();
    let generator = Generator::find_or_install()?;
    let made = Made::anew()?;
    println!("$ {} generate (each of {} variants)", generator.name(), variants.len());
    for variant in &variants {
        generator.generate(&made.by_generator, variant)?;
    }
    generator.refuses_what_new_refuses(&made.by_generator)?;
    println!("$ cargo run -p mcp-auth-cli -- new (each of {} variants)", variants.len());
    for variant in &variants {
        new(&made, variant)?;
    }
    tree::expect_same(&made.by_generator, &made.by_new, "cargo-generate", "mcp-auth new")?;

    let workspace = workspace::Workspace::of(&made.by_generator, &variants)?;
    workspace.fmt()?;
    workspace.clippy()?;
    workspace.test()?;
    for variant in variants.iter().filter(|variant| variant.is_started()) {
        serve::check(&workspace, variant)?;
    }
    // The last one, because it builds the program of its variant anew, with other features.
    for variant in variants.iter().filter(|variant| variant.is_started_for_others()) {
        for_others::check(&workspace, variant)?;
    }
    Ok(Outcome::Passed)
}

/// The variants as each of the two made them, each in an empty directory.
struct Made {
    by_generator: PathBuf,
    by_new: PathBuf,
}

impl Made {
    fn anew() -> Result<Self, String> {
        let by_generator = fresh("template/made/cargo-generate")?;
        Ok(Self { by_generator, by_new: fresh("template/made/new")? })
    }
}

fn new(made: &Made, variant: &Variant) -> Result<(), String> {
    let output = Command::new(program::binary("mcp-auth")?)
        .args(["new", &variant.name(), "--yes"])
        .args(variant.options())
        .arg("--mcp-auth-path")
        .arg(root())
        .arg("--into")
        .arg(&made.by_new)
        .output()
        .map_err(|error| format!("mcp-auth did not start: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!("mcp-auth new {}: {}", variant.name(), String::from_utf8_lossy(&output.stderr)))
}
