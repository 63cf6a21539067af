//! A host: a name or an IP address.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use url::Url;

/// A host, as `Host` and `Origin` headers and URLs name it: `example.com`, `127.0.0.1`, `[::1]`.
///
/// Names compare without case, addresses by value. Nothing else is normalised: `127.1` is not read as an address,
/// `localhost.` is not `localhost`, and an IPv4-mapped IPv6 address is not the IPv4 address.
///
/// # Example
/// ```
/// use mcp_auth_core::net::Host;
/// let host: Host = "LOCALHOST".parse().unwrap();
/// assert_eq!(host.to_string(), "localhost");
/// assert!("127.1".parse::<Host>().is_err());
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Host {
    /// A host name, in lower case.
    Name(String),
    /// An IPv4 or IPv6 address.
    Ip(IpAddr),
}

/// Text that is not a host, or not a host and a port.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidHost {
    /// Not a valid host, or followed by an invalid port.
    #[error("not a host, or a host and a port")]
    Malformed,
    /// It has characters that URLs allow but host names do not.
    #[error("a host holds letters, digits and - . _ only, and no wildcard")]
    Character,
    /// It can be read in two ways; holds the unambiguous spelling.
    #[error("write it {0:?}")]
    Spelling(String),
}

impl Host {
    /// The host of `url`, if it has one. The URL's parser has normalised it, so `127.1` is an address here.
    pub fn of(url: &Url) -> Option<Self> {
        url.host().map(Self::from)
    }

    /// Whether it is an address, or a name of letters, digits, `-`, `.` and `_` only.
    pub(super) fn is_plain(&self) -> bool {
        match self {
            Self::Name(name) => {
                !name.is_empty()
                    && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte))
            }
            Self::Ip(_) => true,
        }
    }
}

impl FromStr for Host {
    type Err = InvalidHost;

    fn from_str(text: &str) -> Result<Self, InvalidHost> {
        // Read by the URL standard's rules, as clients read it; then any text that those rules read as something else
        // is refused.
        let host = url::Host::parse(text).map(Self::from).map_err(|_| InvalidHost::Malformed)?;
        if !host.is_plain() {
            return Err(InvalidHost::Character);
        }
        let is_read_one_way = match &host {
            Self::Name(name) => name.eq_ignore_ascii_case(text),
            Self::Ip(IpAddr::V4(address)) => address.to_string() == text,
            Self::Ip(IpAddr::V6(_)) => true,
        };
        if is_read_one_way { Ok(host) } else { Err(InvalidHost::Spelling(host.to_string())) }
    }
}

impl<S: AsRef<str>> From<url::Host<S>> for Host {
    fn from(host: url::Host<S>) -> Self {
        match host {
            url::Host::Domain(name) => Self::Name(name.as_ref().to_ascii_lowercase()),
            url::Host::Ipv4(address) => Self::Ip(address.into()),
            url::Host::Ipv6(address) => Self::Ip(address.into()),
        }
    }
}

impl From<IpAddr> for Host {
    fn from(address: IpAddr) -> Self {
        Self::Ip(address)
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => f.write_str(name),
            Self::Ip(IpAddr::V4(address)) => address.fmt(f),
            Self::Ip(IpAddr::V6(address)) => url::Host::<&str>::Ipv6(*address).fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_compare_without_case_and_addresses_by_value() {
        for (text, expected) in [
            ("example.com", "example.com"),
            ("EXAMPLE.com", "example.com"),
            ("a_b-c.example", "a_b-c.example"),
            ("localhost.", "localhost."),
            ("127.0.0.1", "127.0.0.1"),
            ("[0:0::1]", "[::1]"),
            ("[2001:DB8::1]", "[2001:db8::1]"),
            ("[::ffff:127.0.0.1]", "[::ffff:7f00:1]"),
        ] {
            assert_eq!(text.parse::<Host>().map(|host| host.to_string()), Ok(expected.to_owned()), "{text}");
        }
        let mapped = "[::ffff:127.0.0.1]".parse::<Host>();
        assert_ne!(mapped, "127.0.0.1".parse());
    }

    #[test]
    fn what_could_be_read_in_two_ways_is_refused() {
        for (text, expected) in [
            ("127.1", "127.0.0.1"),
            ("0x7f000001", "127.0.0.1"),
            ("2130706433", "127.0.0.1"),
            ("127.0.0.01", "127.0.0.1"),
            ("localhost%2e", "localhost."),
            ("%6cocalhost", "localhost"),
            ("é.example", "xn--9ca.example"),
        ] {
            assert_eq!(text.parse::<Host>(), Err(InvalidHost::Spelling(expected.to_owned())), "{text}");
        }
    }

    #[test]
    fn what_is_not_a_host_is_refused() {
        for text in ["", " ", "a b", "a:b", "::1", "[::1", "[::1%25eth0]", "[::1%eth0]", "u@a", "a/b", "a%00"]
        {
            assert_eq!(text.parse::<Host>(), Err(InvalidHost::Malformed), "{text}");
        }
        for text in ["*", "*.example.com", "a!b", "a,b"] {
            assert_eq!(text.parse::<Host>(), Err(InvalidHost::Character), "{text}");
        }
    }
}
