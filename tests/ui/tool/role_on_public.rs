use mcp_auth::prelude::*;

struct Todos;

#[server]
impl Todos {
    #[tool(public, role = "manager")]
    async fn list(&self) {}
}

fn main() {}
