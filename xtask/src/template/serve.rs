//! A variant's program, started and called as its README says.

use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use super::variant::Variant;
use super::workspace::Workspace;
use crate::http::{call, form, send};
use crate::process::Server;
use crate::stdio::Piped;
use crate::step::{available, expect};

/// A client of the built-in issuer that gets a token for itself.
const CLIENT: &str = r#"[{client_id="script", client_secret="env:SCRIPT_SECRET", scopes=["notes.read"]}]"#;

pub(super) fn check(workspace: &Workspace, variant: &Variant) -> Result<(), String> {
    let mut program = Command::new(workspace.executable(variant));
    program.current_dir(workspace.project(variant)).env("NOTES_DB", ":memory:");
    let checked = if variant.stdio {
        over_stdio(program).and_then(|()| readme_over_stdio(workspace, variant))
    } else {
        over_http(program, variant, workspace)
    };
    checked.map_err(|error| format!("{}: {error}", variant.name()))
}

/// 401 with a challenge, 200 for what is public, and with the built-in issuer a token, 200 and 403.
fn over_http(mut program: Command, variant: &Variant, workspace: &Workspace) -> Result<(), String> {
    if variant.built_in {
        program.env("MCP_ISSUER__CLIENTS", CLIENT).env("SCRIPT_SECRET", "not a secret, but long enough");
    }
    let server = Server::start(&variant.name(), workspace.directory(), &mut program)?;
    let answered = answers(server.address(), variant, &workspace.project(variant));
    answered.map_err(|error| format!("{error}\n{}", server.end()))
}

fn answers(server: SocketAddr, variant: &Variant, project: &Path) -> Result<(), String> {
    let refused = send(server, &call("list_notes"))?;
    let challenge = refused.header("www-authenticate").unwrap_or_default();
    let challenges = challenge.starts_with("Bearer scope=\"notes.read\", resource_metadata=\"");
    expect(refused.status == 401 && challenges, "401 with a challenge", &refused)?;
    let answer = send(server, &call("ping"))?;
    expect(answer.status == 200 && answer.body.contains("pong"), "200 and pong", &answer)?;
    readme_over_http(server, project)?;
    if variant.built_in {
        let fields = format!(
            "grant_type=client_credentials&client_id=script&client_secret=not+a+secret%2C+but+long+enough\
             &scope=notes.read&resource=http://{server}/mcp"
        );
        let answer = send(server, &form("/token", &fields))?;
        let document = answer.json()?;
        let token =
            document["access_token"].as_str().ok_or_else(|| format!("expected a token; got\n{answer}"))?;
        let answer = send(server, &call("list_notes").bearer(token))?;
        expect(answer.status == 200, "200 for list_notes with a token", &answer)?;
        let answer = send(server, &call("delete_note").bearer(token))?;
        let challenge = answer.header("www-authenticate").unwrap_or_default();
        let denied = answer.status == 403 && challenge.contains("scope=\"notes.read notes.write\"");
        expect(denied, "403 for delete_note with a token for notes.read", &answer)?;
    }
    Ok(())
}

/// `initialize`, the list of tools, and an end with its input.
fn over_stdio(mut program: Command) -> Result<(), String> {
    let (mut server, initialized) = Piped::start("it", program.stderr(Stdio::null()))?;
    expect(initialized["result"]["serverInfo"].is_object(), "serverInfo", &initialized)?;
    let (names, listed) = server.tools(2)?;
    expect(names == ["add_note", "delete_note", "list_notes", "ping"], "its four tools", &listed)?;
    server.end(Duration::from_secs(20))
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
        println!("not run, because bash or curl is missing: {script}");
        return Ok(None);
    }
    let output =
        Command::new("bash").current_dir(directory).args(["-euo", "pipefail", "-c", script]).output();
    let output = output.map_err(|error| format!("bash did not start: {error}"))?;
    Ok(Some(String::from_utf8_lossy(&output.stdout).into_owned()))
}
