//! Over HTTP: healthy, challenged as RFC 9728 and RFC 6750 say, described by its metadata, stopped by SIGTERM.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{Example, Running, expect, readme};
use crate::step::{command, succeed};

pub(super) fn check(example: &Example) -> Result<(), String> {
    let server = free_address()?;
    let mut running = Running::start(&mut example.command(&["--listen", &server.to_string()]))?;
    wait_until_healthy(server, &mut running)?;

    let challenge = challenge(server)?;
    metadata(server, &challenge)?;
    public_tool(server)?;
    let challenge = send(server, &call("add_todo"))?;
    readme::shows_challenge(server, challenge.header("www-authenticate").unwrap_or_default())?;
    readme::login(server)?;
    stop(&mut running)
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

/// The metadata the challenge points at names this server, its scopes and an issuer with metadata of its own.
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

/// SIGTERM ends it with exit code 0.
fn stop(running: &mut Running) -> Result<(), String> {
    if cfg!(unix) {
        // Started by us and not yet waited for, so the id is still its own.
        succeed(command("kill").args(["-TERM", &running.0.id().to_string()]))?;
        running.ends_well("SIGTERM", Duration::from_secs(10))?;
    }
    Ok(())
}

pub(crate) fn free_address() -> Result<SocketAddr, String> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|listener| listener.local_addr());
    listener.map_err(|error| format!("no free port: {error}"))
}

pub(crate) fn wait_until_healthy(server: SocketAddr, running: &mut Running) -> Result<(), String> {
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(20) {
        if let Some(status) = running.wait(Duration::ZERO)? {
            return Err(format!("the example ended with {status} before it answered"));
        }
        if send(server, &get("/healthz")).is_ok_and(|answer| answer.status == 200) {
            return Ok(());
        }
        sleep(Duration::from_millis(50));
    }
    Err(format!("http://{server}/healthz did not answer 200 within 20 s"))
}

/// One HTTP request, without `Host` and the headers that follow from the body.
struct Request {
    line: String,
    headers: String,
    body: String,
}

fn get(path: &str) -> Request {
    Request { line: format!("GET {path} HTTP/1.1"), headers: String::new(), body: String::new() }
}

/// `tools/call` as revision 2026-07-28 has it.
fn call(tool: &str) -> Request {
    let body = json!({
        "jsonrpc": "2.0", "id": 1, "method": "tools/call",
        "params": { "name": tool, "arguments": {}, "_meta": {
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientInfo": { "name": "xtask", "version": "0" },
            "io.modelcontextprotocol/clientCapabilities": {},
        } },
    });
    let headers = format!(
        "Content-Type: application/json\r\nAccept: application/json, text/event-stream\r\n\
         MCP-Protocol-Version: 2026-07-28\r\nMcp-Method: tools/call\r\nMcp-Name: {tool}\r\n"
    );
    Request { line: "POST /mcp HTTP/1.1".to_owned(), headers, body: body.to_string() }
}

/// One HTTP answer.
#[derive(Debug)]
struct Answer {
    status: u16,
    headers: BTreeMap<String, String>,
    body: String,
}

impl Answer {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }

    fn json(&self) -> Result<Value, String> {
        serde_json::from_str(&self.body).map_err(|error| format!("expected JSON ({error}); got\n{self}"))
    }

    /// Reads the answer to a request with `Connection: close`.
    fn parse(text: &str) -> Option<Self> {
        let (head, body) = text.split_once("\r\n\r\n")?;
        let (line, headers) = head.split_once("\r\n").unwrap_or((head, ""));
        let status = line.split(' ').nth(1)?.parse().ok()?;
        let fields = headers.split("\r\n").filter_map(|field| field.split_once(':'));
        let headers =
            fields.map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned())).collect();
        let mut answer = Self { status, headers, body: body.to_owned() };
        if answer.header("transfer-encoding").is_some_and(|coding| coding.eq_ignore_ascii_case("chunked")) {
            answer.body = unchunked(body)?;
        }
        Some(answer)
    }
}

impl std::fmt::Display for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "{}", self.status)?;
        self.headers.iter().try_for_each(|(name, value)| writeln!(f, "{name}: {value}"))?;
        write!(f, "\n{}", self.body)
    }
}

fn unchunked(mut rest: &str) -> Option<String> {
    let mut body = String::new();
    loop {
        let (size, after) = rest.split_once("\r\n")?;
        let size = usize::from_str_radix(size.split(';').next()?.trim(), 16).ok()?;
        if size == 0 {
            return Some(body);
        }
        body.push_str(after.get(..size)?);
        rest = after.get(size..)?.strip_prefix("\r\n")?;
    }
}

fn send(server: SocketAddr, request: &Request) -> Result<Answer, String> {
    let Request { line, headers, body } = request;
    let exchange = || {
        let mut stream = TcpStream::connect_timeout(&server, Duration::from_secs(2))?;
        stream.set_read_timeout(Some(Duration::from_secs(10)))?;
        let length = body.len();
        write!(
            stream,
            "{line}\r\nHost: {server}\r\nConnection: close\r\n{headers}Content-Length: {length}\r\n\r\n{body}"
        )?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok::<_, std::io::Error>(answer)
    };
    let text = exchange().map_err(|error| format!("{line} to {server}: {error}"))?;
    Answer::parse(&text).ok_or_else(|| format!("{line} to {server}: no HTTP in\n{text}"))
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
    fn an_answer_with_a_length_is_read() {
        let answer =
            Answer::parse("HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Bearer a=\"b\"\r\n\r\n{}").unwrap();
        assert_eq!((answer.status, answer.header("www-authenticate")), (401, Some("Bearer a=\"b\"")));
        assert_eq!(answer.json(), Ok(json!({})));
    }

    #[test]
    fn a_chunked_answer_is_read_and_a_cut_one_is_not() {
        let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
        assert_eq!(
            Answer::parse(&format!("{head}4\r\npong\r\n2\r\n!!\r\n0\r\n\r\n")).unwrap().body,
            "pong!!"
        );
        assert!(Answer::parse(&format!("{head}4\r\npo")).is_none());
    }

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
