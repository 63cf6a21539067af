//! Over standard input and output: it answers, writes nothing but MCP, and ends with its input.

use std::path::Path;
use std::time::Duration;

use serde_json::json;

use crate::program;
use crate::stdio::Piped;
use crate::step::expect;

/// What the example offers a caller that may do everything.
const TOOLS: [&str; 5] = ["add_todo", "complete_todo", "delete_todo", "list_todos", "ping"];

pub(super) fn check(executable: &Path, directory: &Path) -> Result<(), String> {
    let mut command = program::started_in(&directory.join("stdio"), executable)?;
    let (mut server, initialized) = Piped::start("the example", command.args(["--transport", "stdio"]))?;
    expect(initialized["result"]["serverInfo"]["name"] == "todos", "a server named todos", &initialized)?;
    let (names, listed) = server.tools(2)?;
    expect(names == TOOLS, &format!("the tools {TOOLS:?}"), &listed)?;
    let call = json!({ "name": "add_todo", "arguments": { "title": "buy milk" } });
    let added = server.request(3, "tools/call", call)?;
    let title = &added["result"]["structuredContent"]["title"];
    expect(title == "buy milk", "the todo that was added", &added)?;
    server.end(Duration::from_secs(2))
}
