use mcp_auth::prelude::*;

struct Todos;

impl Todos {
    #[tool(public)]
    async fn list(&self) {}
}

#[tool(public)]
fn list() {}

fn main() {}
