use mcp_auth::prelude::*;

struct Todos;

#[server]
impl Todos {
    #[tool(public, name = "list todos")]
    async fn list(&self) {}
}

fn main() {}
