use mcp_auth::prelude::*;

struct Todos;

#[server]
impl Todos {
    #[tool(public = false)]
    async fn list(&self) {}
}

fn main() {}
