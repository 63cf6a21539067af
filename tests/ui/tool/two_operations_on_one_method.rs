use mcp_auth::prelude::*;

struct Todos;

#[server]
impl Todos {
    #[tool(public)]
    #[prompt(public)]
    async fn list(&self) -> &'static str {
        "list"
    }
}

fn main() {}
