use mcp_auth::prelude::*;

struct Todos;

#[server]
impl Todos {
    #[tool(any_of = [])]
    async fn list(&self) {}
}

fn main() {}
