//! A host, with or without a port.

use std::fmt;
use std::net::SocketAddr;
use std::str::FromStr;

use super::{Host, InvalidHost};

/// What a `Host` header names (RFC 9110 §7.2): a host, and a port unless it is left out. It has no user information.
///
/// - Shape: [`Host`], optionally followed by `:` and the port: 1 to 65535, without leading zeros.
///
/// # Example
/// ```
/// use mcp_auth_core::net::Authority;
/// let authority: Authority = "Example.com:8443".parse().unwrap();
/// assert_eq!((authority.to_string().as_str(), authority.port()), ("example.com:8443", Some(8443)));
/// assert!("user@example.com".parse::<Authority>().is_err());
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Authority {
    pub(super) host: Host,
    pub(super) port: Option<u16>,
}

impl Authority {
    /// Joins `host` and `port`; `None` means the default port of the scheme.
    pub fn new(host: Host, port: Option<u16>) -> Self {
        Self { host, port }
    }

    /// The host part, without the port.
    pub fn host(&self) -> &Host {
        &self.host
    }

    /// The port, if one is written.
    pub fn port(&self) -> Option<u16> {
        self.port
    }
}

impl FromStr for Authority {
    type Err = InvalidHost;

    fn from_str(text: &str) -> Result<Self, InvalidHost> {
        let colon = text.rfind(':').filter(|at| !text[*at..].contains(']')); // not one inside an IPv6 address
        let (host, port) = text.split_at(colon.unwrap_or(text.len()));
        let number = match port.strip_prefix(':') {
            None => None,
            Some(digits) if digits.starts_with(['0', '+']) => return Err(InvalidHost::Malformed),
            Some(digits) => Some(digits.parse().map_err(|_| InvalidHost::Malformed)?),
        };
        match host.parse() {
            Ok(host) => Ok(Self { host, port: number }),
            Err(InvalidHost::Spelling(host)) => Err(InvalidHost::Spelling(host + port)),
            Err(invalid) => Err(invalid),
        }
    }
}

impl From<SocketAddr> for Authority {
    fn from(address: SocketAddr) -> Self {
        Self { host: address.ip().into(), port: Some(address.port()) }
    }
}

impl fmt::Display for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.port {
            Some(port) => write!(f, "{}:{port}", self.host),
            None => self.host.fmt(f),
        }
    }
}

impl serde::Serialize for Authority {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_authority_is_a_host_for_every_port_or_for_one() {
        for (text, host, port) in [
            ("example.com", "example.com", None),
            ("EXAMPLE.com:80", "example.com", Some(80)),
            ("127.0.0.1:8080", "127.0.0.1", Some(8080)),
            ("[::1]", "[::1]", None),
            ("[0:0::1]:65535", "[::1]", Some(65535)),
        ] {
            let read = text.parse::<Authority>().map(|read| (read.host().to_string(), read.port()));
            assert_eq!(read, Ok((host.to_owned(), port)), "{text}");
        }
    }

    #[test]
    fn what_names_no_host_and_port_is_refused() {
        for text in [
            "",
            ":80",
            "example.com:",
            "example.com:0",
            "example.com:080",
            "example.com:+80",
            "example.com:-1",
            "example.com:x",
            "example.com:65536",
            "a:80:80",
            "::1",
            "[::1]80",
            "user@a",
            "a/",
            "https://a",
            "a b",
            "a%00:80",
        ] {
            assert_eq!(text.parse::<Authority>(), Err(InvalidHost::Malformed), "{text}");
        }
        assert_eq!("a,b:80".parse::<Authority>(), Err(InvalidHost::Character));
        assert_eq!("127.1:80".parse::<Authority>(), Err(InvalidHost::Spelling("127.0.0.1:80".to_owned())));
    }
}
