use mcp_auth::prelude::*;

struct Todos;

#[server]
impl Todos {
    #[tool(authenticated, role = "")]
    async fn list(&self) {}
}

fn main() {}
