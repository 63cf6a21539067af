//! HTTP as far as the checks need it: one request on a new connection, sent exactly as written.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::{Value, json};

/// One HTTP request, without `Host` and the headers that follow from the body.
pub(crate) struct Request {
    line: String,
    headers: String,
    body: String,
}

/// The request `GET path`.
pub(crate) fn get(path: &str) -> Request {
    Request { line: format!("GET {path} HTTP/1.1"), headers: String::new(), body: String::new() }
}

/// `tools/call` as revision 2026-07-28 has it.
pub(crate) fn call(tool: &str) -> Request {
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

/// A form, for an endpoint of the issuer.
pub(crate) fn form(path: &str, fields: &str) -> Request {
    let headers = "Content-Type: application/x-www-form-urlencoded\r\n".to_owned();
    Request { line: format!("POST {path} HTTP/1.1"), headers, body: fields.to_owned() }
}

impl Request {
    /// The request with a token.
    pub(crate) fn bearer(mut self, token: &str) -> Self {
        self.headers.push_str(&format!("Authorization: Bearer {token}\r\n"));
        self
    }
}

/// The status, headers and body of one HTTP answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    headers: BTreeMap<String, String>,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }

    pub(crate) fn json(&self) -> Result<Value, String> {
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

/// One request on a new connection, and the whole answer.
pub(crate) fn send(server: SocketAddr, request: &Request) -> Result<Answer, String> {
    let Request { line, headers, body } = request;
    let exchange = || {
        let mut stream = TcpStream::connect_timeout(&server, Duration::from_secs(2))?;
        stream.set_read_timeout(Some(Duration::from_secs(20)))?;
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
}
