//! Starts the server. `mcp.toml` says how; `--help` says what the command line may change.

use {{crate_name}}::Notes;

#[tokio::main]
async fn main() -> mcp_auth::Result {
{%- if sqlite %}
    let database = std::env::var_os("NOTES_DB").unwrap_or_else(|| "notes.db".into());
    mcp_auth::serve(Notes::open(database.as_ref())?).await
{%- else %}
    mcp_auth::serve(Notes::default()).await
{%- endif %}
}
