//! A Redis server.

use std::path::Path;
use std::process::Command;

use crate::process::{Process, free_port};
use crate::toolbox;

/// A Redis server that keeps what it acknowledged.
pub(super) fn start(files: &Path) -> Result<(Process, String), String> {
    let server = toolbox::program("redis-server", "a Redis server", "redis-server")?;
    let port = free_port()?;
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
    start.args(["--maxmemory-policy", "noeviction", "--dir"]).arg(files);
    let mut process = Process::start("redis", files, &mut start)?;
    process.wait_for(|log| log.contains("Ready to accept connections").then_some(()))?;
    Ok((process, format!("redis://127.0.0.1:{port}")))
}
