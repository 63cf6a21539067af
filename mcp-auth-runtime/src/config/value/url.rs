//! URLs as they were written. What is published or compared byte for byte (`resource`, `iss`) keeps its text;
//! the parsed form beside it is for looking at the parts only.

use std::net::SocketAddr;
use std::str::FromStr;

use serde::Serialize;
use url::{Host, Url};

use super::{ValueError, schema, text_value};

/// An absolute `https` or `http` URL: its text, and its parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpUrl {
    text: String,
    url: Url,
}

impl HttpUrl {
    /// The text, byte for byte as configured.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The parsed form; its text may differ from [`HttpUrl::as_str`].
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// Whether the scheme is `https`.
    pub fn is_https(&self) -> bool {
        self.url.scheme() == "https"
    }

    /// Whether the host is `localhost`, in 127.0.0.0/8 or `::1`.
    pub fn is_loopback(&self) -> bool {
        match self.url.host() {
            Some(Host::Domain(name)) => name.eq_ignore_ascii_case("localhost"),
            Some(Host::Ipv4(ip)) => ip.is_loopback(),
            Some(Host::Ipv6(ip)) => ip.is_loopback(),
            None => false,
        }
    }

    /// Its origin as a browser's `Origin` header says it (RFC 6454 §6.2): no default port, no slash.
    pub fn origin(&self) -> String {
        self.url.origin().ascii_serialization()
    }

    /// Whether parsing changed nothing but a missing slash after the host: what a client that compares
    /// parsed URLs will compare.
    pub fn is_canonical(&self) -> bool {
        self.url.as_str() == self.text || self.url.as_str().strip_suffix('/') == Some(&self.text)
    }
}

impl FromStr for HttpUrl {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        if url_authority(text).contains('@') {
            return Err(ValueError::refused("…", "a URL here holds no user name or password"));
        }
        let refused = |why: &str| Err(ValueError::refused(text, why));
        if !text.bytes().all(|b| matches!(b, 0x21 | 0x23..=0x5B | 0x5D..=0x7E)) {
            return refused("a URL holds printable ASCII only, without spaces, quotes and backslashes");
        }
        let Ok(url) = Url::parse(text) else {
            return Err(ValueError::malformed(text, "an absolute URL such as \"https://example.com/path\""));
        };
        let after_scheme = text.split_once(':').map(|(_, rest)| rest);
        if !matches!(url.scheme(), "http" | "https")
            || !after_scheme.is_some_and(|rest| rest.starts_with("//"))
        {
            return refused("the URL must start with https:// (or http:// on loopback)");
        }
        Ok(Self { text: text.to_owned(), url })
    }
}

/// What stands between `//` and the next `/`, `?` or `#`.
fn url_authority(text: &str) -> &str {
    let rest = text.split_once("//").map_or("", |(_, rest)| rest);
    rest.split(['/', '?', '#']).next().unwrap_or("")
}

/// A URL that identifies something and is compared byte for byte: no query, no fragment.
fn identifier(text: &str) -> Result<HttpUrl, ValueError> {
    let url: HttpUrl = text.parse()?;
    if text.contains('#') {
        return Err(ValueError::refused(text, "it must have no fragment (the part from #)"));
    }
    if text.contains('?') {
        return Err(ValueError::refused(text, "it must have no query (the part from ?)"));
    }
    Ok(url)
}

/// The server's resource identifier (RFC 8707 §2, RFC 9728 §1.2), published byte for byte: `https`, or `http`
/// on loopback; no query, no fragment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicUrl(HttpUrl);

/// An issuer identifier (RFC 8414 §2), compared byte for byte with `iss`: `https`, or `http` on loopback;
/// no query, no fragment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssuerUrl(HttpUrl);

impl FromStr for PublicUrl {
    type Err = ValueError;
    fn from_str(text: &str) -> Result<Self, ValueError> {
        identifier(text).map(Self)
    }
}

impl FromStr for IssuerUrl {
    type Err = ValueError;
    fn from_str(text: &str) -> Result<Self, ValueError> {
        identifier(text).map(Self)
    }
}

impl std::ops::Deref for PublicUrl {
    type Target = HttpUrl;
    fn deref(&self) -> &HttpUrl {
        &self.0
    }
}

impl std::ops::Deref for IssuerUrl {
    type Target = HttpUrl;
    fn deref(&self) -> &HttpUrl {
        &self.0
    }
}

