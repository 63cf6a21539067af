//! The requests that doctor sends to the MCP endpoint, in each era of the protocol. The token is sent from this
//! module only, and to no other URL.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use mcp_auth_core::Era;
use serde_json::{Value, json};
use url::Url;

use super::fetch::{Answer, Trouble, Web};

/// The MCP endpoint that doctor checks.
pub(crate) struct Endpoint<'a> {
    pub(crate) web: &'a Web,
    pub(crate) url: &'a Url,
    pub(crate) token: Option<&'a str>,
    /// The `Origin` to send, when doctor acts as a browser.
    pub(crate) origin: Option<&'static str>,
}

/// What the endpoint answered to one request.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    pub(crate) era: Era,
    pub(crate) answer: Answer,
    pub(crate) message: Option<Value>,
}

impl Reply {
    pub(crate) fn new(era: Era, answer: Answer) -> Self {
        let message = answer.message();
        Self { era, answer, message }
    }

    /// The name of the request that it answers, for an opening.
    pub(crate) fn opening(&self) -> &'static str {
        opening(self.era)
    }

    pub(crate) fn status(&self) -> StatusCode {
        self.answer.status
    }

    /// The JSON-RPC result of a 200.
    pub(crate) fn result(&self) -> Option<&Value> {
        self.message.as_ref().filter(|_| self.answer.status.is_success())?.get("result")
    }

    pub(crate) fn error_code(&self) -> Option<i64> {
        self.message.as_ref()?.pointer("/error/code")?.as_i64()
    }

    pub(crate) fn error_text(&self) -> Option<&str> {
        self.message.as_ref()?.pointer("/error/message")?.as_str()
    }
}

/// The answers to the request that opens a connection, one for each era.
pub(crate) type FirstAnswers = [Result<Reply, Trouble>; 2];

/// The most informative answer: a 401, else a result, else a refusal; if both are of the same kind, the newer era's.
pub(crate) fn most_informative(answers: &FirstAnswers) -> Option<&Reply> {
    let rank = |reply: &&Reply| match reply.status().as_u16() {
        401 => 0,
        200..=299 if reply.result().is_some() => 1,
        403 => 2,
        500..=599 => 3,
        300..=399 => 4,
        _ => 5,
    };
    answers.iter().filter_map(|answer| answer.as_ref().ok()).min_by_key(rank)
}

/// The state of an open connection: the values that later requests carry.
#[derive(Debug, Clone)]
pub(crate) struct Conversation {
    era: Era,
    version: String,
    session: Option<String>,
}

impl Endpoint<'_> {
    /// Sends the opening request of an era.
    pub(crate) async fn open(&self, era: Era) -> Result<Reply, Trouble> {
        let params = match era {
            Era::Stateless => json!({}),
            Era::Sessions => json!({
                "protocolVersion": era.latest(), "capabilities": {},
                "clientInfo": { "name": "mcp-auth-doctor", "version": env!("CARGO_PKG_VERSION") },
            }),
        };
        let talk = Conversation { era, version: era.latest().to_owned(), session: None };
        self.request(&talk, opening(era), params).await
    }

    /// Continues after an opening that was answered with a result.
    pub(crate) async fn proceed(&self, opened: &Reply) -> Conversation {
        let version =
            opened.result().and_then(|result| result.get("protocolVersion")).and_then(Value::as_str);
        let session = opened.answer.header("mcp-session-id").map(str::to_owned);
        let talk = match opened.era {
            Era::Stateless => Conversation {
                era: Era::Stateless,
                version: Era::Stateless.latest().to_owned(),
                session: None,
            },
            Era::Sessions => Conversation {
                era: Era::Sessions,
                version: version.unwrap_or(Era::Sessions.latest()).to_owned(),
                session,
            },
        };
        if talk.era == Era::Sessions {
            let note = json!({ "jsonrpc": "2.0", "method": "notifications/initialized" });
            let headers = self.headers(&talk, "notifications/initialized", None);
            // The answers to the following requests show whether this one arrived.
            let _ = self.web.send(Method::POST, self.url, headers, Some(note.to_string())).await;
        }
        talk
    }

    pub(crate) async fn list_tools(&self, talk: &Conversation) -> Result<Reply, Trouble> {
        self.request(talk, "tools/list", json!({})).await
    }

    /// Calls a tool for real, with no arguments.
    pub(crate) async fn call_tool(&self, talk: &Conversation, name: &str) -> Result<Reply, Trouble> {
        self.request(talk, "tools/call", json!({ "name": name, "arguments": {} })).await
    }

    /// Asks the server to end the session. The answer does not matter.
    pub(crate) async fn close(&self, talk: &Conversation) {
        if talk.session.is_some() {
            let headers = self.headers(talk, "", None);
            let _ = self.web.send(Method::DELETE, self.url, headers, None).await;
        }
    }

    async fn request(&self, talk: &Conversation, method: &str, mut params: Value) -> Result<Reply, Trouble> {
        let name = params.get("name").and_then(Value::as_str).map(str::to_owned);
        if talk.era == Era::Stateless {
            params["_meta"] = json!({
                "io.modelcontextprotocol/protocolVersion": talk.version,
                "io.modelcontextprotocol/clientInfo": {
                    "name": "mcp-auth-doctor", "version": env!("CARGO_PKG_VERSION"),
                },
                "io.modelcontextprotocol/clientCapabilities": {},
            });
        }
        let body = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        let headers = self.headers(talk, method, name.as_deref());
        let answer = self.web.send(Method::POST, self.url, headers, Some(body.to_string())).await?;
        Ok(Reply::new(talk.era, answer))
    }

    fn headers(&self, talk: &Conversation, method: &str, name: Option<&str>) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(header::ACCEPT, HeaderValue::from_static("application/json, text/event-stream"));
        let mut set = |header: &'static str, text: &str| {
            if let Ok(value) = HeaderValue::from_str(text) {
                headers.insert(HeaderName::from_static(header), value);
            }
        };
        set("mcp-protocol-version", &talk.version);
        if talk.era == Era::Stateless {
            set("mcp-method", method);
            if let Some(name) = name {
                set("mcp-name", &header_text(name));
            }
        }
        if let Some(session) = &talk.session {
            set("mcp-session-id", session);
        }
        if let Some(origin) = self.origin {
            headers.insert(header::ORIGIN, HeaderValue::from_static(origin));
        }
        if let Some(token) = self.token
            && let Ok(mut value) = HeaderValue::from_str(&format!("Bearer {token}"))
        {
            value.set_sensitive(true);
            headers.insert(header::AUTHORIZATION, value);
        }
        headers
    }
}

/// A name as a header value (MCP Streamable HTTP, value encoding).
fn header_text(name: &str) -> String {
    let is_plain = !name.is_empty()
        && name.bytes().all(|b| matches!(b, 0x20..=0x7e))
        && name.trim() == name
        && !name.starts_with("=?base64?");
    if is_plain { name.to_owned() } else { format!("=?base64?{}?=", STANDARD.encode(name)) }
}

/// The method name of the request that opens an era.
fn opening(era: Era) -> &'static str {
    match era {
        Era::Stateless => "server/discover",
        Era::Sessions => "initialize",
    }
}
