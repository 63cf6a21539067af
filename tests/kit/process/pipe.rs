//! A process on its standard streams, and the client on their other end.

use std::sync::Arc;
use std::time::Duration;

use mcp_auth::serde_json::{self, Value, json};
use mcp_auth::testing::Era;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStderr, ChildStdin, ChildStdout};
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::launch::{Ended, PATIENCE, audit_events};

/// A process on its standard streams, and the client on their other end.
pub struct Pipe {
    input: Option<ChildStdin>,
    output: Lines<BufReader<ChildStdout>>,
    stderr: mpsc::UnboundedReceiver<String>,
    unread: Option<ChildStderr>,
    said: String,
    child: Child,
    era: Era,
    capabilities: Value,
    last_id: u64,
    _directory: Arc<tempfile::TempDir>,
}

impl Pipe {
    /// Of a process that was just started; the directory lives as long. With `unread`, its standard error stays open
    /// and nothing reads it.
    pub(super) fn of(mut child: Child, directory: Arc<tempfile::TempDir>, unread: bool) -> Self {
        let output = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut unread_end = child.stderr.take();
        let stderr = said(unread_end.take_if(|_| !unread));
        Self {
            input: child.stdin.take(),
            output,
            stderr,
            unread: unread_end,
            said: String::new(),
            child,
            era: Era::Stateless,
            capabilities: json!({}),
            last_id: 0,
            _directory: directory,
        }
    }

    /// Reads its standard error from now on, where nothing did.
    pub fn read_on(&mut self) {
        self.stderr = said(self.unread.take());
    }

    /// Speaks the revision of `era`.
    pub fn era(mut self, era: Era) -> Self {
        self.era = era;
        self
    }

    /// Says that it is a client of these capabilities.
    pub fn capabilities(mut self, capabilities: Value) -> Self {
        self.capabilities = capabilities;
        self
    }

    /// Opens the connection as the era does, and answers what came of it.
    pub async fn open(&mut self) -> Value {
        if self.era == Era::Stateless {
            return self.request("server/discover", json!({})).await;
        }
        let params = json!({
            "protocolVersion": self.era.version(),
            "capabilities": self.capabilities,
            "clientInfo": { "name": "mcp-auth-testing", "version": "0" },
        });
        let answer = self.request("initialize", params).await;
        if answer.get("result").is_some() {
            self.send(&json!({ "jsonrpc": "2.0", "method": "notifications/initialized" }).to_string()).await;
        }
        answer
    }

    /// Sends a request and waits for its answer.
    pub async fn request(&mut self, method: &str, params: Value) -> Value {
        let id = self.post(method, params).await;
        self.answer(id).await
    }

    /// Calls a tool (`tools/call`).
    pub async fn call_tool(&mut self, name: &str, arguments: Value) -> Value {
        self.request("tools/call", json!({ "name": name, "arguments": arguments })).await
    }

    /// Sends a request and does not wait.
    pub async fn post(&mut self, method: &str, mut params: Value) -> u64 {
        self.last_id += 1;
        if self.era == Era::Stateless {
            params["_meta"]["io.modelcontextprotocol/protocolVersion"] = self.era.version().into();
            params["_meta"]["io.modelcontextprotocol/clientCapabilities"] = self.capabilities.clone();
        }
        let message = json!({ "jsonrpc": "2.0", "id": self.last_id, "method": method, "params": params });
        self.send(&message.to_string()).await;
        self.last_id
    }

    /// Sends a line as it is.
    pub async fn send(&mut self, line: &str) {
        let input = self.input.as_mut().unwrap();
        input.write_all(format!("{line}\n").as_bytes()).await.unwrap();
    }

    /// The next line, which must be one JSON-RPC message.
    pub async fn receive(&mut self) -> Value {
        let line = timeout(PATIENCE, self.output.next_line()).await.expect("an answer").unwrap();
        let Some(line) = line else {
            while self.listen().await {}
            panic!("it ended: {}", self.said);
        };
        let message: Value = serde_json::from_str(&line).unwrap_or_else(|_| panic!("not MCP: {line}"));
        assert_eq!(message["jsonrpc"], "2.0", "not MCP: {line}");
        message
    }

    async fn answer(&mut self, id: u64) -> Value {
        loop {
            let message = self.receive().await;
            if message.get("method").is_none() {
                assert_eq!(message["id"], id, "{message}");
                return message;
            }
        }
    }

    /// Waits until stderr says `word`.
    pub async fn hears(&mut self, word: &str) {
        let heard = async {
            while !self.said.contains(word) {
                assert!(self.listen().await, "it ended without {word:?}: {}", self.said);
            }
        };
        timeout(PATIENCE, heard).await.expect("it says so");
    }

    /// One more line of stderr; false when there are none.
    async fn listen(&mut self) -> bool {
        let line = self.stderr.recv().await;
        self.said.extend(line.iter().flat_map(|line| [line.as_str(), "\n"]));
        line.is_some()
    }

    /// The audit events it wrote since this was asked last, where its log is [audited](super::Launch::audited).
    pub fn audit_events(&mut self) -> Vec<Value> {
        audit_events(std::iter::from_fn(|| self.stderr.try_recv().ok()))
    }

    /// Tells it to stop, as a supervisor does.
    #[cfg(unix)]
    pub async fn terminate(&self) {
        super::signal(&self.child, "TERM").await;
    }

    /// Closes its input.
    pub fn hang_up(&mut self) {
        self.input = None;
    }

    /// Waits at most `limit` for its end.
    pub async fn ended(mut self, limit: Duration) -> Ended {
        let status = timeout(limit, self.child.wait()).await.expect("it ends in time").unwrap();
        let mut stdout = String::new();
        while let Some(line) = self.output.next_line().await.unwrap() {
            stdout += &line;
        }
        while self.listen().await {}
        Ended { status, stdout, stderr: self.said }
    }
}

/// The lines of a standard error, read whether or not a test listens, so that nothing is lost.
fn said(stderr: Option<ChildStderr>) -> mpsc::UnboundedReceiver<String> {
    let (saying, said) = mpsc::unbounded_channel();
    if let Some(stderr) = stderr {
        let mut lines = BufReader::new(stderr).lines();
        tokio::spawn(async move {
            while let Ok(Some(line)) = lines.next_line().await {
                let _ = saying.send(line);
            }
        });
    }
    said
}

/// Code and data of a refusal.
pub fn refusal(message: &Value) -> (i64, Value) {
    let error = message.get("error").unwrap_or_else(|| panic!("not refused: {message}"));
    (error["code"].as_i64().unwrap(), error["data"].clone())
}

/// The text of a tool's result.
pub fn text(message: &Value) -> &str {
    let text = message["result"]["content"][0]["text"].as_str();
    text.unwrap_or_else(|| panic!("no text: {message}"))
}
