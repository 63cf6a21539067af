use mcp_auth::prelude::*;

struct Todos;

#[server]
impl Todos {
    #[tool(public, title =, description)]
    async fn list(&self) {}
}

fn main() {}
