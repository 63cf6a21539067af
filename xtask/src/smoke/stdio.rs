//! Over standard input and output: it answers, writes nothing but MCP, and ends with its input.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::Stdio;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use super::{Example, Running, expect};

/// What the example offers somebody who may do everything.
const TOOLS: [&str; 5] = ["add_todo", "complete_todo", "delete_todo", "list_todos", "ping"];

pub(super) fn check(example: &Example) -> Result<(), String> {
    let mut command = example.command(&["--transport", "stdio"]);
    let mut running = Running::start(command.stdin(Stdio::piped()).stdout(Stdio::piped()))?;
    let mut input = running.0.stdin.take().ok_or("no standard input")?;
    let output = running.0.stdout.take().ok_or("no standard output")?;
    let (sender, lines) = mpsc::channel();
    thread::spawn(move || BufReader::new(output).lines().try_for_each(|line| sender.send(line)));

    let mut send = |message: Value| {
        writeln!(input, "{message}").map_err(|error| format!("the example does not read: {error}"))
    };
    let answer = |id: u64| {
        let line = lines.recv_timeout(Duration::from_secs(10));
        let line = line.map_err(|_| format!("no answer to request {id} within 10 s"))?;
        let line = line.map_err(|error| format!("standard output: {error}"))?;
        let message: Value = serde_json::from_str(&line)
            .map_err(|e| format!("standard output carries more than MCP ({e}):\n{line}"))?;
        expect(
            message["jsonrpc"] == "2.0" && message["id"] == id,
            &format!("the answer to request {id}"),
            &line,
        )?;
        Ok::<_, String>(message)
    };

    send(json!({ "jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {
        "protocolVersion": "2025-11-25", "capabilities": {},
        "clientInfo": { "name": "xtask", "version": "0" },
    } }))?;
    let initialized = answer(1)?;
    expect(initialized["result"]["serverInfo"]["name"] == "todos", "a server named todos", &initialized)?;
    send(json!({ "jsonrpc": "2.0", "method": "notifications/initialized" }))?;
    send(json!({ "jsonrpc": "2.0", "id": 2, "method": "tools/list" }))?;
    let listed = answer(2)?;
    let tools = listed["result"]["tools"].as_array().ok_or("tools/list answers no tools")?;
    let mut names: Vec<_> = tools.iter().filter_map(|tool| tool["name"].as_str()).collect();
    names.sort_unstable();
    expect(names == TOOLS, &format!("the tools {TOOLS:?}"), &listed)?;
    send(json!({ "jsonrpc": "2.0", "id": 3, "method": "tools/call", "params": {
        "name": "add_todo", "arguments": { "title": "buy milk" },
    } }))?;
    let added = answer(3)?;
    let title = &added["result"]["structuredContent"]["title"];
    expect(title == "buy milk", "the todo that was added", &added)?;

    drop(input);
    running.ends_well("the end of its input", Duration::from_secs(2))
}
