use mcp_auth::prelude::*;

struct Todos;

#[server]
impl Todos {
    #[tool(scopes = ["a", "b", "a"])]
    async fn list(&self) {}
}

fn main() {}
