//! The process: `bench-server issuer`, on a store and a port that stay the same when it is started again.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::process::Process;
use crate::program;
use crate::step::{command, succeed};

/// The scope that is asked for.
pub(super) const SCOPE: &str = "bench.call";
/// The client of the configuration, which introspects.
pub(super) const CHECKER: &str = "checker";
pub(super) const SECRET: &str = "a secret of thirty-two characters, or more";
/// How many people can log in: as many as the development login offers.
pub(crate) const USERS: usize = 32;
/// How many codes the issuer gives one person at once, with some to spare; and then one more a second.
pub(crate) const CODES_AT_ONCE: usize = 55;
const STORE_KEY: &str = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

/// The name of the person of this number.
pub(crate) fn user(number: usize) -> String {
    format!("user{:02}", number % USERS)
}

/// Builds the program, and these beside it; with `release` as it is measured.
pub(crate) fn build(release: bool, beside: &[&str]) -> Result<PathBuf, String> {
    if !release {
        beside.iter().try_for_each(|name| program::binary(name).map(drop))?;
        return program::binary("bench-server");
    }
    let mut build = command(env!("CARGO"));
    build.args(["build", "--release", "--package", "mcp-auth-bench", "--bin", "bench-server"]);
    build.args(beside.iter().flat_map(|name| ["--bin", name]));
    succeed(&mut build)?;
    let metadata = command(env!("CARGO")).args(["metadata", "--no-deps", "--format-version", "1"]).output();
    let metadata = metadata.map_err(|error| format!("`cargo metadata` did not start: {error}"))?;
    let metadata: serde_json::Value =
        serde_json::from_slice(&metadata.stdout).map_err(|error| format!("`cargo metadata`: {error}"))?;
    let target = metadata["target_directory"].as_str().ok_or("`cargo metadata` names no target directory")?;
    Ok(Path::new(target).join("release").join("bench-server"))
}

/// How it is started.
#[derive(Debug, Clone)]
pub(crate) struct Setting<'a> {
    pub(crate) program: &'a Path,
    /// Where its configuration and its logs are.
    pub(crate) directory: &'a Path,
    pub(crate) store: &'a str,
    pub(crate) port: u16,
    /// `issuer.refresh_grace`.
    pub(crate) grace: &'a str,
}

/// A running process; it is killed when dropped.
pub(crate) struct Issuer {
    process: Process,
}

impl Setting<'_> {
    /// Starts it, with its log in a file of this name. It may not listen yet.
    pub(crate) fn start(&self, name: &str) -> Result<Issuer, String> {
        let users: Vec<_> = (0..USERS).map(|number| format!("{:?}", user(number))).collect();
        let toml = format!(
            "[server]\nlisten = \"127.0.0.1:{}\"\n[auth]\nbase_scopes = [\"{SCOPE}\"]\n\
             [issuer]\nusers = [{}]\ncode_lifetime = \"10m\"\nrefresh_grace = \"{}\"\n\
             [[issuer.clients]]\nclient_id = \"{CHECKER}\"\nclient_secret = \"env:CHECKER_SECRET\"\nscopes = [\"{SCOPE}\"]\n\
             [store]\nurl = \"env:STORE_URL\"\n{}",
            self.port,
            users.join(", "),
            self.grace,
            if self.store == "memory:" { "" } else { "key = \"env:STORE_KEY\"\n" },
        );
        let file = self.directory.join("mcp.toml");
        fs::write(&file, toml).map_err(|error| format!("{}: {error}", file.display()))?;
        let mut command = Command::new(self.program);
        command.arg("issuer").arg(&file).current_dir(self.directory);
        command.env("STORE_URL", self.store).env("STORE_KEY", STORE_KEY).env("CHECKER_SECRET", SECRET);
        Ok(Issuer { process: Process::start(name, self.directory, &mut command)? })
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        ([127, 0, 0, 1], self.port).into()
    }
}

impl Issuer {
    /// Waits until it listens.
    pub(crate) fn ready(&mut self) -> Result<(), String> {
        let address = |line: &str| line.trim().parse::<SocketAddr>().is_ok();
        self.process.wait_for(|log| log.lines().any(address).then_some(()))
    }

    /// Its process.
    pub(crate) fn id(&self) -> u32 {
        self.process.id()
    }

    /// Whether it still runs.
    pub(crate) fn runs(&mut self) -> Result<bool, String> {
        Ok(self.process.wait(std::time::Duration::ZERO)?.is_none())
    }

    /// The last lines of its log.
    pub(crate) fn end(&self) -> String {
        self.process.end()
    }
}
