//! All variants as one workspace, so that what they have in common is compiled once; with this workspace's lock file,
//! profile and target directory, so that most of it is compiled already.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::tree;
use super::variant::Variant;
use crate::cargo::dev_profile;
use crate::step::{command, root, succeed};

pub(super) struct Workspace {
    directory: PathBuf,
    target: PathBuf,
    variants: Vec<Variant>,
}

impl Workspace {
    /// Copies the variants from `made`, where they were made anew.
    pub(super) fn of(made: &Path, variants: &[Variant]) -> Result<Self, String> {
        let directory = root().join("target/template/workspace");
        for variant in variants {
            let project = directory.join(variant.name());
            // What a run of the server or of its tests left behind.
            fs::remove_dir_all(project.join(".mcp-auth")).ok();
            tree::sync(&made.join(variant.name()), &project)?;
        }
        tree::write(&directory.join("Cargo.toml"), manifest(variants, &dev_profile()?).as_bytes())?;
        // Without this one, rustfmt would find the one of this repository further up.
        tree::write(&directory.join("rustfmt.toml"), b"")?;
        let lock = fs::read(root().join("Cargo.lock")).map_err(|error| format!("Cargo.lock: {error}"))?;
        tree::write(&directory.join("Cargo.lock"), &lock)?;
        let target =
            std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from);
        Ok(Self { directory, target, variants: variants.to_vec() })
    }

    /// Where it is, and the logs of what is started of it.
    pub(super) fn directory(&self) -> &Path {
        &self.directory
    }

    pub(super) fn project(&self, variant: &Variant) -> PathBuf {
        self.directory.join(variant.name())
    }

    /// The program of a variant, once [`test`](Self::test) has built it.
    pub(super) fn executable(&self, variant: &Variant) -> PathBuf {
        self.target.join(format!("debug/{}{}", variant.name(), std::env::consts::EXE_SUFFIX))
    }

    pub(super) fn fmt(&self) -> Result<(), String> {
        succeed(self.cargo().args(["fmt", "--all", "--check"]))
    }

    /// As `cargo clippy` runs for a developer, and all as they are built for production.
    pub(super) fn clippy(&self) -> Result<(), String> {
        let all = ["--all-targets", "--", "-D", "warnings"];
        succeed(self.cargo().arg("clippy").args(self.packages(|variant| variant.built_in)).args(all))?;
        let production = ["clippy", "--no-default-features"];
        succeed(self.cargo().args(production).args(self.packages(|_| true)).args(all))
    }

    /// Those with the built-in issuer and those without apart: together, all would be built with it.
    pub(super) fn test(&self) -> Result<(), String> {
        let targets = ["--quiet", "--lib", "--test", "*"];
        for built_in in [true, false] {
            let packages = self.packages(|variant| variant.built_in == built_in);
            succeed(self.cargo().arg("test").args(packages).args(targets))?;
        }
        Ok(())
    }

    /// The program of a variant as its Dockerfile builds it for the built-in issuer of `mcp.production.toml`.
    pub(super) fn build_for_others(&self, variant: &Variant) -> Result<(), String> {
        let production = ["build", "--no-default-features", "--features", "production-issuer"];
        succeed(self.cargo().args(production).args(["-p", &variant.name()]))
    }

    fn packages(&self, which: impl Fn(&Variant) -> bool) -> Vec<String> {
        let chosen = self.variants.iter().filter(|variant| which(variant));
        chosen.flat_map(|variant| ["-p".to_owned(), variant.name()]).collect()
    }

    fn cargo(&self) -> Command {
        let mut cargo = command("cargo");
        cargo.current_dir(&self.directory).env("CARGO_TARGET_DIR", &self.target);
        cargo
    }
}

fn manifest(variants: &[Variant], profile: &str) -> String {
    let members: String = variants.iter().map(|variant| format!("    {:?},\n", variant.name())).collect();
    format!("[workspace]\nresolver = \"3\"\nmembers = [\n{members}]\n\n{profile}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_manifest_names_every_variant_and_this_workspaces_profile() {
        let profile = dev_profile().unwrap();
        assert!(profile.starts_with("[profile.dev]\n") && profile.lines().count() > 1, "{profile}");
        let manifest = manifest(&Variant::all(), &profile);
        assert!(manifest.contains("\"issuer-stdio-sqlite\",\n") && manifest.ends_with(&profile));
    }
}
