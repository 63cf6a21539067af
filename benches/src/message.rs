//! The requests that are sent: HTTP/1.1 as a client would write it, in either protocol era.

use std::fmt::Write as _;

use mcp_auth_core::Era;
use serde_json::{Value, json};

/// What is asked for.
#[derive(Debug, Clone, Copy)]
pub enum Ask<'a> {
    /// `tools/call` of a tool that adds two numbers.
    Call(&'a str),
    /// `tools/list`.
    List,
}

/// The JSON-RPC message.
pub fn body(era: Era, ask: Ask<'_>) -> String {
    let (method, mut params) = match ask {
        Ask::Call(name) => ("tools/call", json!({ "name": name, "arguments": { "a": 2, "b": 3 } })),
        Ask::List => ("tools/list", json!({})),
    };
    if era == Era::Stateless {
        params["_meta"] = json!({
            "io.modelcontextprotocol/protocolVersion": era.latest(),
            "io.modelcontextprotocol/clientInfo": { "name": "bench", "version": "1.0.0" },
            "io.modelcontextprotocol/clientCapabilities": {},
        });
    }
    json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params }).to_string()
}

/// The whole request, head and body; `token` for the `Authorization` header.
pub fn request(host: &str, era: Era, ask: Ask<'_>, token: Option<&str>) -> Vec<u8> {
    let mut head = format!(
        "POST /mcp HTTP/1.1\r\nhost: {host}\r\ncontent-type: application/json\r\n\
         accept: application/json, text/event-stream\r\nuser-agent: bench/1.0\r\n\
         mcp-protocol-version: {}\r\n",
        era.latest()
    );
    if era == Era::Stateless {
        let _ = match ask {
            Ask::Call(name) => write!(head, "mcp-method: tools/call\r\nmcp-name: {name}\r\n"),
            Ask::List => write!(head, "mcp-method: tools/list\r\n"),
        };
    }
    if let Some(token) = token {
        let _ = write!(head, "authorization: Bearer {token}\r\n");
    }
    let body = body(era, ask);
    let _ = write!(head, "content-length: {}\r\n\r\n{body}", body.len());
    head.into_bytes()
}

/// The part of a JSON-RPC answer that says what was answered: the text of a call, the names of a list.
pub fn answered(body: &[u8]) -> Option<String> {
    let answer: Value = serde_json::from_slice(body).ok()?;
    if let Some(error) = answer.get("error") {
        return Some(format!("error {}", error["code"]));
    }
    let result = answer.get("result")?;
    match result.get("tools").and_then(Value::as_array) {
        Some(tools) => Some(format!("{} tools", tools.len())),
        None => result["content"][0]["text"].as_str().map(str::to_owned),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_answered_is_told_apart() {
        let call = br#"{"jsonrpc":"2.0","id":1,"result":{"content":[{"type":"text","text":"5"}]}}"#;
        assert_eq!(answered(call).as_deref(), Some("5"));
        assert_eq!(answered(br#"{"result":{"tools":[{},{}]}}"#).as_deref(), Some("2 tools"));
        assert_eq!(answered(br#"{"error":{"code":401,"message":"x"}}"#).as_deref(), Some("error 401"));
        assert_eq!(answered(b"not JSON"), None);
    }

    #[test]
    fn a_request_is_what_its_head_says() {
        let request = request("h", Era::Stateless, Ask::Call("add"), Some("t"));
        let text = String::from_utf8_lossy(&request);
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or_default();
        assert!(head.contains("\r\nmcp-name: add\r\nauthorization: Bearer t\r\n"), "{head}");
        assert!(head.ends_with(&format!("content-length: {}", body.len())), "{head}");
    }
}
