//! Answers read as they come: event streams that stay open, and requests no well-behaved client sends.

use std::time::Duration;

use mcp_auth::http::HeaderMap;
use mcp_auth::serde_json::{self, Value, json};
use mcp_auth::testing::Era;

/// Longer than any step here takes, and short enough that a failing test ends soon.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// One client's requests, each with its own connection and nothing added to what the test says.
#[derive(Debug, Clone)]
pub struct Wire {
    url: String,
    era: Era,
    token: Option<String>,
    session: Option<String>,
    capabilities: Value,
}

impl Wire {
    pub fn new(url: &str, era: Era) -> Self {
        Self { url: url.to_owned(), era, token: None, session: None, capabilities: json!({}) }
    }

    #[must_use]
    pub fn token(mut self, token: impl Into<String>) -> Self {
        self.token = Some(token.into());
        self
    }

    /// The capabilities the client declares: in `initialize`, or with every request.
    #[must_use]
    pub fn capabilities(mut self, capabilities: Value) -> Self {
        self.capabilities = capabilities;
        self
    }

    #[must_use]
    pub fn in_session(mut self, session: impl Into<String>) -> Self {
        self.session = Some(session.into());
        self
    }

    /// The session `initialize` opens, in legacy eras; as it is in 2026-07-28.
    pub async fn connected(self) -> Self {
        if self.era == Era::Stateless {
            return self;
        }
        let answer = self.initialize().await;
        assert_eq!(answer.status, 200);
        let session = answer.header("mcp-session-id").expect("a session").to_owned();
        let connected = self.in_session(session);
        connected.post(json!({ "jsonrpc": "2.0", "method": "notifications/initialized" })).await;
        connected
    }

    pub fn session(&self) -> &str {
        self.session.as_deref().expect("a session")
    }

    /// `initialize`, with the session of this client if it has one.
    pub async fn initialize(&self) -> Reading {
        self.request(
            0,
            "initialize",
            json!({
                "protocolVersion": self.era.version(), "capabilities": self.capabilities,
                "clientInfo": { "name": "wire", "version": "0" },
            }),
        )
        .await
    }

    pub async fn call_tool(&self, id: u64, name: &str, arguments: Value) -> Reading {
        self.request(id, "tools/call", json!({ "name": name, "arguments": arguments })).await
    }

    /// A request with what the era wants around it.
    pub async fn request(&self, id: u64, method: &str, mut params: Value) -> Reading {
        if self.era == Era::Stateless {
            params["_meta"]["io.modelcontextprotocol/protocolVersion"] = self.era.version().into();
            params["_meta"]["io.modelcontextprotocol/clientCapabilities"] = self.capabilities.clone();
        }
        self.post(json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params })).await
    }

    /// A notification with what the era wants around it.
    pub async fn notify(&self, method: &str) -> Reading {
        let mut message = json!({ "jsonrpc": "2.0", "method": method, "params": {} });
        if self.era == Era::Stateless {
            message["params"]["_meta"]["io.modelcontextprotocol/protocolVersion"] = self.era.version().into();
        }
        self.post(message).await
    }

    /// Posts `message` and reads the answer.
    pub async fn post(&self, message: Value) -> Reading {
        let request = http().post(&self.url).headers(self.headers(&message)).body(message.to_string());
        Reading::of(request).await
    }

    /// The stream of a legacy session.
    pub async fn get(&self) -> Reading {
        Reading::of(http().get(&self.url).headers(self.headers(&Value::Null))).await
    }

    /// The stream of a legacy session, from after this event.
    pub async fn resume(&self, last_event_id: &str) -> Reading {
        let request = http().get(&self.url).headers(self.headers(&Value::Null));
        Reading::of(request.header("last-event-id", last_event_id)).await
    }

    /// The end of a legacy session.
    pub async fn delete(&self) -> Reading {
        Reading::of(http().delete(&self.url).headers(self.headers(&Value::Null))).await
    }

    fn headers(&self, message: &Value) -> HeaderMap {
        let method = message["method"].as_str();
        let params = &message["params"];
        let mut headers = vec![
            ("content-type", Some("application/json".to_owned())),
            ("accept", Some("application/json, text/event-stream".to_owned())),
            ("authorization", self.token.as_ref().map(|token| format!("Bearer {token}"))),
            ("mcp-session-id", self.session.clone()),
        ];
        if method != Some("initialize") {
            headers.push(("mcp-protocol-version", Some(self.era.version().to_owned())));
        }
        if self.era == Era::Stateless {
            let name = params["name"].as_str().or(params["uri"].as_str()).or(params["taskId"].as_str());
            headers.push(("mcp-method", method.map(str::to_owned)));
            headers.push(("mcp-name", name.map(str::to_owned)));
        }
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            if let Some(value) = value {
                map.insert(name, value.parse().expect("a header value"));
            }
        }
        map
    }
}

