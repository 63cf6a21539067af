//! A request as it is sent, and what came back.

use mcp_auth::testing::Era;
use serde_json::{Value, json};

use super::case::{Case, Tool};
use super::oracle::{Ask, Outcome};

/// What a request presents.
#[derive(Clone)]
pub struct Presented {
    pub authorization: String,
    pub proofs: Vec<String>,
    pub certificates: Vec<String>,
}

/// What came back.
pub struct Got {
    pub status: u16,
    pub challenges: Vec<String>,
    pub nonce: Option<String>,
    pub session: Option<String>,
    pub body: String,
}

/// What stands for the end of a session, which is a method of HTTP and not a message.
const END: &str = "DELETE";

/// A message of one revision: its method and its params.
pub struct Sent<'a> {
    pub era: Era,
    pub method: &'a str,
    pub params: Value,
    pub session: Option<&'a str>,
}

impl<'a> Sent<'a> {
    pub fn of(era: Era, ask: Ask, session: Option<&'a str>) -> Self {
        match ask {
            Ask::Open => {
                let client = json!({ "name": "t", "version": "1" });
                let params =
                    json!({ "protocolVersion": era.version(), "capabilities": {}, "clientInfo": client });
                Self { era, method: "initialize", params, session: None }
            }
            Ask::End => Self { era, method: END, params: json!({}), session },
            Ask::Call(tool) => {
                let arguments = if tool == Tool::WriteNote { json!({ "text": "x" }) } else { json!({}) };
                let params = json!({ "name": tool.name(), "arguments": arguments });
                Self { era, method: "tools/call", params, session }
            }
        }
    }

    /// Sends it with this, and waits for the whole answer.
    pub async fn with(mut self, http: &reqwest::Client, url: &str, presented: &Presented) -> Got {
        if self.era == Era::Stateless {
            self.params["_meta"] = json!({
                "io.modelcontextprotocol/protocolVersion": self.era.version(),
                "io.modelcontextprotocol/clientCapabilities": {},
            });
        }
        let mut body = json!({ "jsonrpc": "2.0", "method": self.method, "params": self.params });
        if !self.method.starts_with("notifications/") {
            body["id"] = 1.into();
        }
        let mut request = match self.method {
            END => http.delete(url),
            _ => http.post(url).header("content-type", "application/json").body(body.to_string()),
        };
        request = request
            .header("accept", "application/json, text/event-stream")
            .header("authorization", &presented.authorization);
        if self.method != "initialize" {
            request = request.header("mcp-protocol-version", self.era.version());
        }
        if self.era == Era::Stateless {
            request = request.header("mcp-method", self.method);
            if let Some(name) = self.params["name"].as_str() {
                request = request.header("mcp-name", name);
            }
        }
        let more = [("dpop", &presented.proofs), ("client-cert", &presented.certificates)];
        for (name, value) in more.iter().flat_map(|(name, values)| values.iter().map(move |v| (*name, v))) {
            request = request.header(name, value);
        }
        if let Some(session) = self.session {
            request = request.header("mcp-session-id", session);
        }
        Got::of(request.send().await.expect("an answer")).await
    }
}

impl Got {
    async fn of(answer: reqwest::Response) -> Self {
        let text = |name: &str| -> Vec<String> {
            let values = answer.headers().get_all(name).iter();
            values.map(|value| value.to_str().expect("ASCII").to_owned()).collect()
        };
        let (challenges, nonce, session) =
            (text("www-authenticate"), text("dpop-nonce").pop(), text("mcp-session-id").pop());
        let status = answer.status().as_u16();
        Self { status, challenges, nonce, session, body: answer.text().await.expect("a body") }
    }

    /// As the oracle speaks of it.
    pub fn outcome(&self, case: &Case) -> Outcome {
        let is_served = self.body.contains("\"result\"") && !self.body.contains("\"isError\":true");
        let challenges = self.challenges.iter().map(|challenge| {
            let scheme = challenge.split(' ').next().unwrap_or_default().to_owned();
            (scheme, parameter(challenge, "error").map(str::to_owned))
        });
        let needed = match case.tool {
            Tool::Ping | Tool::Whoami => None,
            Tool::ReadNote => Some("read"),
            Tool::WriteNote => Some("write"),
        };
        let asks_for = |scope: &&str| {
            let mut all = self.challenges.iter().map(|one| parameter(one, "scope").unwrap_or_default());
            all.all(|scopes| scopes.split(' ').any(|one| one == *scope))
        };
        Outcome {
            status: match self.status {
                200 if is_served => 200,
                // A session that has ended.
                204 => 200,
                // No case comes to this.
                200 => 0,
                other => other,
            },
            challenges: challenges.collect(),
            lacks: needed.filter(|_| self.status == 403).filter(asks_for),
            has_nonce: self.nonce.is_some(),
        }
    }
}

fn parameter<'a>(challenge: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = challenge.split_once(&format!(" {name}=\""))?;
    Some(rest.split_once('"')?.0)
}
