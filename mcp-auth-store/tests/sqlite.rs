//! The backend in one SQLite file keeps every promise of a store.

use std::path::Path;
use std::sync::Arc;

use mcp_auth_core::ambient::SystemRandom;
use mcp_auth_store::{SqliteStore, Store, StoreKey, StoreKeys};

fn opened(path: &Path) -> Store {
    let keys = StoreKeys::of(StoreKey::new([7; 32]).expect("a key"));
    Store::new(SqliteStore::open(path, keys, Arc::new(SystemRandom)).expect("a file"))
}

/// A store in a file of its own, which stays until the process ends.
fn fresh() -> Store {
    opened(&tempfile::tempdir().expect("a directory").keep().join("store.sqlite"))
}

mcp_auth_store::suite!(fresh());
