use mcp_auth::prelude::*;

struct Todos;

#[server]
impl Todos {
    #[tool(any_of = ["a", "b"])]
    async fn list(&self) {}
}

fn main() {}
