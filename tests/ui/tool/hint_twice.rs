use mcp_auth::prelude::*;

struct Todos;

#[server]
impl Todos {
    #[tool(public, read_only, annotations(read_only_hint = true))]
    async fn list(&self) {}
}

fn main() {}
