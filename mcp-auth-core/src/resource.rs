//! The resource identifier (RFC 8707 §2, RFC 9728 §1.2), and where its metadata is.

use std::fmt;
use std::net::SocketAddr;
use std::str::FromStr;

use crate::net::{HttpUrl, InvalidUrl, Origin};

/// The registered well-known path (RFC 9728 §3).
pub const WELL_KNOWN: &str = "/.well-known/oauth-protected-resource";

/// A resource identifier: the URL of an MCP endpoint, which tokens name in `aud`.
///
/// - Shape: an absolute `https` or `http` URL without user information and fragment.
/// - It is published and compared byte for byte as it was given; its parts are for looking at.
///
/// # Example
/// ```
/// use mcp_auth_core::Resource;
/// let resource: Resource = "https://Todos.example.com/mcp".parse().unwrap();
/// assert_eq!(resource.as_str(), "https://Todos.example.com/mcp");
/// assert_eq!(resource.origin().to_string(), "https://todos.example.com");
/// assert_eq!(
///     resource.metadata_url(),
///     "https://Todos.example.com/.well-known/oauth-protected-resource/mcp"
/// );
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resource {
    text: String,
    /// The byte offset in `text` at which the path or query begins.
    tail: usize,
    origin: Origin,
    /// The text as a client writes it after parsing the URL.
    canonical: String,
    path: String,
}

impl Resource {
    /// The identifier of a listener at `address` without TLS that answers at `path`, which starts with `/`.
    pub fn of_listener(address: SocketAddr, path: &str) -> Self {
        let origin = Origin::of_listener(address);
        // The port is always written, even 80, so that the identifier shows where the server listens.
        let base = format!("http://{}", crate::net::Authority::from(address));
        let text = format!("{base}{path}");
        Self { tail: base.len(), canonical: format!("{origin}{path}"), origin, text, path: path.to_owned() }
    }

    /// The text, byte for byte as it was given.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The origin of the URL: scheme, host and port.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// The path of the URL, as a client requests it.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The text as a client writes it that parses URLs before it compares them.
    pub fn canonical(&self) -> &str {
        &self.canonical
    }

    /// Whether parsing changes nothing except adding a missing slash after the host.
    pub fn is_canonical(&self) -> bool {
        self.canonical == self.text || self.canonical.strip_suffix('/') == Some(&self.text)
    }

    /// Whether the host is this machine.
    pub fn is_loopback(&self) -> bool {
        self.origin.host().is_loopback()
    }

    /// Whether it is `https`, or `http` on this machine.
    pub fn is_secure(&self) -> bool {
        self.origin.is_secure()
    }

    /// Whether it has a query, which a resource identifier should not have (RFC 8707 §2).
    pub fn has_query(&self) -> bool {
        self.text.contains('?')
    }

    /// The path at which its metadata is served (RFC 9728 §3.1): the well-known path followed by the path of the
    /// resource, which is left out if it is just `/`.
    pub fn metadata_path(&self) -> String {
        let (path, _) = self.path_and_query();
        format!("{WELL_KNOWN}{path}")
    }

    /// The absolute URL of its metadata, for `resource_metadata` in a challenge (RFC 9728 §5.1).
    pub fn metadata_url(&self) -> String {
        let (path, query) = self.path_and_query();
        format!("{}{WELL_KNOWN}{path}{query}", &self.text[..self.tail])
    }

    /// Whether a `resource` parameter names this resource (RFC 8707 §2): the same bytes, except for the case of
    /// scheme and host, which MCP asks servers to ignore, and the slash that URL libraries add to an empty path.
    pub fn is_named_by(&self, presented: &str) -> bool {
        let (own_base, own_tail) = self.text.split_at(self.tail);
        let Some((base, tail)) = presented.split_at_checked(self.tail) else { return false };
        let root = |tail: &str| tail.is_empty() || tail == "/";
        base.eq_ignore_ascii_case(own_base) && (tail == own_tail || root(tail) && root(own_tail))
    }

    /// Path and query as written: the path is empty if it is just `/`, and the query starts with its `?`.
    fn path_and_query(&self) -> (&str, &str) {
        let tail = &self.text[self.tail..];
        let (path, query) = tail.split_at(tail.find('?').unwrap_or(tail.len()));
        (if path == "/" { "" } else { path }, query)
    }
}

impl FromStr for Resource {
    type Err = InvalidUrl;

    fn from_str(text: &str) -> Result<Self, InvalidUrl> {
        let url: HttpUrl = text.parse()?;
        if text.contains('#') {
            return Err(InvalidUrl::Fragment);
        }
        let origin = Origin::of(url.url()).ok_or(InvalidUrl::Host)?;
        let (_, tail) = HttpUrl::split(text);
        Ok(Self {
            text: text.to_owned(),
            tail: text.len() - tail.len(),
            origin,
            canonical: url.url().to_string(),
            path: url.url().path().to_owned(),
        })
    }
}

