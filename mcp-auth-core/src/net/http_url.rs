//! A URL as it was written. What is published or compared byte for byte keeps its text; the parsed form beside it is
//! for looking at the parts only.

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

/// Text that is not the URL that is needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidUrl {
    /// A name and password in front of the host only ever disguise it, and they are secrets.
    #[error("a URL here holds no user name or password")]
    UserInfo,
    /// URL parsers forgive characters that no URL has (RFC 3986 §2), each in its own way.
    #[error("a URL holds printable ASCII only, without spaces, quotes and backslashes")]
    Character,
    /// Not absolute, or without a host.
    #[error("expected {}", InvalidUrl::EXPECTED)]
    NotAbsolute,
    /// Neither `https` nor `http`.
    #[error("the URL must start with https:// (or http:// on loopback)")]
    Scheme,
    /// A host that no computer has.
    #[error("a host holds letters, digits and - . _ only, and no wildcard")]
    Host,
    /// RFC 8707 §2, RFC 8414 §2.
    #[error("it must have no fragment (the part from #)")]
    Fragment,
    /// RFC 8414 §2.
    #[error("it must have no query (the part from ?)")]
    Query,
}

impl InvalidUrl {
    /// What a URL looks like.
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
