use mcp_auth::prelude::*;

struct Todos;

#[server(role = "manager")]
impl Todos {
    #[tool(authenticated)]
    async fn list(&self) {}
}

fn main() {}
