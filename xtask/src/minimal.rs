//! The published crates compile with the lowest versions that their manifests allow. Cargo takes the newest, so only a
//! user with an older lock file sees a floor that is too low.
//!
//! They are copied, without what is for tests only, and each requirement is made exact: `"1.54.1"` is `"=1.54.1"`. Cargo
//! says which floor does not exist, is yanked, or is below what another crate asks for; raise that one in Cargo.toml.

use std::fs;
use std::path::Path;

use crate::cargo::PUBLISHED;
use crate::step::{Outcome, root, succeed};

/// What a published crate is without its tests.
const SOURCES: [&str; 2] = ["Cargo.toml", "src"];

pub(crate) fn check() -> Result<Outcome, String> {
    let copy = root().join("target/minimal-versions");
    let _ = fs::remove_dir_all(&copy);
    for package in PUBLISHED {
        let folder = folder(package);
        for source in SOURCES {
            copied(&root().join(folder).join(source), &copy.join(folder).join(source))?;
        }
        let manifest = copy.join(folder).join("Cargo.toml");
        let text =
            fs::read_to_string(&manifest).map_err(|error| format!("{}: {error}", manifest.display()))?;
        fs::write(&manifest, lowest(&text)).map_err(|error| format!("{}: {error}", manifest.display()))?;
    }
    copied(&root().join("docs/src"), &copy.join("docs/src"))?;
    copied(&root().join("README.md"), &copy.join("README.md"))?;
    copied(&root().join("Cargo.lock"), &copy.join("Cargo.lock"))?;
    let packages = PUBLISHED.iter().flat_map(|package| ["-p", package]);
    succeed(
        std::process::Command::new("cargo")
            .current_dir(&copy)
            // Most of what it compiles has been compiled for the workspace.
            .env("CARGO_TARGET_DIR", root().join("target"))
            .args(["check", "--lib", "--all-features"])
            .args(packages),
    )?;
    Ok(Outcome::Passed)
}

/// Where a published crate is, from the root.
fn folder(package: &str) -> &str {
    if package == "mcp-auth" { "" } else { package }
}

fn copied(from: &Path, to: &Path) -> Result<(), String> {
    let failed = |error: std::io::Error| format!("{}: {error}", from.display());
    if from.is_dir() {
        fs::create_dir_all(to).map_err(failed)?;
        for entry in fs::read_dir(from).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            copied(&entry.path(), &to.join(entry.file_name()))?;
        }
        Ok(())
    } else {
        to.parent().map_or(Ok(()), fs::create_dir_all).map_err(failed)?;
        fs::copy(from, to).map(|_| ()).map_err(failed)
    }
}

/// The manifest with exact requirements, without what is for tests only, and with the published crates as members.
fn lowest(manifest: &str) -> String {
    let mut section = "";
    let mut kept = String::new();
    for line in manifest.lines() {
        if line.starts_with('[') {
            section = line;
        }
        if section.contains("dev-dependencies") || ["[[example]]", "[[test]]"].contains(&section) {
            continue;
        }
        let line = if line.starts_with("members = ") {
            let members = PUBLISHED.iter().map(|package| folder(package)).filter(|folder| !folder.is_empty());
            format!("members = {:?}", members.collect::<Vec<_>>())
        } else if section.contains("dependencies") && !line.contains("path = ") {
            exact(line).unwrap_or_else(|| line.to_owned())
        } else {
            line.to_owned()
        };
        kept.push_str(&line);
        kept.push('\n');
    }
    kept
}

/// `tokio = "1.54"` and `tokio = { version = "1.54", … }` with `"=1.54.0"`.
fn exact(line: &str) -> Option<String> {
    let (name, rest) = line.split_once(" = ")?;
    let (opening, rest) = match rest.strip_prefix("{ version = \"") {
        Some(rest) => ("{ version = \"", rest),
        None => ("\"", rest.strip_prefix('"')?),
    };
    let (version, after) = rest.split_once('"')?;
    // A range of patches only starts where its version does.
    let version = version.strip_prefix('~').unwrap_or(version);
    let dots = version.matches('.').count();
    let zeros = ".0".repeat(2_usize.saturating_sub(dots));
    Some(format!("{name} = {opening}={version}{zeros}\"{after}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_requirement_is_made_exact() {
        assert_eq!(exact("http = \"1\"").unwrap(), "http = \"=1.0.0\"");
        assert_eq!(exact("tower = \"0.5.2\"").unwrap(), "tower = \"=0.5.2\"");
        assert_eq!(exact("rmcp = \"~3.11\"").unwrap(), "rmcp = \"=3.11.0\"");
        assert_eq!(
            exact("serde = { version = \"1.0\", features = [\"derive\"] }").unwrap(),
            "serde = { version = \"=1.0.0\", features = [\"derive\"] }"
        );
        assert_eq!(exact("serde.workspace = true"), None);
        assert_eq!(exact("# a comment"), None);
    }

    #[test]
    fn what_is_for_tests_only_is_left_out_and_our_own_crates_keep_their_paths() {
        let manifest = "[workspace]\nmembers = [\"a\", \"b\"]\n[workspace.dependencies]\n\
                        mcp-auth-core = { path = \"mcp-auth-core\", version = \"0.1.0\" }\nurl = \"2.5\"\n\
                        [package]\nversion = \"0.1.0\"\n[dev-dependencies]\ntempfile = \"3\"\n[[example]]\nname = \"x\"\n\
                        [lints]\nworkspace = true\n";
        let lowest = lowest(manifest);
        assert!(lowest.contains("members = [\"mcp-auth-"), "{lowest}");
        assert!(lowest.contains("path = \"mcp-auth-core\", version = \"0.1.0\""), "{lowest}");
        assert!(lowest.contains("url = \"=2.5.0\"\n[package]\nversion = \"0.1.0\"\n[lints]"), "{lowest}");
    }
}
