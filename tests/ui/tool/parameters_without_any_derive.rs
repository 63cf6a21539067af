use mcp_auth::prelude::*;

struct Todos;

struct NewTodo {
    title: String,
}

#[server]
impl Todos {
    #[tool(public)]
    async fn add(&self, Parameters(new): Parameters<NewTodo>) -> String {
        new.title
    }
}

fn main() {}
