use mcp_auth::prelude::*;

struct Todos;

#[server]
impl Todos {
    #[tool(any_scope = [])]
    async fn list(&self) {}
}

fn main() {}
