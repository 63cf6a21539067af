//! The store that the configuration says, where this binary can.

use std::sync::Arc;

use mcp_auth_core::SecretText;
use mcp_auth_core::ambient::Ambient;
use mcp_auth_store::durable::Rows;
use mcp_auth_store::{Durable, OpenError, Store, StoreKey, StoreKeys};

use crate::config::store::Store as Section;
use crate::config::{Config, StorePlace, key};
use crate::error::Error;

/// A store that lasts, and which one it is.
#[derive(Debug)]
#[non_exhaustive]
pub struct OpenStore {
    /// The store.
    pub durable: Durable,
    /// Where it is, without what is secret in its URL.
    pub place: String,
    /// What may lose entries of it, each in a sentence.
    pub trouble: Vec<String>,
}

/// The store of `[store]`; `None`: in memory.
///
/// # Errors
/// A store that cannot be used; one of a kind that this binary does not bring.
pub(super) async fn of(config: &Config, ambient: &Ambient) -> Result<Option<Store>, Error> {
    let opened = open_store(config, &config.store, ambient).await;
    let opened = opened.map_err(|why| Error::from(format!("{why}: {}", config.place(&key!(store.url)))))?;
    let Some(OpenStore { durable, place, trouble }) = opened else { return Ok(None) };
    for trouble in trouble {
        tracing::warn!("the store: {trouble} ({place})");
    }
    tracing::info!("the store is open: {place}");
    Ok(Some(Store::new(durable)))
}

/// Opens a store that is written as `[store]` is; `None`: it is in memory. Relative paths start where those of `config` do.
///
/// # Errors
/// As a start, without where it is written.
pub async fn open_store(
    config: &Config,
    store: &Section,
    ambient: &Ambient,
) -> Result<Option<OpenStore>, String> {
    let place = config.store_place(store)?;
    let Some(rows) = rows(&place).await? else { return Ok(None) };
    let rows_place = rows.place();
    let trouble = rows.trouble().await.map_err(|error| error.cause().to_string())?;
    let (keys, random) = (keys(config, store)?, Arc::clone(&ambient.random));
    let durable = Durable::open(rows, keys, random, ambient.clock.unix_now()).await;
    Ok(Some(OpenStore { durable: durable.map_err(|error| why(&error))?, place: rows_place, trouble }))
}

fn keys(config: &Config, store: &Section) -> Result<StoreKeys, String> {
    let key = |secret| {
        let bytes = config.store_key(secret)?;
        StoreKey::new(bytes).map_err(|error| error.cause().to_string())
    };
    let own = store.key.as_ref().ok_or_else(|| "a store that lasts needs store.key".to_owned())?;
    let before = store.keys_before.iter().map(key).collect::<Result<Vec<_>, _>>()?;
    Ok(StoreKeys::of(key(own)?).after(before))
}

/// The rows of a place; `None` for the memory.
async fn rows(place: &StorePlace) -> Result<Option<Arc<dyn Rows>>, String> {
    match place {
        StorePlace::Memory => Ok(None),
        StorePlace::File(path) => file(path).map(Some),
        StorePlace::Postgres(url) => postgres(url).await.map(Some),
        StorePlace::Redis(url) => redis(url).await.map(Some),
    }
}

#[cfg(feature = "sqlite")]
fn file(path: &std::path::Path) -> Result<Arc<dyn Rows>, String> {
    Ok(Arc::new(mcp_auth_store::SqliteRows::open(path).map_err(|error| why(&error))?))
}

#[cfg(not(feature = "sqlite"))]
fn file(_: &std::path::Path) -> Result<Arc<dyn Rows>, String> {
    Err(missing("a file", "sqlite"))
}

#[cfg(feature = "postgres")]
async fn postgres(url: &SecretText) -> Result<Arc<dyn Rows>, String> {
    let rows = mcp_auth_store::PostgresRows::connect(url.expose()).await;
    Ok(Arc::new(rows.map_err(|error| why(&error))?))
}

#[cfg(not(feature = "postgres"))]
async fn postgres(_: &SecretText) -> Result<Arc<dyn Rows>, String> {
    Err(missing("a PostgreSQL database", "postgres"))
}

#[cfg(feature = "redis")]
async fn redis(url: &SecretText) -> Result<Arc<dyn Rows>, String> {
    let rows = mcp_auth_store::RedisRows::connect(url.expose()).await;
    Ok(Arc::new(rows.map_err(|error| why(&error))?))
}

#[cfg(not(feature = "redis"))]
async fn redis(_: &SecretText) -> Result<Arc<dyn Rows>, String> {
    Err(missing("a Redis server", "redis"))
}

/// A store of a kind that this binary was built without.
#[cfg(not(all(feature = "sqlite", feature = "postgres", feature = "redis")))]
fn missing(kind: &str, feature: &str) -> String {
    format!(
        "store.url is {kind}, and this binary keeps nothing in one: enable the feature `{feature}` of mcp-auth"
    )
}

/// The error with its cause.
fn why(error: &OpenError) -> String {
    match std::error::Error::source(error) {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}
