//! Headers of a request that tools may see.

use std::str::FromStr;

use http::HeaderName;
use serde::Serialize;

use super::{ValueError, text_value};

/// Where credentials stand by HTTP or by custom; no tool gets them (MCP authorization: a token is not passed on).
const NEVER: [&str; 5] = ["authorization", "proxy-authorization", "cookie", "dpop", "x-api-key"];

/// The name of a request header that tools see besides the usual ones.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct ToolHeader(#[serde(serialize_with = "as_text")] HeaderName);

impl ToolHeader {
    /// The header.
    pub fn name(&self) -> &HeaderName {
        &self.0
    }
}

fn as_text<S: serde::Serializer>(name: &HeaderName, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(name.as_str())
}

impl FromStr for ToolHeader {
    type Err = ValueError;
    fn from_str(text: &str) -> Result<Self, ValueError> {
        let Ok(name) = text.parse::<HeaderName>() else {
            return Err(ValueError::malformed(text, "the name of a header, such as \"X-Tenant\""));
        };
        if NEVER.contains(&name.as_str()) {
            let expected = "another header: tools do not get the caller's credentials, they take `Caller`";
            return Err(ValueError::malformed(text, expected));
        }
        Ok(Self(name))
    }
}

text_value!(ToolHeader, "the name of a header in quotes");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tool_header_is_a_name_and_not_where_http_puts_credentials() {
        assert_eq!("X-Tenant".parse::<ToolHeader>().unwrap().name(), "x-tenant");
        for bad in
            ["", "x tenant", "x:y", "Authorization", "cookie", "DPoP", "Proxy-Authorization", "X-API-Key"]
        {
            assert!(bad.parse::<ToolHeader>().is_err(), "{bad:?}");
        }
    }
}
