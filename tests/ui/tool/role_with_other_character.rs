use mcp_auth::prelude::*;

struct Todos;

#[server]
impl Todos {
    #[tool(scope = "a", role = "the manager")]
    async fn list(&self) {}
}

fn main() {}
