use mcp_auth::prelude::*;

struct Todos;

struct NewTodo {
    title: String,
}

#[server]
impl Todos {
    #[tool(public)]
    async fn add(&self, new: Option<Parameters<NewTodo>>) -> String {
        new.map(|Parameters(new)| new.title).unwrap_or_default()
    }
}

fn main() {}
