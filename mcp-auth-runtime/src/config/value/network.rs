//! Networks, in CIDR.

use std::ops::Deref;
use std::str::FromStr;

use mcp_auth_core::net::{InvalidNetwork, Network};
use serde::{Serialize, Serializer};

use super::{ValueError, text_value};

/// One address or network in CIDR: `"192.0.2.7"`, `"10.0.0.0/8"`, `"2001:db8::/32"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cidr(Network);

impl Deref for Cidr {
    type Target = Network;
    fn deref(&self) -> &Network {
        &self.0
    }
}

impl FromStr for Cidr {
    type Err = ValueError;
    fn from_str(text: &str) -> Result<Self, ValueError> {
        text.parse().map(Self).map_err(|e: InvalidNetwork| ValueError::refused(text, e.to_string()))
    }
}

impl Serialize for Cidr {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(&self.0)
    }
}

text_value!(Cidr, "an address or a network such as \"10.0.0.0/8\"");

/// How a proxy in front of the server reaches it: from one of these addresses, or (`"unix"`) by a Unix socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Proxy(Option<Cidr>);

/// What stands for a Unix socket.
const UNIX: &str = "unix";

impl Proxy {
    /// Where its requests come from; `None` where they come by a Unix socket, which has no address.
    pub fn network(&self) -> Option<Network> {
        self.0.map(|network| *network)
    }
}

impl FromStr for Proxy {
    type Err = ValueError;
    fn from_str(text: &str) -> Result<Self, ValueError> {
        if text == UNIX {
            return Ok(Self(None));
        }
        let network: Cidr = text.parse()?;
        match network.is_everything() {
            true => {
                let why =
                    "every sender would be trusted to say which address it has; name those of your proxies";
                Err(ValueError::refused(text, why))
            }
            false => Ok(Self(Some(network))),
        }
    }
}

impl Serialize for Proxy {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match &self.0 {
            Some(network) => network.serialize(to),
            None => to.serialize_str(UNIX),
        }
    }
}

text_value!(Proxy, "an address, a network such as \"10.0.0.0/8\", or \"unix\"");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proxy_has_addresses_and_not_all_of_them() {
        for good in ["10.0.0.0/8", "192.0.2.7", "::1", "fd00::/8"] {
            assert_eq!(good.parse::<Proxy>().unwrap().network().unwrap().to_string(), good);
        }
        // It has no address, so it vouches for none.
        assert_eq!("unix".parse::<Proxy>().unwrap().network(), None);
        for (bad, why) in [
            ("0.0.0.0/0", "every sender would be trusted"),
            ("::/0", "every sender would be trusted"),
            ("Unix", "a network such as"),
            ("10.0.0.1/8", "write it \"10.0.0.0/8\""),
            ("proxy.example.com", "a network such as"),
        ] {
            let error = bad.parse::<Proxy>().unwrap_err().to_string();
            assert!(error.contains(why), "{bad}: {error}");
        }
    }
}
