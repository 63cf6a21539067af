//! A server of this repository over standard input and output: messages as lines, and nothing else on either.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{ChildStdin, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use crate::process::Running;
use crate::step::expect;

/// How long an answer may take on a machine with other things to do.
const PATIENCE: Duration = Duration::from_secs(20);

/// A server that was started with pipes.
pub(crate) struct Piped {
    running: Running,
    input: ChildStdin,
    lines: Receiver<std::io::Result<String>>,
}

impl Piped {
    /// Starts `command` and initializes: revision 2025-11-25, which has a handshake. Its answer is the second.
    pub(crate) fn start(name: &str, command: &mut Command) -> Result<(Self, Value), String> {
        let mut running = Running::start(name, command.stdin(Stdio::piped()).stdout(Stdio::piped()))?;
        let (input, output) = running.pipes()?;
        let (sender, lines) = mpsc::channel();
        thread::spawn(move || BufReader::new(output).lines().try_for_each(|line| sender.send(line)));
        let mut piped = Self { running, input, lines };
        let initialized = piped.request(
            1,
            "initialize",
            json!({
                "protocolVersion": "2025-11-25", "capabilities": {},
                "clientInfo": { "name": "xtask", "version": "0" },
            }),
        )?;
        piped.send(&json!({ "jsonrpc": "2.0", "method": "notifications/initialized" }))?;
        Ok((piped, initialized))
    }

    /// Sends a request; its answer is the next line.
    pub(crate) fn request(&mut self, id: u64, method: &str, params: Value) -> Result<Value, String> {
        self.send(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }))?;
        let line = self.lines.recv_timeout(PATIENCE);
        let line = line.map_err(|_| format!("no answer to {method} within {} s", PATIENCE.as_secs()))?;
        let line = line.map_err(|error| format!("standard output: {error}"))?;
        let message: Value = serde_json::from_str(&line)
            .map_err(|error| format!("standard output carries more than MCP ({error}):\n{line}"))?;
        let answers = message["jsonrpc"] == "2.0" && message["id"] == id;
        expect(answers, &format!("the answer to {method}"), &line)?;
        Ok(message)
    }

    /// The names of its tools, in order, and the whole answer.
    pub(crate) fn tools(&mut self, id: u64) -> Result<(Vec<String>, Value), String> {
        let listed = self.request(id, "tools/list", json!({}))?;
        let tools = listed["result"]["tools"].as_array().ok_or_else(|| format!("no tools in {listed}"))?;
        let mut names: Vec<_> =
            tools.iter().filter_map(|tool| tool["name"].as_str().map(str::to_owned)).collect();
        names.sort_unstable();
        Ok((names, listed))
    }

    /// Ends its input; insists that it ends then, within `limit` and with exit code 0.
    pub(crate) fn end(self, limit: Duration) -> Result<(), String> {
        let Self { mut running, input, lines: _open } = self;
        drop(input);
        running.ends_well("the end of its input", limit)
    }

    fn send(&mut self, message: &Value) -> Result<(), String> {
        writeln!(self.input, "{message}").map_err(|error| format!("it does not read: {error}"))
    }
}
