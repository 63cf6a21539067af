use mcp_auth::prelude::*;

struct Todos;

#[server]
impl Todos {
    #[tool(public, role = "editor", guard = may_close)]
    async fn list(&self) {}
}

fn main() {}
