use mcp_auth::prelude::*;

struct Todos;

#[server]
impl Todos {
    #[tool(scope = "")]
    async fn list(&self) {}
}

fn main() {}
