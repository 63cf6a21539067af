use mcp_auth::prelude::*;

struct Todos;

#[server]
impl Todos {
    #[tool(public, login = "5m")]
    async fn list(&self) {}
}

fn main() {}
