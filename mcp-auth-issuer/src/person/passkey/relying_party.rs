//! Who we are to an authenticator: a host name, and the one origin whose pages ask.

use aws_lc_rs::digest;
use mcp_auth_core::net::{Host, Origin};

/// The relying party that an issuer is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RelyingParty {
    id: String,
    origin: String,
}

impl RelyingParty {
    /// The one of this origin. There is none at an IP address: authenticators take domain names only, `localhost` among them (§5.1.3).
    pub(crate) fn of(origin: &Origin) -> Option<Self> {
        match origin.host() {
            Host::Name(name) => Some(Self { id: name.clone(), origin: origin.to_string() }),
            Host::Ip(_) => None,
        }
    }

    /// Its identifier: the whole host, so that no other host of the domain uses its passkeys.
    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    /// What `origin` in client data has to be.
    pub(super) fn origin(&self) -> &str {
        &self.origin
    }

    /// What authenticator data begins with.
    pub(super) fn id_hash(&self) -> impl AsRef<[u8]> + use<> {
        digest::digest(&digest::SHA256, self.id.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(url: &str) -> Option<RelyingParty> {
        RelyingParty::of(&Origin::of(&url.parse().unwrap()).unwrap())
    }

    #[test]
    fn a_host_name_is_one_and_an_address_is_not() {
        for (url, id, origin) in [
            ("http://localhost:8080", "localhost", "http://localhost:8080"),
            ("https://Login.Example.com", "login.example.com", "https://login.example.com"),
            ("https://login.example.com:8443/", "login.example.com", "https://login.example.com:8443"),
        ] {
            let party = of(url).unwrap();
            assert_eq!((party.id(), party.origin()), (id, origin));
        }
        for url in ["http://127.0.0.1:8080", "http://[::1]:8080", "https://192.0.2.7"] {
            assert_eq!(of(url), None, "{url}");
        }
    }
}