fn http() -> reqwest::Client {
    crate::wire::http()
}

/// An answer whose body may still be coming.
#[derive(Debug)]
pub struct Reading {
    pub status: u16,
    response: reqwest::Response,
    buffer: String,
    pub is_stream: bool,
}

impl Reading {
    async fn of(request: reqwest::RequestBuilder) -> Self {
        let response =
            tokio::time::timeout(PATIENCE, request.send()).await.expect("in time").expect("an answer");
        let kind = response.headers().get("content-type").and_then(|kind| kind.to_str().ok());
        Self {
            status: response.status().as_u16(),
            is_stream: kind.is_some_and(|kind| kind.starts_with("text/event-stream")),
            response,
            buffer: String::new(),
        }
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.response.headers().get(name)?.to_str().ok()
    }

    /// The next message; `None` at the end of the body.
    pub async fn next(&mut self) -> Option<Value> {
        loop {
            if let Some((event, rest)) = self.buffer.split_once("\n\n").filter(|_| self.is_stream) {
                let data: String = event.lines().filter_map(|line| line.strip_prefix("data:")).collect();
                let message = serde_json::from_str(data.trim()).ok();
                self.buffer = rest.to_owned();
                match message {
                    Some(message) => return Some(message),
                    None => continue,
                }
            }
            // A stream that is cut breaks off: to its reader that is an end like any other.
            match tokio::time::timeout(PATIENCE, self.response.chunk()).await.expect("in time") {
                Ok(Some(bytes)) => self.buffer.push_str(&String::from_utf8_lossy(&bytes)),
                Ok(None) | Err(_) => return serde_json::from_str(&std::mem::take(&mut self.buffer)).ok(),
            }
        }
    }

    /// The id of the event that opens an answer in a session.
    pub async fn event_id(&mut self) -> String {
        while !self.buffer.contains("\n\n") {
            let chunk = tokio::time::timeout(PATIENCE, self.response.chunk()).await.expect("in time");
            let chunk = chunk.expect("not cut").expect("not the end");
            self.buffer.push_str(&String::from_utf8_lossy(&chunk));
        }
        let id = self.buffer.lines().find_map(|line| line.strip_prefix("id:")).expect("an id");
        id.trim().to_owned()
    }

    /// The next comment line of an event stream; what came before it is skipped.
    pub async fn comment(&mut self) {
        while !self.buffer.contains(":\n\n") {
            let chunk = tokio::time::timeout(PATIENCE, self.response.chunk()).await.expect("in time");
            let chunk = chunk.expect("not cut").expect("not the end");
            self.buffer.push_str(&String::from_utf8_lossy(&chunk));
        }
        self.buffer.clear();
    }

    /// The next message named `method`, or else the response.
    pub async fn next_or_response(&mut self, method: &str) -> Value {
        loop {
            let message = self.next().await.expect("a message");
            if message["method"] == method || message.get("method").is_none() {
                return message;
            }
        }
    }

    /// The response; messages before it are skipped.
    pub async fn response(&mut self) -> Value {
        self.next_or_response("").await
    }
}
