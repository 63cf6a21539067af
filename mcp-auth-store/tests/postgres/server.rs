//! The server of the tests: `MCP_AUTH_TEST_POSTGRES` is the URL of one whose role is a superuser.

#![allow(dead_code, reason = "each test file uses a part of it")]

use std::sync::atomic::{AtomicU32, Ordering};

use tokio_postgres::{Client, NoTls};

static NEXT: AtomicU32 = AtomicU32::new(0);

/// The URL of the server.
pub(crate) fn server() -> String {
    std::env::var("MCP_AUTH_TEST_POSTGRES").expect("MCP_AUTH_TEST_POSTGRES is not set")
}

/// A name that nothing else on the server has.
pub(crate) fn name() -> String {
    format!("store_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}

/// The URL of a new and empty schema, which stays when the test ends: the server is made for the tests alone.
pub(crate) async fn schema() -> String {
    let (server, name) = (server(), name());
    let make = format!("DROP SCHEMA IF EXISTS {name} CASCADE; CREATE SCHEMA {name}");
    connected(&server).await.batch_execute(&make).await.expect("a role that may make schemas");
    with(&server, &format!("options=-c%20search_path%3D{name}"))
}

/// The URL of a new database with these options of `CREATE DATABASE`.
pub(crate) async fn database(options: &str) -> String {
    let (server, name) = (server(), name());
    let to_server = connected(&server).await;
    to_server.batch_execute(&format!("DROP DATABASE IF EXISTS {name}")).await.expect("a step");
    let made = to_server.batch_execute(&format!("CREATE DATABASE {name} {options}")).await;
    made.expect("a role that may make databases");
    let (before, _) = server.rsplit_once('/').expect("a URL with a database");
    format!("{before}/{name}")
}

/// The URL with one more parameter.
pub(crate) fn with(url: &str, parameter: &str) -> String {
    let before = if url.contains('?') { '&' } else { '?' };
    format!("{url}{before}{parameter}")
}

/// The URL with another place, such as `localhost:1234`.
pub(crate) fn at(url: &str, place: &str) -> String {
    let (before, rest) = url.split_once('@').expect("a URL with a role");
    let (_, rest) = rest.split_once('/').expect("a URL with a database");
    format!("{before}@{place}/{rest}")
}

/// Host and port of the server.
pub(crate) fn place() -> String {
    let server = server();
    let (_, rest) = server.split_once('@').expect("a URL with a role");
    rest.split_once('/').expect("a URL with a database").0.to_owned()
}

/// A connection for the test itself.
pub(crate) async fn connected(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.expect("a server");
    tokio::spawn(connection);
    client
}
