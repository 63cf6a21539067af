use mcp_auth::prelude::*;

struct Todos;

#[server]
impl Todos {
    #[tool(public, name = "")]
    async fn list(&self) {}
}

fn main() {}
