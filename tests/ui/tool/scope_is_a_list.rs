use mcp_auth::prelude::*;

struct Todos;

#[server]
impl Todos {
    #[tool(scope = ["a", "b"])]
    async fn list(&self) {}
}

fn main() {}
