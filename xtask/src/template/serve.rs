//! A variant's program, started and called as its README says.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread::{self, sleep};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::variant::Variant;
use super::workspace::Workspace;
use crate::step::available;

/// How long anything may take on a machine with other things to do.
const PATIENCE: Duration = Duration::from_secs(20);

/// A client of the built-in issuer that gets a token for itself.
const CLIENT: &str = r#"[{client_id="script", client_secret="env:SCRIPT_SECRET", scopes=["notes.read"]}]"#;

pub(super) fn check(workspace: &Workspace, variant: &Variant) -> Result<(), String> {
    let mut program = Command::new(workspace.executable(variant));
    program.current_dir(workspace.project(variant)).env("NOTES_DB", ":memory:");
    let checked = if variant.stdio {
        over_stdio(program).and_then(|()| readme_over_stdio(workspace, variant))
    } else {
        over_http(program, variant, &workspace.project(variant))
    };
    checked.map_err(|error| format!("{}: {error}", variant.name()))
}

/// 401 with a challenge, 200 for what is public, and with the built-in issuer a token, 200 and 403.
fn over_http(mut program: Command, variant: &Variant, project: &Path) -> Result<(), String> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|listener| listener.local_addr());
    let server = listener.map_err(|error| format!("no free port: {error}"))?;
    program.args(["--listen", &server.to_string()]).stderr(Stdio::null());
    if variant.embedded {
        program
            .env("MCP_AUTH__EMBEDDED__CLIENTS", CLIENT)
            .env("SCRIPT_SECRET", "not a secret, but long enough");
    }
    let mut running = Running::start(&mut program)?;
    wait_until_healthy(server, &mut running)?;

    let refused = call(server, None, "list_notes")?;
    let challenge = "www-authenticate: Bearer scope=\"notes.read\", resource_metadata=\"";
    expect(
        refused.starts_with("HTTP/1.1 401 ") && refused.contains(challenge),
        "401 with a challenge",
        &refused,
    )?;
    let answer = call(server, None, "ping")?;
    expect(answer.starts_with("HTTP/1.1 200 ") && answer.contains("pong"), "200 and pong", &answer)?;
    readme_over_http(server, project)?;
    if variant.embedded {
        let form = "grant_type=client_credentials&client_id=script&client_secret=not+a+secret%2C+but+long+enough\
                    &scope=notes.read";
        let form = format!("{form}&resource=http://{server}/mcp");
        let answer = post(server, "/token", "Content-Type: application/x-www-form-urlencoded\r\n", &form)?;
        let token = answer.split_once("\"access_token\":\"").and_then(|(_, rest)| rest.split_once('"'));
        let (token, _) = token.ok_or_else(|| format!("expected a token; got\n{answer}"))?;
        let answer = call(server, Some(token), "list_notes")?;
        expect(answer.starts_with("HTTP/1.1 200 "), "200 for list_notes with a token", &answer)?;
        let answer = call(server, Some(token), "delete_note")?;
        let denied =
            answer.starts_with("HTTP/1.1 403 ") && answer.contains("scope=\"notes.read notes.write\"");
        expect(denied, "403 for delete_note with a token for notes.read", &answer)?;
    }
    Ok(())
}

/// `initialize`, the list of tools, and an end with its input.
fn over_stdio(mut program: Command) -> Result<(), String> {
    program.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut running = Running::start(&mut program)?;
    let mut input = running.0.stdin.take().ok_or("no standard input")?;
    let output = running.0.stdout.take().ok_or("no standard output")?;
    let (sender, lines) = mpsc::channel();
    thread::spawn(move || BufReader::new(output).lines().try_for_each(|line| sender.send(line)));
    let mut request = |message: Value| {
        writeln!(input, "{message}").map_err(|error| format!("it does not read: {error}"))?;
        let line = lines.recv_timeout(PATIENCE).map_err(|_| format!("no answer to {message}"))?;
        let line = line.map_err(|error| format!("standard output: {error}"))?;
        serde_json::from_str::<Value>(&line).map_err(|error| format!("{error}: {line}"))
    };
    let initialized = request(json!({ "jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {
        "protocolVersion": "2025-11-25", "capabilities": {},
        "clientInfo": { "name": "xtask", "version": "0" },
    } }))?;
    expect(initialized["result"]["serverInfo"].is_object(), "serverInfo", &initialized)?;
    let listed = request(json!({ "jsonrpc": "2.0", "id": 2, "method": "tools/list", "params": {} }))?;
    let tools = listed["result"]["tools"].as_array().ok_or_else(|| format!("no tools in {listed}"))?;
    let mut names: Vec<_> = tools.iter().filter_map(|tool| tool["name"].as_str()).collect();
    names.sort_unstable();
    expect(names == ["add_note", "delete_note", "list_notes", "ping"], "its four tools", &listed)?;

    drop(input);
    let begun = Instant::now();
    while begun.elapsed() < PATIENCE {
        match running.0.try_wait().map_err(|error| error.to_string())? {
            Some(status) => return expect(status.success(), "exit code 0 at the end of its input", status),
            None => sleep(Duration::from_millis(20)),
        }
    }
    Err("it still runs after the end of its input".to_owned())
}

