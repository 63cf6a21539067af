use mcp_auth::prelude::*;

struct Todos;

#[server]
impl Todos {
    #[tool(authenticated = true)]
    async fn list(&self) {}
}

fn main() {}
