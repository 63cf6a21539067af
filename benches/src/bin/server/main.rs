//! `bench-server KIND [KEYS]`: one server of the comparison. It prints its address and serves until it is killed.
//!
//! - `echo`: axum, answering the body it got;
//! - `bare`, `bare-many`: rmcp as it is, with one tool and with two hundred;
//! - `ours`, `ours-many`: mcp-auth, trusting the keys in `KEYS/jwks.json`; `ours-log` writes its audit events to
//!   standard error, as a server does by default;
//! - `ours-api-key`, `ours-opaque`: mcp-auth, accepting the key in `KEYS/api-key.txt`, and opaque tokens;
//! - `issuer MCP_TOML`: mcp-auth with its built-in issuer, as that file says.

mod bare;
mod echo;
mod issuer;
mod ours;
mod signatures;

use std::io::Write as _;
use std::net::SocketAddr;

use mcp_auth_runtime::facade::{LogFormat, start_log};
use ours::{Accepts, One};
use tokio::net::TcpListener;

type Error = Box<dyn std::error::Error + Send + Sync>;

#[tokio::main]
async fn main() -> Result<(), Error> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["echo"] => echo::serve().await,
        ["bare"] => bare::serve(bare::One::new()).await,
        ["bare-many"] => bare::serve(bare::Many::new()).await,
        ["ours", keys] => ours::serve(One::new(keys)?, keys, Accepts::Jwt).await,
        ["ours-log", keys] => {
            let _log = start_log("info", LogFormat::Text)?;
            ours::serve(One::new(keys)?, keys, Accepts::Jwt).await
        }
        ["ours-many", keys] => ours::serve(ours::Many, keys, Accepts::Jwt).await,
        ["ours-api-key", keys] => ours::serve(One::new(keys)?, keys, Accepts::ApiKey).await,
        ["issuer", file] => issuer::serve(file).await,
        ["ours-opaque", keys] => ours::serve(One::new(keys)?, keys, Accepts::Opaque).await,
        _ => Err(
            "usage: bench-server echo|bare|bare-many | ours|ours-log|ours-many|ours-api-key|ours-opaque KEYS | issuer MCP_TOML"
                .into(),
        ),
    }
}

/// Listens on any free port of the loopback interface.
async fn listen() -> Result<TcpListener, Error> {
    Ok(TcpListener::bind((std::net::Ipv4Addr::LOCALHOST, 0)).await?)
}

/// Says where it listens.
fn announce(address: SocketAddr) -> Result<(), Error> {
    let mut out = std::io::stdout();
    writeln!(out, "{address}")?;
    Ok(out.flush()?)
}
