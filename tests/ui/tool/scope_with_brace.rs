use mcp_auth::prelude::*;

struct Files;

#[server]
impl Files {
    #[tool(scope = "files:{bucket")]
    async fn unclosed(&self) {}

    #[tool(scope = "files:{}:read")]
    async fn nameless(&self) {}

    #[tool(scopes = ["files.list", "files:{a}.{b}"])]
    async fn not_told_apart(&self) {}

    #[tool(scope = "{bucket}")]
    async fn nothing_else(&self) {}
}

fn main() {}
