use mcp_auth::prelude::*;

struct Todos;

#[server]
impl Todos {
    #[tool(scope = "a", any_acr = [])]
    async fn list(&self) {}
}

fn main() {}
