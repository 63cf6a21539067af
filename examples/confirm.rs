//! Tools that run once a person says yes to exactly this call: `delete_note` asks in front of the client, `delete_all` on a page after a
//! login. `cargo run --example confirm`; then `mcp-auth login http://127.0.0.1:8080/mcp` and
//! `mcp-auth call http://127.0.0.1:8080/mcp delete_note title=milk`, which asks in the terminal, or
//! `mcp-auth call http://127.0.0.1:8080/mcp delete_all`, which opens the page.

use mcp_auth::Config;
use mcp_auth::prelude::*;

/// Notes that can be deleted for good.
#[derive(Clone)]
pub(crate) struct Notes;

/// What `delete_note` takes.
#[derive(serde::Deserialize, schemars::JsonSchema)]
struct Which {
    /// The title of the note.
    title: String,
}

#[server(name = "notes")]
impl Notes {
    /// Delete a note for good.
    #[tool(scope = "notes.write", destructive, confirm)]
    fn delete_note(&self, Parameters(which): Parameters<Which>) -> String {
        format!("{:?} is gone", which.title)
    }

    /// Delete every note for good.
    #[tool(scope = "notes.write", destructive, confirm = "login")]
    fn delete_all(&self) -> &'static str {
        "all notes are gone"
    }
}

#[tokio::main]
async fn main() -> mcp_auth::Result {
    // A login for development, and nothing else to configure.
    let config = Config::builder().toml("[issuer]\n[auth]\nbase_scopes = [\"notes.write\"]").build()?;
    mcp_auth::serve_with(Notes, config).await
}
