//! Requests written byte by byte, for what no HTTP client would send; and the well-formed message that each
//! test spoils in one place.

use std::net::SocketAddr;
use std::time::Duration;

use mcp_auth::testing::{ReceivedChallenge, TestServer};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// Longer than anything a server here waits for on purpose.
const PATIENCE: Duration = Duration::from_secs(20);

/// The protocol version and client capabilities only: what `_meta` must hold on 2026-07-28.
pub fn meta() -> Value {
    json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": {},
    })
}

/// A `tools/call` of 2026-07-28 without arguments, id 1.
pub fn call_body(tool: &str) -> String {
    let params = json!({ "name": tool, "arguments": {}, "_meta": meta() });
    json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params }).to_string()
}

/// The header lines of [`call_body`], all but `Host`, `Authorization` and framing.
pub fn call_headers(tool: &str) -> String {
    format!(
        "Content-Type: application/json\r\nAccept: application/json, text/event-stream\r\n\
         MCP-Protocol-Version: 2026-07-28\r\nMcp-Method: tools/call\r\nMcp-Name: {tool}\r\n"
    )
}

/// An HTTP client for tests: no proxy, even if the environment names one.
pub fn http() -> reqwest::Client {
    reqwest::Client::builder().no_proxy().build().expect("an HTTP client")
}

/// The socket of one server.
#[derive(Debug, Clone, Copy)]
pub struct Wire(SocketAddr);

impl Wire {
    /// A wire to the address of `server`.
    pub fn of(server: &TestServer) -> Self {
        let base = server.at("");
        Self::at(base.trim_start_matches("http://").parse().expect("an address"))
    }

    /// A wire to this address.
    pub fn at(address: SocketAddr) -> Self {
        Self(address)
    }

    /// What `Host` should say.
    pub fn host(self) -> String {
        self.0.to_string()
    }

    /// A connection, and nothing sent yet.
    pub async fn connect(self) -> TcpStream {
        timeout(PATIENCE, TcpStream::connect(self.0)).await.expect("in time").expect("a connection")
    }

    /// Sends these bytes on a new connection and reads until the server closes it.
    pub async fn raw(self, bytes: impl AsRef<[u8]>) -> Reply {
        let mut stream = self.connect().await;
        // The server may answer and close before it has read everything.
        let _ = stream.write_all(bytes.as_ref()).await;
        Reply::read(&mut stream).await
    }

    /// Calls `tool` as 2026-07-28 wants it, with `extra` header lines.
    pub async fn call(self, tool: &str, extra: &str) -> Reply {
        self.call_at("/mcp", tool, extra).await
    }

    /// The same, at another request target.
    pub async fn call_at(self, target: &str, tool: &str, extra: &str) -> Reply {
        let lines = format!("Host: {}\r\n{}{extra}", self.0, call_headers(tool));
        self.post(target, &lines, call_body(tool)).await
    }

    /// POSTs `body` with these header lines and a `Content-Length`, and has the connection closed.
    pub async fn post(self, target: &str, lines: &str, body: impl AsRef<[u8]>) -> Reply {
        let body = body.as_ref();
        let head = format!(
            "POST {target} HTTP/1.1\r\nConnection: close\r\nContent-Length: {}\r\n{lines}\r\n",
            body.len()
        );
        self.raw([head.as_bytes(), body].concat()).await
    }
}

/// The status, headers and body that came back.
#[derive(Debug, Clone)]
pub struct Reply {
    text: String,
    head: String,
    body: String,
}

impl Reply {
    /// Everything up to the end of the connection; the last answer on it counts.
    pub async fn read(stream: &mut TcpStream) -> Self {
        let mut bytes = Vec::new();
        // A reset after the answer is the server's right when bytes were left unread.
        let _ = timeout(PATIENCE, stream.read_to_end(&mut bytes)).await.expect("the server closes");
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
        let (head, body) = (head.to_owned(), body.to_owned());
        Self { text, head, body }
    }

    /// The status code; 0 when the connection was closed without an answer.
    pub fn status(&self) -> u16 {
        let code = self.head.strip_prefix("HTTP/1.").and_then(|rest| rest.get(2..5));
        code.and_then(|code| code.parse().ok()).unwrap_or(0)
    }

    /// One header's value, if it is there once.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.head.lines().skip(1).filter_map(|line| {
            let (found, value) = line.split_once(':')?;
            found.eq_ignore_ascii_case(name).then(|| value.trim())
        });
        let first = values.next();
        assert_eq!(values.next(), None, "{name} twice: {}", self.head);
        first
    }

    /// The Bearer challenge, if there is one.
    pub fn challenge(&self) -> Option<ReceivedChallenge> {
        self.header("www-authenticate").and_then(ReceivedChallenge::parse)
    }

    /// The body as JSON; null when it is not JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or(Value::Null)
    }

    /// Everything that came, for searching and for messages.
    pub fn text(&self) -> &str {
        &self.text
    }
}
