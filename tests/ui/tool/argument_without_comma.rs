use mcp_auth::prelude::*;

struct Todos;

#[server]
impl Todos {
    #[tool(public title = "a")]
    async fn list(&self) {}
}

fn main() {}
