//! What a server prints for `--scopes json`.

use std::io::Read as _;
use std::path::Path;

use mcp_auth_runtime::facade::{Registry, operations_from_json};

use crate::Failure;

/// The operations of the server, from a file or standard input.
pub(crate) fn operations(path: &Path) -> Result<Registry, Failure> {
    let unreadable = |error| format!("--scopes {}: {error}", path.display());
    let text = if path == Path::new("-") {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text).map_err(unreadable)?;
        text
    } else {
        std::fs::read_to_string(path).map_err(unreadable)?
    };
    Ok(operations_from_json(&text).map_err(|wrong| format!("--scopes {}: {wrong}", path.display()))?)
}