impl fmt::Display for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl PartialEq<str> for Resource {
    fn eq(&self, text: &str) -> bool {
        self.text == text
    }
}

impl PartialEq<&str> for Resource {
    fn eq(&self, text: &&str) -> bool {
        self.text == *text
    }
}

impl serde::Serialize for Resource {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resource(text: &str) -> Resource {
        text.parse().unwrap()
    }

    #[test]
    fn a_resource_is_kept_byte_for_byte() {
        for text in
            ["https://a.example/mcp", "https://a.example", "https://a.example/", "https://A.example:443/mcp"]
        {
            assert_eq!(resource(text).as_str(), text);
            assert_eq!(serde_json::to_value(resource(text)).unwrap(), text);
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
            assert_eq!(resource(text).is_canonical(), canonical, "{text}");
        }
    }

    #[test]
    fn a_listener_has_the_identifier_of_its_address() {
        for (address, text) in [
            ("127.0.0.1:4711", "http://127.0.0.1:4711/mcp"),
            ("[::1]:9", "http://[::1]:9/mcp"),
            ("127.0.0.1:80", "http://127.0.0.1:80/mcp"),
        ] {
            let listens = Resource::of_listener(address.parse().unwrap(), "/mcp");
            assert_eq!(listens, text);
            assert_eq!(listens, resource(text), "the same parts as by reading it");
        }
    }

    #[test]
    fn the_well_known_path_goes_between_host_and_path() {
        for (text, path, url) in [
            ("https://a.example", "", "https://a.example/.well-known/oauth-protected-resource"),
            ("https://a.example/", "", "https://a.example/.well-known/oauth-protected-resource"),
            ("https://a.example/mcp", "/mcp", "https://a.example/.well-known/oauth-protected-resource/mcp"),
            (
                "https://a.example/mcp/",
                "/mcp/",
                "https://a.example/.well-known/oauth-protected-resource/mcp/",
            ),
            ("http://[::1]:8080/a/b", "/a/b", "http://[::1]:8080/.well-known/oauth-protected-resource/a/b"),
            ("https://a.example/m?x=1", "/m", "https://a.example/.well-known/oauth-protected-resource/m?x=1"),
            ("https://a.example?x=1", "", "https://a.example/.well-known/oauth-protected-resource?x=1"),
        ] {
            let resource = resource(text);
            assert_eq!(resource.metadata_path(), format!("{WELL_KNOWN}{path}"), "{text}");
            assert_eq!(resource.metadata_url(), url);
        }
    }

    #[test]
    fn what_is_not_a_resource_identifier_is_refused() {
        for (text, expected) in [
            ("", InvalidUrl::NotAbsolute),
            ("/mcp", InvalidUrl::NotAbsolute),
            ("a.example/mcp", InvalidUrl::NotAbsolute),
            ("https://", InvalidUrl::NotAbsolute),
            ("https:///mcp", InvalidUrl::NotAbsolute),
            ("ftp://a.example", InvalidUrl::Scheme),
            ("https://a.example/mcp#f", InvalidUrl::Fragment),
            ("https://u@a.example/mcp", InvalidUrl::UserInfo),
            ("https://a.example/ mcp", InvalidUrl::Character),
            ("https://*.example/mcp", InvalidUrl::Host),
            ("https://a.example:0/mcp", InvalidUrl::Host),
        ] {
            assert_eq!(text.parse::<Resource>(), Err(expected), "{text}");
        }
    }

    #[test]
    fn a_resource_is_named_by_its_text_save_for_the_case_of_its_host_and_the_slash_of_an_empty_path() {
        for (own, presented) in [
            ("http://localhost:8080/mcp", "http://localhost:8080/mcp"),
            ("http://localhost:8080/mcp", "HTTP://LocalHost:8080/mcp"),
            ("https://a.example", "https://a.example/"),
            ("https://a.example/", "https://a.example"),
        ] {
            assert!(resource(own).is_named_by(presented), "{own} {presented}");
        }
        for (own, presented) in [
            ("http://localhost:8080/mcp", "http://localhost:8080/MCP"),
            ("http://localhost:8080/mcp", "http://localhost:8080/mcp/"),
            ("http://localhost:8080/mcp", "http://localhost:8080/"),
            ("http://localhost:8080/mcp", "http://localhost:8080/mcp#f"),
            ("http://localhost:8080/mcp", "http://localhost:8080/mcp?x"),
            ("http://localhost:8080/mcp", "/mcp"),
            ("http://localhost:8080/mcp", ""),
            ("http://localhost:80/mcp", "http://localhost:8080/mcp"),
            ("https://a.example", "https://a.example.evil"),
            ("https://a.example", "https://a.exampl\u{e9}"),
        ] {
            assert!(!resource(own).is_named_by(presented), "{own} {presented}");
        }
    }
}
