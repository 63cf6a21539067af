//! Bring your own login: people of an application that has its own users log in there, and its MCP server takes that.
//! `cargo run --example own-login`; `README.md` beside this file says what to try.

use std::path::Path;

use mcp_auth::Config;
use mcp_auth::config::SecretText;
use mcp_auth::own_login::SharedKey;
use mcp_auth::prelude::*;
use tokio::net::TcpListener;

pub(crate) mod application;

use application::Application;

/// An MCP server for the users of the application.
#[derive(Clone)]
pub(crate) struct Orders;

#[server(name = "orders")]
impl Orders {
    /// The orders of the caller.
    #[tool(scope = "orders.read", read_only)]
    fn list_orders(&self, caller: Caller) -> String {
        // `sub` is the identifier of the application's user.
        format!("orders of {}: 3 lamps", caller.subject())
    }
}

#[tokio::main]
async fn main() -> mcp_auth::Result {
    let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/own-login");
    let config = Config::from_args_or(here.join("mcp.toml"))?;
    let application = Application::new(
        // Where the MCP server is: its origin, which is its issuer identifier too.
        "http://127.0.0.1:8080",
        "http://127.0.0.1:3000",
        SharedKey::new(&secret("OWN_LOGIN_KEY")?)?,
        secret("OWN_LOGIN_CHECK_SECRET")?,
    );
    let listener = TcpListener::bind("127.0.0.1:3000").await?;
    tokio::spawn(async move { axum::serve(listener, application.router()).await });
    mcp_auth::serve_with(Orders, config).await
}

/// The application has the two secrets too; `mcp.toml` names the same variables.
fn secret(variable: &str) -> mcp_auth::Result<SecretText> {
    Ok(SecretText::new(std::env::var(variable).map_err(|_| format!("{variable} is not set; see README.md"))?))
}
