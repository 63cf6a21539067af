//! The steps that are cargo commands.

use std::fs;

use crate::step::{Outcome, available, command, root, succeed};

/// The crates a release publishes: what `rust-version` holds for.
pub(crate) const PUBLISHED: [&str; 6] =
    ["mcp-auth", "mcp-auth-core", "mcp-auth-macros", "mcp-auth-store", "mcp-auth-runtime", "mcp-auth-issuer"];

/// Feature sets that must compile by themselves. The facade's own dev-dependency turns every feature on for
/// tests and examples, so only the libraries are looked at here.
const FEATURES: [&str; 7] = ["", "issuer", "postgres", "redis", "sqlite", "testing", "tls"];

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
    }
    for package in ["mcp-auth-runtime", "mcp-auth-store"] {
        cargo(&["clippy", "-p", package, "--lib", "--", "-D", "warnings"])?;
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

/// The sections of this workspace's manifest that say how code is compiled for development. What is built elsewhere with
/// them is not compiled twice.
pub(crate) fn dev_profile() -> Result<String, String> {
    let manifest = fs::read_to_string(root().join("Cargo.toml")).map_err(|e| format!("Cargo.toml: {e}"))?;
    let lines = manifest.lines().skip_while(|line| *line != "[profile.dev]");
    let section = lines.take_while(|line| !line.is_empty()).map(|line| format!("{line}\n"));
    Ok(section.collect())
}

fn cargo(arguments: &[&str]) -> Result<Outcome, String> {
    succeed(command("cargo").args(arguments))?;
    Ok(Outcome::Passed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_profile_for_development_is_whole() {
        let profile = dev_profile().unwrap();
        assert!(profile.starts_with("[profile.dev]\n"), "{profile}");
        assert!(profile.contains("[profile.dev.package.blake2]\n"), "{profile}");
        assert!(!profile.contains("release"), "{profile}");
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
