//! Over HTTP: healthy, challenged as RFC 9728 and RFC 6750 say, described by its metadata, stopped by SIGTERM.

use std::net::SocketAddr;
use std::path::Path;

use serde_json::json;

use super::readme;
use crate::http::{call, get, send};
use crate::process::Server;
use crate::program;
use crate::step::expect;

pub(super) fn check(executable: &Path, directory: &Path) -> Result<(), String> {
    let mut command = program::started_in(&directory.join("http"), executable)?;
    let server = Server::start("http", directory, &mut command)?;
    answers(server.address()).map_err(|error| format!("{error}\n{}", server.end()))?;
    server.stop()
}

fn answers(server: SocketAddr) -> Result<(), String> {
    let answer = send(server, &get("/healthz"))?;
    expect(answer.status == 200, "200 for /healthz", &answer)?;
    let challenge = challenge(server)?;
    metadata(server, &challenge)?;
    public_tool(server)?;
    let challenge = send(server, &call("add_todo"))?;
    readme::shows_challenge(server, challenge.header("www-authenticate").unwrap_or_default())?;
    readme::login(server)
}

/// A protected tool without a token: 401, what to ask for, where to read on, and no `error` (RFC 6750 §3.1).
fn challenge(server: SocketAddr) -> Result<String, String> {
    let answer = send(server, &call("list_todos"))?;
    expect(answer.status == 401, "401 for list_todos without a token", &answer)?;
    let challenge = answer.header("www-authenticate").unwrap_or_default().to_owned();
    let challenges = challenge.starts_with("Bearer ")
        && challenge.contains("scope=\"todos.read\"")
        && challenge.contains("resource_metadata=\"")
        && !challenge.contains("error");
    expect(challenges, "a Bearer challenge with scope and resource_metadata, without error", &answer)?;
    let body = answer.json()?;
    expect(
        body["id"] == 1 && body["error"]["code"] == 401,
        "a JSON-RPC error with id 1 and code 401",
        &answer,
    )?;
    Ok(challenge)
}

/// The metadata the challenge points at names this server, its scopes and an issuer that serves metadata too.
fn metadata(server: SocketAddr, challenge: &str) -> Result<(), String> {
    let url = parameter(challenge, "resource_metadata").ok_or("no resource_metadata in the challenge")?;
    let answer = send(server, &get(path_of(url, server)?))?;
    expect(answer.status == 200, "200 for the protected resource metadata", &answer)?;
    let document = answer.json()?;
    let resource = document["resource"].as_str().unwrap_or_default();
    expect(path_of(resource, server)? == "/mcp", "resource to be the MCP endpoint", &answer)?;
    expect(
        document["scopes_supported"] == json!(["todos.read", "todos.write"]),
        "scopes_supported to be todos.read and todos.write",
        &answer,
    )?;
    let issuer = document["authorization_servers"][0].as_str().ok_or("no authorization_servers")?;
    let path =
        format!("{}/.well-known/oauth-authorization-server", path_of(issuer, server)?.trim_end_matches('/'));
    let answer = send(server, &get(&path))?;
    let document = answer.json()?;
    expect(document["issuer"] == issuer, "the issuer's metadata to carry its name exactly", &answer)?;
    let pkce = document["code_challenge_methods_supported"] == json!(["S256"]);
    expect(pkce, "S256 and nothing else for code_challenge_methods_supported", &answer)
}

/// A public tool answers without a token.
fn public_tool(server: SocketAddr) -> Result<(), String> {
    let answer = send(server, &call("ping"))?;
    expect(
        answer.status == 200 && answer.body.contains("pong"),
        "200 and pong for ping without a token",
        &answer,
    )
}

/// The path of a URL of `server`, which may call itself by address or as `localhost`.
fn path_of(url: &str, server: SocketAddr) -> Result<&str, String> {
    let hosts = [format!("http://{server}"), format!("http://localhost:{}", server.port())];
    let paths = hosts.iter().filter_map(|host| url.strip_prefix(host.as_str()));
    let mut paths = paths.filter(|path| path.is_empty() || path.starts_with('/'));
    paths.next().ok_or_else(|| format!("expected a URL of http://{server}; got {url}"))
}

/// A quoted parameter of a challenge.
fn parameter<'a>(challenge: &'a str, name: &str) -> Option<&'a str> {
    challenge.split_once(&format!("{name}=\""))?.1.split_once('"').map(|(value, _)| value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parameter_ends_at_its_quote() {
        let challenge = "Bearer resource_metadata=\"http://h/x\", scope=\"a b\"";
        assert_eq!(parameter(challenge, "scope"), Some("a b"));
        assert_eq!(parameter(challenge, "resource_metadata"), Some("http://h/x"));
        assert_eq!(parameter(challenge, "error"), None);
    }

    #[test]
    fn a_url_of_another_host_is_refused() {
        let server = SocketAddr::from(([127, 0, 0, 1], 80));
        assert_eq!(path_of("http://127.0.0.1:80/mcp", server), Ok("/mcp"));
        assert_eq!(path_of("http://localhost:80", server), Ok(""));
        for other in ["http://127.0.0.1:8080/mcp", "http://evil.example/mcp", "https://localhost:80/mcp"] {
            assert!(path_of(other, server).is_err(), "{other}");
        }
    }
}
