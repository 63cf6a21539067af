//! `[server]`: how the server is reached, and what it is called.

use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::config::value::url::{HostName, HttpUrl, Listen, PublicUrl};
use crate::config::value::{ValueError, keyword, schema, text_value};

keyword! {
    /// How clients reach the server. **(default: `"http"`)**
    Transport {
        /// Streamable HTTP.
        Http = "http",
        /// Standard input and output, for clients that start the server themselves.
        Stdio = "stdio",
    }
}

/// How the server is reached, and what it is called.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Server {
    /// How clients reach the server: `http`, or `stdio` for clients that start it themselves.
    pub transport: Transport,
    /// Where the server listens. Off loopback, `public_url` is required.
    pub listen: Listen,
    /// The path of the MCP endpoint; nothing below or beside it answers.
    pub path: EndpointPath,
    /// The URL clients use: the resource identifier, published byte for byte and the default audience of
    /// tokens. Its path ends with `path`. Required off loopback; on loopback the default is
    /// `http://` + `listen` + `path`, where `localhost` and `127.0.0.1` are different resources.
    pub public_url: Option<PublicUrl>,
    /// A name for people: `resource_name` of the protected resource metadata, and on the consent page.
    pub name: Option<DisplayName>,
    /// Documentation for developers: `resource_documentation` of the protected resource metadata.
    pub documentation: Option<HttpUrl>,
    /// How the server may use data: `resource_policy_uri` of the protected resource metadata.
    pub policy: Option<HttpUrl>,
    /// Terms of service: `resource_tos_uri` of the protected resource metadata.
    pub terms: Option<HttpUrl>,
    /// Further hosts a request may name in `Host`: `name` for any port, `name:port` for that one (which clients
    /// leave out where it is the scheme's default). Always allowed: the host of `public_url`, the address that is
    /// listened on, and on loopback `localhost`, `127.0.0.1` and `[::1]`, each with its own port.
    pub allowed_hosts: Vec<HostName>,
}

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

/// A name for people: 1 to 100 characters, none of them control characters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct DisplayName(String);

impl DisplayName {
    /// The name's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for DisplayName {
    type Err = ValueError;
    fn from_str(text: &str) -> Result<Self, ValueError> {
        if text.trim().is_empty() || text.chars().count() > 100 || text.chars().any(char::is_control) {
            return Err(ValueError::malformed(text, "1 to 100 characters, no control characters"));
        }
        Ok(Self(text.to_owned()))
    }
}

impl<'de> Deserialize<'de> for DisplayName {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        crate::config::value::read_text(from, "a name in quotes")?.parse().map_err(serde::de::Error::custom)
    }
}

schema!(DisplayName, { "type": "string", "minLength": 1, "maxLength": 100 });

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

    #[test]
    fn display_name_is_one_readable_line() {
        assert!("To-do list".parse::<DisplayName>().is_ok());
        for bad in ["", "  ", "a\nb", &"x".repeat(101)] {
            assert!(bad.parse::<DisplayName>().is_err(), "{bad:?}");
        }
    }
}
