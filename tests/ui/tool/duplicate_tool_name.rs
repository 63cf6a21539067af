use mcp_auth::prelude::*;

struct Todos;

#[server]
impl Todos {
    #[tool(public)]
    async fn list(&self) {}

    #[tool(public, name = "list")]
    async fn list_all(&self) {}
}

fn main() {}
