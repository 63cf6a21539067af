//! Who may call what over stdio: the real program with the pipes a client gives it, and `mcp.toml` as it is but
//! for the scopes of the local caller.

use std::io::{BufRead as _, BufReader, Lines, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use mcp_auth::serde_json::{self, Value, json};

/// The server as a child process, stopped with the test.
struct Server {
    process: Child,
    input: ChildStdin,
    output: Lines<BufReader<ChildStdout>>,
}

impl Server {
    /// Started by a caller who holds `scopes`.
    fn start(scopes: &[&str]) -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_{{project-name}}"))
            .env("MCP_STDIO__LOCAL_SCOPES", json!(scopes).to_string())
            .env("MCP_LOG__LEVEL", "error")
{%- if sqlite %}
            .env("NOTES_DB", ":memory:")
{%- endif %}
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let input = process.stdin.take().unwrap();
        let output = BufReader::new(process.stdout.take().unwrap()).lines();
        Self {
            process,
            input,
            output,
        }
    }

    /// The answer to one request, as revision 2026-07-28 has it.
    fn request(&mut self, method: &str, mut params: Value) -> Value {
        params["_meta"] = json!({
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientCapabilities": {},
        });
        let message = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        writeln!(self.input, "{message}").unwrap();
        let line = self.output.next().unwrap().unwrap();
        serde_json::from_str(&line).unwrap()
    }

    fn call_tool(&mut self, name: &str, arguments: Value) -> Value {
        let params = json!({ "name": name, "arguments": arguments });
        self.request("tools/call", params)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

#[test]
fn a_caller_without_scopes_is_refused_with_401() {
    let mut server = Server::start(&[]);
    let answer = server.call_tool("list_notes", json!({}));
    assert_eq!(answer["error"]["code"], 401, "{answer}");
    assert_eq!(answer["error"]["data"]["scope"], "notes.read");
}

#[test]
fn a_reader_who_writes_is_refused_with_403_and_told_which_scopes_to_get() {
    let mut server = Server::start(&["notes.read"]);
    let answer = server.call_tool("add_note", json!({ "text": "milk" }));
    assert_eq!(answer["error"]["code"], 403, "{answer}");
    assert_eq!(answer["error"]["data"]["scope"], "notes.read notes.write");
    let listed = server.call_tool("list_notes", json!({}));
    let notes = &listed["result"]["structuredContent"]["notes"];
    assert_eq!(notes, &json!([]), "{listed}");
}

#[test]
fn a_writer_adds_and_reads_a_note() {
    let mut server = Server::start(&["notes.write"]);
    let added = server.call_tool("add_note", json!({ "text": "milk" }));
    let milk = json!({ "id": 1, "text": "milk" });
    assert_eq!(added["result"]["structuredContent"], milk, "{added}");
    let listed = server.call_tool("list_notes", json!({}));
    let notes = &listed["result"]["structuredContent"]["notes"];
    assert_eq!(notes, &json!([milk]), "{listed}");
}
