use mcp_auth::prelude::*;

struct Todos;

struct NewTodo;

#[server]
impl Todos {
    #[tool(public)]
    async fn add(&self, Parameters(_new): Parameters<NewTodo>) {}
}

fn main() {}
