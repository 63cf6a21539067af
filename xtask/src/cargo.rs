//! The steps that are cargo commands.

use std::fs;

use crate::step::{Outcome, available, command, root, succeed};

/// The crates a release publishes: what `rust-version` holds for.
const PUBLISHED: [&str; 5] =
    ["mcp-auth", "mcp-auth-macros", "mcp-auth-store", "mcp-auth-runtime", "mcp-auth-issuer"];

/// Feature sets that must compile by themselves. The facade's own dev-dependency turns every feature on for
/// tests and examples, so only the libraries are looked at here.
const FEATURES: [&str; 3] = ["", "issuer", "testing"];

pub(crate) fn fmt() -> Result<Outcome, String> {
    cargo(&["fmt", "--all", "--check"])
}

pub(crate) fn clippy() -> Result<Outcome, String> {
    cargo(&["clippy", "--workspace", "--all-targets", "--all-features", "--", "-D", "warnings"])
}

pub(crate) fn features() -> Result<Outcome, String> {
    for features in FEATURES {
        let features = ["--no-default-features", "--features", features];
        let warnings = ["--lib", "--", "-D", "warnings"];
        cargo(&[&["clippy", "-p", "mcp-auth"], &features[..], &warnings].concat())?;
        if features[2] != "issuer" {
            cargo(&[&["clippy", "-p", "mcp-auth-runtime"], &features[..], &warnings].concat())?;
        }
    }
    Ok(Outcome::Passed)
}

pub(crate) fn tests() -> Result<Outcome, String> {
    if available("cargo", &["nextest", "--version"]) {
        cargo(&["nextest", "run", "--workspace"])
    } else {
        println!("cargo-nextest is not installed; cargo test runs the same tests, slower");
        cargo(&["test", "--workspace", "--lib", "--bins", "--tests", "--examples"])
    }
}

pub(crate) fn doctests() -> Result<Outcome, String> {
    cargo(&["test", "--workspace", "--doc"])
}

pub(crate) fn docs() -> Result<Outcome, String> {
    let arguments = ["doc", "--workspace", "--no-deps", "--all-features"];
    succeed(command("cargo").args(arguments).env("RUSTDOCFLAGS", "-D warnings"))?;
    Ok(Outcome::Passed)
}

pub(crate) fn msrv() -> Result<Outcome, String> {
    let manifest = fs::read_to_string(root().join("Cargo.toml")).map_err(|e| format!("Cargo.toml: {e}"))?;
    let version = rust_version(&manifest).ok_or("no `rust-version = \"…\"` in Cargo.toml")?;
    if !available("rustup", &["run", version, "rustc", "--version"]) {
        return Ok(Outcome::Skipped(format!(
            "no Rust {version} here (rustup toolchain install {version} --profile minimal)"
        )));
    }
    let packages = PUBLISHED.iter().flat_map(|package| ["-p", package]);
    succeed(
        command("rustup")
            .args(["run", version, "cargo", "check", "--lib", "--all-features", "--locked"])
            .args(packages),
    )?;
    Ok(Outcome::Passed)
}

pub(crate) fn deny() -> Result<Outcome, String> {
    if !available("cargo", &["deny", "--version"]) {
        return Ok(Outcome::Skipped("no cargo-deny here (cargo install cargo-deny --locked)".to_owned()));
    }
    cargo(&["deny", "--all-features", "check", "bans", "licenses", "sources"])?;
    if !available("cargo", &["deny", "fetch", "db"]) {
        let reason = "bans, licences and sources passed; the advisory database cannot be fetched here";
        return Ok(Outcome::Skipped(reason.to_owned()));
    }
    cargo(&["deny", "--all-features", "check", "advisories"])
}

fn cargo(arguments: &[&str]) -> Result<Outcome, String> {
    succeed(command("cargo").args(arguments))?;
    Ok(Outcome::Passed)
}

/// The workspace's `rust-version`: the first one in its manifest.
fn rust_version(manifest: &str) -> Option<&str> {
    manifest.lines().find_map(|line| line.strip_prefix("rust-version = \"")?.strip_suffix('"'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rust_version_is_read_from_the_manifest() {
        assert_eq!(rust_version("[workspace.package]\nrust-version = \"1.88\"\n"), Some("1.88"));
        assert_eq!(rust_version("[package]\nrust-version.workspace = true\n"), None);
    }

    #[test]
    fn the_manifest_states_a_rust_version() {
        let manifest = fs::read_to_string(root().join("Cargo.toml")).unwrap();
        assert!(rust_version(&manifest).is_some());
    }

    #[test]
    fn every_published_crate_has_a_manifest_that_does_not_forbid_it() {
        for package in PUBLISHED {
            let folder = if package == "mcp-auth" { root().to_owned() } else { root().join(package) };
            let manifest = fs::read_to_string(folder.join("Cargo.toml")).unwrap();
            assert!(manifest.contains(&format!("name = \"{package}\"")), "{package}");
            assert!(!manifest.contains("publish = false"), "{package}");
        }
    }
}
