//! A client of either protocol era, plain enough to send what no well-behaved client would.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use serde_json::{Value, json};
use tokio::sync::OnceCell;

use super::answer::Answer;
use super::messages::Messages;
use super::page::Answered;

/// How a client speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Era {
    /// 2026-07-28: every request stands alone and says its revision in `_meta` and headers.
    Stateless,
    /// `initialize` first, then a session, in the revision named (`2025-11-25` and before).
    Legacy(&'static str),
}

impl Era {
    /// Every revision the server serves.
    pub const ALL: [Self; 4] =
        [Self::Stateless, Self::Legacy("2025-11-25"), Self::Legacy("2025-06-18"), Self::Legacy("2025-03-26")];

    /// The protocol version on the wire.
    pub fn version(self) -> &'static str {
        match self {
            Self::Stateless => "2026-07-28",
            Self::Legacy(version) => version,
        }
    }
}

/// The most rounds of one call that asks: more are a circle.
const MAX_ROUNDS: usize = 16;

/// What the person of a client replies.
type Person = Arc<dyn Fn(&Value) -> Value + Send + Sync>;

/// A client of one server: its era, its token, and for legacy eras its session.
pub struct Client {
    http: reqwest::Client,
    url: String,
    era: Era,
    token: Option<String>,
    headers: HeaderMap,
    session: OnceCell<Option<String>>,
    ids: AtomicU64,
    person: Option<Person>,
}

/// Not its token.
impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("url", &self.url).field("era", &self.era).finish_non_exhaustive()
    }
}

