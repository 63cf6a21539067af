//! Headers of a request: those that tools may see, and those in which a proxy says for whom it asks, with which token and
//! which certificate.

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

/// Headers that mean something else, to us, to MCP or to HTTP; by how their names begin.
const NOT_TOKENS: [&str; 31] = [
    "accept",
    "access-control-",
    "authorization",
    "cache-control",
    "connection",
    "content-",
    "cookie",
    "date",
    "dpop",
    "expect",
    "forwarded",
    "host",
    "if-",
    "keep-alive",
    "last-event-id",
    "mcp-",
    "origin",
    "proxy-",
    "range",
    "referer",
    "sec-",
    "set-cookie",
    "te",
    "trace",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "user-agent",
    "via",
    "x-api-key",
    "x-forwarded-",
];

/// The same, by their whole names.
const NOT_A_TOKEN: [&str; 7] =
    ["te", "traceparent", "tracestate", "x-request-id", "x-correlation-id", "x-real-ip", "accept-language"];

/// Whether a header of this name means something else than a token or a certificate.
fn means_something_else(name: &HeaderName) -> bool {
    let means = |other: &&str| match other.ends_with('-') {
        true => name.as_str().starts_with(*other),
        false => name.as_str() == *other,
    };
    NOT_TOKENS.iter().any(means) || NOT_A_TOKEN.contains(&name.as_str())
}

/// The header in which a proxy in front hands on the caller's token: no `Authorization`, and none that means something else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct TokenHeader(#[serde(serialize_with = "as_text")] HeaderName);

impl TokenHeader {
    /// The header.
    pub fn name(&self) -> &HeaderName {
        &self.0
    }
}

impl FromStr for TokenHeader {
    type Err = ValueError;
    fn from_str(text: &str) -> Result<Self, ValueError> {
        let Ok(name) = text.parse::<HeaderName>() else {
            return Err(ValueError::malformed(
                text,
                "the name of a header, such as \"Cf-Access-Jwt-Assertion\"",
            ));
        };
        if name.as_str() == "authorization" {
            return Err(ValueError::refused(text, "it is read without this key, as Bearer and a token"));
        }
        if means_something_else(&name) {
            return Err(ValueError::refused(text, "this header means something else"));
        }
        Ok(Self(name))
    }
}

text_value!(TokenHeader, "the name of a header in quotes");

/// The header in which proxies say for whom they ask. **(default: `"x-forwarded-for"`)**
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct ClientAddressHeader(#[serde(serialize_with = "as_text")] HeaderName);

impl ClientAddressHeader {
    /// The header.
    pub fn name(&self) -> &HeaderName {
        &self.0
    }
}

impl Default for ClientAddressHeader {
    fn default() -> Self {
        Self(HeaderName::from_static("x-forwarded-for"))
    }
}

impl FromStr for ClientAddressHeader {
    type Err = ValueError;
    fn from_str(text: &str) -> Result<Self, ValueError> {
        match text.parse::<HeaderName>() {
            Ok(name) if !NEVER.contains(&name.as_str()) => Ok(Self(name)),
            _ => Err(ValueError::malformed(
                text,
                "the name of a header that holds addresses, such as \"X-Forwarded-For\"",
            )),
        }
    }
}

text_value!(ClientAddressHeader, "the name of a header in quotes");

/// The header in which proxies pass on the certificate of a client. **(default: `"client-cert"`)**
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct CertificateHeader(#[serde(serialize_with = "as_text")] HeaderName);

impl CertificateHeader {
    /// The header.
    pub fn name(&self) -> &HeaderName {
        &self.0
    }
}

impl Default for CertificateHeader {
    /// That of RFC 9440.
    fn default() -> Self {
        Self(HeaderName::from_static("client-cert"))
    }
}

impl FromStr for CertificateHeader {
    type Err = ValueError;
    fn from_str(text: &str) -> Result<Self, ValueError> {
        let Ok(name) = text.parse::<HeaderName>() else {
            return Err(ValueError::malformed(text, "the name of a header, such as \"Client-Cert\""));
        };
        // Such as X-Forwarded-Tls-Client-Cert, by which some proxies call it.
        let is_forwarded = name.as_str().starts_with("x-forwarded-") && name.as_str().contains("cert");
        match means_something_else(&name) && !is_forwarded {
            true => Err(ValueError::refused(text, "this header means something else")),
            false => Ok(Self(name)),
        }
    }
}

text_value!(CertificateHeader, "the name of a header in quotes");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_of_a_client_is_in_one_header_and_not_where_credentials_are() {
        assert_eq!(ClientAddressHeader::default().name(), "x-forwarded-for");
        assert_eq!("CF-Connecting-IP".parse::<ClientAddressHeader>().unwrap().name(), "cf-connecting-ip");
        for bad in ["", "x-forwarded-for, forwarded", "authorization", "Cookie"] {
            assert!(bad.parse::<ClientAddressHeader>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_tool_header_is_a_name_and_not_where_http_puts_credentials() {
        assert_eq!("X-Tenant".parse::<ToolHeader>().unwrap().name(), "x-tenant");
        for bad in
            ["", "x tenant", "x:y", "Authorization", "cookie", "DPoP", "Proxy-Authorization", "X-API-Key"]
        {
            assert!(bad.parse::<ToolHeader>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn the_header_of_a_certificate_is_one_that_means_nothing_else() {
        assert_eq!(CertificateHeader::default().name(), "client-cert");
        for ok in ["Client-Cert", "X-SSL-Cert", "X-Amzn-Mtls-Clientcert-Leaf", "X-Forwarded-Tls-Client-Cert"]
        {
            assert_eq!(ok.parse::<CertificateHeader>().unwrap().name().as_str(), ok.to_ascii_lowercase());
        }
        for bad in [
            "",
            "a b",
            "Authorization",
            "Cookie",
            "DPoP",
            "X-API-Key",
            "X-Forwarded-For",
            "x-real-ip",
            "Host",
            "Mcp-Session-Id",
            "X-Request-Id",
        ] {
            assert!(bad.parse::<CertificateHeader>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn h38_the_header_of_the_token_is_one_that_means_nothing_else() {
        for ok in ["Cf-Access-Jwt-Assertion", "X-Goog-IAP-JWT-Assertion", "X-Amzn-Oidc-Data", "x-token"] {
            assert_eq!(ok.parse::<TokenHeader>().unwrap().name().as_str(), ok.to_ascii_lowercase());
        }
        for bad in [
            "",
            "a b",
            "x:y",
            "Authorization",
            "cookie",
            "Set-Cookie",
            "Host",
            "ORIGIN",
            "accept",
            "Accept-Language",
            "Mcp-Session-Id",
            "mcp-param-x",
            "Content-Type",
            "Content-Length",
            "Transfer-Encoding",
            "Proxy-Authorization",
            "DPoP",
            "X-API-Key",
            "X-Forwarded-For",
            "Forwarded",
            "Via",
            "TE",
            "Sec-Fetch-Site",
            "traceparent",
            "Last-Event-ID",
            "Connection",
            "x-real-ip",
        ] {
            assert!(bad.parse::<TokenHeader>().is_err(), "{bad:?}");
        }
    }
}
