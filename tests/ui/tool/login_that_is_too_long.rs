use mcp_auth::prelude::*;

struct Todos;

#[server]
impl Todos {
    #[tool(authenticated, login = "31d")]
    async fn list(&self) {}
}

fn main() {}
