//! Which hosts are inside a network of one's own.

use std::net::IpAddr;

use super::Host;

/// Endings of names that public DNS does not have: RFC 6762, RFC 8375, RFC 6761, `.internal` as ICANN keeps it free, those of
/// Kubernetes, and those that home and company networks use.
const PRIVATE_SUFFIXES: [&str; 11] = [
    ".local",
    ".internal",
    ".home.arpa",
    ".test",
    ".svc",
    ".lan",
    ".localdomain",
    ".intranet",
    ".private",
    ".corp",
    ".home",
];

/// Where clouds keep the credentials of machines, besides link-local addresses.
const CREDENTIALS_OF_MACHINES: [&str; 4] =
    ["metadata", "metadata.google.internal", "100.100.100.200", "fd00:ec2::254"];

impl Host {
    /// Whether this host is inside a network of its operator's own, as far as its text tells: an address of RFC 1918,
    /// RFC 4193 or RFC 6598, a name without a dot, as containers of one network have them, or below an ending that public
    /// DNS does not have.
    ///
    /// Loopback is not such a network, and neither are the places where clouds keep the credentials of machines, link-local
    /// addresses among them.
    ///
    /// # Example
    /// ```
    /// use mcp_auth_core::net::Host;
    /// assert!("keycloak".parse::<Host>().unwrap().is_private());
    /// assert!(!"login.example.com".parse::<Host>().unwrap().is_private());
    /// ```
    pub fn is_private(&self) -> bool {
        match self {
            _ if self.is_loopback() || self.has_credentials_of_machines() => false,
            Self::Name(name) => {
                !name.contains('.') || PRIVATE_SUFFIXES.iter().any(|suffix| name.ends_with(suffix))
            }
            Self::Ip(address) => match address.to_canonical() {
                IpAddr::V4(v4) => {
                    let [a, b, ..] = v4.octets();
                    v4.is_private() || (a == 100 && (64..128).contains(&b))
                }
                IpAddr::V6(v6) => v6.is_unique_local(),
            },
        }
    }

    /// Whether clouds keep the credentials of machines there.
    pub fn has_credentials_of_machines(&self) -> bool {
        let text = match self {
            Self::Name(name) => name.to_string(),
            Self::Ip(address) => address.to_canonical().to_string(),
        };
        CREDENTIALS_OF_MACHINES.iter().any(|place| text.eq_ignore_ascii_case(place))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_private_host_is_one_that_the_internet_cannot_have() {
        for (host, private) in [
            ("metadata.google.internal", false),
            ("metadata", false),
            ("100.100.100.200", false),
            ("[::ffff:100.100.100.200]", false),
            ("[fd00:ec2::254]", false),
            ("keycloak", true),
            ("KEYCLOAK", true),
            ("key_cloak-1", true),
            ("idp.internal", true),
            ("idp.auth.svc", true),
            ("idp.auth.svc.cluster.local", true),
            ("nas.home.arpa", true),
            ("idp.lan", true),
            ("10.0.0.7", true),
            ("172.16.0.1", true),
            ("172.31.255.255", true),
            ("192.168.1.1", true),
            ("100.64.0.1", true),
            ("[fd00::1]", true),
            ("[::ffff:10.0.0.7]", true),
            ("login.example.com", false),
            ("internal.example.com", false),
            ("keycloak.internal.example", false),
            ("keycloak.", false),
            ("idp.internal.", false),
            ("idp.local.com", false),
            ("internal.com", false),
            ("arpa.home.example", false),
            ("localhost", false),
            ("127.0.0.1", false),
            ("[::1]", false),
            ("172.32.0.1", false),
            ("11.0.0.1", false),
            ("100.128.0.1", false),
            ("169.254.169.254", false),
            ("0.0.0.0", false),
            ("8.8.8.8", false),
            ("[2001:db8::1]", false),
            ("[fe80::1]", false),
            ("[::ffff:8.8.8.8]", false),
        ] {
            assert_eq!(host.parse::<Host>().unwrap().is_private(), private, "{host}");
        }
    }
}
