//! Which addresses doctor asks because a server names them: public ones, and those of the server's own kind. The kind of a
//! name is that of every address it resolves to, looked at where the connection is made.

use std::net::{IpAddr, SocketAddr};

use mcp_auth_core::net::Host;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::Url;

/// From where an address can be reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Public,
    /// This machine.
    Loopback,
    /// A network of its own: RFC 1918, RFC 4193, RFC 6598.
    Private,
    /// One link (where clouds keep the credentials of machines), several hosts at once, or none.
    Special,
}

/// Which kinds may be asked.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reach {
    own: Kind,
    everything: bool,
}

impl Kind {
    pub(crate) fn of(address: IpAddr) -> Self {
        match address.to_canonical() {
            address if Host::from(address).is_loopback() => Self::Loopback,
            IpAddr::V4(v4) => {
                let [a, b, ..] = v4.octets();
                if v4.is_private() || (a == 100 && (64..128).contains(&b)) {
                    Self::Private
                } else if a == 0 || a >= 224 || v4.is_link_local() {
                    Self::Special
                } else {
                    Self::Public
                }
            }
            IpAddr::V6(v6) if v6.is_unique_local() => Self::Private,
            IpAddr::V6(v6) if v6.is_unspecified() || v6.is_multicast() || v6.is_unicast_link_local() => {
                Self::Special
            }
            IpAddr::V6(_) => Self::Public,
        }
    }
}

impl Reach {
    /// What a server at `url` may send us to. `everything` is what the person allows.
    pub(crate) async fn of(url: &Url, everything: bool) -> Self {
        let own = match Host::of(url) {
            Some(Host::Ip(address)) => Kind::of(address),
            Some(host) if host.is_loopback() => Kind::Loopback,
            Some(Host::Name(name)) => match resolved(&name).await.first() {
                Some(address) => Kind::of(address.ip()),
                None => Kind::Public,
            },
            None => Kind::Public,
        };
        Self { own, everything }
    }

    pub(crate) fn is_everything(self) -> bool {
        self.everything
    }

    fn allows(self, kind: Kind) -> bool {
        self.everything || kind == Kind::Public || (kind == self.own && kind != Kind::Special)
    }

    /// Whether a URL may be asked as far as it can be told without looking its name up.
    pub(crate) fn allows_url(self, url: &Url) -> bool {
        match Host::of(url) {
            Some(Host::Ip(address)) => self.allows(Kind::of(address)),
            Some(host) if host.is_loopback() => self.allows(Kind::Loopback),
            _ => true,
        }
    }
}

async fn resolved(name: &str) -> Vec<SocketAddr> {
    tokio::net::lookup_host((name, 0)).await.map(Iterator::collect).unwrap_or_default()
}

/// Resolves names to addresses that may be asked, and to nothing where one of them may not.
#[derive(Debug)]
pub(crate) struct Guarded(pub(crate) Reach);

/// What a refused address looks like in the error of a request.
pub(crate) const REFUSED: &str = "address not allowed";

impl Resolve for Guarded {
    fn resolve(&self, name: Name) -> Resolving {
        let reach = self.0;
        Box::pin(async move {
            let addresses: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            match addresses.iter().all(|address| reach.allows(Kind::of(address.ip()))) {
                true => Ok(Box::new(addresses.into_iter()) as Addrs),
                false => Err(REFUSED.into()),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(address: &str) -> Kind {
        Kind::of(address.parse().unwrap())
    }

    #[test]
    fn every_address_has_its_kind_however_it_is_written() {
        for (address, expected) in [
            ("192.0.2.7", Kind::Public),
            ("2001:db8::1", Kind::Public),
            ("127.9.9.9", Kind::Loopback),
            ("::1", Kind::Loopback),
            ("::ffff:127.0.0.1", Kind::Loopback),
            ("10.0.0.7", Kind::Private),
            ("100.64.0.1", Kind::Private),
            ("::ffff:192.168.1.1", Kind::Private),
            ("fd00::1", Kind::Private),
            ("169.254.169.254", Kind::Special),
            ("fe80::1", Kind::Special),
            ("0.0.0.0", Kind::Special),
            ("255.255.255.255", Kind::Special),
            ("ff02::1", Kind::Special),
        ] {
            assert_eq!(kind(address), expected, "{address}");
        }
    }

    #[tokio::test]
    async fn a_server_names_public_addresses_and_those_of_its_own_kind() {
        let reach = |url: &'static str, all| async move { Reach::of(&url.parse().unwrap(), all).await };
        let (far, near) =
            (reach("https://192.0.2.7/mcp", false).await, reach("http://127.0.0.1:1/mcp", false).await);
        let inside = reach("https://10.0.0.1/mcp", false).await;
        for (kind, allowed) in [
            (Kind::Public, [true, true, true]),
            (Kind::Loopback, [false, true, false]),
            (Kind::Private, [false, false, true]),
            (Kind::Special, [false, false, false]),
        ] {
            assert_eq!([far, near, inside].map(|reach| reach.allows(kind)), allowed, "{kind:?}");
        }
        assert!(reach("https://192.0.2.7/mcp", true).await.allows(Kind::Special));
        assert!(!far.allows_url(&"http://169.254.169.254/latest".parse().unwrap()));
        assert!(!far.allows_url(&"http://localhost/".parse().unwrap()));
        assert!(far.allows_url(&"https://issuer.example/".parse().unwrap()), "looked at when it is resolved");
    }
}