text_value!(HttpUrl, "a URL such as \"https://example.com/path\"");
text_value!(PublicUrl, "a URL such as \"https://example.com/mcp\"");
text_value!(IssuerUrl, "a URL such as \"https://issuer.example.com\"");

impl Serialize for HttpUrl {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&self.text)
    }
}

impl Serialize for PublicUrl {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(to)
    }
}

impl Serialize for IssuerUrl {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(to)
    }
}

/// A web origin as browsers send it (RFC 6454 §6.2): scheme, host, and port unless it is the scheme's own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct WebOrigin(String);

impl WebOrigin {
    /// The origin's text, exactly what an `Origin` header must equal.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for WebOrigin {
    type Err = ValueError;
    fn from_str(text: &str) -> Result<Self, ValueError> {
        if matches!(text, "*" | "null") {
            let why =
                "it stands for pages of any site; name each origin, such as \"https://app.example.com\"";
            return Err(ValueError::refused(text, why));
        }
        let url = text.parse::<HttpUrl>()?;
        if url.url().host_str().is_some_and(|host| !is_plain_host(host)) {
            return Err(ValueError::refused(text, NOT_PLAIN));
        }
        let origin = url.origin();
        if origin == text {
            return Ok(Self(origin));
        }
        Err(ValueError::refused(text, format!("an origin is written as browsers send it: {origin:?}")))
    }
}

text_value!(WebOrigin, "an origin such as \"https://app.example.com\"");

const NOT_PLAIN: &str = "a host holds letters, digits and - . _ only, and no wildcard";

/// Whether a host, as the URL standard writes it, is a name without odd characters or an address.
fn is_plain_host(host: &str) -> bool {
    host.starts_with('[') || host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte))
}

/// A host a request may name, in lower case, IPv6 in brackets: `example.com`, `127.0.0.1`, `[::1]` for every port,
/// `example.com:8443` for that one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct HostName(String);

impl HostName {
    /// The host, and `:` and the port if it is for one only.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for HostName {
    type Err = ValueError;
    fn from_str(text: &str) -> Result<Self, ValueError> {
        let colon = text.rfind(':').filter(|at| !text[*at..].contains(']')); // not one inside an IPv6 address
        let (name, port) = text.split_at(colon.unwrap_or(text.len()));
        let is_port = |digits: &str| !digits.starts_with(['0', '+']) && digits.parse::<u16>().is_ok();
        let host = Host::parse(name).ok().filter(|_| port.is_empty() || is_port(&port[1..]));
        let Some(host) = host.map(|host| host.to_string()) else {
            let expected =
                "a host, or a host and a port, such as \"example.com\", \"example.com:8443\" or \"[::1]\"";
            return Err(ValueError::malformed(text, expected));
        };
        if !is_plain_host(&host) {
            return Err(ValueError::refused(text, NOT_PLAIN));
        }
        if host != name {
            return Err(ValueError::refused(text, format!("write it {:?}", host + port)));
        }
        Ok(Self(text.to_owned()))
    }
}

text_value!(HostName, "a host such as \"example.com\"");

/// Where the server listens: an IP address and a port. Port 0 takes any free one (for tests).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Listen(SocketAddr);

impl Listen {
    /// The address to bind.
    pub fn get(self) -> SocketAddr {
        self.0
    }

    /// Whether only this machine can connect.
    pub fn is_loopback(self) -> bool {
        self.0.ip().is_loopback()
    }
}

impl Default for Listen {
    fn default() -> Self {
        Self(SocketAddr::from(([127, 0, 0, 1], 8080)))
    }
}

impl FromStr for Listen {
    type Err = ValueError;
    fn from_str(text: &str) -> Result<Self, ValueError> {
        text.parse().map(Self).map_err(|_| {
            ValueError::malformed(
                text,
                "an IP address and a port, such as \"127.0.0.1:8080\" or \"[::1]:8080\"",
            )
        })
    }
}

impl Serialize for Listen {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&self.0.to_string())
    }
}

impl std::fmt::Display for Listen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl<'de> serde::Deserialize<'de> for Listen {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = crate::config::value::read_text(from, "an address such as \"127.0.0.1:8080\"")?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

schema!(Listen, { "type": "string", "$comment": "An IP address and a port; port 0 takes any free one." });

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn public_url_is_kept_byte_for_byte() {
        for text in
            ["https://a.example/mcp", "https://a.example", "https://a.example/", "https://A.example:443/mcp"]
        {
            assert_eq!(text.parse::<PublicUrl>().unwrap().as_str(), text);
        }
    }

