use mcp_auth::prelude::*;

struct Todos;

#[server]
impl Todos {
    #[tool(public, read_only, destructive)]
    async fn list(&self) {}
}

fn main() {}
