use mcp_auth::prelude::*;

struct Todos;

#[server]
impl Todos {
    #[tool(scopes = [])]
    async fn list(&self) {}
}

fn main() {}
