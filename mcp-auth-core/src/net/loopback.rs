//! Which hosts are on this machine, and where plain HTTP is safe.

use url::Url;

use super::{Host, Origin};

/// The names by which a program is reached on its own machine (RFC 8252 §7.3 and §8.3). Where a name is only compared
/// (`Host`, `Origin`, a redirect URI), these three spellings count and no others.
pub const LOOPBACK_NAMES: [&str; 3] = ["localhost", "127.0.0.1", "[::1]"];

impl Host {
    /// Whether a connection to this host stays on this machine: `localhost`, 127.0.0.0/8, `::1`, and both as
    /// IPv4-mapped IPv6 addresses, which sockets for both families use.
    ///
    /// - Names below `localhost` are not: the resolver answers for them, and not every resolver keeps them on this
    ///   machine (RFC 6761 §6.3). The same goes for `localhost.`.
    /// - The unspecified addresses (`0.0.0.0`, `[::]`) are not: a listener there can be reached from everywhere.
    ///
    /// # Example
    /// ```
    /// use mcp_auth_core::net::Host;
    /// assert!("127.9.9.9".parse::<Host>().unwrap().is_loopback());
    /// assert!(!"a.localhost".parse::<Host>().unwrap().is_loopback());
    /// ```
    pub fn is_loopback(&self) -> bool {
        match self {
            Self::Name(name) => name.eq_ignore_ascii_case("localhost"),
            Self::Ip(address) => address.to_canonical().is_loopback(),
        }
    }
}

/// [`Host::is_loopback`] for the host of `url`.
pub fn is_loopback(url: &Url) -> bool {
    Host::of(url).is_some_and(|host| host.is_loopback())
}

/// [`Origin::is_secure`] for the origin of `url`.
pub fn is_secure(url: &Url) -> bool {
    Host::of(url).is_some_and(|host| is_secure_at(url.scheme(), &host))
}

impl Origin {
    /// Whether text sent to this origin is safe from readers on the network: `https`, or `http` on this machine (RFC
    /// 8252 §8.3).
    pub fn is_secure(&self) -> bool {
        is_secure_at(self.scheme(), self.host())
    }
}

fn is_secure_at(scheme: &str, host: &Host) -> bool {
    scheme == "https" || scheme == "http" && host.is_loopback()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(host: &str) -> Url {
        Url::parse(&format!("http://{host}/")).unwrap()
    }

    #[test]
    fn loopback_is_this_machine_and_nothing_that_looks_like_it() {
        for host in [
            "localhost",
            "LOCALHOST",
            "localhost:8080",
            "127.0.0.1",
            "127.0.0.1:1",
            "127.1",
            "0x7f000001",
            "2130706433",
            "127.8.9.10",
            "127.9.9.9",
            "127.255.255.255",
            "[::1]",
            "[::1]:9",
            "[0:0:0:0:0:0:0:1]",
            "[::ffff:127.0.0.1]",
            "[::ffff:7f00:1]",
            "[::ffff:127.9.9.9]:1",
        ] {
            assert!(is_loopback(&url(host)) && is_secure(&url(host)), "{host}");
        }
        for host in [
            "localhost.",
            "localhost.evil",
            "a.localhost",
            "localhost.localdomain",
            "localhostx",
            "127.0.0.1.evil",
            "127.0.0.1x",
            "0.0.0.0",
            "0",
            "[::]",
            "[::2]",
            "[::ffff:0.0.0.0]",
            "[::ffff:10.0.0.1]",
            "[::127.0.0.1]",
            "[fe80::1]",
            "128.0.0.1",
            "126.255.255.255",
            "10.0.0.1",
            "192.168.0.1",
            "169.254.169.254",
            "a.example",
        ] {
            assert!(!is_loopback(&url(host)) && !is_secure(&url(host)), "{host}");
        }
    }

    #[test]
    fn a_host_is_loopback_however_it_was_read() {
        for (host, loopback) in [
            ("localhost", true),
            ("LocalHost", true),
            ("127.9.9.9", true),
            ("[::1]", true),
            ("[::ffff:127.0.0.1]", true),
            ("localhost.", false),
            ("a.localhost", false),
            ("0.0.0.0", false),
            ("[::]", false),
        ] {
            assert_eq!(host.parse::<Host>().unwrap().is_loopback(), loopback, "{host}");
        }
        for (address, loopback) in [
            ("127.0.0.1", true),
            ("127.9.9.9", true),
            ("::1", true),
            ("::ffff:127.0.0.1", true),
            ("::ffff:192.168.0.7", false),
            ("192.168.0.7", false),
            ("0.0.0.0", false),
            ("::", false),
        ] {
            let address: std::net::IpAddr = address.parse().unwrap();
            assert_eq!(Host::from(address).is_loopback(), loopback, "{address}");
        }
        assert!(!is_loopback(&Url::parse("file:///localhost").unwrap()));
        assert!(is_loopback(&Url::parse("app://LOCALHOST/").unwrap()));
    }

    #[test]
    fn the_loopback_names_are_loopback() {
        for name in LOOPBACK_NAMES {
            assert!(name.parse::<Host>().unwrap().is_loopback(), "{name}");
            assert_eq!(name.parse::<Host>().unwrap().to_string(), name);
        }
    }

    #[test]
    fn secure_is_https_or_http_on_this_machine() {
        for (text, secure) in [
            ("https://a.example", true),
            ("https://localhost", true),
            ("http://localhost:1", true),
            ("http://a.example", false),
            ("http://10.0.0.1", false),
            ("ftp://127.0.0.1", false),
            ("file:///etc/passwd", false),
            ("data:application/json,x", false),
        ] {
            assert_eq!(is_secure(&Url::parse(text).unwrap()), secure, "{text}");
        }
    }
}
