use mcp_auth::prelude::*;

struct Todos;

const READ: &str = "todos.read";

#[server]
impl Todos {
    #[tool(scope = READ)]
    async fn list(&self) {}

    #[tool(scopes = ["a", READ])]
    async fn add(&self) {}
}

fn main() {}
