//! Who can reach the built-in issuer. It is decided here, once; the checks, the listener and the issuer itself go by it.

use super::section::issuer::BuiltInIssuer;
use super::value::store_url::StorePlace;
use super::{Config, key};
use crate::config::key::Key;

/// Who can reach the built-in issuer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IssuerReach {
    /// This computer alone: requests of other computers, and of proxies, are refused.
    ThisComputer,
    /// Other computers too. People prove who they are, what is remembered lasts, and every request comes by TLS, to this process or to a
    /// proxy that is named.
    Network,
}

/// What the built-in issuer lacks for [`IssuerReach::Network`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lack {
    /// A login at which people prove who they are.
    Login,
    /// A store that lasts.
    Store,
    /// TLS, here or at a proxy that is named; with a URL that says so.
    Tls,
}

impl Config {
    /// Who can reach the built-in issuer: this computer, where the server listens on loopback and clients use a URL on loopback.
    pub fn issuer_reach(&self) -> IssuerReach {
        match self.leaves_this_computer() {
            None => IssuerReach::ThisComputer,
            Some(_) => IssuerReach::Network,
        }
    }

    /// The key that lets other computers reach the server.
    pub(crate) fn leaves_this_computer(&self) -> Option<Key> {
        let public_url = self.server.public_url.as_ref();
        if public_url.is_some_and(|url| !url.is_loopback()) {
            return Some(key!(server.public_url));
        }
        (!self.server.listen.is_loopback()).then(|| key!(server.listen))
    }

    /// Whether `[store]` outlives the process: then it holds the signing keys of the built-in issuer too.
    pub fn store_lasts(&self) -> bool {
        !matches!(self.store_place(&self.store), Ok(StorePlace::Memory))
    }

    /// All that the built-in issuer lacks to be reached by other computers.
    pub(crate) fn lacks_of(&self, issuer: &BuiltInIssuer) -> Vec<Lack> {
        let is_https = self.server.public_url.as_ref().is_some_and(|url| url.as_str().starts_with("https:"));
        let has_tls = self.server.tls.is_some() || !self.server.trusted_proxies.is_empty();
        let lasts = self.store_lasts();
        let lacks = [
            (issuer.login.is_for_development(), Lack::Login),
            (!lasts, Lack::Store),
            (!(is_https && has_tls), Lack::Tls),
        ];
        lacks.into_iter().filter_map(|(lacks, what)| lacks.then_some(what)).collect()
    }
}
