//! A network: addresses that begin alike, written in CIDR.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

/// Addresses that begin alike: `10.0.0.0/8`, `2001:db8::/32`, or one address, `192.0.2.7`.
///
/// An IPv4-mapped IPv6 address is the IPv4 address, wherever it is compared: a listener for both families sees every IPv4
/// peer as one. Written in a network it is refused, so that a network has one spelling.
///
/// # Example
/// ```
/// use mcp_auth_core::net::Network;
/// let network: Network = "10.0.0.0/8".parse().unwrap();
/// assert!(network.contains("10.1.2.3".parse().unwrap()));
/// assert!(network.contains("::ffff:10.1.2.3".parse().unwrap()));
/// assert!(!network.contains("11.0.0.1".parse().unwrap()) && !network.contains("::1".parse().unwrap()));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Network {
    /// The lowest address.
    first: IpAddr,
    /// How many bits all of them begin with.
    bits: u8,
}

/// Text that is not a network.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidNetwork {
    /// Not an address, or an address, a slash and a number.
    #[error("not an address, or a network such as \"10.0.0.0/8\" or \"2001:db8::/32\"")]
    Malformed,
    /// More bits than such an address has.
    #[error("such an address has {0} bits")]
    Bits(u8),
    /// It can be read in two ways; holds the unambiguous spelling.
    #[error("write it {0:?}")]
    Spelling(String),
}

impl Network {
    /// Whether the network has this address.
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.first, address.to_canonical()) {
            (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => false,
            (_, address) => lowest(address, self.bits) == self.first,
        }
    }

    /// Whether some address is in both.
    pub fn overlaps(&self, other: &Self) -> bool {
        self.contains(other.first) || other.contains(self.first)
    }

    /// Whether it has every address of its kind.
    pub fn is_everything(&self) -> bool {
        self.bits == 0
    }
}

impl FromStr for Network {
    type Err = InvalidNetwork;

    fn from_str(text: &str) -> Result<Self, InvalidNetwork> {
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| InvalidNetwork::Malformed)?;
        let most = bits_of(address);
        let bits = match bits {
            None => most,
            Some(bits) if bits.is_empty() || !bits.bytes().all(|byte| byte.is_ascii_digit()) => {
                return Err(InvalidNetwork::Malformed);
            }
            Some(bits) => bits.parse().ok().filter(|bits| *bits <= most).ok_or(InvalidNetwork::Bits(most))?,
        };
        let is_mapped = address.is_ipv6() && address.to_canonical().is_ipv4();
        if is_mapped && bits >= 96 {
            let written = Self { first: lowest(address.to_canonical(), bits - 96), bits: bits - 96 };
            return Err(InvalidNetwork::Spelling(written.to_string()));
        }
        let network = Self { first: lowest(address, bits), bits };
        match network.first == address {
            true => Ok(network),
            false => Err(InvalidNetwork::Spelling(network.to_string())),
        }
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.bits == bits_of(self.first) {
            true => write!(f, "{}", self.first),
            false => write!(f, "{}/{}", self.first, self.bits),
        }
    }
}

fn bits_of(address: IpAddr) -> u8 {
    if address.is_ipv4() { 32 } else { 128 }
}

/// The lowest address that begins with the first `bits` of `address`.
fn lowest(address: IpAddr, bits: u8) -> IpAddr {
    let bits = u32::from(bits);
    match address {
        IpAddr::V4(address) => {
            let mask = u32::MAX.checked_shl(32 - bits).unwrap_or(0);
            Ipv4Addr::from_bits(address.to_bits() & mask).into()
        }
        IpAddr::V6(address) => {
            let mask = u128::MAX.checked_shl(128 - bits).unwrap_or(0);
            Ipv6Addr::from_bits(address.to_bits() & mask).into()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn has(network: &str, address: &str) -> bool {
        network.parse::<Network>().unwrap().contains(address.parse().unwrap())
    }

    #[test]
    fn a_network_has_the_addresses_that_begin_as_it_does_and_no_others() {
        for (network, inside, outside) in [
            ("10.0.0.0/8", "10.255.255.255", "11.0.0.0"),
            ("192.0.2.128/25", "192.0.2.128", "192.0.2.127"),
            ("192.0.2.7", "192.0.2.7", "192.0.2.6"),
            ("192.0.2.7/32", "192.0.2.7", "192.0.2.8"),
            ("0.0.0.0/0", "203.0.113.9", "::1"),
            ("::/0", "2001:db8::1", "203.0.113.9"),
            ("2001:db8::/32", "2001:db8:ffff::1", "2001:db9::"),
            ("2001:db8::1", "2001:db8::1", "2001:db8::2"),
            ("2001:db8::/127", "2001:db8::1", "2001:db8::2"),
        ] {
            assert!(has(network, inside), "{network} {inside}");
            assert!(!has(network, outside), "{network} {outside}");
        }
    }

    #[test]
    fn two_networks_overlap_where_one_holds_the_other() {
        let overlap = |one: &str, other: &str| {
            let (one, other): (Network, Network) = (one.parse().unwrap(), other.parse().unwrap());
            assert_eq!(one.overlaps(&other), other.overlaps(&one));
            one.overlaps(&other)
        };
        assert!(overlap("10.0.0.0/8", "10.1.2.3") && overlap("0.0.0.0/0", "10.0.0.0/8"));
        assert!(overlap("2001:db8::/32", "2001:db8::/48") && overlap("10.0.0.1", "10.0.0.1"));
        assert!(!overlap("10.0.0.0/9", "10.128.0.0/9") && !overlap("::/0", "0.0.0.0/0"));
    }

    #[test]
    fn an_ipv4_address_is_itself_also_where_ipv6_writes_it() {
        assert!(has("10.0.0.0/8", "::ffff:10.1.2.3"));
        assert!(!has("10.0.0.0/8", "::ffff:11.1.2.3") && !has("10.0.0.0/8", "::10.1.2.3"));
        assert!(!has("::/0", "::ffff:10.1.2.3"), "it is not an address of IPv6");
    }

    #[test]
    fn what_is_not_one_network_in_one_spelling_is_refused() {
        for (text, right) in [
            ("10.0.0.1/8", "10.0.0.0/8"),
            ("2001:db8::1/32", "2001:db8::/32"),
            ("::ffff:10.0.0.0/104", "10.0.0.0/8"),
            ("::ffff:10.0.0.7", "10.0.0.7"),
        ] {
            assert_eq!(text.parse::<Network>(), Err(InvalidNetwork::Spelling(right.to_owned())), "{text}");
        }
        for (text, bits) in [("10.0.0.0/33", 32), ("::/129", 128), ("10.0.0.0/999", 32)] {
            assert_eq!(text.parse::<Network>(), Err(InvalidNetwork::Bits(bits)), "{text}");
        }
        for text in [
            "",
            "10",
            "10.0.0.0/",
            "/8",
            "10.0.0/8",
            "10.0.0.0/+8",
            "10.0.0.0/8/8",
            "10.0.0.0 /8",
            "a.example",
            "010.0.0.1",
            "fe80::1%eth0",
            "[::1]",
            "10.0.0.0/-1",
            "*",
        ] {
            assert_eq!(text.parse::<Network>(), Err(InvalidNetwork::Malformed), "{text}");
        }
    }

    #[test]
    fn a_network_is_written_as_it_is_read() {
        for text in ["10.0.0.0/8", "192.0.2.7", "2001:db8::/32", "::1", "0.0.0.0/0"] {
            assert_eq!(text.parse::<Network>().unwrap().to_string(), text);
        }
    }
}
