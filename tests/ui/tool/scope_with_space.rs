use mcp_auth::prelude::*;

struct Todos;

#[server]
impl Todos {
    #[tool(scopes = ["files:read files:write"])]
    async fn list(&self) {}
}

fn main() {}
