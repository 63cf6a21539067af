//! The first request: the server's answer to a caller without a token, or with the token we kept.

use std::time::Duration;

use http::StatusCode;
use http::header::{HeaderMap, LOCATION, WWW_AUTHENTICATE};
use mcp_auth_core::challenge::Reading;
use serde_json::json;

use super::Client;
use crate::terminal::shown_line;
use mcp_auth_core::SecretText;

/// The answer to the first request.
#[derive(Debug)]
pub(crate) struct Contact {
    pub(crate) status: StatusCode,
    /// The `Bearer` challenge, if the answer had one.
    pub(crate) challenge: Option<String>,
}

/// Why a login is not possible at this URL.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ContactError {
    #[error("cannot reach {server}")]
    Unreachable {
        server: String,
        #[source]
        reason: reqwest::Error,
    },
    #[error("{server} redirects to {to}; if that is your server, use its URL")]
    Redirects { server: String, to: String },
    #[error("nothing answers MCP at {server} (HTTP {status}); is the path right? it is often /mcp")]
    NotThere { server: String, status: StatusCode },
    #[error("{server} is in trouble (HTTP {status}); try again later")]
    Trouble { server: String, status: StatusCode },
}

/// Asks for the tools as revision 2026-07-28 does: without a session, so nothing stays behind on the server.
///
/// # Errors
/// [`ContactError`] if a login would not help.
pub(crate) async fn contact(client: &Client, token: Option<&SecretText>) -> Result<Contact, ContactError> {
    let Client { http, server, .. } = client;
    let meta = json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": {},
        "io.modelcontextprotocol/clientInfo": { "name": "mcp-auth", "version": env!("CARGO_PKG_VERSION") },
    });
    let mut request = http
        .post(server.url().clone())
        .header("Accept", "application/json, text/event-stream")
        .header("MCP-Protocol-Version", "2026-07-28")
        .header("Mcp-Method", "tools/list")
        .timeout(Duration::from_secs(30))
        .json(&json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": { "_meta": meta } }));
    if let Some(token) = token {
        request = request.bearer_auth(token.expose());
    }
    let named = || server.to_string();
    let answer =
        request.send().await.map_err(|reason| ContactError::Unreachable { server: named(), reason })?;
    let status = answer.status();
    if status.is_redirection() {
        let to = answer.headers().get(LOCATION).and_then(|to| to.to_str().ok()).unwrap_or("nowhere");
        return Err(ContactError::Redirects { server: named(), to: shown_line(to, 200) });
    }
    let challenge = bearer_challenge(answer.headers());
    match status {
        StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED if challenge.is_none() => {
            // A legacy server does not know this request without a session. A page that is not an MCP server answers
            // in HTML.
            let html = answer
                .headers()
                .get("content-type")
                .is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
            let empty = answer.headers().get("content-type").is_none();
            if html || empty {
                return Err(ContactError::NotThere { server: named(), status });
            }
        }
        status if status.is_server_error() => return Err(ContactError::Trouble { server: named(), status }),
        _ => {}
    }
    Ok(Contact { status, challenge })
}

/// Of several fields, one with a `Bearer` challenge, preferably the one that names the metadata (RFC 9728 §5.1). A
/// malformed one is accepted too; only doctor reports that.
fn bearer_challenge(headers: &HeaderMap) -> Option<String> {
    let fields = headers.get_all(WWW_AUTHENTICATE).iter().filter_map(|value| value.to_str().ok());
    let names_metadata = |field: &str| Some(Reading::of_field(field).bearer()?.resource_metadata().is_some());
    let all: Vec<(&str, bool)> = fields.filter_map(|field| Some((field, names_metadata(field)?))).collect();
    let named = all.iter().find(|(_, names_metadata)| *names_metadata).or(all.first());
    named.map(|(field, _)| (*field).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_several_challenges_the_bearer_one_that_names_the_metadata_counts() {
        let challenges = |values: &[&str]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(WWW_AUTHENTICATE, value.parse().unwrap());
            }
            bearer_challenge(&headers)
        };
        let full = "Bearer scope=\"a\", resource_metadata=\"https://a/x\"";
        assert_eq!(challenges(&["Basic realm=\"x\"", "bearer", full]).as_deref(), Some(full));
        assert_eq!(
            challenges(&["Basic realm=\"x\"", "BEARER realm=\"y\""]).as_deref(),
            Some("BEARER realm=\"y\"")
        );
        let one_field = "Basic realm=\"bearer, x\", Bearer resource_metadata=\"https://a/x\"";
        assert_eq!(challenges(&["Bearer", one_field]).as_deref(), Some(one_field));
        let malformed = "Bearer resource_metadata=https://a/x";
        assert_eq!(challenges(&["Bearer", malformed]).as_deref(), Some(malformed));
        assert_eq!(challenges(&["Basic realm=\"x\""]), None);
        assert_eq!(challenges(&["Basic realm=\"Bearer resource_metadata\""]), None);
        assert_eq!(challenges(&[]), None);
    }
}
