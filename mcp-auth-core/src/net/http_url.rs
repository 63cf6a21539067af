//! A URL with the text it was written in. The text is what is published and compared byte for byte; the parsed form
//! beside it is only for looking at the parts.

use std::fmt;
use std::str::FromStr;

use url::Url;

use super::{is_loopback, is_secure};

/// An absolute `https` or `http` URL: its text, and its parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpUrl {
    text: String,
    url: Url,
}

/// Why a text is not a URL of the required kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidUrl {
    /// It has a user name or password before the host: these are secrets, and they can hide which host is meant.
    #[error("a URL here holds no user name or password")]
    UserInfo,
    /// It has characters that RFC 3986 §2 does not allow; URL parsers correct them in different ways.
    #[error("a URL holds printable ASCII only, without spaces, quotes and backslashes")]
    Character,
    /// Not an absolute URL, or without a host.
    #[error("expected {}", InvalidUrl::EXPECTED)]
    NotAbsolute,
    /// The scheme is neither `https` nor `http`.
    #[error("the URL must start with https:// (or http:// on loopback)")]
    Scheme,
    /// The host has characters that host names do not have.
    #[error("a host holds letters, digits and - . _ only, and no wildcard")]
    Host,
    /// It has a fragment, which RFC 8707 §2 and RFC 8414 §2 forbid.
    #[error("it must have no fragment (the part from #)")]
    Fragment,
    /// It has a query, which RFC 8414 §2 forbids.
    #[error("it must have no query (the part from ?)")]
    Query,
}

impl InvalidUrl {
    /// The expected form with an example, for error messages.
    pub const EXPECTED: &'static str = "an absolute URL such as \"https://example.com/path\"";
}

impl HttpUrl {
    /// The text, byte for byte as it was given.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The parsed form; its text may differ from [`HttpUrl::as_str`].
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// Whether the host is this machine.
    pub fn is_loopback(&self) -> bool {
        is_loopback(&self.url)
    }

    /// Whether it is `https`, or `http` on this machine.
    pub fn is_secure(&self) -> bool {
        is_secure(&self.url)
    }

    /// What stands between `//` and the path or query, and what follows it.
    pub(crate) fn split(text: &str) -> (&str, &str) {
        let rest = text.split_once("//").map_or("", |(_, rest)| rest);
        rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()))
    }
}

impl FromStr for HttpUrl {
    type Err = InvalidUrl;

    fn from_str(text: &str) -> Result<Self, InvalidUrl> {
        let (authority, _) = Self::split(text);
        if authority.contains('@') {
            return Err(InvalidUrl::UserInfo);
        }
        if !text.bytes().all(|b| matches!(b, 0x21 | 0x23..=0x5B | 0x5D..=0x7E)) {
            return Err(InvalidUrl::Character);
        }
        let url = Url::parse(text).map_err(|_| InvalidUrl::NotAbsolute)?;
        let after_scheme = text.split_once(':').map(|(_, rest)| rest);
        if !matches!(url.scheme(), "http" | "https")
            || !after_scheme.is_some_and(|rest| rest.starts_with("//"))
        {
            return Err(InvalidUrl::Scheme);
        }
        // The parser skips slashes until it finds a host (`https:///a` would be `https://a`), and an empty port.
        if authority.is_empty() || authority.ends_with(':') {
            return Err(InvalidUrl::NotAbsolute);
        }
        Ok(Self { text: text.to_owned(), url })
    }
}

impl fmt::Display for HttpUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl serde::Serialize for HttpUrl {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_keeps_its_text() {
        for text in ["https://A.example:443/x/../mcp", "http://127.1", "https://a.example?x#y"] {
            assert_eq!(text.parse::<HttpUrl>().unwrap().as_str(), text);
        }
    }

    #[test]
    fn what_is_not_an_absolute_http_url_is_refused() {
        for (text, expected) in [
            ("https://user:pw@a.example/", InvalidUrl::UserInfo),
            ("https://@a.example/", InvalidUrl::UserInfo),
            ("ftp://user:pw@a.example/", InvalidUrl::UserInfo),
            (" https://a.example/", InvalidUrl::Character),
            ("https://a.example/\"", InvalidUrl::Character),
            ("https:\\\\a.example", InvalidUrl::Character),
            ("https://é.example/", InvalidUrl::Character),
            ("", InvalidUrl::NotAbsolute),
            ("/mcp", InvalidUrl::NotAbsolute),
            ("a.example/mcp", InvalidUrl::NotAbsolute),
            ("https://", InvalidUrl::NotAbsolute),
            ("https:///mcp", InvalidUrl::NotAbsolute),
            ("https://a.example:/mcp", InvalidUrl::NotAbsolute),
            ("ftp://a.example/", InvalidUrl::Scheme),
            ("https:a.example", InvalidUrl::Scheme),
        ] {
            assert_eq!(text.parse::<HttpUrl>(), Err(expected), "{text}");
        }
    }
}
