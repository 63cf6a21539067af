//! How the URL of a store on a server begins. The configuration and the databases read one list, so that neither refuses what the other
//! takes.

/// What the scheme of a URL says of a store: which server keeps it, and how that is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ServerScheme {
    /// PostgreSQL, as libpq writes it. The parameters say whether it is reached by TLS.
    Postgres,
    /// Redis or Valkey, unencrypted.
    Redis,
    /// The same by TLS.
    RedisByTls,
    /// The same by a socket of this machine.
    RedisBySocket,
}

impl ServerScheme {
    /// Every scheme, and what it says.
    pub const ALL: [(&'static str, Self); 9] = [
        ("postgres", Self::Postgres),
        ("postgresql", Self::Postgres),
        ("redis", Self::Redis),
        ("valkey", Self::Redis),
        ("rediss", Self::RedisByTls),
        ("valkeys", Self::RedisByTls),
        ("unix", Self::RedisBySocket),
        ("redis+unix", Self::RedisBySocket),
        ("valkey+unix", Self::RedisBySocket),
    ];

    /// What a scheme says, in small letters and without the colon.
    pub fn named(scheme: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|(name, _)| *name == scheme).map(|(_, says)| says)
    }

    /// What the scheme of a URL says, if `//` stands behind it.
    pub fn of(url: &str) -> Option<Self> {
        url.split_once("://").and_then(|(scheme, _)| Self::named(scheme))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scheme_stands_in_front_of_two_slashes_and_is_in_the_list() {
        for (scheme, says) in ServerScheme::ALL {
            assert_eq!(ServerScheme::of(&format!("{scheme}://host")), Some(says), "{scheme}");
            for bad in [format!("{scheme}:host"), format!("x{scheme}://host"), format!(" {scheme}://host")] {
                assert_eq!(ServerScheme::of(&bad), None, "{bad}");
            }
        }
        for bad in
            ["", "://", "memory:", "sqlite://x", "mysql://x", "redis", "redis+tls://x", "postgres+unix://x"]
        {
            assert_eq!(ServerScheme::of(bad), None, "{bad}");
        }
    }
}
