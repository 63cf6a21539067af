use mcp_auth::prelude::*;

struct Todos;

#[server]
impl Todos {
    #[tool(scope = "files:{bucket}:read")]
    async fn list(&self) {}
}

fn main() {}
