//! An MCP server as a part of an axum application, which keeps its own routes and its own listener.
//!
//! `cargo run --example embedding`, then open <http://127.0.0.1:8080/>; clients connect to `http://127.0.0.1:8080/mcp`.

use axum::Router;
use axum::routing::get;
use mcp_auth::prelude::*;
use mcp_auth::{Config, Server};

#[derive(Clone)]
struct Shop;

#[server(name = "shop")]
impl Shop {
    /// What is in stock.
    #[tool(scope = "stock.read", read_only)]
    fn stock(&self) -> &'static str {
        "3 lamps"
    }
}

/// The whole application: its own pages, and what an MCP client needs. `merge` leaves the paths as they are, since clients
/// look for the metadata at a well-known place below the root.
pub(crate) async fn application(config: Config) -> mcp_auth::Result<Router> {
    let mcp = Server::builder(Shop).config(config).router().await?;
    Ok(Router::new().route("/", get(|| async { "welcome to the shop" })).merge(mcp))
}

#[tokio::main]
async fn main() -> mcp_auth::Result {
    // A file would do as well: `Config::from_args()`.
    let config = Config::from_toml_str(
        r#"
        [auth]
        base_scopes = ["stock.read"]

        [issuer]                                  # the built-in one, for development on this machine
        "#,
    )?;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:8080").await?;
    axum::serve(listener, application(config).await?).await?;
    Ok(())
}