    #[test]
    fn canonical_means_that_parsing_changes_nothing() {
        for (text, canonical) in [
            ("https://a.example/mcp", true),
            ("https://a.example", true),
            ("https://A.example/mcp", false),
            ("https://a.example:443/mcp", false),
            ("https://a.example/x/../mcp", false),
            ("http://127.1/mcp", false),
        ] {
            assert_eq!(text.parse::<PublicUrl>().unwrap().is_canonical(), canonical, "{text}");
        }
    }

    #[test]
    fn c03_identifier_with_query_fragment_or_user_is_refused() {
        for (bad, why) in [
            ("https://a.example/#f", "fragment"),
            ("https://a.example#", "fragment"),
            ("https://a.example/?q=1", "query"),
            ("https://a.example?", "query"),
            ("https://user:pw@a.example/", "user name"),
            ("https://@a.example/", "user name"),
            ("ftp://user:pw@a.example/", "user name"),
            ("ftp://a.example/", "https://"),
            ("https:a.example", "https://"),
            ("a.example/mcp", "absolute URL"),
            ("/mcp", "absolute URL"),
            ("", "absolute URL"),
            (" https://a.example/", "printable ASCII"),
            ("https://a.example/\"", "printable ASCII"),
            ("https://é.example/", "printable ASCII"),
        ] {
            let error = bad.parse::<IssuerUrl>().unwrap_err().to_string();
            assert!(error.contains(why), "{bad}: {error}");
            assert!(!error.contains("pw"), "{error}");
        }
    }

    #[test]
    fn loopback_is_this_machine_and_nothing_that_looks_like_it() {
        for (text, loopback) in [
            ("http://localhost:1/", true),
            ("http://127.8.9.10/", true),
            ("http://[::1]:9/", true),
            ("http://localhost.evil/", false),
            ("http://0.0.0.0/", false),
            ("http://127.0.0.1.evil/", false),
            ("http://10.0.0.1/", false),
        ] {
            assert_eq!(text.parse::<HttpUrl>().unwrap().is_loopback(), loopback, "{text}");
        }
    }

    #[test]
    fn origin_is_written_as_browsers_send_it() {
        assert!("https://app.example".parse::<WebOrigin>().is_ok());
        assert!("http://localhost:6274".parse::<WebOrigin>().is_ok());
        for bad in [
            "https://app.example/",
            "https://APP.example",
            "https://app.example:443",
            "null",
            "*",
            "app.example",
            "https://*.example",
            "https://a!b.example",
        ] {
            assert!(bad.parse::<WebOrigin>().is_err(), "{bad}");
        }
    }

    #[test]
    fn host_is_a_name_or_an_address_for_every_port_or_for_one() {
        for ok in
            ["example.com", "127.0.0.1", "[::1]", "localhost", "example.com:80", "[::1]:8443", "a_b:65535"]
        {
            assert_eq!(ok.parse::<HostName>().unwrap().as_str(), ok);
        }
        for (bad, why) in [
            ("EXAMPLE.com:80", "write it \"example.com:80\""),
            ("127.1", "write it \"127.0.0.1\""),
            ("[0:0::1]:80", "write it \"[::1]:80\""),
            ("*.example.com", "no wildcard"),
            ("a!b", "no wildcard"),
            ("", "a host, or a host and a port"),
            (":80", "a host, or a host and a port"),
            ("example.com:", "a host, or a host and a port"),
            ("example.com:0", "a host, or a host and a port"),
            ("example.com:080", "a host, or a host and a port"),
            ("example.com:+80", "a host, or a host and a port"),
            ("example.com:65536", "a host, or a host and a port"),
            ("a:b:80", "a host, or a host and a port"),
            ("::1", "a host, or a host and a port"),
            ("[::1]80", "a host, or a host and a port"),
            ("a b", "a host, or a host and a port"),
            ("http://a", "a host, or a host and a port"),
        ] {
            let error = bad.parse::<HostName>().unwrap_err().to_string();
            assert!(error.contains(why), "{bad}: {error}");
        }
    }

    #[test]
    fn listen_is_an_address_not_a_name() {
        assert!("127.0.0.1:0".parse::<Listen>().unwrap().is_loopback());
        assert!(!"0.0.0.0:80".parse::<Listen>().unwrap().is_loopback());
        for bad in ["localhost:80", "80", ":80", "127.0.0.1", "127.0.0.1:70000"] {
            assert!(bad.parse::<Listen>().is_err(), "{bad}");
        }
    }
}
