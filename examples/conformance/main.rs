//! One of everything the MCP conformance suite asks a server for. `README.md` beside this file says how the
//! suite is run against it; `declared` holds the operations, the other modules what they do.

mod changes;
mod client;
mod content;
mod declared;
mod rounds;
mod task;

use std::path::Path;

use mcp_auth::Config;
use mcp_auth::config::Verify;

use declared::{Open, Protected};

#[tokio::main]
async fn main() -> mcp_auth::Result {
    let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/conformance");
    let config = Config::from_args_or(here.join("mcp.toml"))?;
    match config.auth.verify {
        Verify::None => mcp_auth::serve_with(Open::default(), config).await,
        Verify::Tokens => mcp_auth::serve_with(Protected::default(), config).await,
    }
}