impl Client {
    /// A client of the MCP endpoint `url`, without a token, speaking 2026-07-28.
    #[expect(clippy::disallowed_methods, reason = "a test kit brings the client of its tests")]
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            // A test server speaks plain http, and reading the system's root certificates takes longer than a test.
            http: reqwest::Client::builder().no_proxy().tls_certs_only([]).build().unwrap_or_default(),
            url: url.into(),
            era: Era::Stateless,
            token: None,
            headers: HeaderMap::new(),
            session: OnceCell::new(),
            ids: AtomicU64::new(1),
            person: None,
        }
    }

    /// Speaks the revision of `era`.
    #[must_use]
    pub fn era(mut self, era: Era) -> Self {
        self.era = era;
        self
    }

    /// Presents this token from now on, in the same session if one is open.
    #[must_use]
    pub fn token(mut self, token: impl Into<String>) -> Self {
        self.token = Some(token.into());
        self
    }

    /// Presents no token from now on.
    #[must_use]
    pub fn without_token(mut self) -> Self {
        self.token = None;
        self
    }

    /// Sends one more header with every request; a header this client sends by itself is replaced.
    ///
    /// # Panics
    /// When `name` or `value` is not an HTTP header.
    #[must_use]
    #[expect(clippy::expect_used, reason = "a test that misspells a header should say so")]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        let name: HeaderName = name.parse().expect("a header name");
        self.headers.insert(name, HeaderValue::from_str(value).expect("a header value"));
        self
    }

    /// Has a person, who is asked by forms and URLs (`elicitation/create`): `replies` gets the params of each
    /// question and says its result, such as `json!({ "action": "accept", "content": { "sure": true } })`. Of a call that asks
    /// the answer is the last one, on every revision.
    ///
    /// A call with `confirm = "login"`, or one that needs an account which they have not connected, sends the person to a page. Its `content` says who logs in there and what they answer, such as
    /// `json!({ "action": "accept", "content": { "login": "alice", "allow": true } })`; a client of your users never sees that.
    #[must_use]
    pub fn person(mut self, replies: impl Fn(&Value) -> Value + Send + Sync + 'static) -> Self {
        self.person = Some(Arc::new(replies));
        self
    }

    /// Calls a tool (`tools/call`).
    pub async fn call_tool(&self, name: &str, arguments: Value) -> Answer {
        self.request("tools/call", json!({ "name": name, "arguments": arguments })).await
    }

    /// Lists the tools (`tools/list`).
    pub async fn list_tools(&self) -> Answer {
        self.request("tools/list", json!({})).await
    }

    /// Reads a resource (`resources/read`).
    pub async fn read_resource(&self, uri: &str) -> Answer {
        self.request("resources/read", json!({ "uri": uri })).await
    }

    /// Gets a prompt (`prompts/get`).
    pub async fn get_prompt(&self, name: &str, arguments: Value) -> Answer {
        self.request("prompts/get", json!({ "name": name, "arguments": arguments })).await
    }

    /// `initialize` of a legacy era, opening the session later requests use. Sent by itself before the first
    /// request; call it to see its answer.
    pub async fn initialize(&self) -> Answer {
        let params = json!({
            "protocolVersion": self.era.version(),
            "capabilities": self.capabilities(),
            "clientInfo": { "name": "mcp-auth-testing", "version": "0" },
        });
        let answer = self.send("initialize", params, None).await;
        if answer.status.is_success() && answer.result().is_some() {
            let session = answer.header("mcp-session-id").map(str::to_owned);
            let _ = self.session.set(session.clone());
            let initialized = json!({ "jsonrpc": "2.0", "method": "notifications/initialized" });
            self.post(initialized.to_string(), self.headers_for("notifications/initialized", None, session))
                .await;
        }
        answer
    }

    /// The session id, once `initialize` opened one.
    pub fn session(&self) -> Option<&str> {
        self.session.get().and_then(Option::as_deref)
    }

    /// Any request, with what the era wants around it. A legacy client whose `initialize` is refused
    /// answers that refusal.
    pub async fn request(&self, method: &str, params: Value) -> Answer {
        if matches!(self.era, Era::Legacy(_)) && self.session.get().is_none() {
            let opened = self.initialize().await;
            if self.session.get().is_none() {
                return opened;
            }
        }
        let session = self.session().map(str::to_owned);
        let mut answer = self.send(method, params.clone(), session.clone()).await;
        let Some(person) = &self.person else { return answer };
        for _ in 0..MAX_ROUNDS {
            let Some(round) = self.next_round(&params, answer.result(), person).await else { break };
            answer = self.send(method, round, session.clone()).await;
        }
        answer
    }

    fn capabilities(&self) -> Value {
        match self.person {
            Some(_) => json!({ "elicitation": { "form": {}, "url": {} } }),
            None => json!({}),
        }
    }

    /// A request without the handshake legacy eras want first.
    pub async fn request_without_session(&self, method: &str, params: Value) -> Answer {
        self.send(method, params, None).await
    }

    /// Any request, whose messages are read as they come: for calls that say how far they are, for
    /// `subscriptions/listen`, and for clients that go away.
    ///
    /// # Panics
    /// When the server cannot be reached.
    #[expect(clippy::expect_used, reason = "a test whose server is gone should say so")]
    pub async fn stream(&self, method: &str, params: Value) -> Messages {
        if matches!(self.era, Era::Legacy(_)) && self.session.get().is_none() {
            self.initialize().await;
        }
        let (body, headers) = self.written(method, params, self.session().map(str::to_owned));
        let request = self.http.post(&self.url).headers(headers).body(body);
        Messages::of(request.send().await.expect("the server answers"))
    }

    async fn send(&self, method: &str, params: Value, session: Option<String>) -> Answer {
        let (body, headers) = self.written(method, params, session);
        self.post(body, headers).await
    }

    /// A request as the era writes it.
    fn written(&self, method: &str, mut params: Value, session: Option<String>) -> (String, HeaderMap) {
        let id = self.ids.fetch_add(1, Ordering::Relaxed);
        if self.era == Era::Stateless {
            params["_meta"]["io.modelcontextprotocol/protocolVersion"] = self.era.version().into();
            let capabilities = &mut params["_meta"]["io.modelcontextprotocol/clientCapabilities"];
            if capabilities.is_null() {
                *capabilities = self.capabilities();
            }
        }
        let named = ["name", "uri", "taskId"].iter().find_map(|key| params.get(*key));
        let name = named.and_then(Value::as_str).map(str::to_owned);
        let body = json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params });
        (body.to_string(), self.headers_for(method, name, session))
    }

    fn headers_for(&self, method: &str, name: Option<String>, session: Option<String>) -> HeaderMap {
        let mut headers = HeaderMap::new();
        let mut set = |header: &'static str, value: &str| {
            if let Ok(value) = HeaderValue::from_str(value) {
                headers.insert(header, value);
            }
        };
        set("content-type", "application/json");
        set("accept", "application/json, text/event-stream");
        if method != "initialize" {
            set("mcp-protocol-version", self.era.version());
        }
        if self.era == Era::Stateless {
            set("mcp-method", method);
            if let Some(name) = &name {
                set("mcp-name", name);
            }
        }
        if let Some(session) = &session {
            set("mcp-session-id", session);
        }
        if let Some(token) = &self.token {
            set("authorization", &format!("Bearer {token}"));
        }
        headers.extend(self.headers.clone());
        headers
    }

    /// Posts a body as it is, with exactly these headers.
    ///
    /// # Panics
    /// When the server cannot be reached.
    #[expect(clippy::expect_used, reason = "a test whose server is gone should say so")]
    pub async fn post(&self, body: impl Into<String>, headers: HeaderMap) -> Answer {
        let own = headers.clone();
        let request = self.http.post(&self.url).headers(headers).body(body.into());
        let mut response = request.send().await.expect("the server answers");
        let (status, headers) = (response.status(), response.headers().clone());
        let mut body = Vec::new();
        let mut seen = 0;
        while let Ok(Some(part)) = response.chunk().await {
            body.extend_from_slice(&part);
            let Some(person) = &self.person else { continue };
            // A line may come in parts, so only whole ones are looked at.
            let whole = body.iter().rposition(|byte| *byte == b'\n').map_or(seen, |at| at + 1);
            for question in questions_in(&String::from_utf8_lossy(&body[seen..whole])) {
                let result = self.replied(person, &question["params"]).await;
                let reply = json!({ "jsonrpc": "2.0", "id": question["id"], "result": result });
                let reply = self.http.post(&self.url).headers(own.clone()).body(reply.to_string());
                reply.send().await.expect("the server takes a reply");
            }
            seen = whole;
        }
        let body = String::from_utf8_lossy(&body).into_owned();
        let message = message_in(&body);
        Answer { status, headers, body, message }
    }
}

