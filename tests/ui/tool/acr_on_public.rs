use mcp_auth::prelude::*;

struct Todos;

#[server]
impl Todos {
    #[tool(public, acr = "phr")]
    async fn list(&self) {}
}

fn main() {}
