//! A small server with the built-in issuer, for commands that need one: running in this process, or as its output for
//! `--scopes json`.

use std::net::TcpListener;
use std::path::{Path, PathBuf};

use mcp_auth::prelude::*;
use mcp_auth::{Config, Running, Server};

#[derive(Clone)]
struct Todos;

#[server(name = "todos")]
impl Todos {
    /// Whose todos.
    #[tool(scope = "todos.read")]
    fn list_todos(&self, caller: Caller) -> String {
        caller.subject().to_owned()
    }

    /// Adds one.
    #[tool(scope = "todos.write")]
    fn add_todo(&self) -> &'static str {
        "added"
    }

    /// Is it up?
    #[tool(public)]
    fn ping(&self) -> &'static str {
        "pong"
    }
}

/// The output of such a server for `--scopes json`.
pub(crate) const OPERATIONS: &str = r#"{"operations": [
  {"kind": "tool", "name": "list_todos", "rule": "all", "scopes": ["todos.read"], "description": "Whose todos."},
  {"kind": "tool", "name": "add_todo", "rule": "all", "scopes": ["todos.write"], "description": "Adds one."},
  {"kind": "tool", "name": "ping", "rule": "public", "scopes": [], "description": "Is it up?"}
], "scopes": ["todos.read", "todos.write"]}"#;

/// The configuration of such a server at the address `listen`.
pub(crate) fn configured(listen: &str) -> String {
    format!(
        r#"
        [server]
        listen = {listen:?}
        [auth]
        base_scopes = ["todos.read"]
        [issuer]
        users = ["alice", "bob"]
        [scopes."todos.read"]
        description = "See your todos"
        [scopes."todos.write"]
        description = "Change your todos"
        "#
    )
}

/// An address that no program listens on right now.
pub(crate) fn free_address() -> String {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string()
}

/// A directory with an `mcp.toml` of this text.
pub(crate) fn directory(toml: &str) -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("mcp.toml"), toml).unwrap();
    directory
}

/// Writes a file into a directory.
pub(crate) fn file(directory: &tempfile::TempDir, name: &str, text: &str) -> PathBuf {
    let path = directory.path().join(name);
    std::fs::write(&path, text).unwrap();
    path
}

/// Serves what the directory's `mcp.toml` configures.
pub(crate) async fn serve(directory: &Path) -> Running {
    let text = std::fs::read_to_string(directory.join("mcp.toml")).unwrap();
    let config = Config::builder().toml(&text).base_dir(directory).build().unwrap();
    Server::builder(Todos).config(config).start().await.unwrap()
}

#[test]
fn operations_are_those_the_server_has() {
    use mcp_auth::Handler as _;
    let (declared, _) = Todos::operations().build().unwrap();
    let printed: mcp_auth::serde_json::Value = mcp_auth::serde_json::from_str(OPERATIONS).unwrap();
    let rows = printed["operations"].as_array().unwrap();
    assert_eq!(rows.len(), declared.iter().count());
    for ((_, operation), row) in declared.iter().zip(rows) {
        assert_eq!(
            (operation.name(), operation.description()),
            (row["name"].as_str().unwrap(), row["description"].as_str())
        );
    }
    assert_eq!(printed["scopes"], mcp_auth::serde_json::json!(declared.scopes()));
}
