//! A server of Redis, or of Valkey.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::process::{Process, free_port};
use crate::toolbox;

/// A Redis server that keeps what it acknowledged.
pub(super) fn start(files: &Path) -> Result<(Process, String), String> {
    started(&toolbox::program("redis-server", "a Redis server", "redis-server")?, "redis", files)
}

/// The same of Valkey, and the program that it is.
pub(super) fn start_valkey(files: &Path) -> Result<(Process, String, PathBuf), String> {
    let program = toolbox::valkey()?;
    let (process, url) = started(&program, "valkey", files)?;
    Ok((process, url, program))
}

fn started(server: &Path, name: &str, files: &Path) -> Result<(Process, String), String> {
    let port = free_port()?;
    let directory = files.join(name);
    std::fs::create_dir_all(&directory).map_err(|error| format!("{}: {error}", directory.display()))?;
    let mut start = Command::new(server);
    start.args([
        "--bind",
        "127.0.0.1",
        "--port",
        &port.to_string(),
        "--save",
        "",
        "--appendonly",
        "yes",
        "--appendfsync",
        "always",
    ]);
    start.args(["--maxmemory-policy", "noeviction", "--dir"]).arg(directory);
    let mut process = Process::start(name, files, &mut start)?;
    process.wait_for(|log| log.contains("Ready to accept connections").then_some(()))?;
    Ok((process, format!("redis://127.0.0.1:{port}")))
}
