//! One caller in one era, who sends rows of the table.

use mcp_auth::testing::{ReceivedChallenge, TestServer};
use reqwest::Method;
use reqwest::header::HeaderMap;
use serde_json::{Value, json};

use super::one_of_each::OneOfEach;
use super::rule::Rule::Operation;
use super::rule::Who;
use super::table::{OK, Row, capabilities};

/// One caller in one era, sending rows of the table.
pub struct Sender<'s> {
    pub server: &'s TestServer,
    pub http: &'s reqwest::Client,
    pub modern: bool,
    pub token: Option<String>,
    pub task: String,
}

impl<'s> Sender<'s> {
    pub fn new(http: &'s reqwest::Client, server: &'s TestServer, modern: bool, who: Who) -> Self {
        let token = match who {
            Who::Anonymous => None,
            Who::WithoutScopes => Some(server.token("alice").mint()),
            Who::WithTheScope => Some(server.token("alice").scope("use").mint()),
        };
        Self { server, http, modern, token, task: "task-of-alice".to_owned() }
    }

    /// Sends a row and says what came back: `401 base use`, `200 result`, `404 -32601`, `202`.
    pub async fn send(&self, row: &Row) -> String {
        let has_session = !self.modern && self.token.is_some() && row.0 != "initialize";
        let session = if has_session { self.open_session().await } else { None };
        let method = Method::from_bytes(row.0.as_bytes()).ok().filter(|_| row.1.is_empty());
        let body = row.body(self.modern, &self.task);
        self.exchange(method.unwrap_or(Method::POST), body, session).await.1
    }

    pub async fn open_session(&self) -> Option<String> {
        let params = json!({
            "protocolVersion": "2025-11-25",
            "capabilities": capabilities(),
            "clientInfo": { "name": "c", "version": "1" },
        });
        let initialize = json!({ "jsonrpc": "2.0", "id": 0, "method": "initialize", "params": params });
        let (headers, outcome) = self.exchange(Method::POST, Some(initialize), None).await;
        assert_eq!(outcome, OK);
        let session = headers.get("mcp-session-id").expect("a session").to_str().expect("text").to_owned();
        let initialized = json!({ "jsonrpc": "2.0", "method": "notifications/initialized" });
        let (_, outcome) = self.exchange(Method::POST, Some(initialized), Some(session.clone())).await;
        assert_eq!(outcome, "202");
        Some(session)
    }

    pub async fn exchange(
        &self,
        method: Method,
        body: Option<Value>,
        session: Option<String>,
    ) -> (HeaderMap, String) {
        let mut request = self
            .http
            .request(method.clone(), self.server.url())
            .header("content-type", "application/json")
            .header("accept", "application/json, text/event-stream");
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let message = body.clone().unwrap_or_default();
        let sent = text(&message["method"]);
        if sent.as_deref() != Some("initialize") {
            let version = if self.modern { "2026-07-28" } else { "2025-11-25" };
            request = request.header("mcp-protocol-version", version);
        }
        if let Some(sent) = sent.filter(|sent| self.modern && sent != "initialize") {
            request = request.header("mcp-method", sent);
            let params = &message["params"];
            let name = ["name", "uri", "taskId"].iter().find_map(|key| text(&params[*key]));
            request = name.into_iter().fold(request, |request, name| request.header("mcp-name", name));
        }
        request = session.into_iter().fold(request, |request, id| request.header("mcp-session-id", id));
        request = self.token.iter().fold(request, |request, token| request.bearer_auth(token));
        if let Some(body) = body {
            request = request.body(body.to_string());
        }
        let response = request.send().await.expect("an answer");
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let outcome = match status {
            401 | 403 => {
                let challenge = ReceivedChallenge::parse(header("www-authenticate")).expect("a challenge");
                let error = (status == 403).then_some("insufficient_scope");
                assert_eq!(challenge.error(), error);
                assert!(challenge.resource_metadata().is_some());
                format!("{status} {}", challenge.scopes().join(" "))
            }
            200 if method == Method::GET && header("content-type").starts_with("text/event-stream") => {
                "200 stream".to_owned()
            }
            status => {
                let text = response.text().await.expect("a body");
                let messages = text.lines().map(|line| line.strip_prefix("data:").unwrap_or(line));
                let messages: Vec<Value> =
                    messages.filter_map(|line| serde_json::from_str(line).ok()).collect();
                let answer = messages.iter().rfind(|message| message.get("method").is_none());
                match answer {
                    Some(answer) if answer.get("result").is_some() => format!("{status} result"),
                    Some(answer) if answer["error"]["code"] != status => {
                        format!("{status} {}", answer["error"]["code"])
                    }
                    _ => status.to_string(),
                }
            }
        };
        (headers, outcome)
    }
}

pub async fn start(connect: &str) -> (OneOfEach, TestServer, reqwest::Client) {
    let http = crate::wire::http();
    let each = OneOfEach::default();
    let toml = format!("[auth]\nconnect = {connect:?}\nbase_scopes = [\"base\"]\n");
    let server = TestServer::builder(each.clone()).toml(&toml).expect("the configuration");
    let server = server.start().await.expect("the server starts");
    let owner = Sender::new(&http, &server, true, Who::WithTheScope);
    let task = owner.send(&Row("tools/call", r#"{"name":"start"}"#, Operation, OK, OK)).await;
    assert_eq!(task, OK, "alice has a task");
    (each, server, http)
}
