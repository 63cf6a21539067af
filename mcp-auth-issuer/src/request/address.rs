//! Where a request comes from.

use std::net::{IpAddr, Ipv6Addr};

use axum::Extension;
use http::Extensions;
use mcp_auth_runtime::facade::ClientAddress;

/// The address of the client, if the server knows it.
pub(crate) fn client_address(extensions: &Extensions) -> Option<IpAddr> {
    ClientAddress::of(extensions.get::<ClientAddress>().copied().map(Extension))
        .map(|address| address.to_canonical())
}

/// What counts as one place: an address, and of IPv6 its network of 64 bits, of which one customer has all. Where it is not known, all are
/// counted together.
pub(crate) fn place(address: Option<IpAddr>) -> String {
    match address.map(|address| address.to_canonical()) {
        None => "unknown".to_owned(),
        Some(IpAddr::V4(address)) => address.to_string(),
        Some(IpAddr::V6(address)) => {
            let network = Ipv6Addr::from_bits(address.to_bits() >> 64 << 64);
            format!("{network}/64")
        }
    }
}

/// The IPv6 network of 48 bits that an address is in: many a customer has all of it (RFC 6177 §2), which is 65 536 [places](place).
pub(crate) fn site(address: Option<IpAddr>) -> Option<String> {
    match address?.to_canonical() {
        IpAddr::V4(_) => None,
        IpAddr::V6(address) => Some(format!("{}/48", Ipv6Addr::from_bits(address.to_bits() >> 80 << 80))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_one_ipv6_network_are_one_place() {
        let of = |address: &str| place(address.parse().ok());
        assert_eq!(of("2001:db8:1:2::1"), of("2001:db8:1:2:ffff:ffff:ffff:ffff"));
        assert_eq!(of("2001:db8:1:2::1"), "2001:db8:1:2::/64");
        assert_ne!(of("2001:db8:1:3::1"), of("2001:db8:1:2::1"));
        assert_eq!(of("::ffff:192.0.2.1"), of("192.0.2.1"));
        assert_ne!(of("192.0.2.2"), of("192.0.2.1"));
        assert_eq!(of("nothing"), "unknown");
    }
}
