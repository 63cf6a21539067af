//! Rows in a PostgreSQL database keep every promise of a database, and a store of them every promise of a store.

#[path = "postgres/server.rs"]
mod server;

use std::sync::Arc;

use mcp_auth_core::ambient::SystemRandom;
use mcp_auth_store::{Durable, PostgresRows, Store, StoreKey, StoreKeys};

async fn rows() -> Arc<PostgresRows> {
    Arc::new(PostgresRows::connect(&server::schema().await).await.expect("a database"))
}

async fn fresh() -> Store {
    let keys = StoreKeys::of(StoreKey::new([7; 32]).expect("a key"));
    Store::new(Durable::open(rows().await, keys, Arc::new(SystemRandom), 0).await.expect("a store"))
}

mcp_auth_store::suite!(
    #[ignore = "needs a PostgreSQL server: cargo xtask stores"]
    fresh().await
);
mcp_auth_store::rows_suite!(
    #[ignore = "needs a PostgreSQL server: cargo xtask stores"]
    rows().await
);
