//! The server of the tests: `MCP_AUTH_TEST_POSTGRES` is the URL of one whose role may make databases.

use std::sync::atomic::{AtomicU32, Ordering};

use tokio_postgres::{Client, NoTls};

/// A database of its own, which stays when the test ends: the server is made for the tests alone.
pub(crate) struct Database {
    url: String,
}

static NEXT: AtomicU32 = AtomicU32::new(0);

impl Database {
    /// A new and empty one.
    pub(crate) async fn new() -> Self {
        Self::with("").await
    }

    /// A new one with these options of `CREATE DATABASE`.
    pub(crate) async fn with(options: &str) -> Self {
        let server = std::env::var("MCP_AUTH_TEST_POSTGRES").expect("MCP_AUTH_TEST_POSTGRES is not set");
        let name = format!("store_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let to_server = connected(&server).await;
        to_server.batch_execute(&format!("DROP DATABASE IF EXISTS {name}")).await.expect("a step");
        let made = to_server.batch_execute(&format!("CREATE DATABASE {name} {options}")).await;
        made.expect("a role that may make databases");
        let (before, _) = server.rsplit_once('/').expect("a URL with a database");
        Self { url: format!("{before}/{name}") }
    }

    /// Its URL.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }
}

/// A connection for the test itself.
pub(crate) async fn connected(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.expect("a server");
    tokio::spawn(connection);
    client
}