impl Client {
    /// The params that bring a person's replies to what `result` asks (2026-07-28, multi round-trip requests).
    async fn next_round(&self, params: &Value, result: Option<&Value>, person: &Person) -> Option<Value> {
        let result = result.filter(|result| result["resultType"] == "input_required")?;
        let mut round = params.clone();
        for (name, request) in result["inputRequests"].as_object().into_iter().flatten() {
            if request["method"] == "elicitation/create" {
                round["inputResponses"][name] = self.replied(person, &request["params"]).await;
            }
        }
        if let Some(state) = result.get("requestState") {
            round["requestState"] = state.clone();
        }
        Some(round)
    }

    /// What the client sends of its person's reply: what they answer on a page goes there alone.
    #[expect(clippy::expect_used, reason = "a test whose server is gone should say so")]
    async fn replied(&self, person: &Person, question: &Value) -> Value {
        let mut reply = person(question);
        let url = question["url"].as_str().filter(|_| question["mode"] == "url");
        if let (Some(url), Some(answered)) = (url, Answered::of(&reply)) {
            self.http.post(url).body(answered.written()).send().await.expect("the page answers");
        }
        if let (Some(_), Some(reply)) = (url, reply.as_object_mut()) {
            reply.remove("content");
        }
        reply
    }
}

/// The questions to a person in an event stream.
fn questions_in(body: &str) -> Vec<Value> {
    let data = body.lines().filter_map(|line| line.strip_prefix("data:"));
    data.filter_map(|data| serde_json::from_str::<Value>(data.trim()).ok())
        .filter(|message| message["method"] == "elicitation/create")
        .collect()
}

/// The JSON-RPC message of a body: the body itself, or the last response in an event stream.
fn message_in(body: &str) -> Value {
    if let Ok(message) = serde_json::from_str(body) {
        return message;
    }
    body.lines()
        .filter_map(|line| line.strip_prefix("data:"))
        .filter_map(|data| serde_json::from_str::<Value>(data.trim()).ok())
        .rfind(|message| message.get("result").is_some() || message.get("error").is_some())
        .unwrap_or(Value::Null)
}
