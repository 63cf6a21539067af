use mcp_auth::prelude::*;

struct Todos;

#[server]
impl Todos {
    #[tool(scopes = "a b")]
    async fn list(&self) {}
}

fn main() {}
