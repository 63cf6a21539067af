//! Rows in one SQLite file keep every promise of a database, and a store of them every promise of a store, also one that a newer release uses.

#[path = "sqlite/next_release.rs"]
mod next_release;

use std::path::PathBuf;
use std::sync::Arc;

use mcp_auth_core::ambient::SystemRandom;
use next_release::NextRelease;

use mcp_auth_store::{Durable, SqliteRows, Store, StoreKey, StoreKeys};

/// A file of its own, which stays until the process ends.
fn file() -> PathBuf {
    tempfile::tempdir().expect("a directory").keep().join("store.sqlite")
}

async fn fresh() -> Store {
    let rows = Arc::new(SqliteRows::open(&file()).expect("a file"));
    let keys = StoreKeys::of(StoreKey::new([7; 32]).expect("a key"));
    Store::new(Durable::open(rows, keys, Arc::new(SystemRandom), 0).await.expect("a store"))
}

mcp_auth_store::suite!(fresh().await);

/// The same with a newer release on the same store.
mod beside_the_next_release {
    use super::*;

    async fn fresh() -> Store {
        let rows = Arc::new(NextRelease(SqliteRows::open(&file()).expect("a file")));
        let keys = StoreKeys::of(StoreKey::new([7; 32]).expect("a key"));
        Store::new(Durable::open(rows, keys, Arc::new(SystemRandom), 0).await.expect("a store"))
    }

    mcp_auth_store::suite!(fresh().await);
}

mcp_auth_store::rows_suite!(Arc::new(SqliteRows::open(&file()).expect("a file")));
