use mcp_auth::prelude::*;

struct Todos;

#[server]
impl Todos {
    #[tool(public)]
    async fn list(&mut self) {}
}

fn main() {}
