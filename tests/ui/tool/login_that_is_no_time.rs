use mcp_auth::prelude::*;

struct Todos;

#[server]
impl Todos {
    #[tool(authenticated, login = "5 minutes")]
    async fn list(&self) {}
}

fn main() {}
