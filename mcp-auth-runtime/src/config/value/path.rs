//! The path of the MCP endpoint.

use std::str::FromStr;

use serde::Serialize;

use super::{ValueError, text_value};

/// The path of the MCP endpoint: starts with `/`, ends without one. **(default: `"/mcp"`)**
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct EndpointPath(String);

impl EndpointPath {
    /// The path's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for EndpointPath {
    fn default() -> Self {
        Self("/mcp".to_owned())
    }
}

/// Paths the server itself answers.
const TAKEN: [&str; 3] = ["/.well-known", "/healthz", "/readyz"];

impl FromStr for EndpointPath {
    type Err = ValueError;
    fn from_str(text: &str) -> Result<Self, ValueError> {
        let refused = |why: &str| Err(ValueError::refused(text, why));
        if !text.starts_with('/') {
            return Err(ValueError::malformed(text, "a path such as \"/mcp\""));
        }
        if text == "/" {
            return Ok(Self(text.to_owned()));
        }
        if !text.bytes().all(|b| b.is_ascii_alphanumeric() || b"/-._~".contains(&b)) {
            return refused("a path holds letters, digits and - . _ ~ / only");
        }
        if text[1..].split('/').any(|segment| matches!(segment, "" | "." | "..")) {
            return refused("a path has no empty, . or .. segment and no slash at its end");
        }
        if TAKEN
            .iter()
            .any(|taken| text.strip_prefix(taken).is_some_and(|r| r.is_empty() || r.starts_with('/')))
        {
            return refused("the server itself answers there (/.well-known, /healthz, /readyz)");
        }
        Ok(Self(text.to_owned()))
    }
}

text_value!(EndpointPath, "a path such as \"/mcp\"");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endpoint_path_is_one_exact_path_that_nothing_else_answers() {
        for ok in ["/", "/mcp", "/v1/todos.mcp", "/healthzz"] {
            assert!(ok.parse::<EndpointPath>().is_ok(), "{ok}");
        }
        for bad in [
            "",
            "mcp",
            "/mcp/",
            "//mcp",
            "/a//b",
            "/../mcp",
            "/{x}",
            "/a b",
            "/a?b",
            "/healthz",
            "/.well-known/x",
            "/%6d",
        ] {
            assert!(bad.parse::<EndpointPath>().is_err(), "{bad}");
        }
    }
}
