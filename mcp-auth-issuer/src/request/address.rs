//! Where a request comes from.

use std::convert::Infallible;
use std::net::{IpAddr, Ipv6Addr};

use axum::extract::FromRequestParts;
use http::request::Parts;
use mcp_auth_runtime::facade::ClientAddress;

/// The address of the client, if the server knows it. This is the one place where a handler gets it from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct CameFrom(pub(crate) Option<IpAddr>);

impl CameFrom {
    /// As the runtime says in the extensions of a request.
    pub(crate) fn of(parts: &Parts) -> Self {
        let given = parts.extensions.get::<ClientAddress>().and_then(|ClientAddress(address)| *address);
        Self(given.map(|address| address.to_canonical()))
    }
}

impl<S: Sync> FromRequestParts<S> for CameFrom {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::of(parts))
    }
}

/// What counts as one place: an address, and of IPv6 its network of 64 bits, of which one customer has all. Those whose address is not
/// known are counted together, with a limit of their own.
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
    fn an_ipv4_address_is_the_same_however_the_runtime_writes_it_and_one_that_is_not_given_is_not_known() {
        let of = |given: Option<ClientAddress>| {
            let (mut parts, ()) = http::Request::new(()).into_parts();
            given.map(|given| parts.extensions.insert(given));
            CameFrom::of(&parts).0.map(|address| address.to_string())
        };
        for given in ["192.0.2.1", "::ffff:192.0.2.1"] {
            assert_eq!(of(Some(ClientAddress(given.parse().ok()))).as_deref(), Some("192.0.2.1"), "{given}");
        }
        assert_eq!((of(Some(ClientAddress(None))), of(None)), (None, None));
    }

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
