use mcp_auth::prelude::*;

struct Todos;

#[server]
impl Todos {
    #[tool(public, name = 5, read_only = "yes", annotations = 1)]
    async fn list(&self) {}
}

fn main() {}
