//! A web origin: scheme, host and port.

use std::fmt;
use std::net::SocketAddr;
use std::str::FromStr;

use url::Url;

use super::{Authority, Host};

/// An origin as browsers send it (RFC 6454 §6.2): scheme, host, and the port unless it is the default port of the
/// scheme.
///
/// # Example
/// ```
/// use mcp_auth_core::net::Origin;
/// let origin: Origin = "https://App.example:443".parse().unwrap();
/// assert_eq!(origin.to_string(), "https://app.example");
/// assert!("null".parse::<Origin>().is_err());
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Origin {
    scheme: String,
    /// Host and port; the default port of the scheme is left out.
    authority: Authority,
}

/// Text that is not exactly one origin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected `scheme://host` or `scheme://host:port`, without a path; `*` and `null` are not origins")]
pub struct InvalidOrigin;

impl Origin {
    fn new(scheme: String, host: Host, port: Option<u16>) -> Self {
        let port = port.filter(|port| default_port(&scheme) != Some(*port));
        Self { scheme, authority: Authority::new(host, port) }
    }

    /// The origin of an `http` or `https` URL whose host is an address or a name without odd characters.
    pub fn of(url: &Url) -> Option<Self> {
        let host = Host::of(url).filter(Host::is_plain)?;
        let is_usable = matches!(url.scheme(), "http" | "https") && url.port() != Some(0);
        is_usable.then(|| Self::new(url.scheme().to_owned(), host, url.port()))
    }

    /// The origin of a listener at `address` without TLS.
    pub fn of_listener(address: SocketAddr) -> Self {
        Self::new("http".to_owned(), address.ip().into(), Some(address.port()))
    }

    /// The scheme, in lower case.
    pub fn scheme(&self) -> &str {
        &self.scheme
    }

    /// The host part, without the port.
    pub fn host(&self) -> &Host {
        self.authority.host()
    }

    /// Host and port as URLs write them: without the default port of the scheme.
    pub fn authority(&self) -> &Authority {
        &self.authority
    }

    /// The port as written, else the default port of the scheme.
    pub fn port(&self) -> Option<u16> {
        self.authority.port().or_else(|| self.default_port())
    }

    /// The default port of the scheme: 80 for `http`, 443 for `https`.
    pub fn default_port(&self) -> Option<u16> {
        default_port(&self.scheme)
    }
}

fn default_port(scheme: &str) -> Option<u16> {
    match scheme {
        "http" => Some(80),
        "https" => Some(443),
        _ => None,
    }
}

impl FromStr for Origin {
    type Err = InvalidOrigin;

    fn from_str(text: &str) -> Result<Self, InvalidOrigin> {
        let (scheme, authority) = text.split_once("://").ok_or(InvalidOrigin)?;
        let is_scheme_byte = |byte: u8| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte);
        if !scheme.starts_with(|first: char| first.is_ascii_alphabetic())
            || !scheme.bytes().all(is_scheme_byte)
        {
            return Err(InvalidOrigin);
        }
        let Authority { host, port } = authority.parse().map_err(|_| InvalidOrigin)?;
        Ok(Self::new(scheme.to_ascii_lowercase(), host, port))
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.scheme, self.authority)
    }
}

impl serde::Serialize for Origin {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_compared_without_case_and_without_the_port_of_its_scheme() {
        for (text, expected) in [
            ("https://app.example", "https://app.example"),
            ("HTTPS://APP.example:443", "https://app.example"),
            ("https://app.example:80", "https://app.example:80"),
            ("http://localhost:6274", "http://localhost:6274"),
            ("http://[0:0::1]:80", "http://[::1]"),
            ("vscode-webview://abc", "vscode-webview://abc"),
        ] {
            assert_eq!(text.parse::<Origin>().unwrap().to_string(), expected);
        }
        assert_eq!("https://a".parse::<Origin>().unwrap().port(), Some(443));
        assert_ne!("http://a".parse::<Origin>(), "https://a".parse());
        assert_eq!(
            Origin::of_listener(SocketAddr::from(([127, 0, 0, 1], 80))).to_string(),
            "http://127.0.0.1"
        );
    }

    #[test]
    fn what_is_not_an_origin_is_refused() {
        for text in [
            "",
            "*",
            "null",
            "app.example",
            "localhost:8080",
            "://localhost",
            "1http://a",
            "https://",
            "https://app.example/",
            "https://app.example?",
            "https://u@app.example",
            "https://a b",
            "https://*",
            "file://",
            "http://localhost:8080 http://evil.example",
            "http://127.1",
        ] {
            assert_eq!(text.parse::<Origin>(), Err(InvalidOrigin), "{text}");
        }
    }

    #[test]
    fn the_origin_of_a_url_is_what_a_browser_sends_from_there() {
        for (text, origin) in [
            ("https://A.example:443/x?y", Some("https://a.example")),
            ("http://127.1:8080/mcp", Some("http://127.0.0.1:8080")),
            ("https://a!b.example/", None),
            ("https://a.example:0/", None),
            ("ftp://a.example/", None),
            ("data:x", None),
        ] {
            let of = Origin::of(&Url::parse(text).unwrap()).map(|origin| origin.to_string());
            assert_eq!(of.as_deref(), origin, "{text}");
        }
    }
}
