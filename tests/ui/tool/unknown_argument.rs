use mcp_auth::prelude::*;

struct Todos;

#[server]
impl Todos {
    #[tool(scop = "todos.read")]
    async fn list(&self) {}
}

fn main() {}
