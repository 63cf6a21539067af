//! A to-do server with its own login. `cargo run --example todos`; `README.md` beside this file says the rest.

mod store;
mod todos;

use std::path::Path;

use mcp_auth::Config;

#[tokio::main]
async fn main() -> mcp_auth::Result {
    let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/todos");
    let config = Config::from_args_or(here.join("mcp.toml"))?;
    mcp_auth::serve_with(todos::Todos::new(&here), config).await
}
