use mcp_auth::prelude::*;

struct Todos;

#[server]
impl Todos {
    #[tool(scope = "a", any_role = [])]
    async fn list(&self) {}
}

fn main() {}