/// What README has people send with curl is answered as README says.
fn readme_over_http(server: SocketAddr, project: &Path) -> Result<(), String> {
    let curl = command_in_readme(project, "curl -i ")?.replace("127.0.0.1:8080", &server.to_string());
    for (tool, answer) in [("list_notes", "401 Unauthorized"), ("ping", "200 OK")] {
        if let Some(shown) = shell(project, &curl.replace("list_notes", tool))? {
            expect(shown.contains(answer), &format!("README's curl to show {answer} for {tool}"), shown)?;
        }
    }
    Ok(())
}

/// What README has people send through a pipe is answered with the note.
fn readme_over_stdio(workspace: &Workspace, variant: &Variant) -> Result<(), String> {
    let project = workspace.project(variant);
    let program = workspace.executable(variant).display().to_string();
    let echo = command_in_readme(&project, "echo ")?.replace("cargo run --quiet", &format!("'{program}'"));
    if let Some(shown) = shell(&project, &echo)? {
        expect(shown.contains("\"text\":\"buy milk\""), "README's message to be answered", shown)?;
    }
    Ok(())
}

/// The block of README that begins with `start`.
fn command_in_readme(project: &Path, start: &str) -> Result<String, String> {
    let readme = std::fs::read_to_string(project.join("README.md")).map_err(|e| format!("README.md: {e}"))?;
    let block = readme.split_once(&format!("```sh\n{start}")).and_then(|(_, rest)| rest.split_once("\n```"));
    block.map(|(rest, _)| format!("{start}{rest}")).ok_or_else(|| format!("README.md has no {start}…"))
}

/// What a shell shows, where there are bash and curl.
fn shell(directory: &Path, script: &str) -> Result<Option<String>, String> {
    if !available("bash", &["--version"]) || !available("curl", &["--version"]) {
        println!("not run, for want of bash or curl: {script}");
        return Ok(None);
    }
    let output =
        Command::new("bash").current_dir(directory).args(["-euo", "pipefail", "-c", script]).output();
    let output = output.map_err(|error| format!("bash did not start: {error}"))?;
    Ok(Some(String::from_utf8_lossy(&output.stdout).into_owned()))
}

/// A child that does not outlive the check, however that ends.
struct Running(Child);

impl Running {
    fn start(program: &mut Command) -> Result<Self, String> {
        println!("$ {:?} {:?}", program.get_program(), program.get_args().collect::<Vec<_>>());
        program.spawn().map(Self).map_err(|error| format!("it did not start: {error}"))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

fn wait_until_healthy(server: SocketAddr, running: &mut Running) -> Result<(), String> {
    let begun = Instant::now();
    while begun.elapsed() < PATIENCE {
        if let Some(status) = running.0.try_wait().map_err(|error| error.to_string())? {
            return Err(format!("it ended with {status} before it answered"));
        }
        if exchange(server, "GET /healthz", "", "").is_ok_and(|answer| answer.starts_with("HTTP/1.1 200 ")) {
            return Ok(());
        }
        sleep(Duration::from_millis(50));
    }
    Err(format!("http://{server}/healthz did not answer 200 in time"))
}

/// `tools/call` without arguments, as revision 2026-07-28 has it.
fn call(server: SocketAddr, token: Option<&str>, tool: &str) -> Result<String, String> {
    let body = json!({
        "jsonrpc": "2.0", "id": 1, "method": "tools/call",
        "params": { "name": tool, "arguments": {}, "_meta": {
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientCapabilities": {},
        } },
    });
    let mut headers = format!(
        "Content-Type: application/json\r\nAccept: application/json, text/event-stream\r\n\
         MCP-Protocol-Version: 2026-07-28\r\nMcp-Method: tools/call\r\nMcp-Name: {tool}\r\n"
    );
    if let Some(token) = token {
        headers.push_str(&format!("Authorization: Bearer {token}\r\n"));
    }
    post(server, "/mcp", &headers, &body.to_string())
}

fn post(server: SocketAddr, path: &str, headers: &str, body: &str) -> Result<String, String> {
    exchange(server, &format!("POST {path}"), headers, body)
        .map_err(|error| format!("POST {path} to {server}: {error}"))
}

/// One request on a connection of its own, and the whole answer as text.
fn exchange(server: SocketAddr, request: &str, headers: &str, body: &str) -> std::io::Result<String> {
    let mut stream = TcpStream::connect_timeout(&server, Duration::from_secs(2))?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let length = body.len();
    write!(
        stream,
        "{request} HTTP/1.1\r\nHost: {server}\r\nConnection: close\r\n{headers}Content-Length: {length}\r\n\r\n{body}"
    )?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}

/// An error that says what was expected and what came.
fn expect(holds: bool, what: &str, got: impl std::fmt::Display) -> Result<(), String> {
    if holds { Ok(()) } else { Err(format!("expected {what}; got\n{got}")) }
}
