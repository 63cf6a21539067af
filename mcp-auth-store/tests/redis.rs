//! Rows in Redis keep every promise of a database, and a store of them every promise of a store. `MCP_AUTH_TEST_REDIS` is the URL of the
//! server. Each test has a prefix of its own.

use std::sync::Arc;

use mcp_auth_core::ambient::{Random as _, SystemRandom};
use mcp_auth_store::{Durable, RedisRows, Store, StoreKey, StoreKeys};

async fn fresh_rows() -> RedisRows {
    let server =
        std::env::var("MCP_AUTH_TEST_REDIS").expect("MCP_AUTH_TEST_REDIS is the URL of a Redis server");
    let mut bytes = [0; 8];
    SystemRandom.fill(&mut bytes);
    let url = format!("{server}?prefix=test-{:016x}", u64::from_be_bytes(bytes));
    RedisRows::connect(&url).await.expect("a server")
}

async fn fresh() -> Store {
    let keys = StoreKeys::of(StoreKey::new([7; 32]).expect("a key"));
    let rows = Arc::new(fresh_rows().await);
    Store::new(Durable::open(rows, keys, Arc::new(SystemRandom), 0).await.expect("a store"))
}

mcp_auth_store::suite!(
    #[ignore = "needs a Redis server: cargo xtask stores"]
    fresh().await
);
mcp_auth_store::rows_suite!(
    #[ignore = "needs a Redis server: cargo xtask stores"]
    Arc::new(fresh_rows().await)
);
