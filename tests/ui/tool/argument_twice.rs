use mcp_auth::prelude::*;

struct Todos;

#[server]
impl Todos {
    #[tool(public, title = "a", title = "b")]
    async fn list(&self) {}
}

fn main() {}
