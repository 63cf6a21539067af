use mcp_auth::prelude::*;

struct Todos;

#[server]
impl Todos {
    #[tool(public, annotations(read_only = true))]
    async fn list(&self) {}
}

fn main() {}
