//! Which addresses belong to the internet, where every machine may be asked.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// What is not for the whole internet, in IPv4: special-purpose addresses, multicast, and what is kept for later.
///
/// - Source: RFC 6890 and the IANA registry that it makes; RFC 5771 (224/4), RFC 1112 §4 (240/4), RFC 7526 (192.88.99/24).
const SPECIAL_V4: [(Ipv4Addr, u8); 15] = [
    (Ipv4Addr::new(0, 0, 0, 0), 8),
    (Ipv4Addr::new(10, 0, 0, 0), 8),
    (Ipv4Addr::new(100, 64, 0, 0), 10),
    (Ipv4Addr::new(127, 0, 0, 0), 8),
    (Ipv4Addr::new(169, 254, 0, 0), 16),
    (Ipv4Addr::new(172, 16, 0, 0), 12),
    (Ipv4Addr::new(192, 0, 0, 0), 24),
    (Ipv4Addr::new(192, 0, 2, 0), 24),
    (Ipv4Addr::new(192, 88, 99, 0), 24),
    (Ipv4Addr::new(192, 168, 0, 0), 16),
    (Ipv4Addr::new(198, 18, 0, 0), 15),
    (Ipv4Addr::new(198, 51, 100, 0), 24),
    (Ipv4Addr::new(203, 0, 113, 0), 24),
    (Ipv4Addr::new(224, 0, 0, 0), 4),
    (Ipv4Addr::new(240, 0, 0, 0), 4),
];

/// Where Azure's machines reach the services of their host. The registry does not have it.
const SERVICES_OF_AZURE: Ipv4Addr = Ipv4Addr::new(168, 63, 129, 16);

/// Whether `address` is global unicast: one that the internet has, and that belongs to no network of somebody's own. The
/// addresses that IPv6 gives to IPv4 (mapped, NAT64, 6to4) are what their IPv4 address is.
///
/// - Source: RFC 6890; RFC 4291 §2.4 (2000::/3), RFC 6052 (64:ff9b::/96), RFC 3056 (2002::/16), RFC 4380 (2001::/32), RFC 3849
///   (2001:db8::/32), RFC 9637 (3fff::/20). RFC 8215 keeps 64:ff9b:1::/48 for networks of one's own.
///
/// # Example
/// ```
/// use mcp_auth_core::net::is_global;
/// assert!(is_global("1.1.1.1".parse().unwrap()));
/// assert!(!is_global("169.254.169.254".parse().unwrap()));
/// assert!(!is_global("::ffff:10.0.0.7".parse().unwrap()));
/// ```
pub fn is_global(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => is_global_v4(v4),
        IpAddr::V6(v6) => is_global_v6(v6),
    }
}

fn is_global_v4(address: Ipv4Addr) -> bool {
    let bits = u32::from(address);
    let is_in = |(network, length): (Ipv4Addr, u8)| (bits ^ u32::from(network)) >> (32 - length) == 0;
    address != SERVICES_OF_AZURE && !SPECIAL_V4.into_iter().any(is_in)
}

fn is_global_v6(address: Ipv6Addr) -> bool {
    let [a, b, c, d, e, f, g, h] = address.segments();
    let v4 = |high: u16, low: u16| is_global_v4(Ipv4Addr::from(u32::from(high) << 16 | u32::from(low)));
    match (a, b) {
        (0, 0) if [c, d, e, f] == [0, 0, 0, 0xffff] => v4(g, h),
        (0x64, 0xff9b) if [c, d, e, f] == [0, 0, 0, 0] => v4(g, h),
        (0x2002, _) => v4(b, c),
        // 2001::/23 is for protocols (Teredo, ORCHID and others): no web site is there.
        (0x2001, 0..=0x1ff | 0xdb8) => false,
        (0x3fff, 0..=0xfff) => false,
        _ => a >> 13 == 0b001,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn global_addresses_are_those_of_the_internet_and_the_edges_of_every_other_range_are_not() {
        for address in [
            "1.1.1.1",
            "8.8.8.8",
            "9.255.255.255",
            "11.0.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "126.255.255.255",
            "128.0.0.0",
            "169.253.255.255",
            "169.255.0.0",
            "172.15.255.255",
            "172.32.0.0",
            "192.0.1.0",
            "192.0.3.0",
            "192.88.98.255",
            "192.88.100.0",
            "192.167.255.255",
            "192.169.0.0",
            "198.17.255.255",
            "198.20.0.0",
            "198.51.99.255",
            "198.51.101.0",
            "203.0.112.255",
            "203.0.114.0",
            "223.255.255.255",
            "168.63.129.15",
            "2606:4700:4700::1111",
            "2001:200::1",
            "2001:4860:4860::8888",
            "2000::1",
            "2620:fe::fe",
            "::ffff:8.8.8.8",
            "64:ff9b::808:808",
            "2002:808:808::1",
            "3ffe:ffff::1",
        ] {
            assert!(is_global(address.parse().unwrap()), "{address}");
        }
        for address in [
            "0.0.0.0",
            "0.255.255.255",
            "10.0.0.0",
            "10.255.255.255",
            "100.64.0.0",
            "100.127.255.255",
            "100.100.100.200",
            "127.0.0.1",
            "127.255.255.255",
            "169.254.169.254",
            "169.254.0.0",
            "172.16.0.0",
            "172.31.255.255",
            "192.0.0.1",
            "192.0.0.255",
            "192.0.2.7",
            "192.88.99.1",
            "192.168.0.1",
            "192.168.255.255",
            "198.18.0.0",
            "198.19.255.255",
            "198.51.100.1",
            "203.0.113.1",
            "224.0.0.1",
            "239.255.255.255",
            "240.0.0.1",
            "255.255.255.255",
            "168.63.129.16",
            "::",
            "::1",
            "::7f00:1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.7",
            "::ffff:169.254.169.254",
            "::ffff:0:808:808",
            "64:ff9b::7f00:1",
            "64:ff9b::a9fe:a9fe",
            "64:ff9b:1::808:808",
            "64:ff9b:0:0:1::808:808",
            "2002:7f00:1::1",
            "2002:a00:7::1",
            "2001::1",
            "2001:0:808:808::1",
            "2001:1ff::1",
            "2001:db8::1",
            "3fff::1",
            "100::1",
            "fc00::1",
            "fd00:ec2::254",
            "fe80::1",
            "febf::1",
            "fec0::1",
            "feff::1",
            "ff02::1",
            "4000::1",
            "5f00::1",
            "1fff::1",
        ] {
            assert!(!is_global(address.parse().unwrap()), "{address}");
        }
    }
}
