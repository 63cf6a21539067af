use mcp_auth::prelude::*;

struct Todos;

#[server]
impl Todos {
    #[tool(public, queue = "slow", guard = may_close)]
    async fn list(&self) {}
}

fn main() {}
