//! A host by its name, and the address and port where it is.

use std::net::SocketAddr;
use std::str::FromStr;

use mcp_auth_core::net::Host;
use serde::Serialize;

use super::{ValueError, text_value};

/// The name of a host, in lower case: `"client.test"`. An address is not one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct HostName(String);

impl HostName {
    /// The name's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for HostName {
    type Err = ValueError;
    fn from_str(text: &str) -> Result<Self, ValueError> {
        match text.parse() {
            Ok(Host::Name(name)) if name == text && !name.ends_with('.') => Ok(Self(name)),
            _ => {
                Err(ValueError::malformed(text, "the name of a host in lower case, such as \"client.test\""))
            }
        }
    }
}

text_value!(HostName, "the name of a host such as \"client.test\"");

/// An IP address and a port: `"127.0.0.1:8443"`, `"[::1]:8443"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct AddressAndPort(SocketAddr);

impl AddressAndPort {
    /// Both.
    pub fn get(self) -> SocketAddr {
        self.0
    }
}

impl FromStr for AddressAndPort {
    type Err = ValueError;
    fn from_str(text: &str) -> Result<Self, ValueError> {
        match text.parse::<SocketAddr>() {
            Ok(address) if address.port() != 0 => Ok(Self(address)),
            _ => Err(ValueError::malformed(text, "an IP address and a port such as \"127.0.0.1:8443\"")),
        }
    }
}

text_value!(AddressAndPort, "an IP address and a port such as \"127.0.0.1:8443\"");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_has_a_name_in_lower_case_and_an_address_has_a_port() {
        for good in ["client.test", "localhost", "a-b.example.com"] {
            assert!(good.parse::<HostName>().is_ok(), "{good}");
        }
        for bad in [
            "",
            "Client.test",
            "client.test.",
            "client.test:8443",
            "https://client.test",
            "127.0.0.1",
            "[::1]",
            "*.test",
        ] {
            assert!(bad.parse::<HostName>().is_err(), "{bad}");
        }
        for good in ["127.0.0.1:8443", "[::1]:8443"] {
            assert!(good.parse::<AddressAndPort>().is_ok(), "{good}");
        }
        for bad in ["", "127.0.0.1", "127.0.0.1:0", "localhost:8443", "::1:8443", "127.0.0.1:99999"] {
            assert!(bad.parse::<AddressAndPort>().is_err(), "{bad}");
        }
    }
}
