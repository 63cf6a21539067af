//! The store that the configuration says, where this binary can.

use mcp_auth_core::ambient::Ambient;
use mcp_auth_store::Store;

use crate::config::{Config, key};
use crate::error::{Error, Result};

/// The store of `[store]`; `None`: in memory.
///
/// # Errors
/// A file that cannot be used; a file, of a binary without the feature `sqlite`.
pub(super) fn of(config: &Config, ambient: &Ambient) -> Result<Option<Store>> {
    let Some(file) = config.store_file() else { return Ok(None) };
    let place = config.place(&key!(store.url));
    opened(config, &file, ambient).map(Some).map_err(|why| Error::from(format!("{why}: {place}")))
}

#[cfg(feature = "sqlite")]
fn opened(config: &Config, file: &std::path::Path, ambient: &Ambient) -> std::result::Result<Store, String> {
    use std::error::Error as _;
    use std::sync::Arc;

    use mcp_auth_store::{SqliteStore, StoreKey, StoreKeys};

    let key = |secret| {
        let bytes = config.store_key(secret)?;
        StoreKey::new(bytes).map_err(|error| error.cause().to_string())
    };
    let own = config.store.key.as_ref().ok_or_else(|| "a store in a file needs store.key".to_owned())?;
    let before = config.store.keys_before.iter().map(key).collect::<std::result::Result<Vec<_>, _>>()?;
    let keys = StoreKeys::of(key(own)?).after(before);
    let store =
        SqliteStore::open(file, keys, Arc::clone(&ambient.random)).map_err(|error| match error.source() {
            Some(source) => format!("{error}: {source}"),
            None => error.to_string(),
        })?;
    tracing::info!(file = %file.display(), "the store is open");
    Ok(Store::new(store))
}

#[cfg(not(feature = "sqlite"))]
fn opened(_: &Config, _: &std::path::Path, _: &Ambient) -> std::result::Result<Store, String> {
    Err("store.url is a file, and this binary keeps nothing in one: enable the feature `sqlite` of mcp-auth"
        .to_owned())
}
