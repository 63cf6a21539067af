use mcp_auth::prelude::*;

struct Todos;

#[server]
impl Todos {
    #[tool("todos.read", public)]
    async fn list(&self) {}
}

fn main() {}
