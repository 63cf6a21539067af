use mcp_auth::prelude::*;

struct Todos;

struct Todo;

#[server]
impl Todos {
    #[tool(public)]
    async fn list(&self) -> Todo {
        Todo
    }
}

fn main() {}
