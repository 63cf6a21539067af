//! cargo-generate: the one that is installed, else one of our own below `target/tools`.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use super::variant::Variant;
use crate::step::{available, command, root, succeed};

/// What is installed where none is: the last one that builds with the Rust this workspace asks for. Bare of TLS and
/// of its editor, it builds in about a minute.
const VERSION: &str = "0.23.9";

/// A cargo-generate that can be run.
pub(super) enum Generator {
    /// Installed, so that it runs as `cargo generate`.
    Installed,
    /// The executable at this path.
    Ours(PathBuf),
}

impl Generator {
    pub(super) fn find_or_install() -> Result<Self, String> {
        if available("cargo", &["generate", "--version"]) {
            return Ok(Self::Installed);
        }
        let tools = root().join("target/tools");
        let executable = tools.join(format!("bin/cargo-generate{}", std::env::consts::EXE_SUFFIX));
        let version = Command::new(&executable).args(["generate", "--version"]).output();
        if !version.is_ok_and(|output| String::from_utf8_lossy(&output.stdout).contains(VERSION)) {
            let package = format!("cargo-generate@{VERSION}");
            let flags = ["--locked", "--debug", "--no-default-features", "--force"];
            succeed(command("cargo").args(["install", &package]).args(flags).arg("--root").arg(&tools))?;
        }
        Ok(Self::Ours(executable))
    }

    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Installed => "cargo",
            Self::Ours(_) => "target/tools/bin/cargo-generate",
        }
    }

    /// Makes a variant below `directory`, with a dependency on this checkout.
    pub(super) fn generate(&self, directory: &Path, variant: &Variant) -> Result<(), String> {
        let path = root().to_str().ok_or("this checkout has a path that is not Unicode")?.replace('\\', "/");
        let checkout = ["--define".to_owned(), format!("mcp_auth_path={path}")];
        let output = self.run(directory, &variant.name(), &[&variant.defines()[..], &checkout].concat())?;
        if output.status.success() {
            return Ok(());
        }
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        Err(format!("cargo-generate, {}: {told}", variant.name()))
    }

    /// `mcp-auth new` has the template's patterns as code; this holds the patterns against some of its tests.
    pub(super) fn refuses_what_new_refuses(&self, directory: &Path) -> Result<(), String> {
        for answers in [
            &["auth=issuer", "issuer=http://id.example.com"][..],
            &["auth=issuer", "issuer=https://id.example.com/?a"],
            &["auth=issuer", "issuer=https://user@id.example.com"],
            &["auth=issuer", "issuer=http://localhost.evil.example"],
            &["auth=embedded"],
            &["transport=tcp"],
            &["description=say \"hi\""],
            &["description=a\nb"],
        ] {
            let defines = answers.iter().flat_map(|answer| ["--define".to_owned(), (*answer).to_owned()]);
            let output = self.run(directory, "refused", &defines.collect::<Vec<_>>())?;
            if output.status.success() {
                return Err(format!("cargo-generate took {answers:?}, which mcp-auth new refuses"));
            }
            // It makes the directory before it reads the answers.
            std::fs::remove_dir_all(directory.join("refused")).ok();
        }
        Ok(())
    }

    fn run(&self, directory: &Path, name: &str, answers: &[String]) -> Result<Output, String> {
        let mut command = match self {
            Self::Installed => Command::new("cargo"),
            Self::Ours(executable) => Command::new(executable),
        };
        let outside = ["--silent", "--vcs", "none", "--no-workspace", "--destination"];
        command.current_dir(root()).args(["generate", "--path", "template", "--name", name]);
        command.args(outside).arg(directory).args(answers);
        command.output().map_err(|error| format!("cargo-generate did not start: {error}"))
    }
}
