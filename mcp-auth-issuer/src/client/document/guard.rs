//! Which addresses are connected to. Every address that a name leads to is looked at where the connection is made, and the
//! addresses that were looked at are the ones that are connected to: a name that leads elsewhere a moment later (DNS
//! rebinding) changes nothing.

use std::collections::BTreeMap;
use std::future::Future;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

/// What asks DNS.
pub(super) trait Lookup: Send + Sync + 'static {
    /// Every address of `host`.
    fn addresses(&self, host: String) -> LookupFuture;
}

pub(super) type LookupFuture = Pin<Box<dyn Future<Output = std::io::Result<Vec<IpAddr>>> + Send>>;

/// The resolver of the operating system.
pub(super) struct SystemLookup;

impl Lookup for SystemLookup {
    fn addresses(&self, host: String) -> LookupFuture {
        Box::pin(async move {
            Ok(tokio::net::lookup_host((host, 0)).await?.map(|address| address.ip()).collect())
        })
    }
}

/// Resolves names to addresses that may be asked, and to nothing where one of them may not.
pub(super) struct Guard {
    pub(super) lookup: Arc<dyn Lookup>,
    /// Which addresses may be asked.
    pub(super) allows: fn(IpAddr) -> bool,
    /// Where the operator said that a host is.
    pub(super) private: Arc<BTreeMap<String, SocketAddr>>,
}

/// A name leads to an address that may not be asked.
#[derive(Debug, thiserror::Error)]
#[error("address not allowed")]
pub(super) struct NotAllowed;

impl Resolve for Guard {
    fn resolve(&self, name: Name) -> Resolving {
        if let Some(address) = self.private.get(name.as_str()) {
            let addresses: Addrs = Box::new(std::iter::once(*address));
            return Box::pin(async move { Ok(addresses) });
        }
        let (found, allows) = (self.lookup.addresses(name.as_str().to_owned()), self.allows);
        Box::pin(async move {
            let addresses = found.await?;
            // One that may not be asked beside one that may is a trick, or a mistake; neither is worth a guess.
            if addresses.is_empty() || !addresses.iter().all(|address| allows(*address)) {
                return Err(NotAllowed.into());
            }
            let with_port = addresses.into_iter().map(|address| SocketAddr::new(address, 0));
            Ok(Box::new(with_port) as Addrs)
        })
    }
}
