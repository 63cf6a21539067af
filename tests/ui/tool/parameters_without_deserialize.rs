use mcp_auth::prelude::*;
use mcp_auth::schemars;

struct Todos;

#[derive(schemars::JsonSchema)]
#[schemars(crate = "mcp_auth::schemars")]
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
