//! The processes: one server per row, started once, ended when dropped.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use super::rows::{ROWS, Row};
use crate::step;

/// The core of the servers, and that of the load.
const SERVER_CORE: &str = "0";
const LOAD_CORE: &str = "1";

/// A running server, and where it listens.
pub(super) struct Server {
    child: Child,
    pub(super) address: String,
}

impl Server {
    pub(super) fn pid(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ended_by_itself = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Makes the keys and tokens of this run.
pub(super) fn mint(binaries: &Path, keys: &Path, tokens: usize) -> Result<(), String> {
    step::succeed(
        step::command(&text(&binaries.join("bench-load"))).arg("mint").arg(keys).arg(tokens.to_string()),
    )
}

/// One server for every row.
pub(super) fn start_all(binaries: &Path, keys: &Path, pin: bool) -> Result<Vec<Server>, String> {
    ROWS.iter().map(|row| start(row, binaries, keys, pin)).collect()
}

fn start(row: &Row, binaries: &Path, keys: &Path, pin: bool) -> Result<Server, String> {
    let mut command = program(&binaries.join("bench-server"), pin.then_some(SERVER_CORE));
    // Tokens of these lists come again after more than a second: the shortest time a server can be told to remember.
    let (kind, ttl) = match row.server {
        "ours-fresh" => ("ours", "1s"),
        kind => (kind, "60s"),
    };
    command.arg(kind).env("BENCH_TOKEN_CACHE_TTL", ttl);
    if kind.starts_with("ours") {
        command.arg(keys);
    }
    let failed = |what: &dyn std::fmt::Display| format!("the server of {:?} did not start: {what}", row.name);
    let log = if row.server == "ours-log" { Stdio::null() } else { Stdio::inherit() };
    let mut child = command.stdout(Stdio::piped()).stderr(log).spawn().map_err(|error| failed(&error))?;
    let mut address = String::new();
    if let Some(out) = child.stdout.take() {
        BufReader::new(out).read_line(&mut address).map_err(|error| failed(&error))?;
    }
    let server = Server { child, address: address.trim().to_owned() };
    if server.address.is_empty() {
        return Err(failed(&"it said no address"));
    }
    Ok(server)
}

/// The process that generates the load.
pub(super) fn load(binaries: &Path, pin: bool) -> Command {
    program(&binaries.join("bench-load"), pin.then_some(LOAD_CORE))
}

fn program(path: &Path, core: Option<&str>) -> Command {
    match core {
        Some(core) => {
            let mut command = step::command("taskset");
            command.args(["-c", core]).arg(path);
            command
        }
        None => step::command(&text(path)),
    }
}

fn text(path: &Path) -> String {
    path.display().to_string()
}
