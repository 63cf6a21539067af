//! Which store is meant, and how it is opened.

use std::convert::Infallible;
use std::fmt;
use std::str::FromStr;

use mcp_auth_core::ambient::Ambient;
use mcp_auth_runtime::config::store::Store;
use mcp_auth_runtime::config::{Config, Secret, StoreUrl};
use mcp_auth_runtime::facade::{OpenStore, open_store};

use crate::Failure;

/// An argument that may hold a secret where it is wrong: the URL of a store, or where its key is. It is read later, because what reads
/// arguments repeats the wrong ones.
#[derive(Clone)]
pub(super) struct Unshown(String);

impl FromStr for Unshown {
    type Err = Infallible;
    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Debug for Unshown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// The store of `[store]`.
///
/// # Errors
/// One in memory, which is nobody's but its server's; what stops a start.
pub(crate) async fn configured(config: &Config, ambient: &Ambient) -> Result<OpenStore, Failure> {
    opened(config, &config.store, "[store] of the configuration", ambient).await
}

/// The store that arguments name: its URL, and where its key is.
///
/// # Errors
/// As above.
pub(super) async fn named(
    config: &Config,
    (Unshown(url), Unshown(key)): (&Unshown, &Unshown),
    argument: &str,
    ambient: &Ambient,
) -> Result<OpenStore, Failure> {
    let mut store = Store::default();
    store.url = url.parse::<StoreUrl>().map_err(|wrong| format!("{argument} {wrong}"))?;
    store.key = Some(key.parse::<Secret>().map_err(|wrong| format!("{argument}-key {wrong}"))?);
    opened(config, &store, argument, ambient).await
}

async fn opened(config: &Config, store: &Store, from: &str, ambient: &Ambient) -> Result<OpenStore, Failure> {
    match open_store(config, store, ambient).await {
        Ok(Some(opened)) => Ok(opened),
        Ok(None) => {
            Err(format!("{from} is a store in memory, which only its server has: name one that lasts").into())
        }
        Err(why) => Err(format!("{from}: {why}").into()),
    }
}
